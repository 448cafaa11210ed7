//! Whether who was bound follows the account: before they do, no message can arrive.

use std::convert::Infallible;

use crossbeam_channel::Receiver;

/// Looks it up for the person with this openid. Should give up after some seconds, since a phone waits; and at once when
/// the channel is closed, since everybody else waits for this then.
pub type FollowLookupFn = Box<dyn Fn(&str, &Receiver<Infallible>) -> FollowLookupResult + Send + Sync>;

/// What WeChat says.
#[derive(Debug)]
pub enum FollowLookupResult {
    /// The person follows.
    Following,
    /// The person does not, and comes to do so by this code, unless there is none.
    NotFollowing(anyhow::Result<FollowQrCode>),
    /// Not to be found out.
    Unknown(anyhow::Error),
}

/// The account's own code, by which a person comes to follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowQrCode {
    /// What the code holds.
    pub link: String,
    /// The code as a picture (PNG).
    pub png: Vec<u8>,
}

/// What the page on the phone says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FollowStep {
    /// Nothing is left to do.
    None,
    /// To follow, by this picture where there is one.
    Follow(Option<Vec<u8>>),
    /// To follow, if need be.
    FollowIfNeeded,
}

impl FollowStep {
    pub(super) fn from_result(follow: &FollowLookupResult) -> Self {
        match follow {
            FollowLookupResult::Following => Self::None,
            FollowLookupResult::NotFollowing(code) => Self::Follow(code.as_ref().ok().map(|code| code.png.clone())),
            FollowLookupResult::Unknown(_) => Self::FollowIfNeeded,
        }
    }
}
