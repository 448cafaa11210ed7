//! `wxbox send --batch` reads one JSON message per line and prints one JSON result per line. It
//! reads lines no faster than they are delivered.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::Serialize;
use serde_json::Value;

use super::batch_line::{InvalidLine, LineOptions, LineParser, LineSubmission};
use super::dry_run::print_bodies;
use crate::cli::Send;
use crate::commands::delivery::message_view::MessageView;
use crate::commands::delivery::{self, DeliverySetup, MessageReport, ReceiptWait, SideEvent};
use crate::context::AppContext;
use crate::delivery::{DeliverySource, TaggedSubmission};
use crate::exit::{CommandError, ExitStatus};
use crate::signals::{Notifier, Signal, Waiter};
use crate::store::{MessageState, Store};
use crate::t;
use crate::ui::Ui;

const MAX_LINE_BYTES: u64 = 4 << 20;
/// The number of lines that are read ahead.
const READ_AHEAD_LINES: usize = 64;

/// The result of a line.
#[derive(Serialize)]
struct LineResult {
    line: u64,
    #[serde(rename = "ref", skip_serializing_if = "Value::is_null")]
    reference: Value,
    #[serde(flatten)]
    detail: LineDetail,
    /// The problems of the line that did not prevent the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum LineDetail {
    Message(Box<MessageView>),
    Failed { state: MessageState, error: String },
}

/// A batch prints JSON only.
impl fmt::Display for LineResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// A line whose messages are queued, but not all reported.
#[derive(Clone, Default)]
struct PendingLine {
    reference: Value,
    warnings: Vec<String>,
    /// The number of its messages that are not reported yet.
    messages: usize,
}

/// The state that the reader of the lines and the printer of the results share.
#[derive(Default)]
struct BatchState {
    /// The pending lines by line number.
    pending: HashMap<u64, PendingLine>,
    /// The number of the last line that holds a valid message.
    last_message_line: u64,
    reached_end: bool,
}

impl BatchState {
    fn lock(shared: &Mutex<Self>) -> MutexGuard<'_, Self> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more message of the line as reported, and returns the line.
    fn take_reported(&mut self, number: u64) -> PendingLine {
        match self.pending.get_mut(&number) {
            Some(line) if line.messages > 1 => {
                line.messages -= 1;
                line.clone()
            }
            _ => self.pending.remove(&number).unwrap_or_default(),
        }
    }

    /// Returns whether the input has messages after `last_committed`.
    fn has_unread(&self, last_committed: u64) -> bool {
        !self.reached_end || self.last_message_line > last_committed
    }
}

pub(super) fn run(
    ui: &mut Ui,
    app: AppContext,
    args: &Send,
    file: &str,
    receipt_wait: Option<ReceiptWait>,
) -> anyhow::Result<ExitStatus> {
    app.require_app_id()?;
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let input: Box<dyn Read + std::marker::Send> = match file {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).with_context(|| t!("batch-file", path = path))?),
    };
    let lines = LineReader { input: BufReader::new(input), number: 0 };
    let options = LineOptions { strict: args.content.strict, split: args.split };
    if args.dry_run {
        let store = app.open_existing_store()?;
        return dry_run(ui, lines, LineParser::new(app, store, account, options));
    }
    let mut setup = DeliverySetup::new(&app, app.open_or_create_default_store()?)?;
    setup.options.deliver = !args.delivery.no_wait;
    setup.receipt_wait = receipt_wait;
    // With `--batch`, each line has a result of its own.
    setup.group_problems = false;
    let parser = LineParser::new(app, Store::open(setup.store.path())?, account, options);
    let waiter = Waiter::new()?;
    let state = Arc::new(Mutex::new(BatchState::default()));
    let (submissions, side_events) = spawn_reader(lines, parser, Arc::clone(&state), waiter.notifier())?;
    let show = |ui: &mut Ui, report: MessageReport| {
        let line = report.correlation_id.unwrap_or_default();
        let PendingLine { reference, warnings, .. } = BatchState::lock(&state).take_reported(line);
        let detail = match report.message {
            Ok(view) => LineDetail::Message(Box::new(view)),
            Err(missing) => LineDetail::Failed { state: missing.state(), error: missing.to_string() },
        };
        ui.print(&LineResult { line, reference, detail, warnings })
    };
    let result = delivery::run_with(ui, setup, DeliverySource::Submissions(submissions), waiter, side_events, show)?;
    let last_committed = result.last_committed.unwrap_or(0);
    if Signal::from_exit(result.exit).is_some() && BatchState::lock(&state).has_unread(last_committed) {
        let file = shell_words::quote(file);
        ui.status(&match &*file {
            "-" => t!("batch-left-stdin", taken = last_committed),
            file => t!("batch-left", taken = last_committed, next = last_committed + 1, file = file),
        });
    }
    Ok(result.exit)
}

