//! The account's access token. Pages: doc/service/api/base/api_getstableaccesstoken,
//! api_getaccesstoken.

use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ApiError, Client, Error, Result};
use crate::secret::{ExposeSecret, Secret};
use crate::t;

/// The endpoint that issues the token; a token of one endpoint does not invalidate a token of the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /cgi-bin/stable_token`: returns the same token to every caller until its last five
    /// minutes.
    Stable,
    /// `GET /cgi-bin/token`: returns a new token each time and invalidates the previous one five
    /// minutes later.
    Classic,
}

/// The lifetime to assume if WeChat's is missing or unreadable: long enough for the run that
/// fetched the token, and far below the two hours of WeChat's tokens.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

const STABLE_API: &str = "/cgi-bin/stable_token";
const CLASSIC_API: &str = "/cgi-bin/token";

impl Client {
    /// Fetches the access token and its remaining lifetime. `force` (stable endpoint only)
    /// invalidates the current token at once, for every caller: at most 20 times a day, 30 s apart.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 40013, 40125, 40164, among others.
    pub fn access_token(
        &self,
        endpoint: Endpoint,
        app_id: &str,
        secret: &Secret,
        force: bool,
    ) -> Result<(Secret, Duration)> {
        let answer = match endpoint {
            Endpoint::Stable => {
                let body = json!({
                    "grant_type": "client_credential",
                    "appid": app_id,
                    "secret": secret.expose_secret(),
                    "force_refresh": force,
                });
                self.post_secret(STABLE_API, secret, body.to_string().as_bytes())
            }
            Endpoint::Classic => {
                let query =
                    [("grant_type", "client_credential"), ("appid", app_id), ("secret", secret.expose_secret())];
                self.get(CLASSIC_API, &query)
            }
        };
        let answer = answer.map_err(|error| self.with_secret_source_hint(error))?;
        let token = answer.get("access_token").and_then(as_text);
        let token = token.ok_or_else(|| self.missing_field("access_token"))?;
        let life = answer.get("expires_in").and_then(parse_number).map_or(DEFAULT_LIFETIME, Duration::from_secs);
        Ok((token.to_owned().into(), life))
    }

    /// Adds the origin of the AppSecret to an error about it. A value without the form of a secret
    /// is reported as such: resetting the secret would invalidate it for everyone who has the right
    /// one.
    pub(super) fn with_secret_source_hint(&self, error: Error) -> Error {
        match (error, &self.secret_source) {
            (Error::Api(refusal), Some(from)) if SECRET_ERRCODES.contains(&refusal.errcode) => {
                let remedy = match from.is_well_formed {
                    true => t!("wechat-secret-hint", from = from.place),
                    false => t!("wechat-secret-odd-hint", from = from.place),
                };
                Error::Api(ApiError { remedy: Some(remedy), ..refusal })
            }
            (error, _) => error,
        }
    }
}

/// The errcodes that concern the AppSecret.
const SECRET_ERRCODES: [i64; 3] = [40001, 40125, 41004];

/// Returns a token or an ID: printable, without blanks, and not unreasonably long.
pub(super) fn as_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// Parses a number that WeChat writes as a number or as text.
pub(super) fn parse_number(value: &Value) -> Option<u64> {
    parse_lenient(value)
}

/// Parses a number of any integer type, written as a number or as text.
pub(super) fn parse_lenient<N: FromStr>(value: &Value) -> Option<N> {
    match value {
        Value::String(digits) => parse_digits(digits.trim()),
        Value::Number(digits) => parse_digits(&digits.to_string()),
        _ => None,
    }
}

/// Parses an integer, also one with decimals that are all zero, such as `7200.0`.
fn parse_digits<N: FromStr>(digits: &str) -> Option<N> {
    let whole = match digits.split_once('.') {
        Some((whole, decimals)) if !whole.is_empty() && decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => digits,
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let cases = [
            (json!(7200), Some(7200)),
            (json!("7200"), Some(7200)),
            (json!(7200.0), Some(7200)),
            (json!(" 7200.00 "), Some(7200)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(7200.5), None),
            (json!(-1), None),
            (json!(".0"), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!([7200]), None),
        ];
        for (value, expected) in cases {
            assert_eq!(parse_number(&value), expected, "{value}");
        }
    }
}
