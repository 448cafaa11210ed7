//! Web authorization: the URL that the phone opens, and the exchange of its code for an openid.
//!
//! Pages: doc/service/guide/h5/auth.html, doc/service/api/webdev/access/api_snsaccesstoken.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::lenient_json::parse_number;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// The scope that includes the profile, with the person's consent; `snsapi_base` gives only the
/// openid.
const USERINFO_SCOPE: &str = "snsapi_userinfo";

/// Returns the authorization URL for the phone. The order of the parameters and the fragment at the
/// end are fixed, because WeChat matches the URL against a regular expression.
pub fn authorize_url(open_base: &Url, app_id: &str, redirect_uri: &str, scope: &str, state: &str) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encode = |text| utf8_percent_encode(text, UNRESERVED);
    format!(
        "{}/connect/oauth2/authorize?appid={}&redirect_uri={}&response_type=code&scope={}&state={}#wechat_redirect",
        open_base.as_str().trim_end_matches('/'),
        encode(app_id),
        encode(redirect_uri),
        scope,
        encode(state),
    )
}

/// The maximum length of a nickname in characters; WeChat's own limit is lower.
const MAX_NICKNAME_CHARS: usize = 64;

/// The result of exchanging a code.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The person's openid.
    pub openid: String,
    /// A token for `/sns/userinfo` only; not the account's access token.
    pub web_token: Secret,
    /// Whether the openid belongs to the virtual account of a snapshot page; it can never receive a
    /// message.
    pub is_snapshot: bool,
    /// Whether the profile may be requested.
    pub allows_userinfo: bool,
}

impl Client {
    /// Exchanges a code for the person's openid. A code works once, within five minutes.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 40029, 40163, 42003 and 41008 concern the code.
    pub fn exchange_code(&self, app_id: &str, secret: &Secret, code: &Secret) -> Result<Grant> {
        let query = [
            ("appid", app_id),
            ("secret", secret.expose_secret()),
            ("code", code.expose_secret()),
            ("grant_type", "authorization_code"),
        ];
        let response = self.get_unsafe("/sns/oauth2/access_token", &query);
        let response = response.map_err(|error| self.with_secret_source_hint(error))?;
        let text = |field: &str| response.get(field).and_then(Value::as_str).unwrap_or_default();
        let openid = response.get("openid").and_then(parse_openid).ok_or_else(|| self.missing_field("openid"))?;
        let snapshot = response.get("is_snapshotuser").is_some_and(|flag| match flag {
            Value::Bool(yes) => *yes,
            other => parse_number(other).is_some_and(|n| n != 0),
        });
        Ok(Grant {
            openid: openid.to_owned(),
            web_token: text("access_token").to_owned().into(),
            is_snapshot: snapshot,
            allows_userinfo: text("scope").split(',').any(|scope| scope.trim() == USERINFO_SCOPE),
        })
    }

    /// Fetches the person's nickname, if the grant includes the profile.
    ///
    /// Page: doc/service/api/webdev/access/api_snsuserinfo.
    ///
    /// # Errors
    /// Any [`Error`](super::Error).
    pub fn nickname(&self, grant: &Grant) -> Result<Option<String>> {
        let query = [("access_token", grant.web_token.expose_secret()), ("openid", &grant.openid), ("lang", "zh_CN")];
        let response = self.get("/sns/userinfo", &query)?;
        let name = response.get("nickname").and_then(Value::as_str).unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NICKNAME_CHARS).collect();
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    }
}

/// Returns whether the text has only characters of an openid, because it will be stored, printed
/// and sent.
pub(super) fn is_openid(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=128).contains(&text.len()) && text.chars().all(word)
}

/// Returns the openid in a field of a response, if it is valid.
pub(super) fn parse_openid(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| is_openid(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorize_url_has_platform_format() {
        let base = Url::parse("https://open.weixin.qq.com/").unwrap();
        let url =
            authorize_url(&base, "wx520c15f417810387", "http://203.0.113.7/callback/?a=b c", "snsapi_base", "abc123");
        assert_eq!(
            url,
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx520c15f417810387&redirect_uri=\
             http%3A%2F%2F203.0.113.7%2Fcallback%2F%3Fa%3Db%20c&response_type=code&scope=snsapi_base\
             &state=abc123#wechat_redirect"
        );
    }
}
