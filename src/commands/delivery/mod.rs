//! Runs a delivery for a command: prints results as they arrive, draws the progress bar, handles
//! signals, and computes the exit status. `send`, `outbox flush`, `outbox retry` and `run` use it.

pub(in crate::commands) mod confirm;
pub(in crate::commands) mod message_view;
mod problems;
mod receipts;
mod stop;
mod summary;

use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError, never};

use crate::context::AppContext;
use crate::delivery::{DeliveryEvent, DeliveryOptions, DeliveryRun, DeliverySource};
use crate::exit::{CommandError, ExitStatus};
use crate::report::classify;
use crate::signals::{self, Signal, Waiter};
use crate::store::{Message, MessageState, Store};
use crate::t;
use crate::ui::{DelayedSpinner, DeliveryBar, Progress, Ui};
use crate::wechat::Client;
use crate::wechat::message::kind_has_receipts;
pub(super) use message_view::MessageReport;
use message_view::{MessageView, MissingMessage};
use problems::ProblemGroups;
pub(super) use receipts::ReceiptWait;
use receipts::{AwaitedMessage, RECEIPT_POLL_INTERVAL};
pub(super) use stop::SignalPolicy;
use stop::StopProgress;
use summary::DeliverySummary;

/// The minimum number of messages for a progress bar.
const BAR_THRESHOLD: usize = 10;

/// Everything that a delivery needs.
pub(super) struct DeliverySetup {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) options: DeliveryOptions,
    /// The wait for receipts after the run, if one is asked for.
    pub(super) receipt_wait: Option<ReceiptWait>,
    /// Whether messages that are not delivered for the same reason are reported together, at the
    /// end.
    pub(super) group_problems: bool,
    /// The effect of a signal before the messages of the run are queued.
    pub(super) signal_policy: SignalPolicy,
}

impl DeliverySetup {
    /// Prepares a delivery as configured.
    pub(super) fn new(app: &AppContext, store: Store) -> anyhow::Result<Self> {
        Ok(Self {
            store,
            client: app.new_client()?,
            options: delivery_options(app)?,
            receipt_wait: None,
            group_problems: true,
            signal_policy: SignalPolicy::Stop,
        })
    }
}

/// Returns the configured options of a run.
pub(super) fn delivery_options(app: &AppContext) -> anyhow::Result<DeliveryOptions> {
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

/// Prints one result.
type ShowFn = Box<dyn FnOnce(&mut Ui) -> anyhow::Result<()> + Send>;

/// An event of the caller that arrives between the messages of a run.
pub(super) enum SideEvent {
    /// The requested message cannot be sent; the function prints why.
    Failed(ShowFn),
    /// The input could not be read to its end.
    Aborted(anyhow::Error),
}

/// Prints the progress and the results of a run.
struct ProgressReporter<'a, F> {
    ui: &'a mut Ui,
    show_fn: F,
    summary: DeliverySummary,
    bar: Option<DeliveryBar>,
    /// The number of queued messages that are not reported yet.
    pending: usize,
    /// Whether the run has queued messages.
    is_queued: bool,
    /// The progress indicator of a run without a bar.
    spinner: DelayedSpinner,
    /// The progress bar of an upload, and the name of its file.
    upload: Option<(Progress, String)>,
    /// The reason why sending stopped.
    stop_error: Option<CommandError>,
    stop_signal: Option<Signal>,
    /// The run only queues messages.
    only_queued: bool,
    /// The error that ended the run or its input.
    abort_error: Option<anyhow::Error>,
    /// The first error of printing a result. Delivery continues after it.
    output_error: Option<anyhow::Error>,
    /// The correlation ID of the last submission that was committed.
    last_committed: Option<u64>,
    receipt_wait: Option<ReceiptWait>,
    /// The problems that are reported at the end of the run; `None` if each is reported
    /// immediately.
    problems: Option<ProblemGroups>,
    /// The user was told that messages of some types have no receipt.
    is_no_receipt_reported: bool,
}

