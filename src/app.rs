//! What commands need, opened in one place: config first, then the database, then the HTTP client, each
//! only for a command that uses it.

use crate::cli::{Global, Scope};
use crate::config::{self, Config, Environment, Flags, Origin, Setting, TokenEndpoint, is_usual_secret};
use crate::error::{Exit, Failure};
use crate::secret::ExposeSecret;
use crate::store::{Store, User, checked_openid};
use crate::t;
use crate::token::{Account, Session};
use crate::ui::Ui;
use crate::wechat::{Client, Endpoint, SecretFrom, Settings};
use crate::words::{listed, nearest, set_language};
use crate::zone::set_zone;

/// The config, and the ways to open the rest.
pub struct App {
    /// The configuration of this run.
    pub config: Config,
}

impl App {
    /// Reads the configuration and says what may be wrong with it.
    ///
    /// # Errors
    /// [`config::Error`]
    pub fn open(ui: &mut Ui, global: &Global, flags: Flags) -> anyhow::Result<Self> {
        let flags = Flags { config: global.config.clone(), database: global.database.clone(), ..flags };
        let app = Self::of(Config::load(&flags, &Environment::read())?);
        for warning in &app.config.warnings {
            let what = warning.to_string();
            ui.warn(&warning.hint().map_or_else(|| what.clone(), |hint| t!("ui-cause", what = what, cause = hint)));
        }
        Ok(app)
    }

    /// What commands need, by this config, whose language and time zone are those of the run from now on: the shell of
    /// an installation has another locale than its cron.
    pub fn of(config: Config) -> Self {
        if let Some(language) = &config.language {
            set_language(language.value);
        }
        set_zone(config.time_zone.as_ref().map(|zone| zone.value.clone()));
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
    pub fn account_id(&self) -> anyhow::Result<String> {
        Ok(self.config.account()?.app_id)
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
    pub fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.config.database.value)?)
    }

    /// The same for a command that brings something into it. A path that somebody typed may be mistyped: who looks on
    /// is told that the file is new.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn store_to_fill(&self, ui: &mut Ui) -> anyhow::Result<Store> {
        let is_there = self.has_database();
        let store = self.store()?;
        if !is_there && self.names_database() && ui.err_terminal {
            ui.status(&t!("store-made", path = self.config.database.display().to_string()));
        }
        Ok(store)
    }

    /// The database for a command that keeps a token or a list in it: made where there is none, unless somebody named it.
    ///
    /// # Errors
    /// [`App::no_database`]; [`crate::store::Error`]
    pub fn store_to_use(&self) -> anyhow::Result<Store> {
        self.check_named()?;
        self.store()
    }

    /// The database as it is, for a command that brings nothing into it: where there is none, none is made.
    ///
    /// # Errors
    /// [`App::no_database`], where somebody said which one it is; [`crate::store::Error`]
    pub fn store_as_found(&self) -> anyhow::Result<Store> {
        self.check_named()?;
        self.store_or_none()
    }

    /// [`App::no_database`], where somebody said which one it is, and it is not there.
    fn check_named(&self) -> Result<(), Failure> {
        if self.names_database() && !self.has_database() { Err(self.no_database()) } else { Ok(()) }
    }

    /// The database, and one without anything in it where there is none: for what would make it, and only tries.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn store_or_none(&self) -> anyhow::Result<Store> {
        match self.has_database() {
            true => self.store(),
            false => Ok(Store::without_file(&self.config.database)?),
        }
    }

    /// Whether there is a file of that name; where that cannot be told, opening it tells why.
    pub fn has_database(&self) -> bool {
        self.config.database.try_exists().unwrap_or(true)
    }

    /// Whether somebody said where the database is.
    pub fn names_database(&self) -> bool {
        !matches!(self.config.database.origin, Origin::Default | Origin::Env("STATE_DIRECTORY" | "XDG_DATA_HOME"))
    }

    /// That the database is not there: another one than is meant would look like one that is empty.
    pub fn no_database(&self) -> Failure {
        let Setting { value: path, origin } = &self.config.database;
        let what = match self.names_database() {
            true => t!("store-absent", path = path, from = origin.to_string()),
            false => t!("store-absent-default", path = path),
        };
        Failure { exit: Exit::Unexpected, what, hint: Some(t!("store-absent-hint")) }
    }

    /// The HTTP client; nothing is sent yet.
    ///
    /// # Errors
    /// [`crate::wechat::Error::Setup`]
    pub fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.settings())?)
    }

    /// How the config says that the platform is reached.
    pub fn settings(&self) -> Settings {
        let network = &self.config.network;
        Settings {
            api_base: network.api_base.value.clone(),
            timeout: network.timeout.value,
            proxy: network.proxy.as_ref().map(|proxy| proxy.value.expose_url().to_owned().into()),
            ca_file: network.ca_file.as_ref().map(|path| path.value.clone()),
            secret_from: self.config.app_secret.as_ref().map(|secret| SecretFrom {
                place: secret.origin.to_string(),
                is_usual: is_usual_secret(secret.expose_secret()),
            }),
        }
    }

    /// All that it takes to ask WeChat something; nothing is sent yet.
    ///
    /// # Errors
    /// As [`App::account`], [`App::store_to_use`] and [`App::client`].
    pub fn session(&self) -> anyhow::Result<Session> {
        let account = self.account()?;
        Ok(Session { store: self.store_to_use()?, client: self.client()?, account })
    }

    /// The person of that name.
    ///
    /// # Errors
    /// A failure that names the nearest.
    pub fn user(&self, store: &Store, name: &str) -> anyhow::Result<User> {
        let name = name.trim();
        match store.user(name, self.app_id())? {
            Some(user) => Ok(user),
            None => {
                let near = nearest(name, store.usernames()?);
                let hint = match near {
                    Some(near) => t!("did-you-mean", name = near),
                    None if store.is_shared() => t!("user-unknown-hint"),
                    // The mistake of crontabs and sudo: another home.
                    None => t!("user-unknown-home-hint", path = store.path()),
                };
                Err(Failure::no_such(t!("user-unknown", user = name, path = store.path())).hint(hint).into())
            }
        }
    }
}

