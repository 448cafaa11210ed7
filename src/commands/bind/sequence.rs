//! One person after the other, each with a state and a time of their own; and what came of all of them.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::events::BindEvent;
use super::listener::Listener;
use super::session::{BindAttempt, BindContext, BindOutcome};
use super::{follow, paste, save};
use crate::callback::{BoundUser, CodeExchange, OAuthIdentity, OAuthState, PendingBinding};
use crate::context::warn_if_openid_shared;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_clauses, join_first, long_duration};
use crate::report::classify;
use crate::signals::Signal;
use crate::store::User;
use crate::t;
use crate::ui::{StdinLines, Ui};
use crate::wechat::authorize_url;

/// Where the code comes from.
pub(super) enum CodeSource {
    Listener(Box<Listener>),
    Paste,
}

/// Creates the authorize URL of a person and the binding that waits for its code.
fn prepare(context: &BindContext, user: &User) -> anyhow::Result<BindAttempt> {
    let state = OAuthState::new(&user.uid)?;
    let open_base = &context.app.config.network.open_base.value;
    let scope = context.app.config.scope.value.as_str();
    let url = authorize_url(open_base, &context.app_id, context.redirect.as_str(), scope, state.as_str());
    let save = save::save_fn(&context.store, user.clone(), context.app_id.clone(), context.args.rebind);
    let exchange = Arc::clone(&context.exchange) as Arc<dyn CodeExchange>;
    let (callback, events) = PendingBinding::new(state, context.redirect.path(), exchange, save);
    let callback = callback.with_follow_lookup(follow::follow_query_fn(context, user));
    Ok(BindAttempt { user: user.clone(), url, callback, events })
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
        let turn = prepare(job, user)?;
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
