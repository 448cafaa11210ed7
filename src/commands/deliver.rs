//! Delivery as a command shows it: results as they come, a bar, Ctrl-C, and the exit status. `send`, `outbox
//! flush` and `outbox retry` are this; `run` as well.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, TryRecvError, never};

use crate::app::App;
use crate::commands::message::{Missing, Shown};
use crate::commands::tally::Tally;
use crate::delivery::{Event, Hand, Orders, ReadyHand, Run, Work};
use crate::error::{Exit, Failure, Report, classify};
use crate::signals::{self, Bell, Signal};
use crate::store::{Message, State, Store};
use crate::t;
use crate::ui::{Delivered, Progress, Slow, Ui};

/// How long a request under way may go on after Ctrl-C; it cannot be called back.
const GRACE: Duration = Duration::from_millis(1500);
/// When a command leaves all the same.
const LEAVE: Duration = Duration::from_millis(1900);
/// From so many messages on there is a bar.
const MANY: usize = 10;

/// What delivery needs, all of it opened.
pub(super) struct Delivery {
    pub(super) store: Store,
    pub(super) hand: ReadyHand,
    pub(super) orders: Orders,
}

impl Delivery {
    /// With what the config says, and the database that `store` opens.
    ///
    /// # Errors
    /// The account's, the database's and the client's.
    pub(super) fn of(app: &App, store: impl FnOnce() -> anyhow::Result<Store>) -> anyhow::Result<Self> {
        let orders = orders(app)?;
        let hand = Hand::begin(app.settings()).with_context(|| t!("delivery-thread"))?;
        Ok(Self { store: store()?, hand: hand.ready()?, orders })
    }
}

/// How the config wants it done.
///
/// # Errors
/// The account's.
pub(super) fn orders(app: &App) -> anyhow::Result<Orders> {
    let send = &app.config.send;
    Ok(Orders {
        account: app.account()?,
        concurrency: send.concurrency.value,
        rate: send.rate.value,
        wait: send.wait.value,
        max_attempts: send.max_attempts.value,
        retain: send.retain.value,
        deliver: true,
    })
}

/// A message as this run leaves it, to be shown.
pub(super) struct Told {
    pub(super) shown: Result<Shown, Missing>,
    pub(super) tag: Option<u64>,
    /// It was only to be queued.
    pub(super) queued: bool,
    /// Why it waits was, or will be, said for all of them.
    pub(super) hushed: bool,
}

/// Shows something, once.
type Show = Box<dyn FnOnce(&mut Ui) -> anyhow::Result<()> + Send>;

/// What comes up beside the messages of a run.
pub(super) enum Aside {
    /// Something was asked for that cannot be sent; this shows it.
    Failed(Show),
    /// What was to be sent could not be read to its end.
    Broken(anyhow::Error),
}

/// What is told while messages are delivered.
struct Teller<'a, F> {
    ui: &'a mut Ui,
    show: F,
    tally: Tally,
    bar: Option<Delivered>,
    /// Messages that are queued, and not yet told.
    open: usize,
    /// What shows that something is done, where there is no bar.
    slow: Slow,
    /// A file is on its way.
    upload: Option<(Progress, String)>,
    /// Why nothing more can be sent.
    stopped: Option<Report>,
    leaving: Option<Signal>,
    /// Nothing is to be sent.
    only_queued: bool,
    /// A result could not be written; delivery goes on, since that is the job.
    unwritten: Option<anyhow::Error>,
    /// The tag of the last parcel that is in the database.
    taken: Option<u64>,
}

/// How a run has ended.
pub(super) struct Ended {
    pub(super) exit: Exit,
    /// The tag of the last parcel that is in the database, as are all before it.
    pub(super) taken: Option<u64>,
    /// There was no message to deliver.
    pub(super) is_empty: bool,
}

impl<'a, F: FnMut(&mut Ui, Told) -> anyhow::Result<()>> Teller<'a, F> {
    fn begin(ui: &'a mut Ui, show: F, only_queued: bool) -> Self {
        Self {
            ui,
            show,
            tally: Tally::default(),
            bar: None,
            open: 0,
            slow: Slow::default(),
            upload: None,
            stopped: None,
            leaving: None,
            only_queued,
            unwritten: None,
            taken: None,
        }
    }

