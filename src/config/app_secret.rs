//! Finds the AppSecret: in a variable, in a file that a variable or the service manager names, or
//! in the config file, in this order.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::document::Section;
use super::environment::Environment;
use super::error::{Error, Expected};
use super::file::MAX_CONFIG_BYTES;
use super::file_trust::check_file_trust;
use super::origin::{Origin, Setting};
use super::values::is_single_line;
use crate::i18n::io_error_text;
use crate::secret::Secret;
use crate::{files, text_line};

/// The name of the systemd credential that holds the secret.
const CREDENTIAL_NAME: &str = "wxbox-app-secret";

/// The secret, or why it cannot be read. Only errors in the config file itself are returned at
/// once.
pub(super) struct SecretLookup {
    pub(super) secret: Option<Setting<Secret>>,
    pub(super) error: Option<Error>,
    /// Whether the config file holds the secret itself.
    pub(super) is_in_config: bool,
    /// The secret file, if every user of the machine can read it.
    pub(super) world_readable_file: Option<PathBuf>,
}

pub(super) fn find_secret(environment: &Environment, root: &Section<'_>) -> Result<SecretLookup, Error> {
    reject_two_sources(root)?;
    let secret = |text: &str| Some(text_line::trim_value(text)).filter(|text| is_single_line(text)).map(Secret::from);
    let inline = match root.text("app_secret", secret, Expected::Text)? {
        Some(inline) => Some(inline),
        None => root.text("appsecret", secret, Expected::Text)?,
    };
    let in_config = inline.is_some();
    let configured_file = root.path("app_secret_file")?;
    let configured_name = root.get("app_secret_file").and_then(|(value, _)| value.as_str()).unwrap_or_default();

    let direct = environment.var("WXBOX_APP_SECRET")?.map(text_line::trim_value);
    // A variable with only blanks counts as empty.
    let looked_up = if let Some(text) = direct.filter(|text| !text.is_empty()) {
        let origin = Origin::Env("WXBOX_APP_SECRET");
        match is_single_line(text) {
            true => Ok(Some((Setting::new(text.into(), origin), false))),
            false => Err(Error::SecretInvalid { path: None, origin }),
        }
    } else if let Some(path) = environment.path_var("WXBOX_APP_SECRET_FILE")? {
        let name = environment.var("WXBOX_APP_SECRET_FILE")?.unwrap_or_default();
        read_secret_file(&path, name, &Origin::Env("WXBOX_APP_SECRET_FILE"), Origin::SecretFile)
    } else if let Some(path) =
        environment.absolute_dir_var("CREDENTIALS_DIRECTORY").map(|dir| dir.join(CREDENTIAL_NAME))
        && path.try_exists().unwrap_or(true)
    {
        read_secret_file(&path, CREDENTIAL_NAME, &Origin::Env("CREDENTIALS_DIRECTORY"), Origin::Credentials)
    } else if let Some(path) = configured_file {
        read_secret_file(&path.value, configured_name, &path.origin, Origin::SecretFile)
    } else {
        Ok(inline.map(|inline| (inline, false)))
    };
    let (found, error) = match looked_up {
        Ok(found) => (found, None),
        Err(error) => (None, Some(error)),
    };
    let world_readable_file = match &found {
        // The service manager sets the mode of a credential.
        Some((Setting { origin: Origin::SecretFile(path), .. }, true)) => Some(path.clone()),
        _ => None,
    };
    Ok(SecretLookup { secret: found.map(|(secret, _)| secret), error, is_in_config: in_config, world_readable_file })
}

/// Rejects a config file that gives the secret twice, because neither key has precedence.
fn reject_two_sources(root: &Section<'_>) -> Result<(), Error> {
    let names = ["app_secret", "appsecret", "app_secret_file"];
    let mut configured = root.names().into_iter().filter(|name| names.contains(name));
    match (configured.next(), configured.next()) {
        (Some(first), Some(second)) => {
            Err(Error::Conflict { first: first.to_owned(), second: second.to_owned(), origin: root.origin(second) })
        }
        _ => Ok(()),
    }
}

/// Reads the secret from a file, and returns whether every user can read that file. `name` is the
/// configured file name. A user may have put the secret itself there, so no error repeats it.
fn read_secret_file(
    path: &Path,
    name: &str,
    from: &Origin,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<Option<(Setting<Secret>, bool)>, Error> {
    let unreadable = |error: io::Error| {
        let is_bare = !name.contains(['/', '.']) && error.kind() == io::ErrorKind::NotFound;
        match is_bare || text_line::looks_like_app_secret(name) {
            true => Error::SecretFileNotFound { origin: from.clone() },
            false => Error::SecretUnreadable { path: path.to_owned(), reason: io_error_text(&error) },
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let is_world_readable = check_file_trust(path, &file)?;
    let bytes = files::read_limited(file, MAX_CONFIG_BYTES).map_err(unreadable)?;
    let not_text = || Error::SecretInvalid { path: Some(path.to_owned()), origin: from.clone() };
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    let text = text_line::trim_value(text);
    if text.is_empty() {
        return Err(Error::SecretEmpty { path: path.to_owned() });
    }
    if !is_single_line(text) {
        return Err(not_text());
    }
    Ok(Some((Setting::new(text.into(), origin(path.to_owned())), is_world_readable)))
}
