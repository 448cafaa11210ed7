//! The answers so far: those that options and environment variables give in advance, then those of
//! the dialogue.

use std::path::{Path, PathBuf};

use url::Url;

use super::event_answers::{EventAnswers, EventOptions};
use super::existing::ExistingConfig;
use super::write::InitAnswers;
use crate::cli::Init as Args;
use crate::config::{
    Environment, Error, Expected, Origin, parse_api_base, parse_app_id, parse_public_url, parse_redirect_uri,
};
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;
use crate::wechat::tls_config;
use crate::{listen, password};

/// The answers so far.
#[derive(Clone)]
pub(super) struct InitDraft {
    pub(super) app_id: Option<String>,
    pub(super) secret: Option<Secret>,
    pub(super) redirect_uri: Option<Url>,
    pub(super) listen: Option<String>,
    pub(super) sandbox: Option<Url>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) events: EventOptions,
    secret_stdin: bool,
}

impl InitDraft {
    /// Reads everything except standard input.
    pub(super) fn from_args(args: &Args, environment: &Environment) -> anyhow::Result<Self> {
        let app_id = option_or_variable(
            args.app_id.as_deref(),
            ("--app-id", "WXBOX_APP_ID", "app_id"),
            environment,
            parse_app_id,
            (Expected::AppId, t!("init-expected-app-id")),
        )?;
        let redirect_uri = option_or_variable(
            args.redirect_uri.as_deref(),
            ("--redirect-uri", "WXBOX_REDIRECT_URI", "redirect_uri"),
            environment,
            parse_redirect_uri,
            (Expected::RedirectUri, t!("init-expected-redirect")),
        )?;
        let listen =
            args.listen.as_deref().map(|text| listen::parse_address(text).map(|text| text.to_string())).transpose()?;
        let sandbox = match &args.sandbox {
            Some(text) => {
                Some(parse_api_base(text).ok_or_else(|| value_error("--sandbox", t!("init-expected-sandbox")))?)
            }
            None => None,
        };
        let public_url = match &args.public_url {
            Some(text) => Some(
                parse_public_url(text.trim())
                    .ok_or_else(|| value_error("--public-url", t!("init-expected-public-url")))?,
            ),
            None => None,
        };
        let events = EventOptions { mode: args.events, public_url, present_url: None };
        let secret = environment.var("WXBOX_APP_SECRET")?.filter(|_| !args.secret_stdin).map(text_line::trim_value);
        let secret = secret.filter(|text| !text.is_empty()).map(Secret::from);
        let ca_file = match &args.ca_file {
            Some(path) => Some(absolute_ca_file(&environment.option_path(path, "--ca-file")?)?),
            None => None,
        };
        Ok(Self { app_id, secret, redirect_uri, listen, sandbox, ca_file, events, secret_stdin: args.secret_stdin })
    }

    /// Returns whether an option names the account or its addresses.
    pub(super) fn has_account_option(&self, args: &Args) -> bool {
        let options = [&args.app_id, &args.redirect_uri, &args.listen, &args.sandbox];
        self.secret_stdin || options.into_iter().any(Option::is_some)
    }

    /// Checks, for a run without a terminal, that no answer is missing.
    ///
    /// # Errors
    ///
    /// Answers are missing; the error names their options.
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

    /// Returns the answers of a run without a dialogue. The existing config has what options do not
    /// give; the secret is read from standard input if it is expected there.
    ///
    /// # Errors
    ///
    /// As [`InitDraft::check_complete`], and if standard input holds no secret.
    pub(super) fn complete(mut self, existing: Option<ExistingConfig>) -> anyhow::Result<InitAnswers> {
        if existing.is_none() {
            self.check_complete()?;
        }
        let present = existing.as_ref();
        self.secret = self.secret.or_else(|| present?.secret());
        if self.secret.is_none() {
            let typed = password::read_stdin_or(t!("init-secret-unusable"))?;
            self.secret = Some(Secret::from(text_line::trim_value(typed.expose_secret())));
        }
        self.app_id = self.app_id.or_else(|| present?.app_id());
        self.redirect_uri = self.redirect_uri.or_else(|| present?.redirect_uri());
        self.sandbox = self.sandbox.or_else(|| present?.sandbox());
        let public_url = self.events.public_url.clone().or_else(|| present?.public_url());
        let events = self.events.mode.map(|mode| EventAnswers::generate(mode, public_url)).transpose()?;
        Ok(self.into_answers(events, existing)?)
    }

    /// Converts the draft into the answers.
    ///
    /// # Errors
    ///
    /// An answer that every config needs is missing.
    pub(super) fn into_answers(
        self,
        events: Option<EventAnswers>,
        existing: Option<ExistingConfig>,
    ) -> Result<InitAnswers, CommandError> {
        let Self { app_id, secret, redirect_uri, listen, sandbox, ca_file, .. } = self;
        let (Some(app_id), Some(secret), Some(redirect_uri)) = (app_id, secret, redirect_uri) else {
            return Err(CommandError::usage(t!("init-missing", options = "--app-id, --redirect-uri")));
        };
        let aliases = Vec::new();
        Ok(InitAnswers { app_id, secret, redirect_uri, listen, sandbox, ca_file, events, aliases, existing })
    }
}

/// Returns the absolute path of a CA file, since relative paths in a config are relative to the
/// config.
///
/// # Errors
///
/// The file holds no certificate, or the path is not UTF-8 and cannot be written in TOML.
pub(super) fn absolute_ca_file(path: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    tls_config(Some(&path))?;
    match path.to_str() {
        Some(_) => Ok(path),
        None => Err(CommandError::usage(t!("init-ca-file-not-utf8", path = path.display().to_string())).into()),
    }
}

/// Returns the value of an option, else that of a variable.
fn option_or_variable<T>(
    option: Option<&str>,
    (flag, variable, key): (&str, &'static str, &str),
    environment: &Environment,
    read: impl Fn(&str) -> Option<T>,
    (expected, expected_text): (Expected, String),
) -> anyhow::Result<Option<T>> {
    if let Some(text) = option {
        return Ok(Some(read(text.trim()).ok_or_else(|| value_error(flag, expected_text))?));
    }
    let Some(text) = environment.var(variable)? else { return Ok(None) };
    let error = || Error::InvalidValue { key: key.to_owned(), origin: Origin::Env(variable), expected };
    Ok(Some(read(text).ok_or_else(error)?))
}

fn value_error(option: &str, expected: String) -> CommandError {
    CommandError::usage(t!("init-value", option = option, expected = expected))
}
