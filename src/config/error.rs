//! The errors of the configuration. `Display` gives the fact and `hint` the remedy. No error holds
//! a value or a line of the file, because either may be a secret. All have exit status 3.

use std::fmt;
use std::path::PathBuf;

use super::config_secret::ConfigSecret;
use super::origin::Origin;
use crate::t;

/// An error in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A config file that an option or a variable names does not exist.
    FileNotFound {
        /// The file.
        path: PathBuf,
        /// The option or the variable that names the file.
        origin: Origin,
    },
    /// The config file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        reason: String,
    },
    /// The config file is a directory.
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The config file is not UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first invalid line, from 1.
        line: usize,
    },
    /// The config file is not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// Whether the line repeats a key or a table.
        is_duplicate: bool,
    },
    /// A path contains an expansion that only a shell performs.
    UnexpandedPath {
        /// The origin of the path.
        origin: Origin,
    },
    /// A path contains control characters or PEM.
    NotAPath {
        /// The origin of the path.
        origin: Origin,
    },
    /// The file has an unknown key.
    UnknownKey {
        /// The key with its tables: `listen.adress`.
        key: String,
        /// The origin of the key.
        origin: Origin,
        /// The closest known key.
        nearest: Option<String>,
    },
    /// A value has the wrong type, or is not allowed.
    InvalidValue {
        /// The key with its tables.
        key: String,
        /// The origin of the value.
        origin: Origin,
        /// The expected form of the value.
        expected: Expected,
    },
    /// The time zone does not exist.
    UnknownZone {
        /// The origin of the name.
        origin: Origin,
        /// The closest name of a time zone.
        nearest: Option<String>,
    },
    /// Two keys set the same value.
    Conflict {
        /// The first key.
        first: String,
        /// The second key.
        second: String,
        /// The origin of the second key.
        origin: Origin,
    },
    /// A key requires another key.
    MissingPartner {
        /// The key that is set.
        key: String,
        /// The key that is missing.
        partner: String,
        /// The origin of the first key.
        origin: Origin,
    },
    /// Other users can write to the config file, and could thus send in the name of the account.
    WritableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that must be trusted, or a link to it, belongs to another user.
    WrongOwner {
        /// The file or the link.
        path: PathBuf,
        /// The user id of the owner.
        owner: u32,
    },
    /// Every user can replace a file that must be trusted.
    WorldWritableDirectory {
        /// The directory.
        dir: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// The secret file does not exist. Its configured name may be the secret itself, so it is not
    /// kept.
    SecretFileNotFound {
        /// The secret.
        secret: ConfigSecret,
        /// The origin of the file name.
        origin: Origin,
    },
    /// The secret file cannot be read.
    SecretUnreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        reason: String,
    },
    /// The secret file is empty.
    SecretEmpty {
        /// The secret.
        secret: ConfigSecret,
        /// The file.
        path: PathBuf,
    },
    /// The AppSecret is not a single line of text.
    SecretInvalid {
        /// The secret file, if it is in a file.
        path: Option<PathBuf>,
        /// The origin of the secret, or of the name of its file.
        origin: Origin,
    },
    /// An environment variable is not Unicode.
    NotUnicode {
        /// The variable.
        name: &'static str,
    },
    /// No directory for the database can be determined.
    NoDataDirectory,
    /// A value that the command requires is not set.
    MissingKey {
        /// The missing value.
        key: RequiredKey,
        /// The config file that was read, if one was.
        path: Option<PathBuf>,
        /// Where `init` would write the config file.
        default_path: PathBuf,
    },
}

/// A value that some commands require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredKey {
    /// `app_id`
    AppId,
    /// `app_secret`, or a file that holds it.
    AppSecret,
    /// `push.token`, or a file that holds it.
    PushToken,
    /// `redirect_uri`
    RedirectUri,
    /// `listen.address`, if it cannot be derived from `redirect_uri`.
    ListenAddress,
}

/// The expected form of a value. `Display` completes the sentence "KEY must be".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Non-empty text.
    Text,
    /// A non-empty path.
    Path,
    /// A TOML table.
    Table,
    /// An AppID.
    AppId,
    /// One of the two scopes.
    Scope,
    /// One of the two token endpoints.
    TokenEndpoint,
    /// A supported language.
    Language,
    /// The name of a time zone.
    TimeZone,
    /// A valid redirect address.
    RedirectUri,
    /// A host and a port to listen on.
    ListenAddress,
    /// A duration of more than 0.
    PositiveDuration,
    /// A duration, 0 included.
    Duration,
    /// One or more https URLs.
    ApiBase,
    /// An http or https URL without a query.
    BaseUrl,
    /// The Token of `[push]`.
    PushToken,
    /// An EncodingAESKey.
    AesKey,
    /// The path that WeChat calls.
    PushPath,
    /// An https URL, or an http URL of this machine.
    ForwardUrl,
    /// The URL of a proxy.
    Proxy,
    /// One or more recipients.
    Recipients,
    /// An integer from 1 to 1024.
    Concurrency,
    /// A non-negative integer of 32 bits.
    NonNegativeInteger,
    /// An http or https URL.
    HttpUrl,
    /// A color, as `#RRGGBB`.
    Color,
    /// The value of a template field.
    TemplateData,
}