/// An openid that was typed, trimmed.
///
/// # Errors
/// A usage failure that says what an openid looks like.
pub fn openid(typed: &str) -> Result<&str, Failure> {
    checked_openid(typed)
        .map_err(|typed| Failure::usage(t!("openid-unusable", openid = typed)).hint(t!("openid-unusable-hint")))
}

/// Characters of the openids that WeChat gives today. It promises none, so that others are only warned of.
const OPENID_LENGTH: usize = 28;

/// Whether an openid looks like those that WeChat gives.
pub fn is_odd(openid: &str) -> bool {
    openid.len() != OPENID_LENGTH || !openid.starts_with('o')
}

/// Warns of an openid that was typed and looks like none of WeChat's.
pub fn warn_of_odd(ui: &mut Ui, openid: &str) {
    if is_odd(openid) {
        ui.warn(&t!("openid-odd", length = OPENID_LENGTH, openid = openid));
    }
}

/// That nobody has a tag, with the nearest that somebody has.
///
/// # Errors
/// Only the database's own.
pub fn unknown_tag(store: &Store, tag: &str) -> anyhow::Result<Failure> {
    let hint = nearest(tag, store.tags()?).map(|near| t!("did-you-mean", name = near));
    Ok(Failure::no_such(t!("send-no-tag", tag = tag)).hint(hint))
}

/// Warns of others who are bound to the person's openid: one phone would get what is meant for both. The binding stands,
/// also where that cannot be found out.
pub fn warn_of_shared(ui: &mut Ui, store: &Store, app_id: &str, user: &User, openid: &str) {
    match store.others_bound_to(openid, app_id, user) {
        Ok(others) if others.is_empty() => {}
        Ok(others) => ui.warn(&t!("bind-shared", user = user.username, others = listed(others))),
        Err(error) => ui.warn(&t!("bind-shared-unknown", user = user.username, cause = error.to_string())),
    }
}

/// The config's word for what the command line says.
pub fn scope(scope: Scope) -> config::Scope {
    match scope {
        Scope::Base => config::Scope::Base,
        Scope::UserInfo => config::Scope::UserInfo,
    }
}
