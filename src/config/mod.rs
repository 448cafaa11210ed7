//! The configuration: file, environment and command line become one [`Config`], and each of its values
//! knows where it came from.
//!
//! The command line wins over the environment, the environment over the file, the file over the default.
//! Reading is strict: a key that the file should not have, or a value that makes no sense, is an error
//! that names the line. What only some commands need (the account, its secret, where to listen) may be
//! missing here, and is asked for when it is needed.

mod app_secret;
mod document;
mod environment;
mod error;
mod file;
mod file_trust;
mod keys;
mod load;
mod origin;
mod show;
mod templates;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use environment::{CliOverrides, Environment, VARIABLES};
pub use error::{Error, Expected, RequiredKey, Warning};
pub use file::{active_path, path_to_write};
pub use file_trust::{check_file_trust, file_mode};
pub use keys::{ConfigKey, KEYS};
pub use origin::{Origin, Setting};
pub use show::ConfigEntry;
pub use values::{
    ListenAddress, ListenHost, OAuthScope, Proxy, TokenEndpoint, looks_like_app_id, looks_like_app_secret,
    parse_api_base as read_api_base, parse_app_id as read_app_id, parse_redirect_uri as read_redirect_uri,
};

use crate::i18n::Lang;
use crate::secret::Secret;
use crate::time_zone::Zone;

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The config file that was read; `None` where there is none.
    pub path: Option<PathBuf>,
    /// The account.
    pub app_id: Option<Setting<String>>,
    /// The account's secret; use [`Config::credentials`], which says why there is none.
    pub app_secret: Option<Setting<Secret>>,
    /// Where the phone is sent back to.
    pub redirect_uri: Option<Setting<Url>>,
    /// What a person is asked to agree to.
    pub scope: Setting<OAuthScope>,
    /// Which of the two ways gives the access token.
    pub token_endpoint: Setting<TokenEndpoint>,
    /// The SQLite file.
    pub database: Setting<PathBuf>,
    /// The language of what is said and sent; `None`: the locale decides.
    pub language: Option<Setting<Lang>>,
    /// The zone of times that people are shown; `None`: the system's.
    pub time_zone: Option<Setting<Zone>>,
    /// The listener of `bind`.
    pub listen: ListenConfig,
    /// How WeChat is reached.
    pub network: NetworkConfig,
    /// How messages are sent.
    pub send: SendConfig,
    /// Message templates by their alias.
    pub templates: BTreeMap<String, TemplateAlias>,
    /// What works and should not stay so.
    pub warnings: Vec<Warning>,
    /// Why there is no secret though one was promised. An error only for those who need the secret: the
    /// registry can be looked at by people who may not read it.
    secret_error: Option<Error>,
    /// Where the config file belongs.
    default_path: PathBuf,
}

/// The listener of `bind`.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// Where it waits; use [`Config::listen_address`], which knows the default.
    pub address: Option<Setting<ListenAddress>>,
    /// How long it waits for the phone; more than 0.
    pub timeout: Setting<Duration>,
    /// PEM file with the certificate chain; there with `tls_key` or not at all.
    pub tls_cert: Option<Setting<PathBuf>>,
    /// PEM file with the key of that certificate.
    pub tls_key: Option<Setting<PathBuf>>,
    /// The `MP_verify_….txt` by which WeChat checks who owns the domain.
    pub domain_verify_file: Option<Setting<PathBuf>>,
}

/// How WeChat is reached.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// Where the API is: at least one, to be tried in order; each path ends with `/`.
    pub api_base: Setting<Vec<Url>>,
    /// Where the pages are that a phone opens; the path ends with `/`.
    pub open_base: Setting<Url>,
    /// How long one request may take; more than 0.
    pub timeout: Setting<Duration>,
    /// The proxy; without it, the usual variables decide.
    pub proxy: Option<Setting<Proxy>>,
    /// PEM file with one more certificate authority to trust.
    pub ca_file: Option<Setting<PathBuf>>,
}

/// How messages are sent.
#[derive(Clone, Debug)]
pub struct SendConfig {
    /// Requests at a time, 1 to 1024.
    pub concurrency: Setting<usize>,
    /// Messages a second; 0 = no limit of ours.
    pub rate: Setting<u32>,
    /// How long `send` goes on with a message after its first failure; may be 0.
    pub wait: Setting<Duration>,
    /// Attempts for one message; 0 = until it expires.
    pub max_attempts: Setting<u32>,
    /// The life of a message that is not delivered; more than 0.
    pub expire_after: Setting<Duration>,
    /// How long finished messages are kept; more than 0.
    pub retain: Setting<Duration>,
}

/// A message template under an alias.
#[derive(Clone, Debug)]
pub struct TemplateAlias {
    /// WeChat's id of the template.
    pub id: Setting<String>,
    /// What a tap on the message opens.
    pub url: Option<Setting<String>>,
    /// The mini program that a tap opens instead.
    pub miniprogram: Option<Setting<MiniprogramPage>>,
    /// Values for its keywords where the command line gives none, in the order of the file.
    pub data: Vec<(String, Setting<TemplateDataValue>)>,
}

/// A page of a mini program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniprogramPage {
    /// The mini program's own app id.
    pub appid: String,
    /// The page, such as `pages/index?x=1`; `None` = its first page.
    pub pagepath: Option<String>,
}

/// What fills one keyword of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDataValue {
    /// The text; a number as it was written.
    pub value: String,
    /// `#RRGGBB`
    pub color: Option<String>,
}

/// The account that the config names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountId {
    /// Its app id.
    pub app_id: String,
}

impl Config {
    /// The account; without one, an error that says where to name it.
    pub fn require_account(&self) -> Result<AccountId, Error> {
        match &self.app_id {
            Some(app_id) => Ok(AccountId { app_id: app_id.value.clone() }),
            None => Err(self.missing_key(RequiredKey::AppId)),
        }
    }

    /// The account's app id and secret; an error names what is missing or cannot be read.
    pub fn credentials(&self) -> Result<(&str, &Secret), Error> {
        let app_id = self.app_id.as_ref().ok_or_else(|| self.missing_key(RequiredKey::AppId))?;
        match (&self.app_secret, &self.secret_error) {
            (Some(secret), _) => Ok((app_id.as_str(), &secret.value)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(self.missing_key(RequiredKey::AppSecret)),
        }
    }

    /// Where the phone is sent back to.
    pub fn require_redirect_uri(&self) -> Result<&Url, Error> {
        self.redirect_uri.as_ref().map(|uri| &uri.value).ok_or_else(|| self.missing_key(RequiredKey::RedirectUri))
    }

    /// Where to listen. Without `listen.address` that is every interface on the port of `redirect_uri`,
    /// if we can speak its protocol: plain http, or https with a certificate.
    pub fn listen_address(&self) -> Result<ListenAddress, Error> {
        if let Some(address) = &self.listen.address {
            return Ok(address.value.clone());
        }
        self.redirect_uri
            .as_ref()
            .filter(|uri| uri.scheme() == "http" || self.listen.tls_cert.is_some())
            .and_then(|uri| uri.port_or_known_default())
            .map(|port| ListenAddress { host: ListenHost::Any, port })
            .ok_or_else(|| self.missing_key(RequiredKey::ListenAddress))
    }

    fn missing_key(&self, key: RequiredKey) -> Error {
        Error::MissingKey { key, path: self.path.clone(), default_path: self.default_path.clone() }
    }
}

#[cfg(test)]
mod tests;
