//! What commands need, opened in one place: config first, then the database, then the HTTP client, each
//! only for a command that uses it.

use crate::access_token::{Account, ApiSession};
use crate::cli::{Global, ScopeArg};
use crate::config::{self, CliOverrides, Config, Environment, Origin, Setting, TokenEndpoint, looks_like_app_secret};
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{closest_match, join_list, set_language};
use crate::secret::ExposeSecret;
use crate::store::{Store, User, parse_openid};
use crate::t;
use crate::time_zone::set_time_zone;
use crate::ui::Ui;
use crate::wechat::{Client, ClientSettings, Endpoint, SecretSource};

/// The config, and the ways to open the rest.
pub struct AppContext {
    /// The configuration of this run.
    pub config: Config,
}

impl AppContext {
    /// Reads the configuration and says what may be wrong with it.
    ///
    /// # Errors
    /// [`config::Error`]
    pub fn open(ui: &mut Ui, global: &Global, flags: CliOverrides) -> anyhow::Result<Self> {
        let flags = CliOverrides { config: global.config.clone(), database: global.database.clone(), ..flags };
        let app = Self::from_config(Config::load(&flags, &Environment::from_process())?);
        for warning in &app.config.warnings {
            let message = warning.to_string();
            ui.warn(
                &warning.hint().map_or_else(|| message.clone(), |hint| t!("ui-cause", what = message, cause = hint)),
            );
        }
        Ok(app)
    }

    /// What commands need, by this config, whose language and time zone are those of the run from now on: the shell of
    /// an installation has another locale than its cron.
    pub fn from_config(config: Config) -> Self {
        if let Some(language) = &config.language {
            set_language(language.value);
        }
        set_time_zone(config.time_zone.as_ref().map(|zone| zone.value.clone()));
        Self { config }
    }

    /// The account's AppID; empty where none is configured (nobody is bound to it).
    pub fn app_id(&self) -> &str {
        self.config.app_id.as_ref().map_or("", |app_id| app_id.value.as_str())
    }

    /// The account's AppID, for a command that cannot do without.
    ///
    /// # Errors
    /// [`config::Error`] says where to name it.
    pub fn require_app_id(&self) -> anyhow::Result<String> {
        Ok(self.config.require_account()?.app_id)
    }

    /// The account with its secret.
    ///
    /// # Errors
    /// [`config::Error`] says what is missing.
    pub fn account(&self) -> anyhow::Result<Account> {
        let (app_id, secret) = self.config.credentials()?;
        let endpoint = match self.config.token_endpoint.value {
            TokenEndpoint::Stable => Endpoint::Stable,
            TokenEndpoint::Classic => Endpoint::Classic,
        };
        Ok(Account { app_id: app_id.to_owned(), secret: secret.clone(), endpoint })
    }

