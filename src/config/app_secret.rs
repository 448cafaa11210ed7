//! Finds the AppSecret: in a variable, in a file that a variable or the service manager names, or in the
//! config file, in this order.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::document::Section;
use super::environment::Environment;
use super::error::{Error, Expected};
use super::file::LIMIT;
use super::guard::guard;
use super::origin::{Origin, Setting};
use super::values::is_line;
use crate::secret::Secret;
use crate::words::system;
use crate::{bounded, line};

/// The name under which a service manager hands the secret over.
const CREDENTIAL: &str = "wxbox-app-secret";

/// The secret, or why the place that should hold it does not. Only what is wrong with the config file
/// itself is an error at once.
pub(super) struct Found {
    pub(super) secret: Option<Setting<Secret>>,
    pub(super) trouble: Option<Error>,
    /// Whether the config file holds the secret itself.
    pub(super) in_config: bool,
    /// The file of its own that everybody on the machine can read.
    pub(super) open_file: Option<PathBuf>,
}

pub(super) fn find(environment: &Environment, root: &Section<'_>) -> Result<Found, Error> {
    only_one(root)?;
    let secret = |text: &str| Some(line::value(text)).filter(|text| is_line(text)).map(Secret::from);
    let own = match root.text("app_secret", secret, Expected::Text)? {
        Some(own) => Some(own),
        None => root.text("appsecret", secret, Expected::Text)?,
    };
    let in_config = own.is_some();
    let own_file = root.path("app_secret_file")?;
    let own_name = root.get("app_secret_file").and_then(|(value, _)| value.as_str()).unwrap_or_default();

    let direct = environment.text("WXBOX_APP_SECRET")?.map(line::value);
    // Blanks are no secret: as if it were empty.
    let looked_up = if let Some(text) = direct.filter(|text| !text.is_empty()) {
        let origin = Origin::Env("WXBOX_APP_SECRET");
        match is_line(text) {
            true => Ok(Some((Setting::new(text.into(), origin), false))),
            false => Err(Error::SecretNotText { path: None, origin }),
        }
    } else if let Some(path) = environment.path("WXBOX_APP_SECRET_FILE")? {
        let name = environment.text("WXBOX_APP_SECRET_FILE")?.unwrap_or_default();
        read(&path, name, &Origin::Env("WXBOX_APP_SECRET_FILE"), Origin::SecretFile)
    } else if let Some(path) = environment.directory("CREDENTIALS_DIRECTORY").map(|dir| dir.join(CREDENTIAL))
        && path.try_exists().unwrap_or(true)
    {
        read(&path, CREDENTIAL, &Origin::Env("CREDENTIALS_DIRECTORY"), Origin::Credentials)
    } else if let Some(path) = own_file {
        read(&path.value, own_name, &path.origin, Origin::SecretFile)
    } else {
        Ok(own.map(|own| (own, false)))
    };
    let (found, trouble) = match looked_up {
        Ok(found) => (found, None),
        Err(trouble) => (None, Some(trouble)),
    };
    let open_file = match &found {
        // The modes of a credential are the service manager's affair.
        Some((Setting { origin: Origin::SecretFile(path), .. }, true)) => Some(path.clone()),
        _ => None,
    };
    Ok(Found { secret: found.map(|(secret, _)| secret), trouble, in_config, open_file })
}

/// Two places in one file: nobody could tell which one counts.
fn only_one(root: &Section<'_>) -> Result<(), Error> {
    let names = ["app_secret", "appsecret", "app_secret_file"];
    let mut there = root.names().into_iter().filter(|name| names.contains(name));
    match (there.next(), there.next()) {
        (Some(first), Some(second)) => {
            Err(Error::Twice { first: first.to_owned(), second: second.to_owned(), origin: root.origin(second) })
        }
        _ => Ok(()),
    }
}

/// The secret in a file of its own, and whether everybody can read that. `name` is the file as `from` gave it, which
/// may be the secret itself; that is never repeated.
fn read(
    path: &Path,
    name: &str,
    from: &Origin,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<Option<(Setting<Secret>, bool)>, Error> {
    let unreadable = |error: io::Error| {
        let is_bare = !name.contains(['/', '.']) && error.kind() == io::ErrorKind::NotFound;
        match is_bare || line::looks_secret(name) {
            true => Error::SecretNoFile { origin: from.clone() },
            false => Error::SecretUnreadable { path: path.to_owned(), reason: system(&error) },
        }
    };
    let file = File::open(path).map_err(unreadable)?;
    let is_open = guard(path, &file)?;
    let bytes = bounded::read(file, LIMIT).map_err(unreadable)?;
    let not_text = || Error::SecretNotText { path: Some(path.to_owned()), origin: from.clone() };
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    let text = line::value(text);
    if text.is_empty() {
        return Err(Error::SecretEmpty { path: path.to_owned() });
    }
    if !is_line(text) {
        return Err(not_text());
    }
    Ok(Some((Setting::new(text.into(), origin(path.to_owned())), is_open)))
}
