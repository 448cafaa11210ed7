//! The account's access token. Pages: doc/service/api/base/api_getstableaccesstoken,
//! api_getaccesstoken.

use std::time::Duration;

use serde_json::json;

use super::lenient_json::{as_text, parse_number};
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
    /// immediately invalidates the current token for every caller: at most 20 times a day, 30 s
    /// apart.
    ///
    /// # Errors
    /// Any [`Error`]; errcodes 40013, 40125, 40164, among others.
    pub fn access_token(
        &self,
        endpoint: Endpoint,
        app_id: &str,
        secret: &Secret,
        force: bool,
    ) -> Result<(Secret, Duration)> {
        let response = match endpoint {
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
        let response = response.map_err(|error| self.with_secret_source_hint(error))?;
        let token = response.get("access_token").and_then(as_text);
        let token = token.ok_or_else(|| self.missing_field("access_token"))?;
        let lifetime = response.get("expires_in").and_then(parse_number).map_or(DEFAULT_LIFETIME, Duration::from_secs);
        Ok((token.to_owned().into(), lifetime))
    }

    /// Adds the origin of the AppSecret to an error about it. A value without the form of a secret
    /// is reported as such: resetting the secret would invalidate it for everyone who has the right
    /// one.
    pub(super) fn with_secret_source_hint(&self, error: Error) -> Error {
        match (error, &self.secret_source) {
            (Error::Api(error), Some(source)) if SECRET_ERRCODES.contains(&error.errcode) => {
                let remedy = match source.is_well_formed {
                    true => t!("wechat-secret-hint", from = source.place),
                    false => t!("wechat-secret-odd-hint", from = source.place),
                };
                Error::Api(ApiError { remedy: Some(remedy), ..error })
            }
            (error, _) => error,
        }
    }
}

/// The errcodes that concern the AppSecret.
pub const SECRET_ERRCODES: [i64; 3] = [40001, 40125, 41004];
