//! Opens what commands need: the config first, then the database, then the HTTP client, each only
//! when a command uses it.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::access_token::{Account, ApiSession};
use crate::cli::{Global, ScopeArg};
use crate::config::{
    self, CliOverrides, Config, Environment, Origin, PushSecrets, Setting, TokenEndpoint, looks_like_app_secret,
};
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{closest_match, join_list, set_language};
use crate::secret::ExposeSecret;
use crate::store::{Inspection, Store, User, parse_openid};
use crate::t;
use crate::time_zone::set_time_zone;
use crate::ui::Ui;
use crate::wechat::push::{AesKey, PushSettings};
use crate::wechat::{Client, ClientSettings, Endpoint, SecretSource};

/// The config, and methods to open the rest.
pub struct AppContext {
    /// The merged configuration.
    pub config: Config,
}

/// Applies the language of the config to help and usage errors, which need no valid config.
pub fn apply_config_language(config: Option<PathBuf>) {
    let flags = CliOverrides { config, ..CliOverrides::default() };
    if let Ok(config) = Config::load(&flags, &Environment::from_process())
        && let Some(language) = config.language
    {
        set_language(language.value);
    }
}

impl AppContext {
    /// Reads the configuration and prints its warnings.
    ///
    /// # Errors
    /// [`config::Error`] if the config cannot be read or is invalid.
    pub fn open(ui: &mut Ui, global: &Global, flags: CliOverrides) -> anyhow::Result<Self> {
        let flags = CliOverrides { config: global.config.clone(), database: global.database.clone(), ..flags };
        let context = Self::from_config(Config::load(&flags, &Environment::from_process())?);
        for path in &context.config.world_readable_files {
            let hint = t!("config-readable-hint", path = path);
            ui.warn(&t!("ui-cause", what = t!("config-readable", path = path), cause = hint));
        }
        Ok(context)
    }

    /// Creates the context and sets the language and the time zone of the process to those of the
    /// config: under cron, the locale differs from that of the shell in which wxbox was set up.
    pub fn from_config(config: Config) -> Self {
        if let Some(language) = &config.language {
            set_language(language.value);
        }
        set_time_zone(config.time_zone.as_ref().map(|zone| zone.value.clone()));
        Self { config }
    }

    /// Returns the AppID, empty if it is not configured: no binding belongs to the empty AppID.
    pub fn app_id(&self) -> &str {
        self.config.app_id.as_ref().map_or("", |app_id| app_id.value.as_str())
    }

    /// Returns the AppID.
    ///
    /// # Errors
    /// [`config::Error::MissingKey`] if it is not configured.
    pub fn require_app_id(&self) -> anyhow::Result<String> {
        Ok(self.config.require_app_id()?.to_owned())
    }

    /// Returns the account with its secret.
    ///
    /// # Errors
    /// [`config::Error`] if one of them is missing or cannot be read.
    pub fn account(&self) -> anyhow::Result<Account> {
        let (app_id, secret) = self.config.credentials()?;
        let endpoint = match self.config.token_endpoint.value {
            TokenEndpoint::Stable => Endpoint::Stable,
            TokenEndpoint::Classic => Endpoint::Classic,
        };
        Ok(Account { app_id: app_id.to_owned(), secret: secret.clone(), endpoint })
    }

    /// Returns the secrets with which the pushes of the account are checked and decrypted.
    ///
    /// # Errors
    /// [`config::Error`] if `[push]` is missing or a secret cannot be read.
    pub fn push_settings(&self) -> anyhow::Result<PushSettings> {
        let PushSecrets { token, aes_keys } = self.config.push_secrets()?;
        let aes_keys = aes_keys.into_iter().map(|key| AesKey::decode(key).with_context(|| t!("push-key-invalid")));
        Ok(PushSettings {
            app_id: self.require_app_id()?,
            token: token.clone(),
            aes_keys: aes_keys.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Opens the database, and creates it if it does not exist.
    pub fn open_store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.config.database.value)?)
    }

    /// Opens the database unless that would create or migrate it.
    pub fn open_current_store(&self) -> Option<Store> {
        let found = Inspection::open(&self.config.database.value).ok()??;
        if found.is_current() { self.open_store().ok() } else { None }
    }

    /// Opens or creates the database for a command that adds users. An explicit path may be
    /// mistyped, so on a terminal a note says that the file is new.
    pub fn open_or_create_store(&self, ui: &mut Ui) -> anyhow::Result<Store> {
        let existed = self.database_exists();
        let store = self.open_store()?;
        if !existed && self.database_is_explicit() && ui.err_terminal {
            ui.status(&t!("store-made", path = self.config.database.display().to_string()));
        }
        Ok(store)
    }

    /// Opens the database for a command that adds messages, events or cached data. Creates it only
    /// at the default path.
    ///
    /// # Errors
    /// [`Self::missing_database_error`] if an explicit database does not exist.
    pub fn open_or_create_default_store(&self) -> anyhow::Result<Store> {
        self.check_explicit_database()?;
        self.open_store()
    }

    /// Opens the database for a command that adds no data. Never creates it.
    ///
    /// # Errors
    /// [`Self::missing_database_error`] if an explicit database does not exist.
    pub fn open_existing_store(&self) -> anyhow::Result<Store> {
        self.check_explicit_database()?;
        self.open_store_or_empty()
    }

    fn check_explicit_database(&self) -> Result<(), CommandError> {
        if self.database_is_explicit() && !self.database_exists() { Err(self.missing_database_error()) } else { Ok(()) }
    }

