//! Delivery as a command shows it: results as they come, a bar, Ctrl-C, and the exit status. `send`, `outbox
//! flush` and `outbox retry` are this; `run` as well.

pub(in crate::commands) mod message_view;
pub(in crate::commands) mod summary;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, TryRecvError, never};

use crate::commands::delivery::message_view::{MessageView, MissingMessage};
use crate::commands::delivery::summary::DeliverySummary;
use crate::context::AppContext;
use crate::delivery::{
    DeliveryEvent, DeliveryOptions, DeliveryRun, DeliverySource, DeliveryThread, ReadyDeliveryThread,
};
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::report::classify;
use crate::signals::{self, Signal, Waiter};
use crate::store::{Message, MessageState, Store};
use crate::t;
use crate::ui::{DelayedSpinner, DeliveryBar, Progress, Ui};

/// How long a request under way may go on after Ctrl-C; it cannot be called back.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// When a command leaves all the same.
const HARD_DEADLINE: Duration = Duration::from_millis(1900);
/// From so many messages on there is a bar.
const BAR_THRESHOLD: usize = 10;

/// What delivery needs, all of it opened.
pub(super) struct DeliverySetup {
    pub(super) store: Store,
    pub(super) thread: ReadyDeliveryThread,
    pub(super) options: DeliveryOptions,
}

impl DeliverySetup {
    /// With what the config says, and the database that `store` opens.
    ///
    /// # Errors
    /// The account's, the database's and the client's.
    pub(super) fn open(app: &AppContext, store: impl FnOnce() -> anyhow::Result<Store>) -> anyhow::Result<Self> {
        let orders = options_from_config(app)?;
        let hand = DeliveryThread::start(app.client_settings()).with_context(|| t!("delivery-thread"))?;
        Ok(Self { store: store()?, thread: hand.wait_ready()?, options: orders })
    }
}

