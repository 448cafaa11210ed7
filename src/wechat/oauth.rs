//! Web authorisation: the URL that the phone opens, and what its code is worth.
//! Pages: doc/service/guide/h5/auth.html, doc/service/api/webdev/access/api_snsaccesstoken.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::token::parse_number;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// The scope that covers the profile, after the person's consent; `snsapi_base` is the openid alone.
const USERINFO_SCOPE: &str = "snsapi_userinfo";

/// The URL that the phone opens. The order of its parts is fixed, since WeChat matches it by a regular
/// expression; so is the fragment at its end.
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

/// More characters than WeChat lets a nickname have.
const MAX_NICKNAME_CHARS: usize = 64;

/// What a code is changed for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The person.
    pub openid: String,
    /// For `/sns/userinfo` only; not the account's access token.
    pub web_token: Secret,
    /// A snapshot page's virtual account: its openid can never get a message.
    pub is_snapshot: bool,
    /// Whether the profile may be asked for.
    pub allows_userinfo: bool,
}

impl Client {
    /// Changes a code for the person's openid. A code works once, for five minutes.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); refusals 40029, 40163, 42003, 41008 are about the code.
    pub fn exchange_code(&self, app_id: &str, secret: &Secret, code: &Secret) -> Result<Grant> {
        let query = [
            ("appid", app_id),
            ("secret", secret.expose_secret()),
            ("code", code.expose_secret()),
            ("grant_type", "authorization_code"),
        ];
        let answer = self.get_unsafe("/sns/oauth2/access_token", &query);
        let answer = answer.map_err(|error| self.with_secret_source_hint(error))?;
        let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default();
        let openid = answer.get("openid").and_then(parse_openid).ok_or_else(|| self.missing_field("openid"))?;
        let snapshot = answer.get("is_snapshotuser").is_some_and(|flag| match flag {
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

    /// The person's nickname, where the grant covers the profile
    /// (doc/service/api/webdev/access/api_snsuserinfo).
    ///
    /// # Errors
    /// Any [`Error`](super::Error).
    pub fn nickname(&self, grant: &Grant) -> Result<Option<String>> {
        let query = [("access_token", grant.web_token.expose_secret()), ("openid", &grant.openid), ("lang", "zh_CN")];
        let answer = self.get("/sns/userinfo", &query)?;
        let name = answer.get("nickname").and_then(Value::as_str).unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NICKNAME_CHARS).collect();
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    }
}

/// Whether it is nothing but what an openid is made of: it will stand in databases, on terminals and in requests.
pub(super) fn is_openid(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=128).contains(&text.len()) && text.chars().all(word)
}

/// An openid of an answer.
pub(super) fn parse_openid(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| is_openid(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorize_url_is_as_the_platform_wants_it() {
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
