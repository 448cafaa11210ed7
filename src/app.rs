//! What commands need, opened in one place: config first, then the database, then the HTTP client, each
//! only for a command that uses it.

use crate::cli::{Global, Scope};
use crate::config::{self, Config, Environment, Flags, TokenEndpoint};
use crate::error::Failure;
use crate::store::{Store, User, checked_openid};
use crate::t;
use crate::token::{Account, Session};
use crate::ui::Ui;
use crate::wechat::{Client, Endpoint, Settings};
use crate::words::listed;

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
        let config = Config::load(&flags, &Environment::read())?;
        for warning in &config.warnings {
            let what = warning.to_string();
            ui.warn(&warning.hint().map_or_else(|| what.clone(), |hint| t!("ui-cause", what = what, cause = hint)));
        }
        Ok(Self { config })
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

    /// The database.
    ///
    /// # Errors
    /// [`crate::store::Error`]
    pub fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.config.database.value)?)
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
        }
    }

    /// All that it takes to ask WeChat something; nothing is sent yet.
    ///
    /// # Errors
    /// As [`App::account`], [`App::store`] and [`App::client`].
    pub fn session(&self) -> anyhow::Result<Session> {
        let account = self.account()?;
        Ok(Session { store: self.store()?, client: self.client()?, account })
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
                let hint = nearest(name, store.usernames()?).map(|near| t!("did-you-mean", name = near));
                let hint = hint.unwrap_or_else(|| t!("user-unknown-hint"));
                Err(Failure::no_such(t!("user-unknown", user = name)).hint(hint).into())
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

/// Warns of others who are bound to the person's openid: one phone would get what is meant for both. The binding stands,
/// also where that cannot be found out.
pub fn warn_of_shared(ui: &mut Ui, store: &Store, app_id: &str, user: &User, openid: &str) {
    match store.others_bound_to(openid, app_id, user) {
        Ok(others) if others.is_empty() => {}
        Ok(others) => ui.warn(&t!("bind-shared", user = user.username, others = listed(others))),
        Err(error) => ui.warn(&t!("bind-shared-unknown", user = user.username, cause = error.to_string())),
    }
}

/// The candidate that was probably meant.
pub fn nearest(word: &str, candidates: impl IntoIterator<Item = String>) -> Option<String> {
    let likeness = |candidate: &String| strsim::jaro_winkler(word, candidate);
    let best = candidates.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= 0.8).then_some(best)
}

/// The config's word for what the command line says.
pub fn scope(scope: Scope) -> config::Scope {
    match scope {
        Scope::Base => config::Scope::Base,
        Scope::UserInfo => config::Scope::UserInfo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_proposed() {
        let names = || ["luffy", "nami", "zoro"].map(str::to_owned);
        assert_eq!(nearest("lufy", names()).as_deref(), Some("luffy"));
        assert_eq!(nearest("sanji", names()), None);
        assert_eq!(nearest("x", []), None);
    }
}
