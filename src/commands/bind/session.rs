//! The types that all parts of `bind` share: the context of the command, one attempt to bind a
//! person, and its outcome.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::Receiver;
use url::Url;

use crate::binding::WechatExchange;
use crate::callback::{BoundUser, CallbackEvent, OAuthState, PendingBinding};
use crate::cli::Bind;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::report::classify;
use crate::signals::{Signal, SignalReceiver};
use crate::store::{self, Store, User};
use crate::termination;
use crate::ui::QrFile;
use crate::wechat::authorize_url;

/// The time that WeChat has to exchange a code that arrived at the last moment.
pub(super) const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2);

/// The context of the command, for all people.
pub(super) struct BindContext {
    pub(super) app: AppContext,
    pub(super) args: Bind,
    pub(super) app_id: String,
    pub(super) exchange: Arc<WechatExchange>,
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) signals: SignalReceiver,
    pub(super) qr_file: Option<QrFile>,
}

impl BindContext {
    /// The address to which WeChat redirects the phone; a scan of a parametric code needs none.
    pub(super) fn redirect(&self) -> anyhow::Result<&Url> {
        Ok(self.app.config.require_redirect_uri()?)
    }

    /// The time that each person has.
    pub(super) fn timeout(&self) -> Duration {
        self.app.config.listen.timeout.value
    }

    pub(super) fn lock_store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a new state of a person, and the authorize URL with it.
    pub(super) fn new_authorize_url(&self, user: &User) -> anyhow::Result<(OAuthState, String)> {
        let state = OAuthState::new(&user.uid)?;
        let config = &self.app.config;
        let (open_base, scope) = (&config.network.open_base.value, config.scope.value.as_str());
        let url = authorize_url(open_base, &self.app_id, self.redirect()?.as_str(), scope, state.as_str());
        Ok((state, url))
    }
}

/// One attempt to bind a person whose callback arrives in this process.
pub(super) struct BindAttempt<'u> {
    pub(super) user: &'u User,
    pub(super) url: String,
    pub(super) callback: PendingBinding,
    pub(super) events: Receiver<CallbackEvent>,
}

/// The result of an attempt.
pub(super) enum BindOutcome {
    /// The person was bound. A signal may have ended the wait at the same time.
    Bound(BoundUser, Option<Signal>),
    Stopped(Signal),
    /// No phone completed the binding in time. The text describes the requests that were rejected.
    TimedOut(Option<String>),
    /// With `only_this_user`, the next person can still be bound.
    Failed {
        error: anyhow::Error,
        only_this_user: bool,
    },
}

impl BindOutcome {
    /// Returns this outcome of a wait, unless `event`, which arrived at the last moment, determines
    /// another one.
    pub(super) fn or_late_event(self, event: Option<CallbackEvent>) -> Self {
        match (event, self) {
            (Some(CallbackEvent::Bound(bound)), Self::Stopped(signal)) => Self::Bound(bound, Some(signal)),
            (Some(CallbackEvent::Bound(bound)), _) => Self::Bound(bound, None),
            (Some(CallbackEvent::Failed(error)), Self::TimedOut(_)) => Self::from_error(error),
            (_, outcome) => outcome,
        }
    }

    /// Returns the outcome for an error, or for the signal that ended the wait for a locked
    /// database.
    pub(super) fn from_error_or_signal(error: anyhow::Error, signals: &SignalReceiver) -> anyhow::Result<Self> {
        let locked = matches!(error.downcast_ref(), Some(store::Error::Busy { .. }));
        Ok(if locked && termination::requested_signal().is_some() {
            Self::Stopped(signals.events.recv()?)
        } else {
            Self::from_error(error)
        })
    }

    /// After an error of one person, who was removed or bound in the meantime, the others can still
    /// be bound. After an error of the account or the database they cannot.
    fn from_error(error: anyhow::Error) -> Self {
        let only_this_user = classify(&error).exit == ExitStatus::NotFound;
        Self::Failed { error, only_this_user }
    }
}