impl Expected {
    /// Returns the expected form of an argument, which has no quotes around it.
    pub fn describe_argument(self) -> String {
        match self {
            Self::Text => t!("config-argument-text"),
            Self::Path => t!("config-argument-path"),
            Self::AppId => t!("init-expected-app-id"),
            Self::TimeZone => t!("config-argument-time-zone"),
            Self::PositiveDuration => t!("config-argument-timeout"),
            Self::Duration => t!("config-argument-duration"),
            Self::Scope => t!("config-argument-scope"),
            Self::TokenEndpoint => t!("config-argument-token-endpoint"),
            Self::Language => t!("config-argument-language"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Text => t!("config-expected-text"),
            Self::Path => t!("config-expected-path"),
            Self::Table => t!("config-expected-table"),
            Self::AppId => t!("config-expected-app-id"),
            Self::Scope => t!("config-expected-scope"),
            Self::TokenEndpoint => t!("config-expected-token-endpoint"),
            Self::Language => t!("config-expected-language"),
            Self::TimeZone => t!("config-expected-time-zone"),
            Self::RedirectUri => t!("config-expected-redirect-uri"),
            Self::ListenAddress => t!("config-expected-address"),
            Self::PositiveDuration => t!("config-expected-timeout"),
            Self::Duration => t!("config-expected-duration"),
            Self::ApiBase => t!("config-expected-api-base"),
            Self::BaseUrl => t!("config-expected-base"),
            Self::PushToken => t!("config-expected-push-token"),
            Self::AesKey => t!("config-expected-aes-key"),
            Self::PushPath => t!("config-expected-push-path"),
            Self::ForwardUrl => t!("config-expected-forward"),
            Self::Proxy => t!("config-expected-proxy"),
            Self::Recipients => t!("config-expected-recipients"),
            Self::Concurrency => t!("config-expected-concurrency"),
            Self::NonNegativeInteger => t!("config-expected-whole"),
            Self::HttpUrl => t!("config-expected-link"),
            Self::Color => t!("config-expected-color"),
            Self::TemplateData => t!("config-expected-data"),
        })
    }
}

/// Parsers of option values use this type as their error.
impl std::error::Error for Expected {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::FileNotFound { path, .. } => t!("config-no-file", path = path),
            Self::Unreadable { path, reason } => t!("config-unreadable", path = path, reason = reason),
            Self::IsDirectory { path } => t!("config-directory", path = path),
            Self::NotUtf8 { path, line } => t!("config-not-utf8", path = path, line = line),
            Self::Syntax { path, line, column, is_duplicate: true } => {
                t!("config-syntax-twice", path = path, line = line, column = column)
            }
            Self::Syntax { path, line, column, is_duplicate: false } => {
                t!("config-syntax", path = path, line = line, column = column)
            }
            Self::UnexpandedPath { origin } => t!("config-unexpanded", from = origin.to_string()),
            Self::NotAPath { origin } => t!("config-not-a-path", from = origin.to_string()),
            Self::WrongOwner { path, owner } => t!("config-not-own", path = path, owner = owner.to_string()),
            Self::WorldWritableDirectory { dir, file } => t!("doctor-dir-writable", dir = dir, file = file),
            Self::SecretFileNotFound { secret, origin } => {
                t!("config-secret-no-file", secret = secret.title(), from = origin.to_string())
            }
            Self::UnknownKey { key, origin, .. } => t!("config-unknown-key", key = key, at = origin.to_string()),
            Self::InvalidValue { key, origin, expected: Expected::Table } => {
                t!("config-table", key = key, at = origin.to_string())
            }
            // A variable has no quotes around its value, so the example in the message has none.
            Self::InvalidValue { key, origin: origin @ Origin::Env(_), expected: Expected::AppId } => {
                t!("config-value", key = key, at = origin.to_string(), expected = t!("init-expected-app-id"))
            }
            Self::InvalidValue { key, origin, expected } => {
                t!("config-value", key = key, at = origin.to_string(), expected = expected.to_string())
            }
            Self::UnknownZone { origin, .. } => t!("config-unknown-zone", at = origin.to_string()),
            Self::Conflict { first, second, origin } => {
                t!("config-twice", first = first, second = second, at = origin.to_string())
            }
            Self::MissingPartner { key, partner, origin } => {
                t!("config-alone", key = key, partner = partner, at = origin.to_string())
            }
            Self::WritableByOthers { path, mode } => {
                t!("config-writable", path = path, mode = format!("{mode:03o}"))
            }
            Self::SecretUnreadable { path, reason } => t!("config-secret-unreadable", path = path, reason = reason),
            Self::SecretEmpty { path, .. } => t!("config-secret-empty", path = path),
            Self::SecretInvalid { path: Some(path), .. } => t!("config-secret-not-text", path = path),
            Self::SecretInvalid { path: None, origin } => t!("config-secret-several", from = origin.to_string()),
            Self::NotUnicode { name } => t!("config-not-unicode", name = name),
            Self::NoDataDirectory => t!("config-no-home"),
            Self::MissingKey { key: RequiredKey::AppId, path: None, .. } => t!("config-missing-file"),
            Self::MissingKey { key: need, .. } => need.message(),
        })
    }
}