/// The result of a run.
pub(super) struct DeliveryResult {
    pub(super) exit: ExitStatus,
    /// The correlation ID of the last submission that was committed, with all before it.
    pub(super) last_committed: Option<u64>,
    /// There was no message to deliver.
    pub(super) is_empty: bool,
}

impl<'a, F: FnMut(&mut Ui, MessageReport) -> anyhow::Result<()>> ProgressReporter<'a, F> {
    fn new(
        ui: &'a mut Ui,
        show_fn: F,
        only_queued: bool,
        receipt_wait: Option<ReceiptWait>,
        group_problems: bool,
    ) -> Self {
        let problems = (group_problems && !ui.json()).then(ProblemGroups::default);
        Self {
            ui,
            show_fn,
            summary: DeliverySummary::default(),
            bar: None,
            pending: 0,
            is_queued: false,
            spinner: DelayedSpinner::default(),
            upload: None,
            stop_error: None,
            stop_signal: None,
            only_queued,
            abort_error: None,
            output_error: None,
            last_committed: None,
            receipt_wait,
            problems,
            is_no_receipt_reported: false,
        }
    }

    /// Handles the events that have arrived. Returns `true` once the run has ended.
    fn drain_events(&mut self, events: &Receiver<DeliveryEvent>) -> bool {
        loop {
            match events.try_recv() {
                Ok(DeliveryEvent::Finished) | Err(TryRecvError::Disconnected) => return true,
                Ok(DeliveryEvent::Aborted(error)) => {
                    self.abort_error = Some(error);
                    return true;
                }
                Ok(event) => self.on_event(event),
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn on_event(&mut self, event: DeliveryEvent) {
        match &event {
            DeliveryEvent::Queued(count) => {
                self.pending += count;
                self.is_queued = true;
            }
            DeliveryEvent::Settled { .. } | DeliveryEvent::Deleted { .. } | DeliveryEvent::ResultNotSaved { .. } => {
                self.pending = self.pending.saturating_sub(1)
            }
            DeliveryEvent::LeftQueued(count) => self.pending = self.pending.saturating_sub(*count),
            _ => {}
        }
        match event {
            DeliveryEvent::Settled { message, correlation_id, duplicate } => {
                self.on_message(*message, correlation_id, duplicate)
            }
            DeliveryEvent::Deleted { id, correlation_id, attempt_started: true } => {
                self.on_missing(MissingMessage::DeletedInFlight(id), correlation_id)
            }
            DeliveryEvent::Deleted { id, correlation_id, attempt_started: false } => {
                self.on_missing(MissingMessage::DeletedQueued(id), correlation_id)
            }
            DeliveryEvent::ResultNotSaved { id, state, correlation_id, cause } => {
                self.on_missing(MissingMessage::ResultNotSaved { id, state, cause }, correlation_id)
            }
            DeliveryEvent::NotBound { user, correlation_id } => {
                self.on_missing(MissingMessage::NotBound(user), correlation_id)
            }
            DeliveryEvent::Queued(count) => match &self.bar {
                Some(bar) => bar.add_total(count),
                None if count >= BAR_THRESHOLD && !self.ui.json() => {
                    // Only one bar is drawn at a time.
                    self.upload = None;
                    self.spinner.stop();
                    self.bar = Some(DeliveryBar::new(self.ui, count));
                }
                None => {}
            },
            DeliveryEvent::SubmissionCommitted(correlation_id) => self.last_committed = Some(correlation_id),
            DeliveryEvent::Uploading { file_name, sent_bytes, total_bytes } => {
                self.on_upload_progress(file_name, sent_bytes, total_bytes)
            }
            DeliveryEvent::Uploaded(file_name) => {
                self.upload = self.upload.take().filter(|(_, current)| *current != file_name)
            }
            DeliveryEvent::DatabaseLocked { database, in_flight_count: messages } => {
                self.ui.warn(&t!("delivery-locked", path = database, count = messages));
            }
            DeliveryEvent::Retrying(error) => self.ui.status(&t!("send-waiting", error = error.to_string())),
            DeliveryEvent::SendingStopped(error) => self.stop_error = Some(classify(&error)),
            DeliveryEvent::LeftQueued(count) => self.summary.queued += count,
            DeliveryEvent::AttemptEnded { .. } => {}
            // drain_events() handles these.
            DeliveryEvent::Aborted(_) | DeliveryEvent::Finished => {}
        }
    }

    /// Redraws the spinner, or stops it when something else shows the progress.
    fn redraw(&mut self) {
        if self.pending == 0 || self.bar.is_some() || self.upload.is_some() || self.stop_signal.is_some() {
            self.spinner.stop();
        } else {
            self.spinner.start(self.ui);
            self.spinner.tick(self.ui, || t!("send-under-way"));
        }
    }

    /// Updates the progress of an upload. Only one upload is shown at a time.
    fn on_upload_progress(&mut self, file_name: String, sent_bytes: u64, total_bytes: u64) {
        if self.bar.is_some() || self.ui.json() {
            return;
        }
        self.spinner.stop();
        let new_bar =
            || (Progress::for_bytes(self.ui, &t!("ui-uploading", file = file_name), total_bytes), file_name.clone());
        let (bar, current) = self.upload.get_or_insert_with(new_bar);
        if *current == file_name {
            bar.set_position(sent_bytes);
        }
    }

    fn on_side_event(&mut self, event: SideEvent) {
        match event {
            SideEvent::Aborted(error) => self.abort_error = Some(error),
            SideEvent::Failed(show) => {
                self.summary.failed += 1;
                if let Err(error) = show(self.ui) {
                    self.output_error.get_or_insert(error);
                }
            }
        }
    }

    /// Prints the summary of a run that has ended, and returns its result.
    fn finish(mut self) -> anyhow::Result<DeliveryResult> {
        self.spinner.stop();
        let ProgressReporter {
            ui,
            summary,
            stop_error,
            stop_signal,
            abort_error,
            output_error,
            bar,
            last_committed,
            only_queued,
            problems,
            ..
        } = self;
        drop(bar);
        let is_grouped = problems.is_some();
        if let Some(problems) = problems {
            problems.print(ui);
        }
        if let Some(signal) = stop_signal {
            match abort_error {
                // The number of messages that are still queued is not known here.
                Some(error) => {
                    ui.error(&CommandError { exit: signal.exit_status(), ..classify(&error) });
                    ui.status(&t!("ui-interrupted"));
                }
                None => ui.status(&t!("send-interrupted", queued = summary.queued)),
            }
            return Ok(DeliveryResult { exit: signal.exit_status(), last_committed, is_empty: false });
        }
        let is_empty = summary.is_empty() && stop_error.is_none();
        let exit = match abort_error.map(|error| aborted_error(error, &summary)).or(output_error) {
            Some(error) => return Err(error),
            None if only_queued && summary.failed + summary.unknown == 0 => ExitStatus::Success,
            None => {
                let is_stopped = stop_error.is_some();
                let exit = report_result(ui, &summary, stop_error)?;
                // A batch has a line for each message.
                if is_grouped || ui.err_terminal {
                    summary.print(ui, is_stopped);
                }
                exit
            }
        };
        Ok(DeliveryResult { exit, last_committed, is_empty })
    }

    fn on_message(&mut self, message: Message, correlation_id: Option<u64>, duplicate: bool) {
        match duplicate {
            true => self.summary.add_duplicate(message.state),
            false => self.summary.add(message.state),
        }
        if message.state == MessageState::Queued {
            self.summary.note_next_attempt(message.due_at);
        }
        let reason_reported =
            message.state == MessageState::Queued && (self.stop_error.is_some() || self.stop_signal.is_some());
        if let Some(bar) = &self.bar {
            bar.increment(self.summary.sent, self.summary.failed + self.summary.unknown + self.summary.queued);
            if message.state == MessageState::Sent && self.ui.out_terminal {
                return;
            }
        }
        let mut view = MessageView::from(message);
        view.duplicate = duplicate;
        if let Some(wait) = self.receipt_wait.as_mut().filter(|_| view.state == MessageState::Sent) {
            if kind_has_receipts(&view.kind) {
                return wait.add(view, correlation_id);
            }
            if !std::mem::replace(&mut self.is_no_receipt_reported, true) {
                self.ui.warn(&t!("send-no-receipts"));
            }
        }
        self.report(MessageReport {
            message: Ok(view),
            correlation_id,
            only_queued: self.only_queued,
            reason_reported,
            receipt_missing: false,
        });
    }

    /// Waits for the receipts of the run's messages, and reports each message with its receipt.
    fn wait_for_receipts(&mut self, waiter: &mut Waiter) -> anyhow::Result<()> {
        let Some(mut wait) = self.receipt_wait.take() else { return Ok(()) };
        let deadline = Instant::now() + wait.timeout;
        self.spinner.stop();
        self.spinner.start(self.ui);
        while !wait.is_empty() && self.stop_signal.is_none() {
            for message in wait.take_received()? {
                self.report_receipt(message);
            }
            let now = Instant::now();
            if wait.is_empty() || now >= deadline {
                break;
            }
            let next_poll = (now + RECEIPT_POLL_INTERVAL).min(deadline);
            self.stop_signal =
                waiter.wait(Some(self.spinner.next_frame_at().map_or(next_poll, |at| at.min(next_poll))))?;
            self.spinner.tick(self.ui, || t!("send-awaiting-receipts"));
        }
        self.spinner.stop();
        if self.stop_signal.is_none() {
            wait.explain_missing(self.ui)?;
        }
        wait.take_remaining().into_iter().for_each(|message| self.report_receipt(message));
        Ok(())
    }

    fn report_receipt(&mut self, AwaitedMessage { view, correlation_id }: AwaitedMessage) {
        self.summary.apply_receipt(&view);
        let receipt_missing = view.receipt.is_none();
        let (only_queued, reason_reported) = (false, false);
        self.report(MessageReport { message: Ok(view), correlation_id, only_queued, reason_reported, receipt_missing });
    }

    fn on_missing(&mut self, missing: MissingMessage, correlation_id: Option<u64>) {
        self.summary.add_missing(&missing);
        self.report(MessageReport {
            message: Err(missing),
            correlation_id,
            only_queued: false,
            reason_reported: false,
            receipt_missing: false,
        });
    }

    fn report(&mut self, report: MessageReport) {
        let report = match &mut self.problems {
            Some(problems) => problems.take(report),
            None => Some(report),
        };
        let Some(report) = report else { return };
        if let Err(error) = (self.show_fn)(self.ui, report) {
            self.output_error.get_or_insert(error);
        }
    }
}

/// Adds the state of the run's messages to the error that stopped it, so that the user does not
/// send them again.
fn aborted_error(error: anyhow::Error, summary: &DeliverySummary) -> anyhow::Error {
    if summary.is_empty() {
        return error;
    }
    let CommandError { exit, message, hint } = classify(&error);
    let (sent, queued, unknown) = (summary.sent, summary.queued, summary.unknown);
    let hint =
        t!("delivery-broken-hint", sent = sent, queued = queued, unknown = unknown, hint = hint.unwrap_or_default());
    CommandError { exit, message, hint: Some(hint.trim_end().to_owned()) }.into()
}

/// Runs a delivery and prints each message.
pub(super) fn run(ui: &mut Ui, setup: DeliverySetup, source: DeliverySource) -> anyhow::Result<ExitStatus> {
    Ok(run_with(ui, setup, source, Waiter::new()?, never(), show_message)?.exit)
}

/// Runs a delivery whose messages `show` prints, together with the side events. Both wake `waiter`.
pub(super) fn run_with(
    ui: &mut Ui,
    setup: DeliverySetup,
    source: DeliverySource,
    mut waiter: Waiter,
    side_events: Receiver<SideEvent>,
    show: impl FnMut(&mut Ui, MessageReport) -> anyhow::Result<()>,
) -> anyhow::Result<DeliveryResult> {
    let DeliverySetup { store, client, options, receipt_wait, group_problems, signal_policy } = setup;
    let only_queued = !options.deliver;
    let notifier = waiter.notifier();
    let run = DeliveryRun::start(store, client, options, source, move || notifier.notify())?;
    let mut reporter = ProgressReporter::new(ui, show, only_queued, receipt_wait, group_problems);
    // The spinner starts here, because not every event wakes this thread.
    reporter.spinner.start(reporter.ui);
    let mut stop = StopProgress::new(&signal_policy);
    let queues_first = matches!(signal_policy, SignalPolicy::QueueFirst { .. });
    loop {
        let stop_due_at = stop.due_at(reporter.is_queued);
        if let Some(signal) = waiter.wait(stop_due_at.into_iter().chain(reporter.spinner.next_frame_at()).min())? {
            // The signal may have arrived earlier, during a blocked write.
            let signalled_at = signals::first_signal_at().unwrap_or_else(Instant::now);
            if queues_first && !reporter.is_queued {
                stop.plan(signal, signalled_at);
            } else {
                run.stop(stop.request(signalled_at));
                reporter.ui.status(&t!("send-stopping"));
                reporter.stop_signal = Some(signal);
            }
        }
        if reporter.drain_events(&run.events) {
            break;
        }
        side_events.try_iter().for_each(|event| reporter.on_side_event(event));
        reporter.redraw();
        if let Some((signal, stop_at)) = stop.take_due_plan(reporter.is_queued) {
            run.stop(stop_at);
            reporter.stop_signal = Some(signal);
        }
        if stop.is_abandon_due() {
            // A request still waits for its response. The other messages of the run are released
            // when the process exits.
            match run.abandon() {
                Ok(abandoned) => {
                    abandoned.into_iter().for_each(|message| reporter.on_message(message, None, false));
                }
                Err(error) => reporter.abort_error = Some(error.into()),
            }
            break;
        }
    }
    // The sender of side events ends before the run, so this misses none.
    side_events.try_iter().for_each(|event| reporter.on_side_event(event));
    if let Err(error) = reporter.wait_for_receipts(&mut waiter) {
        reporter.abort_error.get_or_insert(error);
    }
    reporter.finish()
}

/// Prints the result of a message. Without `--json`, [`ProblemGroups`] has taken the messages that
/// were not delivered.
pub(super) fn show_message(ui: &mut Ui, report: MessageReport) -> anyhow::Result<()> {
    match report.message {
        Ok(view) if ui.json() || !report.reason_reported => ui.print_result(&view),
        // The reason for all queued messages is printed once at the end.
        Ok(_) => Ok(()),
        Err(missing) if ui.json() => ui.print(&missing),
        Err(missing) => {
            ui.error(&missing.error());
            Ok(())
        }
    }
}

/// Returns the exit status. With `--json`, a status other than 0 is returned as an error, so that a
/// final error object is printed.
fn report_result(
    ui: &mut Ui,
    summary: &DeliverySummary,
    stop_error: Option<CommandError>,
) -> anyhow::Result<ExitStatus> {
    if let Some(mut error) = stop_error {
        error.exit = match (error.exit, summary.sent, summary.failed) {
            (ExitStatus::Config, 0, 0) => ExitStatus::Config,
            _ => summary.exit(),
        };
        ui.error(&error);
        // In JSON, each object has its state, and the error is the last line.
        if summary.queued > 0 && !ui.json() {
            ui.status(&t!("send-left-queued", queued = summary.queued));
        }
        return Ok(error.exit);
    }
    let exit = summary.exit();
    if exit != ExitStatus::Success && ui.json() {
        return Err(summary.error().into());
    }
    Ok(exit)
}