    /// Takes an event in.
    fn hear(&mut self, event: Event) -> anyhow::Result<()> {
        match &event {
            Event::Queued(count) => self.open += count,
            Event::Settled { .. } | Event::Gone { .. } | Event::Unrecorded { .. } => {
                self.open = self.open.saturating_sub(1)
            }
            Event::Left(count) => self.open = self.open.saturating_sub(*count),
            _ => {}
        }
        match event {
            Event::Settled { message, tag, duplicate } => self.settled(*message, tag, duplicate),
            Event::Gone { id, tag, begun: true } => self.missing(Missing::Gone(id), tag),
            Event::Gone { id, tag, begun: false } => self.missing(Missing::Removed(id), tag),
            Event::Unrecorded { id, state, tag, cause } => self.missing(Missing::Unrecorded { id, state, cause }, tag),
            Event::Unbound { user, tag } => self.missing(Missing::Unbound(user), tag),
            Event::Queued(count) => match &self.bar {
                Some(bar) => bar.more(count),
                None if count >= MANY && !self.ui.json() => {
                    // One bar at a time: this one makes room first.
                    self.upload = None;
                    self.slow.end();
                    self.bar = Some(Delivered::begin(self.ui, count));
                }
                None => {}
            },
            Event::Taken(tag) => self.taken = Some(tag),
            Event::Uploading { file, done, whole } => self.uploading(file, done, whole),
            Event::Uploaded(file) => self.upload = self.upload.take().filter(|(_, shown)| *shown != file),
            Event::Locked { database, messages } => {
                self.ui.warn(&t!("delivery-locked", path = database, count = messages));
            }
            Event::Waiting(error) => self.ui.status(&t!("send-waiting", error = error.to_string())),
            Event::Stopped(error) => self.stopped = Some(classify(&error)),
            Event::Left(count) => self.tally.queued += count,
            // The caller of this takes them.
            Event::Broken(_) | Event::Over => {}
        }
        Ok(())
    }

    /// What moves, moves on.
    fn tick(&mut self) {
        if self.open == 0 || self.bar.is_some() || self.upload.is_some() || self.leaving.is_some() {
            self.slow.end();
        } else {
            self.slow.begin(self.ui);
            self.slow.tick(self.ui, || t!("send-under-way"));
        }
    }

    /// A file is so far on its way; one is shown at a time.
    fn uploading(&mut self, file: String, done: u64, whole: u64) {
        if self.bar.is_some() || self.ui.json() {
            return;
        }
        self.slow.end();
        let begin = || (Progress::of_bytes(self.ui, &t!("ui-uploading", file = file), whole), file.clone());
        let (bar, shown) = self.upload.get_or_insert_with(begin);
        if *shown == file {
            bar.is_at(done);
        }
    }

    /// Takes in what came up beside the messages; what stops the whole is given back.
    fn aside(&mut self, aside: Aside) -> Option<anyhow::Error> {
        match aside {
            Aside::Broken(error) => return Some(error),
            Aside::Failed(show) => {
                self.tally.failed += 1;
                if let Err(error) = show(self.ui) {
                    self.unwritten.get_or_insert(error);
                }
            }
        }
        None
    }

    /// Sums up how it ended; `broken` is what kept it from going on.
    fn end(mut self, broken: Option<anyhow::Error>) -> anyhow::Result<Ended> {
        self.slow.end();
        let Teller { ui, tally, stopped, leaving, unwritten, bar, taken, only_queued, .. } = self;
        if bar.is_some_and(|bar| bar.end()) {
            ui.status(&t!(
                "send-summary",
                all = tally.all(),
                sent = tally.sent,
                failed = tally.failed,
                queued = tally.queued,
                unknown = tally.unknown,
            ));
        }
        if let Some(signal) = leaving {
            match broken {
                // How many are left queued is not known then.
                Some(error) => {
                    ui.error(&Report { exit: signal.exit(), ..classify(&error) });
                    ui.status(&t!("ui-interrupted"));
                }
                None => ui.status(&t!("send-interrupted", queued = tally.queued)),
            }
            return Ok(Ended { exit: signal.exit(), taken, is_empty: false });
        }
        let is_empty = tally.is_empty() && stopped.is_none();
        let exit = match broken.map(|error| broke_off(error, &tally)).or(unwritten) {
            Some(error) => return Err(error),
            None if only_queued && tally.failed + tally.unknown == 0 => Exit::Done,
            None => finish(ui, &tally, stopped)?,
        };
        Ok(Ended { exit, taken, is_empty })
    }

    fn settled(&mut self, message: Message, tag: Option<u64>, duplicate: bool) {
        self.tally.count(message.state);
        let hushed = message.state == State::Queued && (self.stopped.is_some() || self.leaving.is_some());
        if let Some(bar) = &self.bar {
            bar.step(self.tally.sent, self.tally.failed + self.tally.unknown + self.tally.queued);
            if message.state == State::Sent && self.ui.out_terminal {
                return;
            }
        }
        let mut shown = Shown::from(message);
        shown.duplicate = duplicate;
        self.show(Told { shown: Ok(shown), tag, queued: self.only_queued, hushed });
    }

