//! Finds the AppSecret: in a variable, in a file that a variable or the service manager names, or in the
//! config file, in this order.

use std::fs::File;
use std::path::Path;

use super::document::Section;
use super::environment::Environment;
use super::error::{Error, Expected};
use super::file::LIMIT;
use super::origin::{Origin, Setting};
use super::values;
use crate::bounded;
use crate::secret::Secret;
use crate::words::system;

/// The name under which a service manager hands the secret over.
const CREDENTIAL: &str = "wxbox-app-secret";

/// The secret, or why the place that should hold it does not. Only what is wrong with the config file
/// itself is an error at once.
pub(super) struct Found {
    pub(super) secret: Option<Setting<Secret>>,
    pub(super) trouble: Option<Error>,
    /// Whether the config file holds the secret itself.
    pub(super) in_config: bool,
}

pub(super) fn find(environment: &Environment, root: &Section<'_>) -> Result<Found, Error> {
    only_one(root)?;
    let secret = |text: &str| values::text(text).map(Secret::from);
    let own = match root.text("app_secret", secret, Expected::Text)? {
        Some(own) => Some(own),
        None => root.text("appsecret", secret, Expected::Text)?,
    };
    let in_config = own.is_some();
    let own_file = root.path("app_secret_file")?;

    let direct = environment.text("WXBOX_APP_SECRET")?.map(one_line);
    // Blanks are no secret: as if it were empty.
    let looked_up = if let Some(text) = direct.filter(|text| !text.trim().is_empty()) {
        Ok(Some(Setting::new(text.into(), Origin::Env("WXBOX_APP_SECRET"))))
    } else if let Some(path) = environment.path("WXBOX_APP_SECRET_FILE") {
        read(&path).map(|secret| Some(Setting::new(secret, Origin::SecretFile(path))))
    } else if let Some(path) = environment.directory("CREDENTIALS_DIRECTORY").map(|dir| dir.join(CREDENTIAL))
        && path.try_exists().unwrap_or(true)
    {
        read(&path).map(|secret| Some(Setting::new(secret, Origin::Credentials(path))))
    } else if let Some(path) = own_file {
        read(&path).map(|secret| Some(Setting::new(secret, Origin::SecretFile(path.value))))
    } else {
        Ok(own)
    };
    Ok(match looked_up {
        Ok(secret) => Found { secret, trouble: None, in_config },
        Err(trouble) => Found { secret: None, trouble: Some(trouble), in_config },
    })
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

/// The secret in a file of its own; a line end behind it is not part of it.
fn read(path: &Path) -> Result<Secret, Error> {
    let bytes = File::open(path)
        .and_then(|file| bounded::read(file, LIMIT))
        .map_err(|error| Error::SecretUnreadable { path: path.to_owned(), reason: system(&error) })?;
    let not_text = || Error::SecretNotText { path: path.to_owned() };
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    let line = one_line(text);
    if line.trim().is_empty() {
        return Err(Error::SecretEmpty { path: path.to_owned() });
    }
    if line.contains(char::is_control) {
        return Err(not_text());
    }
    Ok(line.into())
}

/// The text without one line end behind it, which editors and `.env` files from Windows leave there.
fn one_line(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}
