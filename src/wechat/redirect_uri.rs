//! The addresses that WeChat allows for a callback. Verified accounts:
//! doc/service/guide/h5/auth.html and the setting 网页授权域名 in the console. Test accounts: their page
//! was seen to accept an IP address and a port, but no path.

use std::net::IpAddr;

use url::{Host, Url};

use crate::t;

/// The type of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountType {
    /// A test account (测试号).
    Test,
    /// A verified account.
    Verified,
}

impl AccountType {
    /// Derives the type from the daily quota for `/cgi-bin/user/get`: 100 calls mean a test
    /// account, 500 and more a verified one (doc/service/Message_Management/API_Call_Limits.html).
    pub fn from_quota(calls: u64) -> Self {
        if calls <= 100 { Self::Test } else { Self::Verified }
    }
}

/// A problem with an address that prevents bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectProblem {
    /// The query has a parameter that WeChat adds itself.
    ReservedParameter(&'static str),
    /// The address leads each phone to itself, or nowhere.
    Loopback,
    /// Phones cannot resolve the host name.
    LocalName,
    /// An IP address, which a verified account does not accept.
    Ip,
    /// A port, which a verified account does not accept.
    Port(u16),
}

impl RedirectProblem {
    /// Returns whether test accounts accept the address despite the problem.
    pub fn is_verified_only(&self) -> bool {
        matches!(self, Self::Ip | Self::Port(_))
    }

    /// Returns a sentence without a full stop.
    pub fn describe(&self) -> String {
        match self {
            Self::ReservedParameter(name) => t!("redirect-parameter", name = *name),
            Self::Loopback => t!("redirect-loopback"),
            Self::LocalName => t!("redirect-local"),
            Self::Ip => t!("redirect-ip"),
            Self::Port(port) => t!("redirect-port", port = port.to_string()),
        }
    }
}

/// Returns the problems of an address for either type of account. With `is_sandbox` only the query
/// counts, because the phone then is this machine.
pub fn problems(uri: &Url, is_sandbox: bool) -> Vec<RedirectProblem> {
    let has_parameter = |name: &str| uri.query_pairs().any(|(key, _)| key == name);
    let mut found: Vec<_> = ["code", "state"]
        .into_iter()
        .filter(|name| has_parameter(name))
        .map(RedirectProblem::ReservedParameter)
        .collect();
    if is_sandbox {
        return found;
    }
    let ip = match uri.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let local = [".local", ".localdomain", ".internal", ".lan", ".home", ".test", ".invalid"];
            if name == "localhost" || name.ends_with(".localhost") {
                found.push(RedirectProblem::Loopback);
            } else if !name.contains('.') || local.iter().any(|end| name.ends_with(end)) {
                found.push(RedirectProblem::LocalName);
            }
            None
        }
        None => None,
    };
    match ip {
        Some(ip) if ip.is_loopback() || ip.is_unspecified() => found.push(RedirectProblem::Loopback),
        Some(_) => found.push(RedirectProblem::Ip),
        None => {}
    }
    found.extend(uri.port().map(RedirectProblem::Port));
    found
}

/// Returns the value to enter in WeChat's console: the host, with the port if it is not the
/// default.
pub fn console_value(uri: &Url) -> String {
    let host = uri.host_str().unwrap_or_default();
    uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uri_problems_depend_on_host_port_and_query() {
        use RedirectProblem::{Ip, LocalName, Loopback, Port, ReservedParameter};
        let cases: &[(&str, &[RedirectProblem])] = &[
            ("https://wx.example.com/callback/", &[]),
            ("http://wx.example.com/callback/?a=b", &[]),
            ("http://wx.example.com:80/callback/", &[]),
            ("https://wx.example.com:8443/", &[Port(8443)]),
            ("http://203.0.113.7:8080/callback/", &[Ip, Port(8080)]),
            ("http://192.168.1.20/callback/", &[Ip]),
            ("http://127.0.0.1:8080/", &[Loopback, Port(8080)]),
            ("http://0.0.0.0/", &[Loopback]),
            ("http://localhost/", &[Loopback]),
            ("http://[::1]/", &[Loopback]),
            ("http://[fd00::1]/", &[Ip]),
            ("http://db1/", &[LocalName]),
            ("http://db1.lan./", &[LocalName]),
            ("https://wx.example.com/?state=x&code=y", &[ReservedParameter("code"), ReservedParameter("state")]),
        ];
        for (uri, expected) in cases {
            assert_eq!(problems(&Url::parse(uri).unwrap(), false), *expected, "{uri}");
        }
        let sandbox = Url::parse("http://127.0.0.1:8080/?code=1").unwrap();
        assert_eq!(problems(&sandbox, true), [ReservedParameter("code")]);
    }

    #[test]
    fn console_value_is_host_and_non_default_port() {
        for (uri, entered) in [
            ("https://wx.example.com/callback/", "wx.example.com"),
            ("http://203.0.113.7:8080/callback/", "203.0.113.7:8080"),
            ("http://203.0.113.7:80/", "203.0.113.7"),
        ] {
            assert_eq!(console_value(&Url::parse(uri).unwrap()), entered);
        }
    }

    #[test]
    fn account_type_is_derived_from_quota() {
        assert_eq!(
            (AccountType::from_quota(100), AccountType::from_quota(500)),
            (AccountType::Test, AccountType::Verified)
        );
    }
}