/// Starts the thread that reads and parses the lines. Returns the queues of messages and of invalid
/// lines.
fn spawn_reader(
    lines: LineReader,
    parser: LineParser,
    state: Arc<Mutex<BatchState>>,
    notifier: Notifier,
) -> io::Result<(Receiver<TaggedSubmission>, Receiver<SideEvent>)> {
    let (submission_sender, submissions) = bounded(READ_AHEAD_LINES);
    let (side_event_sender, side_events) = bounded(READ_AHEAD_LINES);
    let send_side_event = move |event| {
        let is_sent = side_event_sender.send(event).is_ok();
        notifier.notify();
        is_sent
    };
    std::thread::Builder::new().name("batch-reader".into()).spawn(move || {
        if let Err(error) = read_lines(lines, parser, &state, &submission_sender, &send_side_event) {
            send_side_event(SideEvent::Aborted(error));
        }
    })?;
    Ok((submissions, side_events))
}

/// Reads and parses lines until the input or the delivery ends.
fn read_lines(
    mut lines: LineReader,
    mut parser: LineParser,
    state: &Mutex<BatchState>,
    submissions: &Sender<TaggedSubmission>,
    send_side_event: &impl Fn(SideEvent) -> bool,
) -> anyhow::Result<()> {
    while let Some((number, line)) = lines.next()? {
        let is_sent = match parse_line(&mut parser, line) {
            Ok(LineSubmission { submission, reference, warnings }) => {
                let line = PendingLine { reference, warnings, messages: 1 + submission.remaining_parts.len() };
                let mut state = BatchState::lock(state);
                state.pending.insert(number, line);
                state.last_message_line = number;
                drop(state);
                submissions.send(TaggedSubmission { submission, correlation_id: Some(number) }).is_ok()
            }
            Err(invalid) => {
                send_side_event(SideEvent::Failed(Box::new(move |ui| ui.print(&failed_line(number, invalid)))))
            }
        };
        if !is_sent {
            return Ok(());
        }
    }
    BatchState::lock(state).reached_end = true;
    Ok(())
}

fn parse_line(parser: &mut LineParser, line: Option<Vec<u8>>) -> Result<LineSubmission, InvalidLine> {
    match line {
        Some(line) => parser.parse(&line),
        None => Err(InvalidLine { error: t!("batch-long", limit = MAX_LINE_BYTES), reference: Value::Null }),
    }
}

fn failed_line(line: u64, InvalidLine { error, reference }: InvalidLine) -> LineResult {
    LineResult {
        line,
        reference,
        detail: LineDetail::Failed { state: MessageState::Failed, error },
        warnings: Vec::new(),
    }
}

fn dry_run(ui: &mut Ui, mut lines: LineReader, mut parser: LineParser) -> anyhow::Result<ExitStatus> {
    let (mut valid, mut invalid) = (0, 0);
    while let Some((number, line)) = lines.next()? {
        match parse_line(&mut parser, line) {
            Ok(submission) => {
                valid += 1;
                submission.warnings.iter().for_each(|text| ui.warn(&t!("batch-line", line = number, error = text)));
                print_bodies(ui, &parser.app, &parser.store, &submission.submission)?;
            }
            Err(InvalidLine { error, .. }) => {
                invalid += 1;
                let message = t!("batch-line", line = number, error = error);
                ui.error(&CommandError { exit: ExitStatus::Usage, message, hint: None });
            }
        }
    }
    Ok(match (valid, invalid) {
        (_, 0) => ExitStatus::Success,
        (0, _) => ExitStatus::Refused,
        _ => ExitStatus::Mixed,
    })
}

/// Reads the lines of the input and numbers them from 1. It skips empty ones.
struct LineReader {
    input: BufReader<Box<dyn Read + std::marker::Send>>,
    number: u64,
}

impl LineReader {
    /// Returns the next line without its line break; an inner `None` replaces a line that is too
    /// long.
    fn next(&mut self) -> anyhow::Result<Option<(u64, Option<Vec<u8>>)>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.input)
                .take(MAX_LINE_BYTES + 1)
                .read_until(b'\n', &mut line)
                .with_context(|| t!("batch-read"))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if line.last() != Some(&b'\n') && line.len() as u64 > MAX_LINE_BYTES {
                self.input.skip_until(b'\n').with_context(|| t!("batch-read"))?;
                return Ok(Some((self.number, None)));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some((self.number, Some(line))));
            }
        }
    }
}
