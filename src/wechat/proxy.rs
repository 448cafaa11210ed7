//! The proxy for a request, found by the rules of the HTTP client, and the status with which it
//! refuses a tunnel.

use std::env;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use ::http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::{Cause, ClientSettings, Error, Result};
use crate::net::is_loopback;
use crate::secret::ExposeSecret;
use crate::t;

/// The timeout for each step of asking a proxy why it refuses.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The environment variables that name a proxy for a scheme or for all schemes; in each pair, the
/// first that is set counts.
const HTTPS_PROXY_VARS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP_PROXY_VARS: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL_PROXY_VARS: [&str; 2] = ["ALL_PROXY", "all_proxy"];

/// A proxy that requests go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyInfo {
    /// The URL without user and password.
    display_url: String,
    /// The host name or IP address.
    host: String,
    port: u16,
    /// The name of the environment variable or setting that configures it (`network.proxy`).
    pub configured_by: &'static str,
    /// Whether the proxy itself is reached by plain HTTP.
    is_http: bool,
    /// The credentials; never displayed.
    authorization: Option<HeaderValue>,
}

/// Finds the proxy for requests to `base` by the rules of the HTTP client.
///
/// # Errors
/// [`Error::ClientInit`] if the proxy is configured with an unreadable value: the client would
/// bypass it.
pub fn proxy_for(base: &Url, settings: &ClientSettings) -> Result<Option<ProxyInfo>> {
    if is_loopback(base) {
        return Ok(None);
    }
    let (address, configured_by) = match &settings.proxy {
        Some(proxy) => (proxy.expose_secret().to_owned(), "network.proxy"),
        None => match proxy_from_env(base)? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    let unreadable = || Error::client_init(t!("wechat-proxy-unreadable", name = configured_by));
    let target = base.as_str().parse::<Uri>().map_err(|_| unreadable())?;
    let intercept = Matcher::builder().all(address).build().intercept(&target).ok_or_else(unreadable)?;
    let url = Url::parse(&intercept.uri().to_string()).map_err(|_| unreadable())?;
    // The client would treat any other kind of proxy as one of these.
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unreadable());
    }
    let (host, port) = (url.host_str().ok_or_else(unreadable)?, url.port_or_known_default().unwrap_or(80));
    Ok(Some(ProxyInfo {
        display_url: url.as_str().trim_end_matches('/').to_owned(),
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port,
        configured_by,
        is_http: url.scheme() == "http",
        authorization: intercept.basic_auth().cloned(),
    }))
}

/// Returns the proxy that the environment configures, and the name of the variable.
fn proxy_from_env(base: &Url) -> Result<Option<(String, &'static str)>> {
    // In a CGI program, HTTP_PROXY may come from a header of the request (httpoxy).
    if env::var_os("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let no_proxy = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env::var(name).ok()).unwrap_or_default();
    let target = base.as_str().parse::<Uri>().ok();
    let any = Matcher::builder().all("http://any").no(no_proxy).build();
    if target.is_some_and(|target| any.intercept(&target).is_none()) {
        return Ok(None);
    }
    let scheme_vars = if base.scheme() == "https" { HTTPS_PROXY_VARS } else { HTTP_PROXY_VARS };
    for name in
        [scheme_vars, ALL_PROXY_VARS].iter().filter_map(|names| names.iter().find(|name| env::var_os(name).is_some()))
    {
        match env::var(name) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => return Ok(Some((value, name))),
            Err(_) => return Err(Error::client_init(t!("wechat-proxy-unreadable", name = *name))),
        }
    }
    Ok(None)
}

impl ProxyInfo {
    /// Returns the URL and the name of the setting.
    pub fn describe(&self) -> String {
        t!("wechat-proxy-named", proxy = self.display_url, name = self.configured_by)
    }

    /// Returns `cause` as the cause of a failed request through this proxy.
    pub(super) fn wrap_cause(&self, cause: Cause) -> Cause {
        let (proxy, configured_by) = (self.display_url.clone(), self.configured_by.to_owned());
        Cause::ViaProxy { proxy, configured_by, cause: Box::new(cause) }
    }

    /// Connects to the proxy; the timeout applies to each of its addresses.
    ///
    /// # Errors
    /// The operating system's error for the last address.
    pub fn connect(&self, timeout: Duration) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::NotFound.into();
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => return Ok(stream),
                Err(cause) => last = cause,
            }
        }
        Err(last)
    }

    /// Returns the proxy's HTTP status for a CONNECT to `base`, which the HTTP client does not
    /// report.
    pub(super) fn connect_status(&self, base: &Url) -> Option<u16> {
        if !self.is_http {
            return None;
        }
        let mut proxy = self.connect(CONNECT_TIMEOUT).ok()?;
        proxy.set_read_timeout(Some(CONNECT_TIMEOUT)).ok()?;
        proxy.set_write_timeout(Some(CONNECT_TIMEOUT)).ok()?;
        let to = format!("{}:{}", base.host_str()?, base.port_or_known_default()?);
        let mut head = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            head.extend_from_slice(b"Proxy-Authorization: ");
            head.extend_from_slice(authorization.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        proxy.write_all(&head).ok()?;
        // `HTTP/1.1 403`; the rest of the response does not matter.
        let mut line = [0; 12];
        proxy.read_exact(&mut line).ok()?;
        let status = std::str::from_utf8(&line).ok()?.strip_prefix("HTTP/1.")?.get(2..)?;
        status.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_proxy_hides_password_and_skips_loopback() {
        let settings =
            |proxy: &str| ClientSettings { proxy: Some(proxy.to_owned().into()), ..ClientSettings::without_host() };
        let far = Url::parse("https://api.weixin.qq.com/").unwrap();
        let via = proxy_for(&far, &settings("http://user:geheim@proxy.example.com:3128/")).unwrap().unwrap();
        assert_eq!((via.display_url.as_str(), via.port), ("http://proxy.example.com:3128", 3128));
        assert_eq!(via.describe(), "http://proxy.example.com:3128 (network.proxy)");
        assert!(!format!("{via:?}").contains("geheim") && !format!("{via:?}").contains("Z2VoZWlt"), "{via:?}");
        let via = proxy_for(&far, &settings("http://[::1]")).unwrap().unwrap();
        assert_eq!((via.host.as_str(), via.port), ("::1", 80));
        let near = Url::parse("http://127.0.0.1:1/").unwrap();
        assert!(proxy_for(&near, &settings("http://p")).unwrap().is_none());
        for unusable in ["gopher://p", "socks5://127.0.0.1:1080", "http://[x", ""] {
            assert!(proxy_for(&far, &settings(unusable)).is_err(), "{unusable}");
        }
    }
}
