//! The layers over the config file: a snapshot of the environment variables, and the options of the
//! command line. Both are plain data, so that a test can set any value.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{Error, Expected};
use super::origin::{Origin, Setting};
use super::values::OAuthScope;
use crate::text_line;

/// The environment variables that the configuration reads.
pub const VARIABLES: [&str; 17] = [
    "WXBOX_CONFIG",
    "WXBOX_DATABASE",
    "WXBOX_APP_ID",
    "WXBOX_APP_SECRET",
    "WXBOX_APP_SECRET_FILE",
    "WXBOX_REDIRECT_URI",
    "WXBOX_TO",
    "WXBOX_PUSH_TOKEN",
    "WXBOX_PUSH_TOKEN_FILE",
    "WXBOX_PUSH_AES_KEY",
    "WXBOX_PUSH_AES_KEY_FILE",
    "WXBOX_LANG",
    "CREDENTIALS_DIRECTORY",
    "STATE_DIRECTORY",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "HOME",
];

/// The config file of the whole machine.
const SYSTEM_CONFIG: &str = "/etc/wxbox/config.toml";

/// The options of the command line that override the config.
#[derive(Clone, Debug, Default)]
pub struct CliOverrides {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--database`
    pub database: Option<PathBuf>,
    /// `--listen`: `HOST:PORT`, `:PORT` or `[V6]:PORT`.
    pub listen: Option<String>,
    /// `--scope`
    pub scope: Option<OAuthScope>,
    /// `--timeout` of `bind`.
    pub timeout: Option<Duration>,
    /// `--concurrency`
    pub concurrency: Option<usize>,
    /// `--rate`
    pub rate: Option<u32>,
    /// `--expire-after`
    pub expire_after: Option<Duration>,
}

/// A snapshot of [`VARIABLES`]. An empty variable counts as unset. `Debug` prints only names,
/// because some of the values are secrets.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<&'static str, OsString>,
    system_config: PathBuf,
}

impl Environment {
    /// Takes a snapshot of the environment of this process. Without `HOME`, the home directory is
    /// looked up.
    pub fn from_process() -> Self {
        let mut found =
            Self::from_pairs(VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        if !found.variables.contains_key("HOME")
            && let Some(home) = std::env::home_dir()
        {
            found.variables.insert("HOME", home.into());
        }
        found
    }

    /// Creates an environment of these variables; names that are not in [`VARIABLES`] are ignored.
    pub fn from_pairs<N: AsRef<str>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut variables = BTreeMap::new();
        for (name, value) in pairs {
            let value = value.into();
            if let Some(known) = VARIABLES.into_iter().find(|known| *known == name.as_ref())
                && !value.is_empty()
            {
                variables.insert(known, value);
            }
        }
        Self { variables, system_config: SYSTEM_CONFIG.into() }
    }

    /// Returns the path of this user's config file, which may not exist.
    pub fn config_path(&self) -> PathBuf {
        let base =
            self.absolute_dir_var("XDG_CONFIG_HOME").or_else(|| Some(self.absolute_dir_var("HOME")?.join(".config")));
        base.map_or_else(|| self.system_config.clone(), |base| base.join("wxbox").join("config.toml"))
    }

    /// Replaces the path `/etc/wxbox/config.toml`.
    pub fn with_system_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.system_config = path.into();
        self
    }

    /// Returns the path of the config file of the whole machine.
    pub(super) fn system_config(&self) -> &Path {
        &self.system_config
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// Returns a variable as text, or an error if it is not Unicode.
    pub fn var(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.to_str().map(Some).ok_or(Error::NotUnicode { name })
    }

    /// Returns a variable as a path, with a leading `~/` expanded.
    pub(super) fn path_var(&self, name: &'static str) -> Result<Option<PathBuf>, Error> {
        self.get(name).map(|value| self.expand_path(Path::new(value), &Origin::Env(name))).transpose()
    }

    /// Expands a leading `~/` in the path of an option: a unit or a crontab has no shell that
    /// expands it.
    ///
    /// # Errors
    /// [`Error::UnexpandedPath`], [`Error::NotAPath`]
    pub fn option_path(&self, path: &Path, option: &'static str) -> Result<PathBuf, Error> {
        self.expand_path(path, &Origin::Flag(option))
    }

    /// Expands a leading `~/` in a path. Other shell expansions are rejected, because they would
    /// name a directory literally.
    pub(super) fn expand_path(&self, path: &Path, origin: &Origin) -> Result<PathBuf, Error> {
        let text = path.to_string_lossy();
        if text.contains(char::is_control) || text.contains("-----BEGIN") {
            return Err(Error::NotAPath { origin: origin.clone() });
        }
        let expanded = self.expand_home(path);
        let home_of_another = text.starts_with('~') && text.contains('/') || text == "~";
        if text.contains('$') || (home_of_another && expanded == path) {
            return Err(Error::UnexpandedPath { origin: origin.clone() });
        }
        Ok(expanded)
    }

    /// Rejects an XDG directory with shell expansions, which would otherwise silently count as
    /// unset.
    pub(super) fn check_expanded(&self, name: &'static str) -> Result<(), Error> {
        self.path_var(name).map(drop)
    }

    /// Returns an XDG directory. By the XDG rules a relative path counts as unset.
    pub(super) fn absolute_dir_var(&self, name: &'static str) -> Option<PathBuf> {
        self.get(name).map(|value| self.expand_home(Path::new(value))).filter(|path| path.is_absolute())
    }

    /// Returns the state directory that the service manager gives to wxbox: the first that contains
    /// `file`, else the first that is called `wxbox`. Others belong to a unit that runs wxbox as
    /// one of its commands.
    pub(super) fn state_directory(&self, file: &str) -> Option<PathBuf> {
        let all = std::env::split_paths(self.get("STATE_DIRECTORY")?);
        let all: Vec<PathBuf> = all.filter(|path| path.is_absolute()).collect();
        let holds = all.iter().find(|dir| dir.join(file).exists());
        holds.or_else(|| all.iter().find(|dir| dir.ends_with("wxbox"))).cloned()
    }

    /// Returns a variable as the setting of `key`; the value has the same form as in the file.
    pub(super) fn setting<T>(
        &self,
        name: &'static str,
        key: &str,
        parse: impl Fn(&str) -> Option<T>,
        expected: Expected,
    ) -> Result<Option<Setting<T>>, Error> {
        let Some(text) = self.var(name)? else { return Ok(None) };
        let origin = Origin::Env(name);
        match parse(text_line::trim_value(text)) {
            Some(value) => Ok(Some(Setting::new(value, origin))),
            None => Err(Error::InvalidValue { key: key.to_owned(), origin, expected }),
        }
    }

    /// Expands `~` and `~/x`, and returns any other path unchanged.
    pub(super) fn expand_home(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), self.get("HOME")) {
            (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home.into(),
            (Ok(rest), Some(home)) => Path::new(home).join(rest),
            _ => path.to_owned(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.variables.keys()).finish()
    }
}
