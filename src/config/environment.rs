//! What surrounds the config file: the variables that wxbox looks at, taken once as a snapshot, and
//! what the command line said. Both are plain data, so that a test can state any of them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{Error, Expected};
use super::origin::{Origin, Setting};
use super::values::OAuthScope;
use crate::text_line;

/// The variables that decide something here; no other is read.
pub const VARIABLES: [&str; 12] = [
    "WXBOX_CONFIG",
    "WXBOX_DATABASE",
    "WXBOX_APP_ID",
    "WXBOX_APP_SECRET",
    "WXBOX_APP_SECRET_FILE",
    "WXBOX_REDIRECT_URI",
    "WXBOX_LANG",
    "CREDENTIALS_DIRECTORY",
    "STATE_DIRECTORY",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "HOME",
];

/// Where a machine's administrator keeps the config.
const SYSTEM_CONFIG: &str = "/etc/wxbox/config.toml";

/// What the command line says; `None` where it is silent.
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
    /// `--timeout` of `bind`: how long to wait for the phone.
    pub timeout: Option<Duration>,
    /// `--concurrency`: requests at a time.
    pub concurrency: Option<usize>,
    /// `--rate`: messages a second, 0 = no limit.
    pub rate: Option<u32>,
    /// `--expire-after` of `send`.
    pub expire_after: Option<Duration>,
}

/// A snapshot of [`VARIABLES`]. An empty variable counts as unset. `Debug` shows names only, since one
/// of the values is the secret.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<&'static str, OsString>,
    system_config: PathBuf,
}

impl Environment {
    /// The environment of this process. Without `HOME`, the system's own idea of the home is taken.
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

    /// An environment of these variables alone; names that are not in [`VARIABLES`] are left out.
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

    /// Where this user's config file belongs, whether it is there or not.
    pub fn config_path(&self) -> PathBuf {
        let base =
            self.absolute_dir_var("XDG_CONFIG_HOME").or_else(|| Some(self.absolute_dir_var("HOME")?.join(".config")));
        base.map_or_else(|| self.system_config.clone(), |base| base.join("wxbox").join("config.toml"))
    }

    /// The same with another path in place of `/etc/wxbox/config.toml`.
    pub fn with_system_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.system_config = path.into();
        self
    }

    /// Where a machine's administrator keeps the config.
    pub(super) fn system_config(&self) -> &Path {
        &self.system_config
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// The variable as text; an error where it is not Unicode.
    pub fn var(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.to_str().map(Some).ok_or(Error::NotUnicode { name })
    }

    /// The variable as a path, a leading `~/` expanded.
    pub(super) fn path_var(&self, name: &'static str) -> Result<Option<PathBuf>, Error> {
        self.get(name).map(|value| self.expand_path(Path::new(value), &Origin::Env(name))).transpose()
    }

    /// A path that an option gave, a leading `~/` expanded: a unit or a crontab has no shell that does it.
    ///
    /// # Errors
    /// [`Error::UnexpandedPath`], [`Error::NotAPath`]
    pub fn option_path(&self, path: &Path, option: &'static str) -> Result<PathBuf, Error> {
        self.expand_path(path, &Origin::Flag(option))
    }

    /// A path as a person wrote it, a leading `~/` expanded. What only a shell would expand is refused: it would
    /// become a directory of that name.
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

    /// Refuses a directory of the XDG rules that a shell was to expand: it would silently be taken for unset.
    pub(super) fn check_expanded(&self, name: &'static str) -> Result<(), Error> {
        self.path_var(name).map(drop)
    }

    /// A directory that the XDG rules name: a relative path counts as unset.
    pub(super) fn absolute_dir_var(&self, name: &'static str) -> Option<PathBuf> {
        self.get(name).map(|value| self.expand_home(Path::new(value))).filter(|path| path.is_absolute())
    }

    /// The directory that the service manager gives for data, if it is wxbox's: one that holds `file`, else one that
    /// is called `wxbox`. A unit hands its own on to everything that it starts.
    pub(super) fn state_directory(&self, file: &str) -> Option<PathBuf> {
        let all = std::env::split_paths(self.get("STATE_DIRECTORY")?);
        let all: Vec<PathBuf> = all.filter(|path| path.is_absolute()).collect();
        let holds = all.iter().find(|dir| dir.join(file).exists());
        holds.or_else(|| all.iter().find(|dir| dir.ends_with("wxbox"))).cloned()
    }

    /// The variable as a setting of `key`, in the same words as in the file.
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

    /// `~/x` and `~` below the home; any other path as it is.
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
