//! The part of `send` after queueing: results as they come, Ctrl-C, and the exit status.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{after, never, select};

use crate::commands::message::Shown;
use crate::delivery::{Event, Run};
use crate::error::{Exit, Failure, Report, classify};
use crate::signals::{Signal, Watch};
use crate::store::{Message, State, Store};
use crate::t;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::Client;

/// How long a request under way may go on after Ctrl-C; it cannot be called back.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Tally {
    sent: usize,
    failed: usize,
    queued: usize,
    unknown: usize,
}

impl Tally {
    fn count(&mut self, state: State) {
        match state {
            State::Sent => self.sent += 1,
            State::Queued => self.queued += 1,
            State::Unknown => self.unknown += 1,
            State::Failed | State::Cancelled | State::Expired => self.failed += 1,
        }
    }

    /// One status for all: what was not delivered decides, if it is all of one kind.
    fn exit(&self) -> Exit {
        match (self.sent, self.failed, self.queued + self.unknown) {
            (_, 0, 0) => Exit::Done,
            (0, _, 0) => Exit::Refused,
            (_, 0, _) => Exit::Undelivered,
            _ => Exit::Mixed,
        }
    }
}

/// What is told while messages are delivered.
struct Teller<'a> {
    ui: &'a mut Ui,
    tally: Tally,
    told: HashSet<i64>,
    /// Why nothing more can be sent.
    stopped: Option<Report>,
    leaving: Option<Signal>,
    /// A result could not be written; delivery goes on, since that is the job.
    unwritten: Option<anyhow::Error>,
}

impl Teller<'_> {
    fn tell(&mut self, message: Message) {
        self.tally.count(message.state);
        self.told.insert(message.id);
        let stopped = self.stopped.is_some() || self.leaving.is_some();
        if let Err(error) = show(self.ui, message, stopped) {
            self.unwritten.get_or_insert(error);
        }
    }

    /// Messages without an end: nothing says that they were delivered.
    fn miss(&mut self, ids: &[i64]) {
        for id in ids.iter().filter(|id| !self.told.contains(id)) {
            self.tally.unknown += 1;
            self.ui.error(&Report { exit: Exit::Undelivered, what: t!("send-gone", id = id), hint: None });
        }
    }

    /// What a process that leaves now has not heard of.
    fn leave(&mut self, path: &Path, app_id: &str, ids: &[i64]) -> anyhow::Result<()> {
        let mut store = Store::open(path)?;
        store.to_disk()?;
        store.leave_attempts(app_id, ids, &t!("send-no-answer-yet"))?;
        for &id in ids.iter().filter(|id| !self.told.contains(id)).collect::<Vec<_>>() {
            if let Some(message) = store.message(app_id, id)? {
                self.tell(message);
            }
        }
        Ok(())
    }
}

pub(super) fn run(ui: &mut Ui, store: Store, client: Client, account: Account, ids: Vec<i64>) -> anyhow::Result<Exit> {
    let signals = Watch::begin()?;
    let path = store.path().to_owned();
    let app_id = account.app_id.clone();
    let run = Run::begin(store, client, account, ids.clone())?;
    let (tally, told) = (Tally::default(), HashSet::new());
    let mut teller = Teller { ui, tally, told, stopped: None, leaving: None, unwritten: None };
    let mut deadline = never();
    loop {
        select! {
            recv(run.events) -> event => match event {
                Ok(Event::Settled(message)) => teller.tell(*message),
                Ok(Event::Stopped(error)) => teller.stopped = Some(classify(&error)),
                Ok(Event::Broken(error)) => return Err(error),
                Ok(Event::Over) | Err(_) => break,
            },
            recv(signals.events) -> signal => {
                run.stop();
                teller.ui.status(&t!("send-stopping"));
                teller.leaving = signal.ok().or(teller.leaving);
                deadline = after(GRACE);
            }
            recv(deadline) -> _ => {
                teller.leave(&path, &app_id, &ids)?;
                break;
            }
        }
    }
    if teller.leaving.is_none() {
        teller.miss(&ids);
    }
    let Teller { ui, tally, stopped, leaving, unwritten, .. } = teller;
    if let Some(signal) = leaving {
        ui.status(&t!("send-interrupted", queued = tally.queued));
        return Ok(signal.exit());
    }
    unwritten.map_or_else(|| finish(ui, &tally, stopped), Err)
}

/// A result line where WeChat took it, an error where not. Of messages that only wait because the run was
/// stopped, the reason is said once, at the end.
fn show(ui: &mut Ui, message: Message, stopped: bool) -> anyhow::Result<()> {
    let state = message.state;
    let shown = Shown::from(message);
    if ui.json() || state == State::Sent {
        return ui.done(&shown);
    }
    if stopped && state == State::Queued {
        return Ok(());
    }
    ui.error(&Report { exit: Exit::Unexpected, what: shown.trouble(), hint: shown.hint().map(str::to_owned) });
    Ok(())
}

/// The status, and in JSON one error line for the whole.
fn finish(ui: &mut Ui, tally: &Tally, stopped: Option<Report>) -> anyhow::Result<Exit> {
    let waiting = tally.queued + tally.unknown;
    if let Some(mut report) = stopped {
        report.exit = match (report.exit, tally.sent, tally.failed) {
            (Exit::Config, 0, 0) => Exit::Config,
            _ => tally.exit(),
        };
        ui.error(&report);
        ui.status(&t!("send-left-queued", queued = waiting));
        return Ok(report.exit);
    }
    let exit = tally.exit();
    if exit != Exit::Done && ui.json() {
        let not = tally.failed + waiting;
        return Err(Failure { exit, what: t!("send-not-delivered", count = not), hint: None }.into());
    }
    Ok(exit)
}
