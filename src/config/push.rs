//! The table `[push]`: the secrets with which wxbox checks and decrypts WeChat's pushes, and their
//! path.

use std::fmt;

use percent_encoding::percent_decode_str;
use url::Url;

use super::config_secret::ConfigSecret;
use super::document::Section;
use super::environment::Environment;
use super::error::{Error, Expected};
use super::origin::{Origin, Setting};
use super::secret_lookup::{SecretLookup, find_secret};
use super::values;
use crate::secret::Secret;

/// The settings for receiving events and messages from WeChat (消息推送). `Debug` prints no secret.
#[derive(Clone)]
pub struct PushConfig {
    /// The path that WeChat calls, below [`Config::public_url`](super::Config::public_url). It
    /// begins with `/`, and differs from the path of `redirect_uri`.
    pub path: Setting<String>,
    /// The server that also gets each push: https, or http on this machine. It may contain a user
    /// and a password.
    pub forward_to: Option<Setting<Url>>,
    /// The Token, 3 to 32 ASCII letters and digits.
    /// [`Config::push_secrets`](super::Config::push_secrets) returns an error that says why it is
    /// missing.
    pub token: Option<Setting<Secret>>,
    /// The EncodingAESKey, 43 characters of base64 without padding; the last one may have spare
    /// bits that are not 0.
    pub aes_key: Option<Setting<Secret>>,
    /// The EncodingAESKey before a change, in the same form.
    pub previous_aes_key: Option<Setting<Secret>>,
    /// Why the configured secrets cannot be used. Only commands that need them fail.
    pub(super) secret_error: Option<Error>,
}

impl PushConfig {
    /// Returns the push URL below `public_url`, as it is entered in WeChat's console.
    pub fn url_below(&self, public_url: &Url) -> String {
        format!("{}{}", public_url.as_str().trim_end_matches('/'), self.path.value)
    }
}

impl fmt::Debug for PushConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushConfig")
            .field("path", &self.path)
            .field("forward_to", &self.forward_to.as_ref().map(|url| values::masked_url(url)))
            .field("token", &self.token)
            .field("aes_key", &self.aes_key)
            .field("previous_aes_key", &self.previous_aes_key)
            .field("secret_error", &self.secret_error)
            .finish()
    }
}

/// The secrets of `[push]`.
#[derive(Clone, Debug)]
pub struct PushSecrets<'c> {
    /// The Token.
    pub token: &'c Secret,
    /// The keys to decrypt with, in the order in which to try them: the current one, then the
    /// previous one. Empty if pushes are not encrypted.
    pub aes_keys: Vec<&'c Secret>,
}

/// The secrets of `[push]` as they were found.
pub(super) struct PushSecretLookups {
    token: SecretLookup,
    aes_key: SecretLookup,
    previous_aes_key: SecretLookup,
}

impl PushSecretLookups {
    /// Looks up the secrets. `section` is the table `[push]`.
    pub(super) fn find(environment: &Environment, section: &Section<'_>) -> Result<Self, Error> {
        let find = |secret| find_secret(secret, environment, section);
        Ok(Self {
            token: find(ConfigSecret::PushToken)?,
            aes_key: find(ConfigSecret::PushAesKey)?,
            previous_aes_key: find(ConfigSecret::PreviousPushAesKey)?,
        })
    }

    /// Returns the lookups of all secrets.
    pub(super) fn all(&self) -> [&SecretLookup; 3] {
        [&self.token, &self.aes_key, &self.previous_aes_key]
    }

    /// Reads the other keys of the table.
    pub(super) fn into_config(self, section: &Section<'_>) -> Result<PushConfig, Error> {
        const DEFAULT_PATH: &str = "/push";
        let path = section.text("path", values::parse_push_path, Expected::PushPath)?;
        let secret_error = self.first_error();
        Ok(PushConfig {
            path: path.unwrap_or_else(|| Setting::from_default(DEFAULT_PATH.to_owned())),
            forward_to: section.text("forward_to", values::parse_forward_url, Expected::ForwardUrl)?,
            token: self.token.secret,
            aes_key: self.aes_key.secret,
            previous_aes_key: self.previous_aes_key.secret,
            secret_error,
        })
    }

    /// Returns why the secrets cannot be used: one cannot be read, or needs another one. The other
    /// one may be only in the environment of a service, so this is no error for other commands.
    fn first_error(&self) -> Option<Error> {
        if let Some(error) = self.all().into_iter().find_map(|lookup| lookup.error.clone()) {
            return Some(error);
        }
        let needs = [
            (&self.previous_aes_key, ConfigSecret::PreviousPushAesKey, &self.aes_key, ConfigSecret::PushAesKey),
            (&self.aes_key, ConfigSecret::PushAesKey, &self.token, ConfigSecret::PushToken),
        ];
        needs.into_iter().find_map(|(lookup, secret, other, partner)| match (&lookup.secret, &other.secret) {
            (Some(found), None) => Some(Error::MissingPartner {
                key: secret.key().to_owned(),
                partner: partner.key().to_owned(),
                origin: found.origin.clone(),
            }),
            _ => None,
        })
    }
}

/// Rejects a path of the pushes on which the phones arrive. Both paths count with the path of
/// `public_url` before them and without it.
pub(super) fn check_push_path(
    path: &Setting<String>,
    redirect_uri: &Setting<Url>,
    public_url: Option<&Url>,
) -> Result<(), Error> {
    let prefix = public_url.map_or_else(Vec::new, |url| path_segments(url.path()));
    let own = |path: &str| {
        let mut segments = path_segments(path);
        if segments.starts_with(&prefix) {
            segments.drain(..prefix.len());
        }
        segments
    };
    if own(path) != own(redirect_uri.path()) {
        return Ok(());
    }
    let (push, redirect) = ("push.path".to_owned(), "redirect_uri".to_owned());
    Err(match &path.origin {
        Origin::Default => Error::Conflict { first: push, second: redirect, origin: redirect_uri.origin.clone() },
        origin => Error::Conflict { first: redirect, second: push, origin: origin.clone() },
    })
}

/// Returns the segments of a path. Proxies add and remove slashes, so empty ones do not count.
fn path_segments(path: &str) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    bytes.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty()).map(<[u8]>::to_vec).collect()
}
