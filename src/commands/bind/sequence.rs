//! Binds people one after the other, each with a state and a timeout of their own, and summarizes
//! the results.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::events::BindEvent;
use super::listener::Listener;
use super::session::{BindAttempt, BindContext, BindOutcome};
use super::{follow, paste, save, scan, through_serve};
use crate::binding::follow_lookup;
use crate::callback::{BoundUser, CallbackEvent, CodeExchange, OAuthIdentity, PendingBinding};
use crate::clock::Timestamp;
use crate::context::warn_if_openid_shared;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::ServerHandle;
use crate::i18n::{join_clauses, join_first, long_duration};
use crate::report::classify;
use crate::signals::Signal;
use crate::store::User;
use crate::t;
use crate::ui::{StdinLines, Ui};

/// How the phone of a person completes the binding.
pub(super) enum BindingSource {
    /// This process answers the phone.
    Listener(Box<Listener>),
    /// The operator pastes the address that the phone opened.
    Paste,
    /// A running `serve` answers the phone.
    Serve,
    /// The phone scans a parametric code. The listener receives the push about it, unless another
    /// process does.
    Scan { _listener: Option<ServerHandle> },
}

impl BindingSource {
    /// Shows the person's QR code and waits. Returns the outcome, and the events after it, which say
    /// whether a bound person follows the account; `None` if this is known.
    fn wait_for(
        &mut self,
        ui: &mut Ui,
        context: &BindContext,
        user: &User,
        is_last: bool,
        lines: &mut StdinLines,
    ) -> anyhow::Result<(BindOutcome, Option<Receiver<CallbackEvent>>)> {
        match self {
            Self::Listener(listener) => {
                let attempt = prepare(context, user)?;
                let events = attempt.events.clone();
                Ok((listener.wait_for(ui, context, attempt, is_last)?, Some(events)))
            }
            Self::Paste => {
                let attempt = prepare(context, user)?;
                let events = attempt.events.clone();
                Ok((paste::wait_for(ui, context, attempt, lines)?, Some(events)))
            }
            Self::Serve => through_serve::wait_for(ui, context, user),
            // A person who has scanned the code follows the account.
            Self::Scan { .. } => Ok((scan::wait_for(ui, context, user)?, None)),
        }
    }
}

/// Creates the authorize URL of a person and the binding that waits for its code.
fn prepare<'u>(context: &BindContext, user: &'u User) -> anyhow::Result<BindAttempt<'u>> {
    let (state, url) = context.new_authorize_url(user)?;
    let save = save::save_fn(&context.store, user.clone(), context.app_id.clone(), context.args.rebind);
    let exchange = Arc::clone(&context.exchange) as Arc<dyn CodeExchange>;
    let (callback, events) = PendingBinding::new(state, context.redirect()?.path(), exchange, save);
    let database = context.app.config.database.value.clone();
    let lookup = follow_lookup(Arc::clone(&context.exchange), database, user.uid.clone());
    Ok(BindAttempt { user, url, callback: callback.with_follow_lookup(lookup), events })
}

struct BindSummary {
    count: usize,
    bound: usize,
    not_bound: Vec<(String, ExitStatus)>,
}

/// Binds all people, one after the other.
pub(super) fn bind_all(
    ui: &mut Ui,
    context: &BindContext,
    mut source: BindingSource,
    lines: &mut StdinLines,
    users: Vec<User>,
) -> anyhow::Result<ExitStatus> {
    let mut summary = BindSummary { count: users.len(), bound: 0, not_bound: Vec::new() };
    let (mut last_bind_at, mut signal_received) = (Instant::now(), None);
    let mut users = users.iter().enumerate().peekable();
    while let Some((index, user)) = users.next() {
        if summary.count > 1 {
            ui.status(&t!("bind-position", place = index + 1, count = summary.count, user = user.username));
        }
        let began_at = Timestamp::now();
        let (outcome, events) = source.wait_for(ui, context, user, users.peek().is_none(), lines)?;
        last_bind_at = Instant::now();
        signal_received = match outcome {
            BindOutcome::Bound(BoundUser { username, identity }, signal) => {
                summary.bound += 1;
                // A person who was renamed during the wait is reported by the new name.
                let user = &User { username, ..user.clone() };
                announce_bound(ui, context, user, &identity)?;
                let next = users.peek().map(|(_, next)| next.username.as_str());
                match (signal, events) {
                    (None, Some(events)) => follow::report_follow(ui, context, user, &events, next, lines)?,
                    (signal, _) => signal,
                }
            }
            BindOutcome::Stopped(signal) => Some(signal),
            BindOutcome::TimedOut(rejected) => summary.add_timed_out(ui, context, user, rejected, began_at)?,
            BindOutcome::Failed { error, only_this_user } => summary.add_failed(ui, user, error, only_this_user)?,
        };
        if let Some(signal) = signal_received.filter(|_| summary.bound < summary.count) {
            return Ok(summary.report_interrupted(ui, signal));
        }
    }
    if let (BindingSource::Listener(listener), None) = (source, signal_received) {
        listener.linger(last_bind_at.elapsed(), &context.signals);
    }
    summary.finish()
}

