//! The link of web authorization that a phone opens.
//!
//! The link is checked strictly: the order of its parameters, exactly one percent-encoding, a state
//! of letters and digits. A link that passes here passes at WeChat.
//!
//! developers.weixin.qq.com: doc/service/guide/h5/auth.html

use std::borrow::Cow;

use url::Url;
use url::form_urlencoded::parse;

use crate::sandbox::state::Platform;

const PARAM_ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];
const EXTRA_PARAMS: [&str; 3] = ["forcePopup", "connect_redirect", "forceSnapShot"];
const MAX_STATE_BYTES: usize = 128;

/// The reason why the phone shows an error page instead of the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum LinkError {
    /// A page error with WeChat's own number.
    Errcode(i64),
    /// The parameters are not in the order in which WeChat matches them, or there are unknown ones.
    ParamOrder,
    /// The address is not percent-encoded exactly once.
    Encoding,
    /// The response type is not `code`.
    ResponseType,
    /// The state has other characters than letters and digits, or is longer than 128 bytes.
    State,
}

/// A valid authorize link.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct AuthorizeRequest {
    pub(in crate::sandbox) redirect_uri: Url,
    /// Whether the account asks for the profile, or only for the openid.
    pub(super) wants_profile: bool,
    /// Whether the person is asked.
    pub(super) needs_consent: bool,
    pub(in crate::sandbox) state: String,
}

impl AuthorizeRequest {
    /// Returns the address that the phone is redirected to after the consent.
    pub(super) fn callback_url(&self, code: &str) -> Url {
        let mut url = self.redirect_uri.clone();
        let query = match url.query() {
            Some(query) if !query.is_empty() => format!("{query}&code={code}&state={}", self.state),
            _ => format!("code={code}&state={}", self.state),
        };
        url.set_query(Some(&query));
        url
    }
}

impl Platform {
    /// Parses the query of an authorize link.
    pub(in crate::sandbox) fn parse_authorize_request(&self, query: &str) -> Result<AuthorizeRequest, LinkError> {
        let params: Vec<(Cow<'_, str>, Cow<'_, str>)> = parse(query.as_bytes()).collect();
        let value = |name: &str| params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_ref());
        for (name, code) in [("appid", 10012), ("redirect_uri", 10011), ("scope", 10010)] {
            if value(name).is_empty() {
                return Err(LinkError::Errcode(code));
            }
        }
        // The state is optional.
        let order = if params.iter().any(|(key, _)| key == "state") { &PARAM_ORDER[..] } else { &PARAM_ORDER[..4] };
        let (head, extras) = params.split_at(order.len().min(params.len()));
        let in_order = head.iter().map(|(key, _)| key.as_ref()).eq(order.iter().copied());
        if !in_order || extras.iter().any(|(key, _)| !EXTRA_PARAMS.contains(&key.as_ref())) {
            return Err(LinkError::ParamOrder);
        }
        if value("appid") != self.scenario.app_id {
            return Err(LinkError::Errcode(40013));
        }
        if value("response_type") != "code" {
            return Err(LinkError::ResponseType);
        }
        let wants_profile = match value("scope") {
            "snsapi_userinfo" => true,
            "snsapi_base" => false,
            _ => return Err(LinkError::Errcode(10005)),
        };
        let state = value("state");
        if state.len() > MAX_STATE_BYTES || !state.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(LinkError::State);
        }
        let needs_consent = wants_profile || value("forcePopup") == "true";
        let redirect_uri = self.parse_redirect_uri(query, value("redirect_uri"))?;
        Ok(AuthorizeRequest { redirect_uri, wants_profile, needs_consent, state: state.to_owned() })
    }

    fn parse_redirect_uri(&self, query: &str, decoded: &str) -> Result<Url, LinkError> {
        let raw = query.split('&').find_map(|pair| pair.strip_prefix("redirect_uri=")).unwrap_or_default();
        if raw.contains([':', '/', '?', '=']) || decoded.to_ascii_lowercase().starts_with("http%3a") {
            return Err(LinkError::Encoding);
        }
        let url = Url::parse(decoded).map_err(|_| LinkError::Errcode(10003))?;
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && self.is_callback_url(&url);
        if fits { Ok(url) } else { Err(LinkError::Errcode(10003)) }
    }

    /// Returns whether the account may redirect people to that address.
    ///
    /// The port is compared only if the configured domain has one, as a test account allows.
    fn is_callback_url(&self, url: &Url) -> bool {
        let Some(domain) = &self.scenario.callback_domain else { return true };
        let (authority, path) = match domain.split_once('/') {
            Some((authority, path)) => (authority, path),
            None => (domain.as_str(), ""),
        };
        let host = url.host_str().unwrap_or_default();
        let url_authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        url_authority.eq_ignore_ascii_case(authority) && url.path()[1..].starts_with(path)
    }
}
