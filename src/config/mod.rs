//! The configuration: file, environment and command line are merged into one [`Config`], in which
//! each value has its origin.
//!
//! The command line overrides the environment, the environment the file, and the file the default.
//! An unknown key or an invalid value is an error that names the line. Values that only some
//! commands need (the account, its secret, the address to listen on) may be missing here; a method
//! returns the error when a command needs one.

mod config_secret;
mod document;
mod environment;
mod error;
mod file;
mod file_change;
mod file_trust;
mod key_path;
mod keys;
mod load;
mod origin;
mod push;
mod recipients;
mod secret_lookup;
mod show;
mod templates;
mod toml_text;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use config_secret::ConfigSecret;
pub use environment::{CliOverrides, Environment, VARIABLES};
pub use error::{Error, Expected, RequiredKey};
pub use file::{active_path, path_to_write};
pub use file_change::{ConfigFileChange, ConfigLock, ConfigValue};
pub(crate) use file_change::{link_target, write_config_file};
pub use file_trust::{check_file_trust, file_mode};
pub use key_path::{KeyPath, UnknownKeyPath};
pub use keys::{ConfigKey, KEYS, ValueType};
pub use origin::{Origin, Setting};
pub use push::{PushConfig, PushSecrets};
pub use recipients::DefaultRecipient;
pub use show::ConfigEntry;
pub use values::{
    ListenAddress, ListenHost, OAuthScope, Proxy, TokenEndpoint, looks_like_app_id, looks_like_app_secret,
    parse_api_base, parse_app_id, parse_public_url, parse_redirect_uri,
};

use crate::i18n::Lang;
use crate::net::is_loopback;
use crate::secret::Secret;
use crate::time_zone::Zone;

/// The merged configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The config file that was read, if there is one.
    pub path: Option<PathBuf>,
    /// The AppID of the account.
    pub app_id: Option<Setting<String>>,
    /// The account's AppSecret. [`Config::credentials`] returns an error that says why it is
    /// missing.
    pub app_secret: Option<Setting<Secret>>,
    /// The address to which WeChat redirects the phone.
    pub redirect_uri: Option<Setting<Url>>,
    /// The consent that a person is asked for.
    pub scope: Setting<OAuthScope>,
    /// The API from which access tokens are fetched.
    pub token_endpoint: Setting<TokenEndpoint>,
    /// The SQLite file.
    pub database: Setting<PathBuf>,
    /// The language of output and messages; `None` follows the locale.
    pub language: Option<Setting<Lang>>,
    /// The time zone of times that are shown; `None` is the system's.
    pub time_zone: Option<Setting<Zone>>,
    /// The listener of `bind`.
    pub listen: ListenConfig,
    /// The listener of `serve`.
    pub serve: ServeConfig,
    /// Receiving events from WeChat.
    pub push: PushConfig,
    /// The connection to WeChat.
    pub network: NetworkConfig,
    /// Limits for sending.
    pub send: SendConfig,
    /// Message templates by their alias.
    pub templates: BTreeMap<String, TemplateAlias>,
    /// The files that hold a secret and that every user of the machine can read.
    pub world_readable_files: Vec<PathBuf>,
    /// Why the configured AppSecret cannot be read. Only commands that need the secret fail,
    /// because users who may not read it can still list the registry.
    secret_error: Option<Error>,
    /// Where `init` would write the config file.
    default_path: PathBuf,
}

/// The listener of `bind`.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// The configured address; [`Config::listen_address`] adds the default.
    pub address: Option<Setting<ListenAddress>>,
    /// How long `bind` waits for the phone; more than 0.
    pub timeout: Setting<Duration>,
    /// The PEM file with the certificate chain; set exactly if `tls_key` is set.
    pub tls_cert: Option<Setting<PathBuf>>,
    /// The PEM file with the private key of the certificate.
    pub tls_key: Option<Setting<PathBuf>>,
    /// The `MP_verify_….txt` with which WeChat verifies the owner of the domain.
    pub domain_verify_file: Option<Setting<PathBuf>>,
}

/// The listener of `serve`.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The configured address; [`Config::serve_address`] adds `--listen` and the default.
    pub address: Option<Setting<ListenAddress>>,
    /// The configured URL at which WeChat and phones reach `serve`; it ends with `/`.
    /// [`Config::public_url`] adds the default.
    pub public_url: Option<Setting<Url>>,
}

/// The connection to WeChat.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// The base URLs of the API in the order in which they are tried: at least one, each ends with
    /// `/`.
    pub api_base: Setting<Vec<Url>>,
    /// The base URL of the pages that a phone opens; ends with `/`.
    pub open_base: Setting<Url>,
    /// The timeout of a request; more than 0.
    pub timeout: Setting<Duration>,
    /// The proxy; `None` follows the usual environment variables.
    pub proxy: Option<Setting<Proxy>>,
    /// The PEM file of an additional certificate authority to trust.
    pub ca_file: Option<Setting<PathBuf>>,
}

/// Limits for sending.
#[derive(Clone, Debug)]
pub struct SendConfig {
    /// The recipients of messages that name none; at least one.
    pub to: Option<Setting<Vec<DefaultRecipient>>>,
    /// The number of concurrent requests, 1 to 1024.
    pub concurrency: Setting<usize>,
    /// The maximum number of messages a second; 0 is no limit.
    pub rate: Setting<u32>,
    /// How long `send` retries a message after its first failure; may be 0.
    pub wait: Setting<Duration>,
    /// The maximum number of attempts for a message; 0 retries until it expires.
    pub max_attempts: Setting<u32>,
    /// When a message that is not delivered expires; more than 0.
    pub expire_after: Setting<Duration>,
    /// How long finished messages are kept; more than 0.
    pub retain: Setting<Duration>,
}