/// How the config wants it done.
///
/// # Errors
/// The account's.
pub(super) fn options_from_config(app: &AppContext) -> anyhow::Result<DeliveryOptions> {
    let send = &app.config.send;
    Ok(DeliveryOptions {
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
pub(super) struct MessageReport {
    pub(super) message: Result<MessageView, MissingMessage>,
    pub(super) correlation_id: Option<u64>,
    /// It was only to be queued.
    pub(super) only_queued: bool,
    /// Why it waits was, or will be, said for all of them.
    pub(super) reason_reported: bool,
}

/// Shows something, once.
type ShowFn = Box<dyn FnOnce(&mut Ui) -> anyhow::Result<()> + Send>;

/// What comes up beside the messages of a run.
pub(super) enum SideEvent {
    /// Something was asked for that cannot be sent; this shows it.
    Failed(ShowFn),
    /// What was to be sent could not be read to its end.
    Aborted(anyhow::Error),
}

/// What is told while messages are delivered.
struct ProgressReporter<'a, F> {
    ui: &'a mut Ui,
    show_fn: F,
    summary: DeliverySummary,
    bar: Option<DeliveryBar>,
    /// Messages that are queued, and not yet told.
    pending: usize,
    /// What shows that something is done, where there is no bar.
    spinner: DelayedSpinner,
    /// A file is on its way.
    upload: Option<(Progress, String)>,
    /// Why nothing more can be sent.
    stop_report: Option<ErrorReport>,
    stop_signal: Option<Signal>,
    /// Nothing is to be sent.
    only_queued: bool,
    /// A result could not be written; delivery goes on, since that is the job.
    output_error: Option<anyhow::Error>,
    /// The tag of the last parcel that is in the database.
    last_accepted: Option<u64>,
}

/// How a run has ended.
pub(super) struct DeliveryResult {
    pub(super) exit: ExitStatus,
    /// The tag of the last parcel that is in the database, as are all before it.
    pub(super) last_accepted: Option<u64>,
    /// There was no message to deliver.
    pub(super) is_empty: bool,
}

impl<'a, F: FnMut(&mut Ui, MessageReport) -> anyhow::Result<()>> ProgressReporter<'a, F> {
    fn new(ui: &'a mut Ui, show: F, only_queued: bool) -> Self {
        Self {
            ui,
            show_fn: show,
            summary: DeliverySummary::default(),
            bar: None,
            pending: 0,
            spinner: DelayedSpinner::default(),
            upload: None,
            stop_report: None,
            stop_signal: None,
            only_queued,
            output_error: None,
            last_accepted: None,
        }
    }

    /// Takes an event in.
    fn on_event(&mut self, event: DeliveryEvent) -> anyhow::Result<()> {
        match &event {
            DeliveryEvent::Queued(count) => self.pending += count,
            DeliveryEvent::Settled { .. } | DeliveryEvent::Deleted { .. } | DeliveryEvent::ResultNotSaved { .. } => {
                self.pending = self.pending.saturating_sub(1)
            }
            DeliveryEvent::LeftQueued(count) => self.pending = self.pending.saturating_sub(*count),
            _ => {}
        }
        match event {
            DeliveryEvent::Settled { message, correlation_id: tag, duplicate } => {
                self.on_message(*message, tag, duplicate)
            }
            DeliveryEvent::Deleted { id, correlation_id: tag, attempt_started: true } => {
                self.on_missing(MissingMessage::DeletedInFlight(id), tag)
            }
            DeliveryEvent::Deleted { id, correlation_id: tag, attempt_started: false } => {
                self.on_missing(MissingMessage::DeletedQueued(id), tag)
            }
            DeliveryEvent::ResultNotSaved { id, state, correlation_id: tag, cause } => {
                self.on_missing(MissingMessage::ResultNotSaved { id, state, cause }, tag)
            }
            DeliveryEvent::NotBound { user, correlation_id: tag } => {
                self.on_missing(MissingMessage::NotBound(user), tag)
            }
            DeliveryEvent::Queued(count) => match &self.bar {
                Some(bar) => bar.add_total(count),
                None if count >= BAR_THRESHOLD && !self.ui.json() => {
                    // One bar at a time: this one makes room first.
                    self.upload = None;
                    self.spinner.stop();
                    self.bar = Some(DeliveryBar::new(self.ui, count));
                }
                None => {}
            },
            DeliveryEvent::Accepted(tag) => self.last_accepted = Some(tag),
            DeliveryEvent::Uploading { file_name: file, sent_bytes: done, total_bytes: whole } => {
                self.on_upload_progress(file, done, whole)
            }
            DeliveryEvent::Uploaded(file) => self.upload = self.upload.take().filter(|(_, shown)| *shown != file),
            DeliveryEvent::DatabaseLocked { database, in_flight_count: messages } => {
                self.ui.warn(&t!("delivery-locked", path = database, count = messages));
            }
            DeliveryEvent::Retrying(error) => self.ui.status(&t!("send-waiting", error = error.to_string())),
            DeliveryEvent::SendingStopped(error) => self.stop_report = Some(classify(&error)),
            DeliveryEvent::LeftQueued(count) => self.summary.queued += count,
            // The caller of this takes them.
            DeliveryEvent::Aborted(_) | DeliveryEvent::Finished => {}
        }
        Ok(())
    }

    /// What moves, moves on.
    fn redraw(&mut self) {
        if self.pending == 0 || self.bar.is_some() || self.upload.is_some() || self.stop_signal.is_some() {
            self.spinner.stop();
        } else {
            self.spinner.start(self.ui);
            self.spinner.tick(self.ui, || t!("send-under-way"));
        }
    }

    /// A file is so far on its way; one is shown at a time.
    fn on_upload_progress(&mut self, file: String, done: u64, whole: u64) {
        if self.bar.is_some() || self.ui.json() {
            return;
        }
        self.spinner.stop();
        let begin = || (Progress::for_bytes(self.ui, &t!("ui-uploading", file = file), whole), file.clone());
        let (bar, shown) = self.upload.get_or_insert_with(begin);
        if *shown == file {
            bar.set_position(done);
        }
    }

    /// Takes in what came up beside the messages; what stops the whole is given back.
    fn on_side_event(&mut self, aside: SideEvent) -> Option<anyhow::Error> {
        match aside {
            SideEvent::Aborted(error) => return Some(error),
            SideEvent::Failed(show) => {
                self.summary.failed += 1;
                if let Err(error) = show(self.ui) {
                    self.output_error.get_or_insert(error);
                }
            }
        }
        None
    }

    /// Sums up how it ended; `broken` is what kept it from going on.
    fn finish(mut self, broken: Option<anyhow::Error>) -> anyhow::Result<DeliveryResult> {
        self.spinner.stop();
        let ProgressReporter {
            ui,
            summary: tally,
            stop_report: stopped,
            stop_signal: leaving,
            output_error: unwritten,
            bar,
            last_accepted: taken,
            only_queued,
            ..
        } = self;
        if bar.is_some_and(|bar| bar.finish()) {
            ui.status(&t!(
                "send-summary",
                all = tally.total(),
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
                    ui.error(&ErrorReport { exit: signal.exit_status(), ..classify(&error) });
                    ui.status(&t!("ui-interrupted"));
                }
                None => ui.status(&t!("send-interrupted", queued = tally.queued)),
            }
            return Ok(DeliveryResult { exit: signal.exit_status(), last_accepted: taken, is_empty: false });
        }
        let is_empty = tally.is_empty() && stopped.is_none();
        let exit = match broken.map(|error| aborted_error(error, &tally)).or(unwritten) {
            Some(error) => return Err(error),
            None if only_queued && tally.failed + tally.unknown == 0 => ExitStatus::Success,
            None => report_result(ui, &tally, stopped)?,
        };
        Ok(DeliveryResult { exit, last_accepted: taken, is_empty })
    }

    fn on_message(&mut self, message: Message, tag: Option<u64>, duplicate: bool) {
        self.summary.add(message.state);
        let hushed =
            message.state == MessageState::Queued && (self.stop_report.is_some() || self.stop_signal.is_some());
        if let Some(bar) = &self.bar {
            bar.increment(self.summary.sent, self.summary.failed + self.summary.unknown + self.summary.queued);
            if message.state == MessageState::Sent && self.ui.out_terminal {
                return;
            }
        }
        let mut shown = MessageView::from(message);
        shown.duplicate = duplicate;
        self.report(MessageReport {
            message: Ok(shown),
            correlation_id: tag,
            only_queued: self.only_queued,
            reason_reported: hushed,
        });
    }

    fn on_missing(&mut self, it: MissingMessage, tag: Option<u64>) {
        self.summary.add_missing(&it);
        self.report(MessageReport {
            message: Err(it),
            correlation_id: tag,
            only_queued: false,
            reason_reported: false,
        });
    }

    fn report(&mut self, told: MessageReport) {
        if let Err(error) = (self.show_fn)(self.ui, told) {
            self.output_error.get_or_insert(error);
        }
    }
}

/// What stopped a run, with what became of its messages, so that nobody sends them again.
fn aborted_error(error: anyhow::Error, tally: &DeliverySummary) -> anyhow::Error {
    if tally.is_empty() {
        return error;
    }
    let ErrorReport { exit, message: what, hint } = classify(&error);
    let (sent, queued, unknown) = (tally.sent, tally.queued, tally.unknown);
    let hint =
        t!("delivery-broken-hint", sent = sent, queued = queued, unknown = unknown, hint = hint.unwrap_or_default());
    CommandError { exit, message: what, hint: Some(hint.trim_end().to_owned()) }.into()
}

/// Delivers that work and shows each message as it is left.
///
/// # Errors
/// What stops the run itself, or its results from being written.
pub(super) fn run(ui: &mut Ui, setup: DeliverySetup, work: DeliverySource) -> anyhow::Result<ExitStatus> {
    Ok(run_with(ui, setup, work, Waiter::new()?, never(), show_message)?.exit)
}

/// The same, each message shown by `show`, with what comes up beside them; the bell rings for both.
///
/// # Errors
/// What stops the run itself, or its results from being written.
pub(super) fn run_with(
    ui: &mut Ui,
    setup: DeliverySetup,
    work: DeliverySource,
    mut waiter: Waiter,
    side_events: Receiver<SideEvent>,
    show: impl FnMut(&mut Ui, MessageReport) -> anyhow::Result<()>,
) -> anyhow::Result<DeliveryResult> {
    let DeliverySetup { store, thread: hand, options: orders } = setup;
    let only_queued = !orders.deliver;
    let ringer = waiter.notifier();
    let run = DeliveryRun::start(store, hand, orders, work, move || ringer.notify())?;
    let mut reporter = ProgressReporter::new(ui, show, only_queued);
    // Not everything that is told wakes us.
    reporter.spinner.start(reporter.ui);
    let (mut hard_deadline, mut abort_error) = (None, None);
    'run: loop {
        if let Some(signal) = waiter.wait(hard_deadline.into_iter().chain(reporter.spinner.next_frame_at()).min())? {
            // Some of the time may have gone by in a write that nobody read.
            let since = signals::first_signal_at().unwrap_or_else(Instant::now);
            run.stop(since + STOP_TIMEOUT);
            reporter.ui.status(&t!("send-stopping"));
            reporter.stop_signal = Some(signal);
            hard_deadline = Some(since + HARD_DEADLINE);
        }
        loop {
            match run.events.try_recv() {
                Ok(DeliveryEvent::Finished) => break 'run,
                Ok(DeliveryEvent::Aborted(error)) => {
                    abort_error = Some(error);
                    break 'run;
                }
                Ok(event) => reporter.on_event(event)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => break 'run,
            }
        }
        side_events.try_iter().for_each(|aside| abort_error = reporter.on_side_event(aside).or(abort_error.take()));
        reporter.redraw();
        if hard_deadline.is_some_and(|hard_deadline| Instant::now() >= hard_deadline) {
            // It hangs on an answer. What it holds besides is free as soon as this process is gone.
            match run.abandon() {
                Ok(left) => left.into_iter().for_each(|message| reporter.on_message(message, None, false)),
                Err(error) => abort_error = Some(error.into()),
            }
            break;
        }
    }
    // Whoever tells asides has ended before the run has.
    side_events.try_iter().for_each(|aside| abort_error = reporter.on_side_event(aside).or(abort_error.take()));
    reporter.finish(abort_error)
}

/// A result line where WeChat took it, an error where not. Of messages that only wait because the run was
/// stopped, the reason is said once, at the end.
pub(super) fn show_message(
    ui: &mut Ui,
    MessageReport { message: shown, reason_reported: hushed, only_queued: queued, .. }: MessageReport,
) -> anyhow::Result<()> {
    let shown = match shown {
        Ok(shown) => shown,
        Err(missing) if ui.json() => return ui.print(&missing),
        Err(missing) => {
            ui.error(&missing.report());
            return Ok(());
        }
    };
    if ui.json() || shown.state == MessageState::Sent || queued && shown.state == MessageState::Queued {
        return ui.print_result(&shown);
    }
    if !hushed {
        ui.error(&ErrorReport {
            exit: ExitStatus::Unexpected,
            message: shown.problem(),
            hint: shown.hint().map(str::to_owned),
        });
    }
    Ok(())
}

/// The status, and in JSON one error line for the whole.
fn report_result(ui: &mut Ui, tally: &DeliverySummary, stopped: Option<ErrorReport>) -> anyhow::Result<ExitStatus> {
    let waiting = tally.queued + tally.unknown;
    if let Some(mut report) = stopped {
        report.exit = match (report.exit, tally.sent, tally.failed) {
            (ExitStatus::Config, 0, 0) => ExitStatus::Config,
            _ => tally.exit(),
        };
        ui.error(&report);
        if tally.queued > 0 {
            ui.status(&t!("send-left-queued", queued = tally.queued));
        }
        return Ok(report.exit);
    }
    let exit = tally.exit();
    if exit != ExitStatus::Success && ui.json() {
        let not = tally.failed + waiting;
        return Err(CommandError { exit, message: t!("send-not-delivered", count = not), hint: None }.into());
    }
    Ok(exit)
}
