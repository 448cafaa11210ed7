//! The events that `bind` prints, one line each.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::t;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum BindEvent<'a> {
    AuthorizeUrl {
        user: &'a str,
        url: &'a str,
        /// The URL that the QR code holds instead of `url`.
        #[serde(skip_serializing_if = "Option::is_none")]
        short_link: Option<&'a str>,
    },
    /// The link of a parametric code, whose scan binds.
    ScanUrl {
        user: &'a str,
        url: &'a str,
        expires_at: Timestamp,
    },
    Bound {
        user: &'a str,
        openid: &'a str,
        nickname: Option<&'a str>,
    },
    /// The person does not follow the account yet; `url` leads to a page where they can, if WeChat
    /// returned one.
    Follow {
        user: &'a str,
        url: Option<&'a str>,
    },
    Timeout {
        user: &'a str,
    },
}

impl fmt::Display for BindEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::AuthorizeUrl { url, .. } | Self::ScanUrl { url, .. } => (*url).to_owned(),
            Self::Bound { user, openid, nickname: Some(name) } => {
                t!("bind-bound-name", user = *user, openid = *openid, name = *name)
            }
            Self::Bound { user, openid, nickname: None } => t!("bind-bound", user = *user, openid = *openid),
            Self::Follow { url, .. } => url.unwrap_or_default().to_owned(),
            Self::Timeout { .. } => String::new(),
        })
    }
}