/// Reports the binding, and warns if other people have the same openid.
fn announce_bound(ui: &mut Ui, context: &BindContext, user: &User, identity: &OAuthIdentity) -> anyhow::Result<()> {
    let nickname = identity.nickname.as_deref();
    ui.print_result(&BindEvent::Bound { user: &user.username, openid: &identity.openid, nickname })?;
    let line = shell_words::join(["wxbox", "unbind", "--user", &user.username]);
    ui.note(&t!("bind-other-person", line = line));
    let store = context.lock_store();
    warn_if_openid_shared(ui, &store, &context.app_id, user, &identity.openid, true);
    Ok(())
}

impl BindSummary {
    /// Records that the person did not bind in time; the wait began at `began_at`. This is an error
    /// if there is only one person.
    fn add_timed_out(
        &mut self,
        ui: &mut Ui,
        context: &BindContext,
        user: &User,
        rejected: Option<String>,
        began_at: Timestamp,
    ) -> anyhow::Result<Option<Signal>> {
        if ui.json() {
            ui.print(&BindEvent::Timeout { user: &user.username })?;
        }
        let time = long_duration(context.timeout());
        let timeout_text = t!("bind-timeout", user = user.username, time = time);
        let (message, hint) = match rejected {
            Some(rejected) => (join_clauses([timeout_text, rejected]), t!("bind-timeout-rejected-hint")),
            None if context.args.scan => match scan::rejection_since(context, began_at) {
                Some((rejected, fix)) => (join_clauses([timeout_text, rejected]), fix),
                None => (timeout_text, t!("bind-timeout-scan-hint")),
            },
            None => (timeout_text, t!("bind-timeout-hint")),
        };
        if self.count == 1 {
            return Err(CommandError { exit: ExitStatus::TimedOut, message, hint: Some(hint) }.into());
        }
        ui.warn(&message);
        self.not_bound.push((user.username.clone(), ExitStatus::TimedOut));
        Ok(None)
    }

    /// Records a person who could not be bound.
    fn add_failed(
        &mut self,
        ui: &mut Ui,
        user: &User,
        error: anyhow::Error,
        only_this_user: bool,
    ) -> anyhow::Result<Option<Signal>> {
        if !only_this_user || self.count == 1 {
            return Err(error);
        }
        let error = classify(&error);
        ui.error(&error);
        self.not_bound.push((user.username.clone(), error.exit));
        Ok(None)
    }

    fn report_interrupted(&self, ui: &mut Ui, signal: Signal) -> ExitStatus {
        ui.status(&t!("ui-interrupted"));
        if self.count > 1 {
            ui.status(&t!("bind-so-far", bound = self.bound, count = self.count));
        }
        signal.exit_status()
    }

    /// Returns the exit status of all people: their common one, else that of mixed results.
    fn finish(self) -> anyhow::Result<ExitStatus> {
        let Some((_, first)) = self.not_bound.first() else { return Ok(ExitStatus::Success) };
        let all_same = self.bound == 0 && self.not_bound.iter().all(|(_, exit)| exit == first);
        let exit = if all_same { *first } else { ExitStatus::Mixed };
        let names: Vec<String> = self.not_bound.iter().map(|(name, _)| name.clone()).collect();
        let message = match self.bound {
            0 => t!("bind-none", count = self.count, users = join_first(&names)),
            bound => t!("bind-left", bound = bound, count = self.count, users = join_first(&names)),
        };
        Err(CommandError { exit, message, hint: Some(t!("bind-left-hint")) }.into())
    }
}
