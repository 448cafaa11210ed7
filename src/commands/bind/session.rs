//! The types that all parts of `bind` share: the context of the command, one attempt to bind a person, and its outcome.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::Receiver;
use url::Url;

use super::exchange::WechatExchange;
use crate::callback::{BoundUser, CallbackEvent, PendingBinding};
use crate::cli::Bind;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::report::classify;
use crate::signals::{Signal, SignalReceiver};
use crate::store::{self, Store, User};
use crate::termination;
use crate::ui::QrFile;

/// How long WeChat may still take for a code that came in the last moment.
pub(super) const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is the same for everybody.
pub(super) struct BindContext {
    pub(super) app: AppContext,
    pub(super) args: Bind,
    pub(super) app_id: String,
    pub(super) redirect: Url,
    pub(super) exchange: Arc<WechatExchange>,
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) signals: SignalReceiver,
    pub(super) qr_file: Option<QrFile>,
}

impl BindContext {
    /// How long each person has.
    pub(super) fn timeout(&self) -> Duration {
        self.app.config.listen.timeout.value
    }
}

/// A person, and what waits for them.
pub(super) struct BindAttempt {
    pub(super) user: User,
    pub(super) url: String,
    pub(super) callback: PendingBinding,
    pub(super) events: Receiver<CallbackEvent>,
}

/// How a turn ended.
pub(super) enum BindOutcome {
    /// Whatever ended the wait, the person was bound; a signal may have come meanwhile.
    Bound(BoundUser, Option<Signal>),
    Stopped(Signal),
    /// What was refused meanwhile, in words.
    TimedOut(Option<String>),
    /// `alone`: it is this person's trouble, and the next can still be bound.
    Failed {
        error: anyhow::Error,
        only_this_user: bool,
    },
}

impl BindOutcome {
    /// The end of a wait, unless something else came of it in its last moment.
    pub(super) fn or_late_event(self, event: Option<CallbackEvent>) -> Self {
        match (event, self) {
            (Some(CallbackEvent::Bound(bound)), Self::Stopped(signal)) => Self::Bound(bound, Some(signal)),
            (Some(CallbackEvent::Bound(bound)), _) => Self::Bound(bound, None),
            (Some(CallbackEvent::Failed(error)), Self::TimedOut(_)) => Self::from_error(error),
            (_, ended) => ended,
        }
    }

    /// The end by an error, or by the signal that ended the wait for a locked database.
    pub(super) fn from_error_or_signal(error: anyhow::Error, signals: &SignalReceiver) -> anyhow::Result<Self> {
        let locked = matches!(error.downcast_ref(), Some(store::Error::Busy { .. }));
        Ok(if locked && termination::requested_signal().is_some() {
            Self::Stopped(signals.events.recv()?)
        } else {
            Self::from_error(error)
        })
    }

    /// A person who was bound by somebody else or removed meanwhile is alone with it; the account and the database
    /// are everybody's.
    fn from_error(error: anyhow::Error) -> Self {
        let alone = classify(&error).exit == ExitStatus::NotFound;
        Self::Failed { error, only_this_user: alone }
    }
}
