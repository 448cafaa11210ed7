//! Finds a secret: in a variable, in a file that a variable or the service manager names, or in the
//! config file, in this order.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::config_secret::ConfigSecret;
use super::document::Section;
use super::environment::Environment;
use super::error::{Error, Expected};
use super::file::MAX_CONFIG_BYTES;
use super::file_trust::check_file_trust;
use super::origin::{Origin, Setting};
use super::values::{is_push_token, is_single_line};
use crate::i18n::io_error_text;
use crate::secret::Secret;
use crate::text_line::{looks_like_aes_key, may_contain_app_secret};
use crate::{files, text_line};

/// The secret, or why it cannot be read. Only errors in the config file itself are returned
/// immediately.
pub(super) struct SecretLookup {
    pub(super) secret: Option<Setting<Secret>>,
    pub(super) error: Option<Error>,
    /// Whether the config file holds the secret itself.
    pub(super) is_in_config: bool,
    /// The secret file, if every user of the machine can read it.
    pub(super) world_readable_file: Option<PathBuf>,
}

/// A secret, and whether every user of the machine can read the file that holds only this secret.
struct FoundSecret {
    setting: Setting<Secret>,
    is_world_readable: bool,
}

/// Looks up a secret. `section` is the table with its keys.
pub(super) fn find_secret(
    secret: ConfigSecret,
    environment: &Environment,
    section: &Section<'_>,
) -> Result<SecretLookup, Error> {
    reject_two_sources(secret, section)?;
    let mut inline = None;
    for name in secret.inline_names() {
        inline = inline.or(section.text(name, |text| parse(secret, text), expected_form(secret))?);
    }
    let is_in_config = inline.is_some();
    let file_key = secret.file_name();
    let configured_file = section.path(file_key)?;
    let configured_name = section.get(file_key).and_then(|(value, _)| value.as_str()).unwrap_or_default();
    let looked_up = match (find_in_environment(secret, environment)?, configured_file) {
        (Some(found), _) => found.map(Some),
        (None, Some(path)) => {
            read_secret_file(secret, &path.value, configured_name, &path.origin, Origin::SecretFile).map(Some)
        }
        (None, None) => Ok(inline.map(|setting| FoundSecret { setting, is_world_readable: false })),
    };
    let (found, error) = match looked_up {
        Ok(found) => (found, None),
        Err(error) => (None, Some(error)),
    };
    let world_readable_file = match &found {
        // The service manager sets the mode of a credential.
        Some(FoundSecret { setting: Setting { origin: Origin::SecretFile(path), .. }, is_world_readable: true }) => {
            Some(path.clone())
        }
        _ => None,
    };
    Ok(SecretLookup { secret: found.map(|found| found.setting), error, is_in_config, world_readable_file })
}

/// Looks up a secret in the variables and the credentials of the service manager. Returns `None` if
/// none of them has it.
fn find_in_environment(
    secret: ConfigSecret,
    environment: &Environment,
) -> Result<Option<Result<FoundSecret, Error>>, Error> {
    if let Some(variable) = secret.variable()
        // A variable with only whitespace counts as empty.
        && let Some(text) = environment.var(variable)?.map(text_line::trim_value).filter(|text| !text.is_empty())
    {
        let origin = Origin::Env(variable);
        let setting = match parse(secret, text) {
            Some(value) => Ok(FoundSecret { setting: Setting::new(value, origin), is_world_readable: false }),
            None => Err(invalid_secret(secret, None, origin)),
        };
        return Ok(Some(setting));
    }
    if let Some(variable) = secret.file_variable()
        && let Some(path) = environment.path_var(variable)?
    {
        let name = environment.var(variable)?.unwrap_or_default();
        return Ok(Some(read_secret_file(secret, &path, name, &Origin::Env(variable), Origin::SecretFile)));
    }
    const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
    if let Some(name) = secret.credential()
        && let Some(path) = environment.absolute_dir_var(DIRECTORY).map(|dir| dir.join(name))
        && path.try_exists().unwrap_or(true)
    {
        return Ok(Some(read_secret_file(secret, &path, name, &Origin::Env(DIRECTORY), Origin::Credentials)));
    }
    Ok(None)
}

