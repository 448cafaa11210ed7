//! Parses values: scopes, addresses, links, durations. A parser returns `None` for an invalid
//! value; [`Expected`] describes the valid ones.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::error::Expected;
use super::keys::MASK;
use crate::net::is_loopback;
use crate::secret::{ExposeSecret, Secret};
use crate::text_line;
use crate::variant_names::variant_names;

/// The consent that a person is asked for in WeChat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OAuthScope {
    /// `snsapi_userinfo`: the phone asks the person, and the nickname can be read.
    #[default]
    UserInfo,
    /// `snsapi_base`: only the openid, without a question.
    Base,
}

variant_names!(OAuthScope { UserInfo = "snsapi_userinfo", Base = "snsapi_base" });

/// The API from which access tokens are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenEndpoint {
    /// `stable`: POST /cgi-bin/stable_token. A new request does not invalidate the token of another
    /// program.
    #[default]
    Stable,
    /// `classic`: GET /cgi-bin/token.
    Classic,
}

variant_names!(TokenEndpoint { Stable = "stable", Classic = "classic" });

/// The interfaces that a listener binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenHost {
    /// All of them, with both IP versions if the system supports it.
    Any,
    /// The interface with this address.
    Ip(IpAddr),
    /// The interface that this name resolves to.
    Name(String),
}

/// The address of a listener. `Display` gives the form that users type: `0.0.0.0:80`, `[::1]:80`,
/// `:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// The interfaces.
    pub host: ListenHost,
    /// The TCP port; 0 is any free port.
    pub port: u16,
}

impl ListenAddress {
    /// Returns the addresses to bind, in the order in which to try them. Only the lookup of a name
    /// can fail.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.host {
            // On most systems the first address accepts IPv4 too; the second is for systems without
            // IPv6.
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

/// The proxy for requests to WeChat. Its URL may contain a password, so it is only printed masked.
#[derive(Clone, Debug)]
pub struct Proxy {
    url: Secret,
}

impl Proxy {
    /// Returns the URL with user and password, for the HTTP client only.
    pub fn expose_url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Returns the URL with `***` in place of user and password.
    pub fn masked(&self) -> String {
        Url::parse(self.expose_url()).map_or_else(|_| MASK.to_owned(), |url| masked_url(&url))
    }

    /// Returns whether the URL contains a user or a password.
    pub fn has_credentials(&self) -> bool {
        Url::parse(self.expose_url()).is_ok_and(|url| has_userinfo(&url))
    }
}

pub(super) fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Returns the URL with `***` in place of user and password.
pub(super) fn masked_url(url: &Url) -> String {
    let mut url = url.clone();
    if has_userinfo(&url) && (url.set_username(MASK).is_err() || url.set_password(None).is_err()) {
        return MASK.to_owned();
    }
    url.into()
}

fn parse_http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Parses an AppID: one printable word. An AppSecret is rejected, because an AppID is printed.
pub fn parse_app_id(text: &str) -> Option<String> {
    let text = text_line::trim_value(text);
    let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    (is_word && !text_line::may_contain_app_secret(text)).then(|| text.to_owned())
}

/// Returns whether an AppID has the usual form, `wx` and 16 hex digits. WeChat does not guarantee
/// it.
pub fn looks_like_app_id(app_id: &str) -> bool {
    let digits = app_id.strip_prefix("wx").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether an AppSecret has the usual form, 32 hex digits.
pub fn looks_like_app_secret(secret: &str) -> bool {
    secret.len() == 32 && secret.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether the text is one non-empty line.
pub(super) fn is_single_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

/// Parses a single line of text, which a message contains unchanged.
pub(super) fn parse_single_line(text: &str) -> Option<String> {
    is_single_line(text).then(|| text.to_owned())
}

/// Parses the address to which WeChat redirects the phone.
pub fn parse_redirect_uri(text: &str) -> Option<Url> {
    parse_typed_url(text_line::trim_value(text)).filter(|url| url.fragment().is_none() && !has_userinfo(url))
}

/// Parses an http or https URL that is written in full. The URL parser is lenient: in
/// "http:callback" it would parse the path as a host.
fn parse_typed_url(text: &str) -> Option<Url> {
    let is_typed = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    parse_http_url(text).filter(|_| is_typed)
}

/// Parses the base URL of an API and ends it with `/`: https, or http on this machine.
pub fn parse_api_base(text: &str) -> Option<Url> {
    parse_base_url(text).filter(|url| url.scheme() == "https" || is_loopback(url))
}

/// Parses the base URL of the pages that a phone opens, and ends it with `/`.
pub(super) fn parse_base_url(text: &str) -> Option<Url> {
    let mut url = parse_http_url(text)?;
    if url.fragment().is_some() || url.query().is_some() || has_userinfo(&url) {
        return None;
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Some(url)
}

/// Parses the URL at which WeChat and phones reach `serve`, and ends it with `/`.
pub fn parse_public_url(text: &str) -> Option<Url> {
    parse_typed_url(text).and_then(|_| parse_base_url(text))
}

/// Returns whether WeChat's console accepts the text as a Token.
pub(super) fn is_push_token(text: &str) -> bool {
    (3..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Parses the path that WeChat calls. It must have the form in which a request contains it: no
/// query, no dot segments, and everything but printable ASCII percent-encoded.
pub(super) fn parse_push_path(text: &str) -> Option<String> {
    /// The paths that `serve` answers itself.
    const RESERVED: [&str; 3] = ["", "/healthz", "/metrics"];
    let mut url = Url::parse("http://localhost").ok()?;
    url.set_path(text);
    let is_plain = text.starts_with('/') && url.path() == text && !text.contains("//");
    (is_plain && !RESERVED.contains(&text.trim_end_matches('/'))).then(|| text.to_owned())
}

/// Parses the URL of the server that also gets each push: https, or http on this machine.
pub(super) fn parse_forward_url(text: &str) -> Option<Url> {
    let url = parse_typed_url(text).filter(|url| url.fragment().is_none() && is_single_line(text))?;
    (url.scheme() == "https" || is_loopback(&url)).then_some(url)
}

/// Parses the URL of a proxy that the HTTP client supports.
pub(super) fn parse_proxy(text: &str) -> Option<Proxy> {
    parse_http_url(text).map(|_| Proxy { url: text.to_owned().into() })
}

/// Parses a link that a person opens, and returns it unchanged.
pub(super) fn parse_link(text: &str) -> Option<String> {
    // The URL parser drops control characters, but the text that is sent would contain them.
    parse_http_url(text).and_then(|_| parse_single_line(text))
}

/// Parses `#RRGGBB`, and returns it unchanged.
pub(super) fn parse_color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_owned())
}

/// A hundred years; added to any clock reading, it does not overflow.
const MAX_DURATION: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Parses a duration such as `10s`, 0 included.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| *duration <= MAX_DURATION)
}

/// Parses a duration of more than 0.
pub(super) fn parse_timeout(text: &str) -> Option<Duration> {
    parse_duration(text).and_then(nonzero_duration)
}

/// Returns the duration if it is more than 0 and not too long.
pub(super) fn nonzero_duration(duration: Duration) -> Option<Duration> {
    (!duration.is_zero() && duration <= MAX_DURATION).then_some(duration)
}

/// Returns the number if it is a valid concurrency.
pub(super) fn check_concurrency(number: u64) -> Option<usize> {
    usize::try_from(number).ok().filter(|n| (1..=1024).contains(n))
}

pub(super) fn to_u32(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}
