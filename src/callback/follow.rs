//! Looks up whether the bound person follows the account. Until the person does, WeChat delivers no
//! message.

use std::convert::Infallible;

use crossbeam_channel::Receiver;

/// Looks up whether the person with this openid follows the account. The call must time out within
/// seconds, because a phone waits, and return immediately when the channel is closed, because the
/// command then waits for it.
pub type FollowLookupFn = Box<dyn Fn(&str, &Receiver<Infallible>) -> FollowLookupResult + Send + Sync>;

/// The result of a lookup.
#[derive(Debug)]
pub enum FollowLookupResult {
    /// The person follows the account.
    Following,
    /// The person does not follow. The QR code leads to the account, unless it could not be
    /// fetched.
    NotFollowing(anyhow::Result<FollowQrCode>),
    /// The lookup failed.
    Unknown(anyhow::Error),
}

/// A QR code that leads to the account, where a person can follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowQrCode {
    /// The link that the code contains.
    pub link: String,
    /// The code as a PNG image.
    pub png: Vec<u8>,
}

/// The next step that the page on the phone shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FollowStep {
    /// No step is needed.
    None,
    /// Follow the account, with this QR code if there is one.
    Follow(Option<Vec<u8>>),
    /// Follow the account, if the person does not do so yet.
    FollowIfNeeded,
}

impl FollowStep {
    pub(super) fn from_result(result: &FollowLookupResult) -> Self {
        match result {
            FollowLookupResult::Following => Self::None,
            FollowLookupResult::NotFollowing(code) => Self::Follow(code.as_ref().ok().map(|code| code.png.clone())),
            FollowLookupResult::Unknown(_) => Self::FollowIfNeeded,
        }
    }
}
