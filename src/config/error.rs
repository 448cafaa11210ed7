//! What can be wrong with the configuration: each error says the fact, its `hint` the remedy. None holds
//! a value or a line of the file, since either may be the secret. All are exit status 3.

use std::fmt;
use std::path::PathBuf;

use super::origin::Origin;
use crate::t;

/// What is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A config file that was named is not there.
    FileNotFound {
        /// The file.
        path: PathBuf,
        /// What named it.
        origin: Origin,
    },
    /// The config file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The config file is a directory.
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The config file is in another encoding than UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line that is not, from 1.
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
        /// Whether a key or a table stands there a second time.
        is_duplicate: bool,
    },
    /// A path with something in it that only a shell expands.
    UnexpandedPath {
        /// What gave it.
        origin: Origin,
    },
    /// What should be a path is text of several lines.
    NotAPath {
        /// What gave it.
        origin: Origin,
    },
    /// A key that does not exist.
    UnknownKey {
        /// The key with its tables: `listen.adress`.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// The right name, where one is near.
        nearest: Option<String>,
    },
    /// A value of the wrong type, or outside of what is allowed.
    InvalidValue {
        /// The key with its tables.
        key: String,
        /// Where the value was set.
        origin: Origin,
        /// What it must be.
        expected: Expected,
    },
    /// A time zone that does not exist.
    UnknownZone {
        /// Where it stands.
        origin: Origin,
        /// The right name, where one is near.
        nearest: Option<String>,
    },
    /// Two keys that say the same.
    Conflict {
        /// The key that stands first.
        first: String,
        /// The other.
        second: String,
        /// Where the other stands.
        origin: Origin,
    },
    /// A key that needs another beside it.
    MissingPartner {
        /// The key that is there.
        key: String,
        /// The one that is not.
        partner: String,
        /// Where the first stands.
        origin: Origin,
    },
    /// Others can write to the config file, and so send in this account's name.
    WritableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file that is to be trusted, or a link to it, is another user's.
    WrongOwner {
        /// The file or the link.
        path: PathBuf,
        /// The id of that user.
        owner: u32,
    },
    /// Everybody can put another file in the place of one that is to be trusted.
    WorldWritableDirectory {
        /// The directory.
        dir: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// The file that should hold the secret is not there. Its name may be the secret itself.
    SecretFileNotFound {
        /// What named it.
        origin: Origin,
    },
    /// The file that holds the secret cannot be read.
    SecretUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file that should hold the secret is empty.
    SecretEmpty {
        /// The file.
        path: PathBuf,
    },
    /// What should hold the secret holds something else.
    SecretInvalid {
        /// The file, if it is one.
        path: Option<PathBuf>,
        /// What gave or named it.
        origin: Origin,
    },
    /// An environment variable is not Unicode.
    NotUnicode {
        /// The variable.
        name: &'static str,
    },
    /// No directory is known to keep the database in.
    NoDataDirectory,
    /// What the command needs was not set anywhere.
    MissingKey {
        /// What is missing.
        key: RequiredKey,
        /// The config file that was read, if one was.
        path: Option<PathBuf>,
        /// Where the config file belongs.
        default_path: PathBuf,
    },
}

/// What a command may need and not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredKey {
    /// `app_id`
    AppId,
    /// `app_secret`, or a file that holds it.
    AppSecret,
    /// `redirect_uri`
    RedirectUri,
    /// `listen.address`, where no default can be had.
    ListenAddress,
}