    /// The database; it is made where there is none.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn open_store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.config.database.value)?)
    }

    /// The same for a command that brings something into it. A path that somebody typed may be mistyped: who looks on
    /// is told that the file is new.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn open_or_create_store(&self, ui: &mut Ui) -> anyhow::Result<Store> {
        let existed = self.database_exists();
        let store = self.open_store()?;
        if !existed && self.database_is_explicit() && ui.err_terminal {
            ui.status(&t!("store-made", path = self.config.database.display().to_string()));
        }
        Ok(store)
    }

    /// The database for a command that keeps a token or a list in it: made where there is none, unless somebody named it.
    ///
    /// # Errors
    /// [`App::missing_database_error`]; [`crate::store::Error`]
    pub fn open_or_create_default_store(&self) -> anyhow::Result<Store> {
        self.check_explicit_database()?;
        self.open_store()
    }

    /// The database as it is, for a command that brings nothing into it: where there is none, none is made.
    ///
    /// # Errors
    /// [`App::missing_database_error`], where somebody said which one it is; [`crate::store::Error`]
    pub fn open_existing_store(&self) -> anyhow::Result<Store> {
        self.check_explicit_database()?;
        self.open_store_or_empty()
    }

    /// [`App::missing_database_error`], where somebody said which one it is, and it is not there.
    fn check_explicit_database(&self) -> Result<(), CommandError> {
        if self.database_is_explicit() && !self.database_exists() { Err(self.missing_database_error()) } else { Ok(()) }
    }

    /// The database, and one without anything in it where there is none: for what would make it, and only tries.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn open_store_or_empty(&self) -> anyhow::Result<Store> {
        match self.database_exists() {
            true => self.open_store(),
            false => Ok(Store::empty_in_memory(&self.config.database)?),
        }
    }

    /// Whether there is a file of that name; where that cannot be told, opening it tells why.
    pub fn database_exists(&self) -> bool {
        self.config.database.try_exists().unwrap_or(true)
    }

    /// Whether somebody said where the database is.
    pub fn database_is_explicit(&self) -> bool {
        !matches!(self.config.database.origin, Origin::Default | Origin::Env("STATE_DIRECTORY" | "XDG_DATA_HOME"))
    }

    /// That the database is not there: another one than is meant would look like one that is empty.
    pub fn missing_database_error(&self) -> CommandError {
        let Setting { value: path, origin } = &self.config.database;
        let message = match self.database_is_explicit() {
            true => t!("store-absent", path = path, from = origin.to_string()),
            false => t!("store-absent-default", path = path),
        };
        CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("store-absent-hint")) }
    }

    /// The HTTP client; nothing is sent yet.
    ///
    /// # Errors
    /// [`crate::wechat::Error::Setup`]
    pub fn new_client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.client_settings())?)
    }

    /// How the config says that the platform is reached.
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

    /// All that it takes to ask WeChat something; nothing is sent yet.
    ///
    /// # Errors
    /// As [`App::account`], [`App::open_or_create_default_store`] and [`App::client`].
    pub fn api_session(&self) -> anyhow::Result<ApiSession> {
        let account = self.account()?;
        Ok(ApiSession { store: self.open_or_create_default_store()?, client: self.new_client()?, account })
    }

    /// The person of that name.
    ///
    /// # Errors
    /// A failure that names the nearest.
    pub fn find_user(&self, store: &Store, name: &str) -> anyhow::Result<User> {
        let name = name.trim();
        match store.user(name, self.app_id())? {
            Some(user) => Ok(user),
            None => {
                let suggestion = closest_match(name, store.usernames()?);
                let hint = match suggestion {
                    Some(suggestion) => t!("did-you-mean", name = suggestion),
                    None if store.is_file_backed() => t!("user-unknown-hint"),
                    // The mistake of crontabs and sudo: another home.
                    None => t!("user-unknown-home-hint", path = store.path()),
                };
                Err(CommandError::not_found(t!("user-unknown", user = name, path = store.path())).hint(hint).into())
            }
        }
    }
}

/// An openid that was typed, trimmed.
///
/// # Errors
/// A usage failure that says what an openid looks like.
pub fn parse_openid_argument(text: &str) -> Result<&str, CommandError> {
    parse_openid(text)
        .map_err(|text| CommandError::usage(t!("openid-unusable", openid = text)).hint(t!("openid-unusable-hint")))
}

/// Characters of the openids that WeChat gives today. It promises none, so that others are only warned of.
const OPENID_LENGTH: usize = 28;

/// Whether an openid looks like those that WeChat gives.
pub fn is_unusual_openid(openid: &str) -> bool {
    openid.len() != OPENID_LENGTH || !openid.starts_with('o')
}

/// Warns of an openid that was typed and looks like none of WeChat's.
pub fn warn_if_unusual_openid(ui: &mut Ui, openid: &str) {
    if is_unusual_openid(openid) {
        ui.warn(&t!("openid-odd", length = OPENID_LENGTH, openid = openid));
    }
}

/// That nobody has a tag, with the nearest that somebody has.
///
/// # Errors
/// Only the database's own.
pub fn unknown_tag_error(store: &Store, tag: &str) -> anyhow::Result<CommandError> {
    let hint = closest_match(tag, store.tags()?).map(|suggestion| t!("did-you-mean", name = suggestion));
    Ok(CommandError::not_found(t!("send-no-tag", tag = tag)).hint(hint))
}

/// Warns of others who are bound to the person's openid: one phone would get what is meant for both. The binding stands,
/// also where that cannot be found out.
pub fn warn_if_openid_shared(ui: &mut Ui, store: &Store, app_id: &str, user: &User, openid: &str) {
    match store.users_sharing_openid(openid, app_id, user) {
        Ok(others) if others.is_empty() => {}
        Ok(others) => ui.warn(&t!("bind-shared", user = user.username, others = join_list(others))),
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
