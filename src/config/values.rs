//! From text to values: scopes, addresses, links, durations. Each reader gives `None` for what it cannot
//! take; the words for that are in [`Expected`](super::Expected).

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::error::Expected;
use crate::net::is_loopback;
use crate::secret::{ExposeSecret, Secret};
use crate::text_line;

/// What a person is asked to agree to in WeChat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OAuthScope {
    /// `snsapi_userinfo`: the phone asks; the nickname can be read.
    #[default]
    UserInfo,
    /// `snsapi_base`: no question, the openid alone.
    Base,
}

impl OAuthScope {
    /// The word that WeChat and the config file use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserInfo => "snsapi_userinfo",
            Self::Base => "snsapi_base",
        }
    }
}

impl fmt::Display for OAuthScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OAuthScope {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        [Self::UserInfo, Self::Base].into_iter().find(|scope| scope.as_str() == text).ok_or(Expected::Scope)
    }
}

/// Which of WeChat's two ways gives the access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenEndpoint {
    /// `stable`: POST /cgi-bin/stable_token; asking again does not spoil another program's token.
    #[default]
    Stable,
    /// `classic`: GET /cgi-bin/token.
    Classic,
}

impl TokenEndpoint {
    /// The word in the config file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Classic => "classic",
        }
    }
}

impl fmt::Display for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenEndpoint {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        [Self::Stable, Self::Classic].into_iter().find(|it| it.as_str() == text).ok_or(Expected::TokenEndpoint)
    }
}

/// The interfaces that a listener takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenHost {
    /// All of them, of both IP versions where the system allows.
    Any,
    /// The one with this address.
    Ip(IpAddr),
    /// The one that this name leads to.
    Name(String),
}

/// Where the listener waits. `Display` gives what can be typed: `0.0.0.0:80`, `[::1]:80`, `:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// The interfaces.
    pub host: ListenHost,
    /// The TCP port; 0 = any free one.
    pub port: u16,
}

impl ListenAddress {
    /// The addresses to try in this order; the first that can be taken is the one. A name is looked up,
    /// which is the only thing that can fail.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.host {
            // The first covers IPv4 too on most systems; the second is for those without IPv6.
            ListenHost::Any => Ok(vec![
                SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), self.port),
                SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), self.port),
            ]),
            ListenHost::Ip(ip) => Ok(vec![SocketAddr::new(*ip, self.port)]),
            ListenHost::Name(name) => Ok((name.as_str(), self.port).to_socket_addrs()?.collect()),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            ListenHost::Any => write!(f, ":{}", self.port),
            ListenHost::Ip(ip) => SocketAddr::new(*ip, self.port).fmt(f),
            ListenHost::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { host: ListenHost::Ip(address.ip()), port: address.port() });
        }
        let (host, port) = text.rsplit_once(':').ok_or(Expected::ListenAddress)?;
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Expected::ListenAddress);
        }
        let port = port.parse().map_err(|_| Expected::ListenAddress)?;
        let host = match host {
            "" => ListenHost::Any,
            name if name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) => {
                ListenHost::Name(name.to_owned())
            }
            _ => return Err(Expected::ListenAddress),
        };
        Ok(Self { host, port })
    }
}

/// The proxy that requests to WeChat go through. It may carry a password, so it is never printed whole.
#[derive(Clone, Debug)]
pub struct Proxy {
    url: Secret,
}

impl Proxy {
    /// The whole address, user and password included, for the HTTP client alone.
    pub fn expose_url(&self) -> &str {
        self.url.expose_secret()
    }

    /// The address with `***` in place of user and password.
    pub fn masked(&self) -> String {
        let Ok(mut url) = Url::parse(self.expose_url()) else { return "***".to_owned() };
        if has_userinfo(&url) && (url.set_username("***").is_err() || url.set_password(None).is_err()) {
            return "***".to_owned();
        }
        url.into()
    }

    /// Whether a user or a password is part of the address.
    pub fn has_credentials(&self) -> bool {
        Url::parse(self.expose_url()).is_ok_and(|url| has_userinfo(&url))
    }
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn parse_http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// An app id: one word, printable. An AppSecret in its place is none, and is not shown as one would be.
pub fn parse_app_id(text: &str) -> Option<String> {
    let text = text_line::trim_value(text);
    let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    (is_word && !text_line::looks_like_app_secret(text)).then(|| text.to_owned())
}

/// Whether it is as WeChat's are, though that they always will be is written nowhere: `wx` and 16 hex digits.
pub fn looks_like_app_id(app_id: &str) -> bool {
    let digits = app_id.strip_prefix("wx").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether it is as WeChat's AppSecrets are: 32 hex digits.
pub fn looks_like_app_secret(secret: &str) -> bool {
    secret.len() == 32 && secret.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether it is any text but none, in one line.
pub(super) fn is_single_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

/// Such a text: it goes into a message as it is.
pub(super) fn parse_single_line(text: &str) -> Option<String> {
    is_single_line(text).then(|| text.to_owned())
}

/// Where the phone is sent back to.
pub fn parse_redirect_uri(text: &str) -> Option<Url> {
    let text = text_line::trim_value(text);
    // The parser is lenient: it would take "http:callback" for a host.
    let typed = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    parse_http_url(text).filter(|url| typed && url.fragment().is_none() && !has_userinfo(url))
}

/// The base of an API, with `/` at its end: https, or plain http on this very machine.
pub fn parse_api_base(text: &str) -> Option<Url> {
    parse_base_url(text).filter(|url| url.scheme() == "https" || is_loopback(url))
}

/// The base of the pages that a phone opens, with `/` at its end: http or https.
pub(super) fn parse_base_url(text: &str) -> Option<Url> {
    let mut url = parse_http_url(text)?;
    if url.fragment().is_some() || url.query().is_some() || has_userinfo(&url) {
        return None;
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Some(url)
}

/// A proxy of the kinds that the HTTP client can use.
pub(super) fn parse_proxy(text: &str) -> Option<Proxy> {
    parse_http_url(text).map(|_| Proxy { url: text.to_owned().into() })
}

/// A link for a person to open, as it was written.
pub(super) fn parse_link(text: &str) -> Option<String> {
    // The parser drops control characters; what is sent would still have them.
    parse_http_url(text).and_then(|_| parse_single_line(text))
}

/// `#RRGGBB`, as it was written.
pub(super) fn parse_color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

/// A hundred years: added to any clock, it does not overflow.
const MAX_DURATION: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// A duration such as `10s`; none at all is a duration too.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| *duration <= MAX_DURATION)
}

/// A duration such as `10s`, more than nothing.
pub(super) fn parse_timeout(text: &str) -> Option<Duration> {
    parse_duration(text).and_then(nonzero_duration)
}

/// The same for one that is read already.
pub(super) fn nonzero_duration(duration: Duration) -> Option<Duration> {
    (!duration.is_zero() && duration <= MAX_DURATION).then_some(duration)
}

/// How many requests may run at a time.
pub(super) fn check_concurrency(number: u64) -> Option<usize> {
    usize::try_from(number).ok().filter(|n| (1..=1024).contains(n))
}

/// A whole number from 0.
pub(super) fn to_u32(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}
