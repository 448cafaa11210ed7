//! The addresses at which WeChat's servers can reach the push URL.
//!
//! Page: doc/offiaccount/Getting_Started/message-push.

use std::net::IpAddr;

use url::{Host, Url};

use super::redirect_uri::{RedirectProblem, problems};
use crate::net::is_private;
use crate::t;

/// A problem with a push URL that keeps WeChat from sending events to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushUrlProblem {
    /// A port other than 80 for http and 443 for https.
    Port,
    /// An address of this machine or of a local network.
    Local,
}

impl PushUrlProblem {
    /// Returns a clause without a full stop.
    pub fn describe(self) -> String {
        match self {
            Self::Port => t!("push-url-port"),
            Self::Local => t!("push-url-local"),
        }
    }
}

/// Returns the problem of an address to which WeChat has to send events, `None` if there is none. A
/// sandbox accepts every address.
pub fn push_url_problem(url: &Url, is_sandbox: bool) -> Option<PushUrlProblem> {
    if is_sandbox {
        return None;
    }
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    let found = problems(url, false);
    let is_local =
        found.iter().any(|problem| matches!(problem, RedirectProblem::Loopback | RedirectProblem::LocalName));
    if is_local || ip.is_some_and(is_private) {
        return Some(PushUrlProblem::Local);
    }
    url.port().map(|_| PushUrlProblem::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_on_the_usual_ports_are_accepted() {
        use PushUrlProblem::{Local, Port};
        for (url, problem) in [
            ("http://203.0.113.7/", None),
            ("https://wx.example.com/wx/", None),
            ("https://wx.example.com:443/", None),
            ("http://203.0.113.7:8080/", Some(Port)),
            ("https://wx.example.com:8443/", Some(Port)),
            ("http://192.168.1.20/", Some(Local)),
            ("http://127.0.0.1:8080/", Some(Local)),
            ("http://db1.lan/", Some(Local)),
            ("http://[fd00::2]/", Some(Local)),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(push_url_problem(&url, false), problem, "{url}");
            assert_eq!(push_url_problem(&url, true), None, "{url}");
        }
    }
}