    fn missing(&mut self, it: Missing, tag: Option<u64>) {
        self.tally.miss(&it);
        self.show(Told { shown: Err(it), tag, queued: false, hushed: false });
    }

    fn show(&mut self, told: Told) {
        if let Err(error) = (self.show)(self.ui, told) {
            self.unwritten.get_or_insert(error);
        }
    }
}

/// What stopped a run, with what became of its messages, so that nobody sends them again.
fn broke_off(error: anyhow::Error, tally: &Tally) -> anyhow::Error {
    if tally.is_empty() {
        return error;
    }
    let Report { exit, what, hint } = classify(&error);
    let (sent, queued, unknown) = (tally.sent, tally.queued, tally.unknown);
    let hint =
        t!("delivery-broken-hint", sent = sent, queued = queued, unknown = unknown, hint = hint.unwrap_or_default());
    Failure { exit, what, hint: Some(hint.trim_end().to_owned()) }.into()
}

/// Delivers that work and shows each message as it is left.
///
/// # Errors
/// What stops the run itself, or its results from being written.
pub(super) fn run(ui: &mut Ui, it: Delivery, work: Work) -> anyhow::Result<Exit> {
    Ok(with(ui, it, work, Bell::begin()?, never(), show)?.exit)
}

/// The same, each message shown by `show`, with what comes up beside them; the bell rings for both.
///
/// # Errors
/// What stops the run itself, or its results from being written.
pub(super) fn with(
    ui: &mut Ui,
    it: Delivery,
    work: Work,
    mut bell: Bell,
    asides: Receiver<Aside>,
    show: impl FnMut(&mut Ui, Told) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    let Delivery { store, hand, orders } = it;
    let only_queued = !orders.deliver;
    let ringer = bell.ringer();
    let run = Run::begin(store, hand, orders, work, move || ringer.ring())?;
    let mut teller = Teller::begin(ui, show, only_queued);
    // Not everything that is told wakes us.
    teller.slow.begin(teller.ui);
    let (mut leave, mut broken) = (None, None);
    'run: loop {
        if let Some(signal) = bell.wait(leave.into_iter().chain(teller.slow.next()).min())? {
            // Some of the time may have gone by in a write that nobody read.
            let since = signals::since().unwrap_or_else(Instant::now);
            run.stop(since + GRACE);
            teller.ui.status(&t!("send-stopping"));
            teller.leaving = Some(signal);
            leave = Some(since + LEAVE);
        }
        loop {
            match run.events.try_recv() {
                Ok(Event::Over) => break 'run,
                Ok(Event::Broken(error)) => {
                    broken = Some(error);
                    break 'run;
                }
                Ok(event) => teller.hear(event)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => break 'run,
            }
        }
        asides.try_iter().for_each(|aside| broken = teller.aside(aside).or(broken.take()));
        teller.tick();
        if leave.is_some_and(|leave| Instant::now() >= leave) {
            // It hangs on an answer. What it holds besides is free as soon as this process is gone.
            match run.forsake() {
                Ok(left) => left.into_iter().for_each(|message| teller.settled(message, None, false)),
                Err(error) => broken = Some(error.into()),
            }
            break;
        }
    }
    // Whoever tells asides has ended before the run has.
    asides.try_iter().for_each(|aside| broken = teller.aside(aside).or(broken.take()));
    teller.end(broken)
}

/// A result line where WeChat took it, an error where not. Of messages that only wait because the run was
/// stopped, the reason is said once, at the end.
pub(super) fn show(ui: &mut Ui, Told { shown, hushed, queued, .. }: Told) -> anyhow::Result<()> {
    let shown = match shown {
        Ok(shown) => shown,
        Err(missing) if ui.json() => return ui.data(&missing),
        Err(missing) => {
            ui.error(&missing.report());
            return Ok(());
        }
    };
    if ui.json() || shown.state == State::Sent || queued && shown.state == State::Queued {
        return ui.done(&shown);
    }
    if !hushed {
        ui.error(&Report { exit: Exit::Unexpected, what: shown.trouble(), hint: shown.hint().map(str::to_owned) });
    }
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
        if tally.queued > 0 {
            ui.status(&t!("send-left-queued", queued = tally.queued));
        }
        return Ok(report.exit);
    }
    let exit = tally.exit();
    if exit != Exit::Done && ui.json() {
        let not = tally.failed + waiting;
        return Err(Failure { exit, what: t!("send-not-delivered", count = not), hint: None }.into());
    }
    Ok(exit)
}
