//! The config file that a second `init` starts from.

use std::ffi::OsString;
use std::path::Path;

use url::Url;

use crate::config::{Config, ConfigFileChange, Environment};
use crate::net::is_loopback;
use crate::secret::Secret;

/// The variables that locate files. Variables that hold values are left out: they override the
/// file, and would look like its content.
const PATH_VARIABLES: [&str; 4] = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "STATE_DIRECTORY"];

/// A valid config file, whose values are the answers that `init` proposes.
#[derive(Clone)]
pub(super) struct ExistingConfig {
    pub(super) change: ConfigFileChange,
    pub(super) config: Config,
}

impl ExistingConfig {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is invalid.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let pairs = PATH_VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let environment = Environment::from_pairs(pairs.collect::<Vec<(&str, OsString)>>());
        let change = ConfigFileChange::read(path)?;
        let config = change.check(&environment)?;
        Ok(Self { change, config })
    }

    pub(super) fn app_id(&self) -> Option<String> {
        self.config.app_id.as_ref().map(|app_id| app_id.value.clone())
    }

    pub(super) fn secret(&self) -> Option<Secret> {
        self.config.app_secret.as_ref().map(|secret| secret.value.clone())
    }

    pub(super) fn redirect_uri(&self) -> Option<Url> {
        self.config.redirect_uri.as_ref().map(|uri| uri.value.clone())
    }

    pub(super) fn listen(&self) -> Option<String> {
        self.config.listen.address.as_ref().map(|address| address.value.to_string())
    }

    /// Returns the address of the sandbox, if the config is for one.
    pub(super) fn sandbox(&self) -> Option<Url> {
        self.config.network.api_base.value.first().filter(|url| is_loopback(url)).cloned()
    }

    pub(super) fn public_url(&self) -> Option<Url> {
        self.config.serve.public_url.as_ref().map(|url| url.value.clone())
    }

    /// Returns whether the file sets up events.
    pub(super) fn has_events(&self) -> bool {
        self.config.has_push()
    }
}
