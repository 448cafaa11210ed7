//! The account's access token: doc/service/api/base/api_getstableaccesstoken, api_getaccesstoken.

use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Client, Error, Refusal, Result};
use crate::secret::{ExposeSecret, Secret};
use crate::t;

/// Which endpoint gives the token; their tokens never end each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /cgi-bin/stable_token`: the same token for everybody until its last five minutes.
    Stable,
    /// `GET /cgi-bin/token`: a new token each time, ending the one before five minutes later.
    Classic,
}

/// How long a token is used whose life is not told, or told in a way that nobody understands: long enough for
/// the run that fetched it, and far below the two hours that WeChat's tokens live.
const CAUTIOUS: Duration = Duration::from_secs(600);

const STABLE: &str = "/cgi-bin/stable_token";
const CLASSIC: &str = "/cgi-bin/token";

impl Client {
    /// Fetches the access token and its remaining life. `force` (stable endpoint only) ends the current
    /// token at once, for everybody: 20 a day, 30 s apart.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); refusals 40013, 40125, 40164 among others.
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
                self.post_secret(STABLE, secret, body.to_string().as_bytes())
            }
            Endpoint::Classic => {
                let query =
                    [("grant_type", "client_credential"), ("appid", app_id), ("secret", secret.expose_secret())];
                self.get(CLASSIC, &query)
            }
        };
        let answer = answer.map_err(|error| self.say_whose_secret(error))?;
        let token = answer.get("access_token").and_then(word);
        let token = token.ok_or_else(|| self.lacks("access_token"))?;
        let life = answer.get("expires_in").and_then(lenient_number).map_or(CAUTIOUS, Duration::from_secs);
        Ok((token.to_owned().into(), life))
    }

    /// Adds to a refusal of the AppSecret where that came from. A secret that has not even the form of one need not be
    /// reset, which would end it for everybody who has it right.
    pub(super) fn say_whose_secret(&self, error: Error) -> Error {
        match (error, &self.secret_from) {
            (Error::Refused(refusal), Some(from)) if OF_SECRET.contains(&refusal.errcode) => {
                let remedy = match from.is_usual {
                    true => t!("wechat-secret-hint", from = from.place),
                    false => t!("wechat-secret-odd-hint", from = from.place),
                };
                Error::Refused(Refusal { remedy: Some(remedy), ..refusal })
            }
            (error, _) => error,
        }
    }
}

/// Refusals of a call with the AppSecret that are about it.
const OF_SECRET: [i64; 3] = [40001, 40125, 41004];

/// A token or an id: printable, in one piece, and not longer than any of WeChat's by far.
pub(super) fn word(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// WeChat's numbers come as numbers or as text.
pub(super) fn lenient_number(value: &Value) -> Option<u64> {
    lenient(value)
}

/// The same of any kind.
pub(super) fn lenient<N: FromStr>(value: &Value) -> Option<N> {
    match value {
        Value::String(digits) => number(digits.trim()),
        Value::Number(digits) => number(&digits.to_string()),
        _ => None,
    }
}

/// A whole number as it is written, also where it has decimals that are all zero: `7200.0`.
fn number<N: FromStr>(digits: &str) -> Option<N> {
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
            assert_eq!(lenient_number(&value), expected, "{value}");
        }
    }
}
