//! One person after the other, each with a state and a time of their own; and what came of all of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use url::Url;

use super::exchange::WeChat;
use super::listener::Listener;
use super::shown::Shown;
use super::{follow, keep, paste};
use crate::app::{App, warn_of_shared};
use crate::callback::{Bound, Callback, Event, Exchange, Person, State};
use crate::cli::Bind;
use crate::error::{Exit, Failure, classify};
use crate::signals::{Signal, Watch};
use crate::stop;
use crate::store::{self, Store, User};
use crate::t;
use crate::ui::{Lines, QrFile, Ui};
use crate::wechat::authorize_url;
use crate::words::{clauses, first_of, span};

/// How long WeChat may still take for a code that came in the last moment.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// What is the same for everybody.
pub(super) struct Job {
    pub(super) app: App,
    pub(super) args: Bind,
    pub(super) app_id: String,
    pub(super) redirect: Url,
    pub(super) exchange: Arc<WeChat>,
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) signals: Watch,
    pub(super) qr_file: Option<QrFile>,
}

/// A person, and what waits for them.
pub(super) struct Turn {
    pub(super) user: User,
    pub(super) url: String,
    pub(super) callback: Callback,
    pub(super) events: Receiver<Event>,
}

/// Where the code comes from.
pub(super) enum Way {
    Listener(Box<Listener>),
    Paste,
}

/// How a turn ended.
pub(super) enum Ended {
    /// Whatever ended the wait, the person was bound; a signal may have come meanwhile.
    Bound(Bound, Option<Signal>),
    Stopped(Signal),
    /// What was refused meanwhile, in words.
    TimedOut(Option<String>),
    /// `alone`: it is this person's trouble, and the next can still be bound.
    Failed {
        error: anyhow::Error,
        alone: bool,
    },
}

impl Ended {
    /// The end of a wait, unless something else came of it in its last moment.
    pub(super) fn unless(self, event: Option<Event>) -> Self {
        match (event, self) {
            (Some(Event::Bound(bound)), Self::Stopped(signal)) => Self::Bound(bound, Some(signal)),
            (Some(Event::Bound(bound)), _) => Self::Bound(bound, None),
            (Some(Event::Failed(error)), Self::TimedOut(_)) => Self::failed(error),
            (_, ended) => ended,
        }
    }

    /// The end by an error, or by the signal that ended the wait for a locked database.
    pub(super) fn broken(error: anyhow::Error, signals: &Watch) -> anyhow::Result<Self> {
        let locked = matches!(error.downcast_ref(), Some(store::Error::Busy { .. }));
        Ok(if locked && stop::asked().is_some() { Self::Stopped(signals.events.recv()?) } else { Self::failed(error) })
    }

    /// A person who was bound by somebody else or removed meanwhile is alone with it; the account and the database
    /// are everybody's.
    fn failed(error: anyhow::Error) -> Self {
        let alone = classify(&error).exit == Exit::NoSuch;
        Self::Failed { error, alone }
    }
}

impl Job {
    /// How long each person has.
    pub(super) fn timeout(&self) -> Duration {
        self.app.config.listen.timeout.value
    }

    fn begin(&self, user: &User) -> anyhow::Result<Turn> {
        let state = State::new(&user.uid)?;
        let open_base = &self.app.config.network.open_base.value;
        let scope = self.app.config.scope.value.as_str();
        let url = authorize_url(open_base, &self.app_id, self.redirect.as_str(), scope, state.as_str());
        let keep = keep::keeper(&self.store, user.clone(), self.app_id.clone(), self.args.rebind);
        let exchange = Arc::clone(&self.exchange) as Arc<dyn Exchange>;
        let (callback, events) = Callback::new(state, self.redirect.path(), exchange, keep);
        let callback = callback.with_look_up(follow::look_up(self, user));
        Ok(Turn { user: user.clone(), url, callback, events })
    }
}

/// What came of the people so far.
struct Tally {
    count: usize,
    bound: usize,
    others: Vec<(String, Exit)>,
}

