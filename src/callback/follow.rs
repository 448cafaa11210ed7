//! Whether who was bound follows the account: before they do, no message can arrive.

use std::convert::Infallible;

use crossbeam_channel::Receiver;

/// Looks it up for the person with this openid. Should give up after some seconds, since a phone waits; and at once when
/// the channel is closed, since everybody else waits for this then.
pub type LookUp = Box<dyn Fn(&str, &Receiver<Infallible>) -> Follow + Send + Sync>;

/// What WeChat says.
#[derive(Debug)]
pub enum Follow {
    /// The person follows.
    Yes,
    /// The person does not, and comes to do so by this code, unless there is none.
    No(anyhow::Result<FollowCode>),
    /// Not to be found out.
    Unknown(anyhow::Error),
}

/// The account's own code, by which a person comes to follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowCode {
    /// What the code holds.
    pub link: String,
    /// The code as a picture (PNG).
    pub picture: Vec<u8>,
}

/// What the page on the phone says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is left to do.
    None,
    /// To follow, by this picture where there is one.
    Follow(Option<Vec<u8>>),
    /// To follow, if need be.
    Unknown,
}

impl Step {
    pub(super) fn of(follow: &Follow) -> Self {
        match follow {
            Follow::Yes => Self::None,
            Follow::No(code) => Self::Follow(code.as_ref().ok().map(|code| code.picture.clone())),
            Follow::Unknown(_) => Self::Unknown,
        }
    }
}