/// Rejects a config file that gives the secret twice, because neither key has precedence.
fn reject_two_sources(secret: ConfigSecret, section: &Section<'_>) -> Result<(), Error> {
    let is_source = |name: &&str| secret.inline_names().contains(name) || *name == secret.file_name();
    let mut configured = section.names().into_iter().filter(is_source);
    match (configured.next(), configured.next()) {
        (Some(first), Some(second)) => Err(Error::Conflict {
            first: section.key(first),
            second: section.key(second),
            origin: section.origin(second),
        }),
        _ => Ok(()),
    }
}

/// Reads the secret from a file. `name` is the configured file name. A user may have put the secret
/// itself there, so no error repeats it.
fn read_secret_file(
    secret: ConfigSecret,
    path: &Path,
    name: &str,
    from: &Origin,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<FoundSecret, Error> {
    let unreadable = |error: io::Error| {
        let is_missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        let is_bare = !name.contains(['/', '.']) && error.kind() == io::ErrorKind::NotFound;
        match is_bare || may_contain_app_secret(name) || is_missing && contains_aes_key(name) {
            true => Error::SecretFileNotFound { secret, origin: from.clone() },
            false => Error::SecretUnreadable { path: path.to_owned(), reason: io_error_text(&error) },
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let is_world_readable = check_file_trust(path, &file)?;
    let bytes = files::read_limited(file, MAX_CONFIG_BYTES).map_err(unreadable)?;
    let invalid = || invalid_secret(secret, Some(path), from.clone());
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid())?;
    if text_line::trim_value(text).is_empty() {
        return Err(Error::SecretEmpty { secret, path: path.to_owned() });
    }
    let value = parse(secret, text).ok_or_else(invalid)?;
    Ok(FoundSecret { setting: Setting::new(value, origin(path.to_owned())), is_world_readable })
}

/// Returns whether a file name, or the last part of it, may be an EncodingAESKey. The key can
/// contain slashes.
fn contains_aes_key(name: &str) -> bool {
    looks_like_aes_key(name)
        || Path::new(name).file_name().and_then(|last| last.to_str()).is_some_and(looks_like_aes_key)
}

/// Parses a secret, without whitespace and quotes around it.
fn parse(secret: ConfigSecret, text: &str) -> Option<Secret> {
    let text = text_line::trim_value(text);
    let is_valid = match secret {
        ConfigSecret::AppSecret => is_single_line(text),
        ConfigSecret::PushToken => is_push_token(text),
        ConfigSecret::PushAesKey | ConfigSecret::PreviousPushAesKey => looks_like_aes_key(text),
    };
    is_valid.then(|| text.into())
}

fn expected_form(secret: ConfigSecret) -> Expected {
    match secret {
        ConfigSecret::AppSecret => Expected::Text,
        ConfigSecret::PushToken => Expected::PushToken,
        ConfigSecret::PushAesKey | ConfigSecret::PreviousPushAesKey => Expected::AesKey,
    }
}

/// Returns the error for a secret in a wrong form. `path` is its file, if it is in a file of its
/// own.
fn invalid_secret(secret: ConfigSecret, path: Option<&Path>, origin: Origin) -> Error {
    match (secret, path) {
        // The form of an AppSecret is not known, so only text that cannot be one is rejected.
        (ConfigSecret::AppSecret, path) => Error::SecretInvalid { path: path.map(Path::to_owned), origin },
        (_, path) => Error::InvalidValue {
            key: secret.key().to_owned(),
            origin: path.map_or(origin, |path| Origin::SecretFile(path.to_owned())),
            expected: expected_form(secret),
        },
    }
}