/// A message template under an alias.
#[derive(Clone, Debug)]
pub struct TemplateAlias {
    /// The template id.
    pub id: Setting<String>,
    /// The page that a tap on the message opens.
    pub url: Option<Setting<String>>,
    /// The mini program that a tap opens instead of the page.
    pub miniprogram: Option<Setting<MiniprogramPage>>,
    /// Default values of the fields, in the order of the file.
    pub data: Vec<(String, Setting<TemplateDataValue>)>,
}

/// A page of a mini program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniprogramPage {
    /// The AppID of the mini program.
    pub appid: String,
    /// The page, such as `pages/index?x=1`; `None` is the first page.
    pub pagepath: Option<String>,
}

/// The value of one field of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDataValue {
    /// The text; a number keeps the digits of the file.
    pub value: String,
    /// The color, as `#RRGGBB`.
    pub color: Option<String>,
}

impl Config {
    /// Returns the AppID, or an error that says where to configure it.
    pub fn require_app_id(&self) -> Result<&str, Error> {
        self.app_id.as_ref().map(|app_id| app_id.as_str()).ok_or_else(|| self.missing_key(RequiredKey::AppId))
    }

    /// Returns the AppID and the AppSecret, or an error that names the one that is missing or
    /// unreadable.
    pub fn credentials(&self) -> Result<(&str, &Secret), Error> {
        let app_id = self.require_app_id()?;
        match (&self.app_secret, &self.secret_error) {
            (Some(secret), _) => Ok((app_id, &secret.value)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(self.missing_key(RequiredKey::AppSecret)),
        }
    }

    /// Returns the address to which WeChat redirects the phone, or an error if it is not
    /// configured.
    pub fn require_redirect_uri(&self) -> Result<&Url, Error> {
        self.redirect_uri.as_ref().map(|uri| &uri.value).ok_or_else(|| self.missing_key(RequiredKey::RedirectUri))
    }

    /// Returns the address to listen on. Without `listen.address` it is every interface, on the
    /// port of `redirect_uri`, if wxbox can serve that scheme: http, or https with a certificate.
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

    /// Returns the address on which `serve` listens: `--listen`, then `serve.address`, then the
    /// address of [`Config::listen_address`].
    ///
    /// # Errors
    /// As [`Config::listen_address`].
    pub fn serve_address(&self) -> Result<ListenAddress, Error> {
        let flag = self.listen.address.as_ref().filter(|address| matches!(address.origin, Origin::Flag(_)));
        match flag.or(self.serve.address.as_ref()) {
            Some(address) => Ok(address.value.clone()),
            None => self.listen_address(),
        }
    }

    /// Returns the URL at which WeChat and phones reach `serve`: `serve.public_url`, else the
    /// origin of `redirect_uri`; `None` if neither is set. It ends with `/`, whether the config has
    /// that slash or not. Append a path without its leading `/`, as in `join("push")`; a leading
    /// `/` would replace the path prefix.
    pub fn public_url(&self) -> Option<Url> {
        if let Some(url) = &self.serve.public_url {
            return Some(url.value.clone());
        }
        let mut url = self.redirect_uri.as_ref()?.value.clone();
        url.set_path("/");
        url.set_query(None);
        Some(url)
    }

    /// Returns the path of [`Config::public_url`] without its last `/`; it is empty without a path.
    pub fn public_path_prefix(&self) -> String {
        self.public_url().map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned())
    }

    /// Returns the language of replies to people in WeChat: the configured one, else Chinese.
    pub fn reply_lang(&self) -> Lang {
        self.language.as_ref().map_or(Lang::Zh, |language| language.value)
    }

    /// Returns the URL that WeChat calls with its events: `push.path` below [`Config::public_url`];
    /// `None` if that is not known.
    pub fn push_url(&self) -> Option<Url> {
        self.public_url()?.join(self.push.path.value.trim_start_matches('/')).ok()
    }

    /// Returns whether phones open pages of the sandbox: only its pages are on this machine.
    pub fn uses_sandbox(&self) -> bool {
        is_loopback(&self.network.open_base.value)
    }

    /// Returns whether `[push]` is set up: a token or a key is configured, readable or not.
    /// [`Config::push_secrets`] returns the error for unusable ones.
    pub fn has_push(&self) -> bool {
        self.push.token.is_some() || self.push.secret_error.is_some()
    }

    /// Returns the Token and the keys with which pushes are checked and decrypted.
    ///
    /// # Errors
    /// [`Error::MissingKey`] without a Token, [`Error::MissingPartner`] for a key that needs
    /// another one, the error of a file that cannot be read, or [`Error::InvalidValue`] for a
    /// secret outside of the config file.
    pub fn push_secrets(&self) -> Result<PushSecrets<'_>, Error> {
        let push = &self.push;
        if let Some(error) = &push.secret_error {
            return Err(error.clone());
        }
        let token = push.token.as_ref().ok_or_else(|| self.missing_key(RequiredKey::PushToken))?;
        let aes_keys = [&push.aes_key, &push.previous_aes_key].into_iter().flatten().map(|key| &key.value).collect();
        Ok(PushSecrets { token: &token.value, aes_keys })
    }

    fn missing_key(&self, key: RequiredKey) -> Error {
        Error::MissingKey { key, path: self.path.clone(), default_path: self.default_path.clone() }
    }
}

#[cfg(test)]
mod tests;
