//! Checks which requests the sandbox accepts, by their `Host` and `Origin` headers.
//!
//! A page of another site can make its own name resolve to this machine (DNS rebinding). A browser
//! then treats the sandbox as a part of that page, and only the name in `Host` shows the
//! difference.

use std::net::IpAddr;

use url::{Host, Url};

use crate::http_server::Request;

/// Returns whether a sandbox that listens on `local_ip` accepts the request. Programs send no
/// `Origin`.
pub(super) fn is_allowed_request(request: &Request, local_ip: IpAddr) -> bool {
    let host = request.header("host");
    let same_page = |origin: &str| origin.split_once("://").map(|(_, authority)| authority) == host;
    host.is_none_or(|host| is_allowed_host(host, local_ip)) && request.header("origin").is_none_or(same_page)
}

/// Returns whether only this machine or its network can use `host`, with or without a port, for
/// that address.
fn is_allowed_host(host: &str, local_ip: IpAddr) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    let is_accepted_ip = |ip: IpAddr| ip.to_canonical().is_loopback() || !local_ip.is_loopback();
    match url.host() {
        Some(Host::Domain(name)) => {
            // A name without a dot is in no public directory: it is the name of a container or an
            // entry of /etc/hosts. WeChat's own names resolve to this machine only if a test
            // configures that, and no other site can register them.
            let is_wechat_name = name == "weixin.qq.com" || name.ends_with(".weixin.qq.com");
            name == "localhost"
                || name.ends_with(".localhost")
                || is_wechat_name
                || !local_ip.is_loopback() && !name.contains('.')
        }
        Some(Host::Ipv4(ip)) => is_accepted_ip(ip.into()),
        Some(Host::Ipv6(ip)) => is_accepted_ip(ip.into()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_allowed_hosts() {
        let (here, everywhere) = ("127.0.0.1".parse().unwrap(), "0.0.0.0".parse().unwrap());
        for (host, on_loopback, on_all) in [
            ("127.0.0.1:8899", true, true),
            ("127.9.8.7", true, true),
            ("localhost:8899", true, true),
            ("LOCALHOST", true, true),
            ("a.localhost:1", true, true),
            ("[::1]:8899", true, true),
            ("[::ffff:127.0.0.1]:8899", true, true),
            ("192.168.1.20:8899", false, true),
            ("[fd00::1]:8899", false, true),
            ("sandbox:8899", false, true),
            ("evil.example:8899", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("api.weixin.qq.com", true, true),
            ("weixin.qq.com.evil.example", false, false),
            ("", false, false),
            ("a b", false, false),
        ] {
            assert_eq!(
                (is_allowed_host(host, here), is_allowed_host(host, everywhere)),
                (on_loopback, on_all),
                "{host}"
            );
        }
    }
}