/// Binds one person after the other.
pub(super) fn all(ui: &mut Ui, job: &Job, mut way: Way, lines: &mut Lines, people: Vec<User>) -> anyhow::Result<Exit> {
    let mut tally = Tally { count: people.len(), bound: 0, others: Vec::new() };
    let (mut since, mut stopped) = (Instant::now(), None);
    let mut people = people.iter().enumerate().peekable();
    while let Some((place, user)) = people.next() {
        if tally.count > 1 {
            ui.status(&t!("bind-turn", place = place + 1, count = tally.count, user = user.username));
        }
        let turn = job.begin(user)?;
        let events = turn.events.clone();
        let ended = match &mut way {
            Way::Listener(listener) => listener.one(ui, job, turn, people.peek().is_none())?,
            Way::Paste => paste::one(ui, job, turn, lines)?,
        };
        since = Instant::now();
        stopped = match ended {
            Ended::Bound(Bound { username, person }, signal) => {
                tally.bound += 1;
                // Who was renamed during the wait is told by the new name.
                let user = &User { username, ..user.clone() };
                told(ui, job, user, &person)?;
                let next = people.peek().map(|(_, next)| next.username.as_str());
                match signal {
                    Some(signal) => Some(signal),
                    None => follow::step(ui, job, user, &events, next, lines)?,
                }
            }
            Ended::Stopped(signal) => Some(signal),
            Ended::TimedOut(refused) => tally.timed_out(ui, job, user, refused)?,
            Ended::Failed { error, alone } => tally.failed(ui, user, error, alone)?,
        };
        if let Some(signal) = stopped.filter(|_| tally.bound < tally.count) {
            return Ok(tally.stopped(ui, signal));
        }
    }
    if let (Way::Listener(listener), None) = (way, stopped) {
        listener.leave(since.elapsed(), &job.signals);
    }
    tally.sum_up()
}

/// Says who was bound, and who else has that openid.
fn told(ui: &mut Ui, job: &Job, user: &User, person: &Person) -> anyhow::Result<()> {
    let nickname = person.nickname.as_deref();
    ui.done(&Shown::Bound { user: &user.username, openid: &person.openid, nickname })?;
    let store = job.store.lock().unwrap_or_else(PoisonError::into_inner);
    warn_of_shared(ui, &store, &job.app_id, user, &person.openid);
    Ok(())
}

impl Tally {
    /// One who did not come: the end, where there is nobody else.
    fn timed_out(
        &mut self,
        ui: &mut Ui,
        job: &Job,
        user: &User,
        refused: Option<String>,
    ) -> anyhow::Result<Option<Signal>> {
        if ui.json() {
            ui.data(&Shown::Timeout { user: &user.username })?;
        }
        let time = span(job.timeout());
        let nobody = t!("bind-timeout", user = user.username, time = time);
        let (what, hint) = match refused {
            Some(refused) => (clauses([nobody, refused]), t!("bind-timeout-refused-hint")),
            None => (nobody, t!("bind-timeout-hint")),
        };
        if self.count == 1 {
            return Err(Failure { exit: Exit::TimedOut, what, hint: Some(hint) }.into());
        }
        ui.warn(&what);
        self.others.push((user.username.clone(), Exit::TimedOut));
        Ok(None)
    }

    /// One who cannot be bound.
    fn failed(
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
        self.others.push((user.username.clone(), report.exit));
        Ok(None)
    }

    fn stopped(&self, ui: &mut Ui, signal: Signal) -> Exit {
        ui.status(&t!("ui-interrupted"));
        if self.count > 1 {
            ui.status(&t!("bind-so-far", bound = self.bound, count = self.count));
        }
        signal.exit()
    }

    /// The status of all: that of each where they ended alike.
    fn sum_up(self) -> anyhow::Result<Exit> {
        let Some((_, first)) = self.others.first() else { return Ok(Exit::Done) };
        let alike = self.bound == 0 && self.others.iter().all(|(_, exit)| exit == first);
        let exit = if alike { *first } else { Exit::Mixed };
        let who: Vec<String> = self.others.iter().map(|(name, _)| name.clone()).collect();
        let what = match self.bound {
            0 => t!("bind-none", count = self.count, users = first_of(&who)),
            bound => t!("bind-left", bound = bound, count = self.count, users = first_of(&who)),
        };
        Err(Failure { exit, what, hint: Some(t!("bind-left-hint")) }.into())
    }
}
