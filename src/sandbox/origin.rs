//! Which requests the sandbox takes, by the name it was asked under and the page that asked.
//!
//! A page from elsewhere can have its own name lead to this machine (DNS rebinding). A browser then takes the sandbox
//! for a part of that page; only the name in `Host` tells the two apart.

use std::net::IpAddr;

use url::{Host, Url};

use crate::http_server::Request;

/// Whether a request may be meant for a sandbox that listens on that address. Programs name no `Origin`.
pub(super) fn is_allowed_request(request: &Request, local_ip: IpAddr) -> bool {
    let host = request.header("host");
    let same_page = |origin: &str| origin.split_once("://").map(|(_, place)| place) == host;
    host.is_none_or(|host| is_allowed_host(host, local_ip)) && request.header("origin").is_none_or(same_page)
}

/// Whether nobody but this machine's network gives that name, with a port or without, to that address.
fn is_allowed_host(host: &str, local_ip: IpAddr) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    let is_number = |ip: IpAddr| ip.to_canonical().is_loopback() || !local_ip.is_loopback();
    match url.host() {
        Some(Host::Domain(name)) => {
            // A name without a dot is in no public directory: it is a container's, or one of /etc/hosts. WeChat's own
            // names lead here where a test has them lead here, and belong to nobody else.
            let of_wechat = name == "weixin.qq.com" || name.ends_with(".weixin.qq.com");
            name == "localhost"
                || name.ends_with(".localhost")
                || of_wechat
                || !local_ip.is_loopback() && !name.contains('.')
        }
        Some(Host::Ipv4(ip)) => is_number(ip.into()),
        Some(Host::Ipv6(ip)) => is_number(ip.into()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_machine_are_taken() {
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
