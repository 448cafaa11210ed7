//! The origin of a value. Each value is kept with its origin, so that `config show --origin` can
//! print it and an error can name the line or the variable to change.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

use crate::t;

/// Where a value came from. `Display` gives the place to look at: `default`,
/// `/etc/wxbox/config.toml:3`, `WXBOX_APP_ID`, `--listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The value is not set anywhere.
    Default,
    /// A line of the config file.
    File {
        /// The config file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The environment variable of this name.
    Env(&'static str),
    /// A file that the service manager put into `$CREDENTIALS_DIRECTORY`.
    Credentials(PathBuf),
    /// A file that contains only the secret.
    SecretFile(PathBuf),
    /// An option of the command line, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str(&t!("config-origin-default")),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) | Self::Flag(name) => f.write_str(name),
            Self::Credentials(path) | Self::SecretFile(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A value and its origin. It dereferences to the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value that applies.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Creates a setting.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Creates a setting with the default.
    pub fn from_default(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// Creates a setting from an option.
    pub fn from_flag(value: T, name: &'static str) -> Self {
        Self::new(value, Origin::Flag(name))
    }
}

impl<T: Default> Default for Setting<T> {
    fn default() -> Self {
        Self::from_default(T::default())
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