    /// Opens the database, or an empty one in memory if it does not exist: for a dry run of a
    /// command that would create it.
    pub fn open_store_or_empty(&self) -> anyhow::Result<Store> {
        match self.database_exists() {
            true => self.open_store(),
            false => Ok(Store::empty_in_memory(&self.config.database)?),
        }
    }

    /// Returns whether the file exists. If that cannot be determined, opening it returns the error.
    pub fn database_exists(&self) -> bool {
        self.config.database.try_exists().unwrap_or(true)
    }

    /// Returns whether the user named the database, and it is not at the default path.
    pub fn database_is_explicit(&self) -> bool {
        !matches!(self.config.database.origin, Origin::Default | Origin::Env("STATE_DIRECTORY" | "XDG_DATA_HOME"))
    }

    /// Returns the error for a missing database. Without it, a wrong path would look like an empty
    /// database.
    pub fn missing_database_error(&self) -> CommandError {
        let Setting { value: path, origin } = &self.config.database;
        let message = match self.database_is_explicit() {
            true => t!("store-absent", path = path, from = origin.to_string()),
            false => t!("store-absent-default", path = path),
        };
        CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("store-absent-hint")) }
    }

    /// Creates the HTTP client. It sends nothing yet.
    pub fn new_client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.client_settings())?)
    }

    /// Returns the settings of the HTTP client.
    pub fn client_settings(&self) -> ClientSettings {
        let network = &self.config.network;
        ClientSettings {
            api_base: network.api_base.value.clone(),
            timeout: network.timeout.value,
            proxy: network.proxy.as_ref().map(|proxy| proxy.value.expose_url().to_owned().into()),
            ca_file: network.ca_file.as_ref().map(|path| path.value.clone()),
            secret_source: self.config.app_secret.as_ref().map(|secret| SecretSource {
                place: secret.origin.to_string(),
                is_well_formed: looks_like_app_secret(secret.expose_secret()),
            }),
        }
    }

    /// Opens everything that an API call needs. It sends nothing yet.
    pub fn api_session(&self) -> anyhow::Result<ApiSession> {
        let account = self.account()?;
        Ok(ApiSession { store: self.open_or_create_default_store()?, client: self.new_client()?, account })
    }

    /// Returns the user of that name.
    ///
    /// # Errors
    /// The user does not exist; the hint has the closest match.
    pub fn find_user(&self, store: &Store, name: &str) -> anyhow::Result<User> {
        let name = name.trim();
        match store.user(name, self.app_id())? {
            Some(user) => Ok(user),
            None => {
                let suggestion = closest_match(name, store.usernames()?);
                let hint = match suggestion {
                    Some(suggestion) => t!("did-you-mean", name = suggestion),
                    None if store.is_file_backed() => t!("user-unknown-hint"),
                    // In crontabs and with sudo, `HOME` is often another directory.
                    None => t!("user-unknown-home-hint", path = store.path()),
                };
                Err(CommandError::not_found(t!("user-unknown", user = name, path = store.path())).hint(hint).into())
            }
        }
    }
}

/// Trims and checks an openid of the command line.
pub fn parse_openid_argument(text: &str) -> Result<&str, CommandError> {
    parse_openid(text)
        .map_err(|text| CommandError::usage(t!("openid-unusable", openid = text)).hint(t!("openid-unusable-hint")))
}

/// The length of WeChat's openids today. WeChat does not guarantee it, so other lengths only cause
/// a warning.
const OPENID_LENGTH: usize = 28;

/// Returns whether an openid does not look like one of WeChat's.
pub fn is_unusual_openid(openid: &str) -> bool {
    openid.len() != OPENID_LENGTH || !openid.starts_with('o')
}

/// Warns about an openid that does not look like one of WeChat's.
pub fn warn_if_unusual_openid(ui: &mut Ui, openid: &str) {
    if is_unusual_openid(openid) {
        ui.warn(&t!("openid-odd", length = OPENID_LENGTH, openid = openid));
    }
}

/// Checks that a user has the tag.
///
/// # Errors
/// No user has it; the hint has the closest match.
pub fn require_tag(store: &Store, tag: &str) -> anyhow::Result<()> {
    if store.has_tag(tag)? {
        return Ok(());
    }
    let hint = closest_match(tag, store.tags()?).map(|suggestion| t!("did-you-mean", name = suggestion));
    Err(CommandError::not_found(t!("send-no-tag", tag = tag)).hint(hint).into())
}

/// Warns about other users with the same openid: one phone would get the messages of all of them.
/// The binding is kept, even if the other users cannot be determined.
/// `was_scanned` means that a phone, and not the command line, provided the openid.
pub fn warn_if_openid_shared(ui: &mut Ui, store: &Store, app_id: &str, user: &User, openid: &str, was_scanned: bool) {
    match store.users_sharing_openid(openid, app_id, user) {
        Ok(others) if others.is_empty() => {}
        Ok(others) if was_scanned => {
            let name = shell_words::quote(&user.username);
            let others = join_list(others);
            ui.warn(&t!("bind-shared", user = user.username, name = name.as_ref(), others = others));
        }
        Ok(others) => ui.warn(&t!("bind-shared-openid", user = user.username, others = join_list(others))),
        Err(error) => ui.warn(&t!("bind-shared-unknown", user = user.username, cause = error.to_string())),
    }
}

impl From<ScopeArg> for config::OAuthScope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Base => Self::Base,
            ScopeArg::UserInfo => Self::UserInfo,
        }
    }
}
