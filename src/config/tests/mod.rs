//! Tests of the configuration. Each has its own directory and sees no environment variable of this
//! process.

mod errors;
mod example;
mod files;
mod layers;
mod push;
mod show;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use super::{CliOverrides, Config, Environment, Error};

/// A directory with a home, a path for the system's config, and one config file.
pub(super) struct ConfigTestDir {
    dir: tempfile::TempDir,
}

impl ConfigTestDir {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Creates the directory with this text as the user's config.
    pub(super) fn with_config(text: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        place.write(".config/wxbox/config.toml", text);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path(".config/wxbox/config.toml")
    }

    /// Writes a file that only its owner can read.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }

    /// Returns an environment with this directory as the home, and additional variables.
    pub(super) fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.dir.path().to_str().unwrap();
        let all = [("HOME", home)].into_iter().chain(more.iter().copied());
        Environment::from_pairs(all).with_system_config(self.path("etc/config.toml"))
    }

    pub(super) fn load(&self) -> Result<Config, Error> {
        Config::load(&CliOverrides::default(), &self.environment(&[]))
    }

    /// Replaces the name of this directory in a message or hint.
    pub(super) fn redact_paths(&self, text: impl ToString) -> String {
        let config = self.config_path();
        text.to_string().replace(config.to_str().unwrap(), "CONFIG").replace(self.dir.path().to_str().unwrap(), "DIR")
    }
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
