//! What the command line and the environment answer already.

use std::path::{Path, PathBuf};

use url::Url;

use super::write::InitAnswers;
use crate::cli::Init as Args;
use crate::config::{Environment, Error, Expected, Origin, read_api_base, read_app_id, read_redirect_uri};
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;
use crate::wechat::tls_config;
use crate::{listen, password};

/// Answers that need not be asked for.
pub(super) struct PresetAnswers {
    pub(super) app_id: Option<String>,
    pub(super) secret: Option<Secret>,
    pub(super) redirect_uri: Option<Url>,
    pub(super) listen: Option<String>,
    pub(super) sandbox: Option<Url>,
    pub(super) ca_file: Option<PathBuf>,
    secret_stdin: bool,
}

impl PresetAnswers {
    /// Reads all of it but standard input.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub(super) fn from_args(args: &Args, environment: &Environment) -> anyhow::Result<Self> {
        let app_id = option_or_variable(
            args.app_id.as_deref(),
            ("--app-id", "WXBOX_APP_ID", "app_id"),
            environment,
            read_app_id,
            (Expected::AppId, t!("init-expected-app-id")),
        )?;
        let redirect_uri = option_or_variable(
            args.redirect_uri.as_deref(),
            ("--redirect-uri", "WXBOX_REDIRECT_URI", "redirect_uri"),
            environment,
            read_redirect_uri,
            (Expected::RedirectUri, t!("init-expected-redirect")),
        )?;
        let listen =
            args.listen.as_deref().map(|text| listen::parse_address(text).map(|it| it.to_string())).transpose()?;
        let sandbox = match &args.sandbox {
            Some(text) => {
                Some(read_api_base(text).ok_or_else(|| value_error("--sandbox", t!("init-expected-sandbox")))?)
            }
            None => None,
        };
        let secret = environment.var("WXBOX_APP_SECRET")?.filter(|_| !args.secret_stdin).map(text_line::trim_value);
        let secret = secret.filter(|it| !it.is_empty()).map(Secret::from);
        let ca_file = match &args.ca_file {
            Some(path) => Some(absolute_ca_file(&environment.option_path(path, "--ca-file")?)?),
            None => None,
        };
        Ok(Self { app_id, secret, redirect_uri, listen, sandbox, ca_file, secret_stdin: args.secret_stdin })
    }

    /// Whether there is an answer to everything that nobody can be asked for.
    ///
    /// # Errors
    /// One that names all that is missing.
    pub(super) fn check_complete(&self) -> Result<(), CommandError> {
        let missing = [
            (self.app_id.is_none()).then(|| "--app-id".to_owned()),
            (self.secret.is_none() && !self.secret_stdin).then(|| t!("init-missing-secret")),
            (self.redirect_uri.is_none()).then(|| "--redirect-uri".to_owned()),
        ];
        let missing: Vec<String> = missing.into_iter().flatten().collect();
        match missing.is_empty() {
            true => Ok(()),
            false => {
                Err(CommandError::usage(t!("init-missing", options = join_list(missing))).hint(t!("init-missing-hint")))
            }
        }
    }

    /// The answers, where there are all; reads standard input, if the secret is there.
    ///
    /// # Errors
    /// As [`PresetAnswers::is_whole`]; and where standard input holds no secret.
    pub(super) fn into_answers(self) -> anyhow::Result<InitAnswers> {
        self.check_complete()?;
        let secret = match self.secret {
            Some(secret) => secret,
            None => {
                let typed = password::read_stdin_or(t!("init-secret-unusable"))?;
                Secret::from(text_line::trim_value(typed.expose_secret()))
            }
        };
        let (Some(app_id), Some(redirect_uri)) = (self.app_id, self.redirect_uri) else {
            return Err(CommandError::usage(t!("init-missing", options = "--app-id, --redirect-uri")).into());
        };
        Ok(InitAnswers {
            app_id,
            secret,
            redirect_uri,
            listen: self.listen,
            sandbox: self.sandbox,
            ca_file: self.ca_file,
        })
    }
}

/// The whole path of a file of certificates, as it can stand in a config: relative paths there are relative to the
/// config.
///
/// # Errors
/// Where there is no certificate in the file, and where the path cannot be written in TOML.
pub(super) fn absolute_ca_file(path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    tls_config(Some(&path))?;
    match path.to_str() {
        Some(_) => Ok(path),
        None => Err(CommandError::usage(t!("init-ca-file-not-utf8", path = path.display().to_string())).into()),
    }
}

/// A value of an option, else of a variable.
fn option_or_variable<T>(
    option: Option<&str>,
    (flag, variable, key): (&str, &'static str, &str),
    environment: &Environment,
    read: impl Fn(&str) -> Option<T>,
    (expected, said): (Expected, String),
) -> anyhow::Result<Option<T>> {
    if let Some(text) = option {
        return Ok(Some(read(text.trim()).ok_or_else(|| value_error(flag, said))?));
    }
    let Some(text) = environment.var(variable)? else { return Ok(None) };
    let error = || Error::InvalidValue { key: key.to_owned(), origin: Origin::Env(variable), expected };
    Ok(Some(read(text).ok_or_else(error)?))
}

fn value_error(option: &str, expected: String) -> CommandError {
    CommandError::usage(t!("init-value", option = option, expected = expected))
}
