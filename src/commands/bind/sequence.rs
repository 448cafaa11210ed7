//! One person after the other, each with a state and a time of their own; and what came of all of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use url::Url;

use super::events::BindEvent;
use super::exchange::WechatExchange;
use super::listener::Listener;
use super::{follow, paste, save};
use crate::callback::{BoundUser, CallbackEvent, CodeExchange, OAuthIdentity, OAuthState, PendingBinding};
use crate::cli::Bind;
use crate::context::{AppContext, warn_if_openid_shared};
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_clauses, join_first, long_duration};
use crate::report::classify;
use crate::signals::{Signal, SignalReceiver};
use crate::store::{self, Store, User};
use crate::t;
use crate::termination;
use crate::ui::{QrFile, StdinLines, Ui};
use crate::wechat::authorize_url;

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

/// A person, and what waits for them.
pub(super) struct BindAttempt {
    pub(super) user: User,
    pub(super) url: String,
    pub(super) callback: PendingBinding,
    pub(super) events: Receiver<CallbackEvent>,
}

/// Where the code comes from.
pub(super) enum CodeSource {
    Listener(Box<Listener>),
    Paste,
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

impl BindContext {
    /// How long each person has.
    pub(super) fn timeout(&self) -> Duration {
        self.app.config.listen.timeout.value
    }

    fn prepare(&self, user: &User) -> anyhow::Result<BindAttempt> {
        let state = OAuthState::new(&user.uid)?;
        let open_base = &self.app.config.network.open_base.value;
        let scope = self.app.config.scope.value.as_str();
        let url = authorize_url(open_base, &self.app_id, self.redirect.as_str(), scope, state.as_str());
        let keep = save::save_fn(&self.store, user.clone(), self.app_id.clone(), self.args.rebind);
        let exchange = Arc::clone(&self.exchange) as Arc<dyn CodeExchange>;
        let (callback, events) = PendingBinding::new(state, self.redirect.path(), exchange, keep);
        let callback = callback.with_follow_lookup(follow::follow_query_fn(self, user));
        Ok(BindAttempt { user: user.clone(), url, callback, events })
    }
}

/// What came of the people so far.
struct BindSummary {
    count: usize,
    bound: usize,
    not_bound: Vec<(String, ExitStatus)>,
}

/// Binds one person after the other.
pub(super) fn bind_all(
    ui: &mut Ui,
    job: &BindContext,
    mut source: CodeSource,
    lines: &mut StdinLines,
    people: Vec<User>,
) -> anyhow::Result<ExitStatus> {
    let mut tally = BindSummary { count: people.len(), bound: 0, not_bound: Vec::new() };
    let (mut last_bind_at, mut stopped) = (Instant::now(), None);
    let mut people = people.iter().enumerate().peekable();
    while let Some((place, user)) = people.next() {
        if tally.count > 1 {
            ui.status(&t!("bind-turn", place = place + 1, count = tally.count, user = user.username));
        }
        let turn = job.prepare(user)?;
        let events = turn.events.clone();
        let outcome = match &mut source {
            CodeSource::Listener(listener) => listener.wait_for(ui, job, turn, people.peek().is_none())?,
            CodeSource::Paste => paste::wait_for(ui, job, turn, lines)?,
        };
        last_bind_at = Instant::now();
        stopped = match outcome {
            BindOutcome::Bound(BoundUser { username, identity: person }, signal) => {
                tally.bound += 1;
                // Who was renamed during the wait is told by the new name.
                let user = &User { username, ..user.clone() };
                announce_bound(ui, job, user, &person)?;
                let next = people.peek().map(|(_, next)| next.username.as_str());
                match signal {
                    Some(signal) => Some(signal),
                    None => follow::report_follow(ui, job, user, &events, next, lines)?,
                }
            }
            BindOutcome::Stopped(signal) => Some(signal),
            BindOutcome::TimedOut(refused) => tally.add_timed_out(ui, job, user, refused)?,
            BindOutcome::Failed { error, only_this_user: alone } => tally.add_failed(ui, user, error, alone)?,
        };
        if let Some(signal) = stopped.filter(|_| tally.bound < tally.count) {
            return Ok(tally.report_interrupted(ui, signal));
        }
    }
    if let (CodeSource::Listener(listener), None) = (source, stopped) {
        listener.linger(last_bind_at.elapsed(), &job.signals);
    }
    tally.finish()
}

/// Says who was bound, and who else has that openid.
fn announce_bound(ui: &mut Ui, job: &BindContext, user: &User, person: &OAuthIdentity) -> anyhow::Result<()> {
    let nickname = person.nickname.as_deref();
    ui.print_result(&BindEvent::Bound { user: &user.username, openid: &person.openid, nickname })?;
    let store = job.store.lock().unwrap_or_else(PoisonError::into_inner);
    warn_if_openid_shared(ui, &store, &job.app_id, user, &person.openid);
    Ok(())
}

impl BindSummary {
    /// One who did not come: the end, where there is nobody else.
    fn add_timed_out(
        &mut self,
        ui: &mut Ui,
        job: &BindContext,
        user: &User,
        refused: Option<String>,
    ) -> anyhow::Result<Option<Signal>> {
        if ui.json() {
            ui.print(&BindEvent::Timeout { user: &user.username })?;
        }
        let time = long_duration(job.timeout());
        let nobody = t!("bind-timeout", user = user.username, time = time);
        let (what, hint) = match refused {
            Some(refused) => (join_clauses([nobody, refused]), t!("bind-timeout-refused-hint")),
            None => (nobody, t!("bind-timeout-hint")),
        };
        if self.count == 1 {
            return Err(CommandError { exit: ExitStatus::TimedOut, message: what, hint: Some(hint) }.into());
        }
        ui.warn(&what);
        self.not_bound.push((user.username.clone(), ExitStatus::TimedOut));
        Ok(None)
    }

    /// One who cannot be bound.
    fn add_failed(
        &mut self,
        ui: &mut Ui,
        user: &User,
        error: anyhow::Error,
        alone: bool,
    ) -> anyhow::Result<Option<Signal>> {
        if !alone || self.count == 1 {
            return Err(error);
        }
        let report = classify(&error);
        ui.error(&report);
        self.not_bound.push((user.username.clone(), report.exit));
        Ok(None)
    }

    fn report_interrupted(&self, ui: &mut Ui, signal: Signal) -> ExitStatus {
        ui.status(&t!("ui-interrupted"));
        if self.count > 1 {
            ui.status(&t!("bind-so-far", bound = self.bound, count = self.count));
        }
        signal.exit_status()
    }

    /// The status of all: that of each where they ended alike.
    fn finish(self) -> anyhow::Result<ExitStatus> {
        let Some((_, first)) = self.not_bound.first() else { return Ok(ExitStatus::Success) };
        let alike = self.bound == 0 && self.not_bound.iter().all(|(_, exit)| exit == first);
        let exit = if alike { *first } else { ExitStatus::Mixed };
        let who: Vec<String> = self.not_bound.iter().map(|(name, _)| name.clone()).collect();
        let what = match self.bound {
            0 => t!("bind-none", count = self.count, users = join_first(&who)),
            bound => t!("bind-left", bound = bound, count = self.count, users = join_first(&who)),
        };
        Err(CommandError { exit, message: what, hint: Some(t!("bind-left-hint")) }.into())
    }
}