/// What a value must be. `Display` completes the sentence "… must be".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Text, not empty.
    Text,
    /// A path, not empty.
    Path,
    /// A TOML table.
    Table,
    /// An app id.
    AppId,
    /// One of the two scopes.
    Scope,
    /// One of the two ways to a token.
    TokenEndpoint,
    /// One of our languages.
    Language,
    /// The name of a time zone.
    TimeZone,
    /// An address that a phone can be sent back to.
    RedirectUri,
    /// A host and a port to listen on.
    ListenAddress,
    /// A duration of more than nothing.
    PositiveDuration,
    /// A duration, perhaps of nothing.
    Duration,
    /// One or more https addresses.
    ApiBase,
    /// An http or https address to build on.
    BaseUrl,
    /// The address of a proxy.
    Proxy,
    /// A whole number from 1 to 1024.
    Concurrency,
    /// A whole number from 0 that fits 32 bits.
    NonNegativeInteger,
    /// An http or https address.
    HttpUrl,
    /// `#RRGGBB`
    Color,
    /// What may fill a template's keyword.
    TemplateData,
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
            Self::Proxy => t!("config-expected-proxy"),
            Self::Concurrency => t!("config-expected-concurrency"),
            Self::NonNegativeInteger => t!("config-expected-whole"),
            Self::HttpUrl => t!("config-expected-link"),
            Self::Color => t!("config-expected-color"),
            Self::TemplateData => t!("config-expected-data"),
        })
    }
}

/// So that the reader of a flag can answer with it.
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
            Self::SecretFileNotFound { origin } => t!("config-secret-no-file", from = origin.to_string()),
            Self::UnknownKey { key, origin, .. } => t!("config-unknown-key", key = key, at = origin.to_string()),
            Self::InvalidValue { key, origin, expected: Expected::Table } => {
                t!("config-table", key = key, at = origin.to_string())
            }
            // What is no file has no quotes around its values.
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
            Self::SecretEmpty { path } => t!("config-secret-empty", path = path),
            Self::SecretInvalid { path: Some(path), .. } => t!("config-secret-not-text", path = path),
            Self::SecretInvalid { path: None, origin } => t!("config-secret-several", from = origin.to_string()),
            Self::NotUnicode { name } => t!("config-not-unicode", name = name),
            Self::NoDataDirectory => t!("config-no-home"),
            Self::MissingKey { key: need, .. } => need.message(),
        })
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What to do about it.
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
            Self::SecretFileNotFound { .. } => t!("config-secret-no-file-hint"),
            // A key of the top level that stands below a table header belongs to that table.
            Self::UnknownKey { key, nearest: Some(nearest), .. } if key.ends_with(&format!(".{nearest}")) => {
                t!("config-unknown-key-top", nearest = nearest)
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => t!("config-unknown-key-near", nearest = nearest),
            Self::UnknownKey { nearest: None, .. } => t!("config-unknown-key-hint"),
            Self::UnknownZone { nearest: Some(nearest), .. } => t!("did-you-mean", name = nearest),
            Self::UnknownZone { nearest: None, .. } => t!("config-unknown-zone-hint"),
            Self::InvalidValue { expected: Expected::RedirectUri, .. } => t!("config-redirect-hint"),
            Self::Conflict { first, second, .. } => t!("config-twice-hint", first = first, second = second),
            Self::WritableByOthers { path, .. } => t!("config-writable-hint", path = path),
            Self::SecretUnreadable { .. } => t!("config-secret-unreadable-hint"),
            Self::SecretEmpty { .. } | Self::SecretInvalid { .. } => t!("config-secret-file-hint"),
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
    /// Whether it is the command line that is wrong, and not the configuration.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnexpandedPath { origin: Origin::Flag(_) } | Self::NotAPath { origin: Origin::Flag(_) })
    }
}

impl RequiredKey {
    fn message(self) -> String {
        match self {
            Self::AppId => t!("config-missing-app-id"),
            Self::AppSecret => t!("config-missing-app-secret"),
            Self::RedirectUri => t!("config-missing-redirect-uri"),
            Self::ListenAddress => t!("config-missing-listen-address"),
        }
    }

    fn hint(self, path: &PathBuf) -> String {
        match self {
            Self::AppId => t!("config-missing-app-id-hint", path = path),
            Self::AppSecret => t!("config-missing-app-secret-hint", path = path),
            Self::RedirectUri => t!("config-missing-redirect-uri-hint", path = path),
            Self::ListenAddress => t!("config-missing-listen-address-hint", path = path),
        }
    }
}

/// Something about the configuration that works, and should not stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Everybody on the machine can read a config file that holds a secret.
    ReadableByOthers {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadableByOthers { path } => f.write_str(&t!("config-readable", path = path)),
        }
    }
}

impl Warning {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ReadableByOthers { path } => Some(t!("config-readable-hint", path = path)),
        }
    }
}
