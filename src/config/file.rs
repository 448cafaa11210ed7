//! Finds and reads the config file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::environment::{CliOverrides, Environment};
use super::error::Error;
use super::file_trust::check_file_trust;
use super::origin::Origin;
use crate::files;
use crate::i18n::io_error_text;

/// The content of the config file.
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Whether every user of the machine can read it.
    pub(super) is_world_readable: bool,
}

/// Reads the file that `--config` or `WXBOX_CONFIG` names, else the user's own, else the system's.
/// Returns `None` if neither of these exists.
pub(super) fn find_config_file(flags: &CliOverrides, environment: &Environment) -> Result<Option<ConfigFile>, Error> {
    if let Some((path, origin)) = explicit_path(flags, environment)? {
        return read_config_file(&path)?.map(Some).ok_or(Error::FileNotFound { path, origin });
    }
    environment.check_expanded("XDG_CONFIG_HOME")?;
    for path in [environment.config_path().as_path(), environment.system_config()] {
        if let Some(found) = read_config_file(path)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Returns the file that an option or a variable names.
fn explicit_path(flags: &CliOverrides, environment: &Environment) -> Result<Option<(PathBuf, Origin)>, Error> {
    match &flags.config {
        Some(path) => Ok(Some((environment.option_path(path, "--config")?, Origin::Flag("--config")))),
        None => Ok(environment.path_var("WXBOX_CONFIG")?.map(|path| (path, Origin::Env("WXBOX_CONFIG")))),
    }
}

/// Returns the config file that is read, or the path at which it would be created.
///
/// # Errors
/// [`Error::UnexpandedPath`], [`Error::NotAPath`]
pub fn active_path(flags: &CliOverrides, environment: &Environment) -> Result<PathBuf, Error> {
    if let Some((path, _)) = explicit_path(flags, environment)? {
        return Ok(path);
    }
    let own = environment.config_path();
    let system = environment.system_config();
    Ok(if !own.exists() && system.exists() { system.to_owned() } else { own })
}

/// Returns where a new config is written: the path that is named, else the user's own.
///
/// # Errors
/// As [`active_path`].
pub fn path_to_write(flags: &CliOverrides, environment: &Environment) -> Result<PathBuf, Error> {
    Ok(explicit_path(flags, environment)?.map_or_else(|| environment.config_path(), |(path, _)| path))
}

/// Reads a config file. Returns `None` if it does not exist.
pub(super) fn read_config_file(path: &Path) -> Result<Option<ConfigFile>, Error> {
    let unreadable = |error: io::Error| Error::Unreadable { path: path.to_owned(), reason: io_error_text(&error) };
    if path.is_dir() {
        return Err(Error::IsDirectory { path: path.to_owned() });
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let readable_by_all = check_file_trust(path, &file)?;
    let bytes = files::read_limited(file, MAX_CONFIG_BYTES).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::NotUtf8 { path: path.to_owned(), line }
    })?;
    Ok(Some(ConfigFile { path: path.to_owned(), text, is_world_readable: readable_by_all }))
}

/// The size limit for the config file and a secret file, in case a device is named by mistake.
pub(super) const MAX_CONFIG_BYTES: u64 = 1 << 20;