impl std::error::Error for Error {}

impl Error {
    /// Returns the remedy.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::FileNotFound { origin, .. } => t!("config-no-file-hint", origin = origin.to_string()),
            Self::Unreadable { path, .. } => t!("config-unreadable-hint", path = path),
            Self::IsDirectory { path } => t!("config-directory-hint", path = path.join("config.toml")),
            Self::NotUtf8 { .. } => t!("config-not-utf8-hint"),
            Self::Syntax { is_duplicate: true, .. } => return None,
            Self::Syntax { .. } => t!("config-syntax-hint"),
            Self::UnexpandedPath { .. } => t!("config-unexpanded-hint"),
            Self::NotAPath { .. } => t!("config-not-a-path-hint"),
            Self::WrongOwner { path, .. } => t!("config-not-own-hint", path = path),
            Self::WorldWritableDirectory { dir, .. } => t!("config-writable-hint", path = dir),
            Self::SecretFileNotFound { secret, .. } => match secret.variable() {
                Some(variable) => {
                    t!("config-secret-no-file-hint", secret = secret.title(), key = secret.key(), variable = variable)
                }
                None => t!("config-secret-no-file-no-variable", secret = secret.title(), key = secret.key()),
            },
            // A top-level key below a table header belongs to that table.
            Self::UnknownKey { key, nearest: Some(nearest), .. } if key.ends_with(&format!(".{nearest}")) => {
                t!("config-unknown-key-top", nearest = nearest)
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => t!("config-unknown-key-near", nearest = nearest),
            Self::UnknownKey { nearest: None, .. } => t!("config-unknown-key-hint"),
            Self::UnknownZone { nearest: Some(nearest), .. } => t!("did-you-mean", name = nearest),
            Self::UnknownZone { nearest: None, .. } => t!("config-unknown-zone-hint"),
            Self::InvalidValue { expected: Expected::RedirectUri, .. } => t!("config-redirect-hint"),
            Self::Conflict { first, second, .. } if [first, second].iter().any(|key| *key == "push.path") => {
                t!("config-push-path-hint")
            }
            Self::Conflict { first, second, .. } => t!("config-twice-hint", first = first, second = second),
            Self::WritableByOthers { path, .. } => t!("config-writable-hint", path = path),
            Self::SecretUnreadable { .. } => t!("config-secret-unreadable-hint"),
            Self::SecretEmpty { secret, .. } => t!("config-secret-file-hint", secret = secret.title()),
            Self::SecretInvalid { .. } => t!("config-secret-file-hint", secret = ConfigSecret::AppSecret.title()),
            Self::NoDataDirectory => t!("config-no-home-hint"),
            Self::MissingKey { key: need, path: Some(path), .. } => need.hint(path),
            Self::MissingKey { key: RequiredKey::ListenAddress, path: None, default_path: home } => {
                RequiredKey::ListenAddress.hint(home)
            }
            Self::MissingKey { path: None, default_path: home, .. } => t!("config-missing-file-hint", path = home),
            Self::InvalidValue { .. } | Self::MissingPartner { .. } | Self::NotUnicode { .. } => return None,
        })
    }
}

impl Error {
    /// Returns whether the command line is wrong, and not the configuration.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnexpandedPath { origin: Origin::Flag(_) } | Self::NotAPath { origin: Origin::Flag(_) })
    }
}

impl RequiredKey {
    fn message(self) -> String {
        match self {
            Self::AppId => t!("config-missing-app-id"),
            Self::AppSecret => t!("config-missing-app-secret"),
            Self::PushToken => t!("config-missing-push-token"),
            Self::RedirectUri => t!("config-missing-redirect-uri"),
            Self::ListenAddress => t!("config-missing-listen-address"),
        }
    }

    fn hint(self, path: &PathBuf) -> String {
        match self {
            Self::AppId => t!("config-missing-app-id-hint", path = path),
            Self::AppSecret => t!("config-missing-app-secret-hint", path = path),
            Self::PushToken => t!("config-missing-push-token-hint", path = path),
            Self::RedirectUri => t!("config-missing-redirect-uri-hint", path = path),
            Self::ListenAddress => t!("config-missing-listen-address-hint", path = path),
        }
    }
}
