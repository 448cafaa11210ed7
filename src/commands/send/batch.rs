//! `wxbox send --batch`: one JSON message a line in, one JSON result a line out. Lines are read no faster than
//! they are delivered.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use crossbeam_channel::{Sender, bounded};
use serde::Serialize;
use serde_json::Value;

use super::batch_line::{InvalidLine, LineOptions, LineParser, LineSubmission};
use super::dry_run::print_bodies;
use crate::cli::Send;
use crate::commands::delivery;
use crate::commands::delivery::message_view::MessageView;
use crate::commands::delivery::{DeliverySetup, MessageReport, SideEvent};
use crate::context::AppContext;
use crate::delivery::{DeliverySource, TaggedSubmission};
use crate::exit::{ErrorReport, ExitStatus};
use crate::signals::{Signal, Waiter};
use crate::store::MessageState;
use crate::t;
use crate::ui::Ui;

/// The longest line, in bytes.
const MAX_LINE_BYTES: u64 = 4 << 20;
/// Lines that are read ahead.
const READ_AHEAD_LINES: usize = 64;

/// The result of a line.
#[derive(Serialize)]
struct LineResult {
    line: u64,
    #[serde(rename = "ref", skip_serializing_if = "Value::is_null")]
    reference: Value,
    #[serde(flatten)]
    detail: LineDetail,
    /// What was not right about the line, and did not keep its message from being sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum LineDetail {
    Message(Box<MessageView>),
    Failed { state: MessageState, error: String },
}

/// A batch has JSON alone.
impl fmt::Display for LineResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// A line that is under way.
#[derive(Clone, Default)]
struct PendingLine {
    /// The caller's name for it.
    reference: Value,
    warnings: Vec<String>,
    /// How many messages of it are still to be told of.
    messages: usize,
}

/// The lines that are under way, by their numbers.
type PendingLines = Arc<Mutex<HashMap<u64, PendingLine>>>;

/// How far the input was read.
#[derive(Default)]
struct ReadPosition {
    /// The last line that is a message.
    last_message_line: AtomicU64,
    /// Nothing comes after it.
    reached_end: AtomicBool,
}

impl ReadPosition {
    /// Whether there is more than what was taken.
    fn has_unread(&self, taken: u64) -> bool {
        !self.reached_end.load(Ordering::SeqCst) || self.last_message_line.load(Ordering::SeqCst) > taken
    }
}

pub(super) fn run(ui: &mut Ui, app: AppContext, args: &Send, file: &str) -> anyhow::Result<ExitStatus> {
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
    let mut setup = DeliverySetup::open(&app, || app.open_or_create_default_store())?;
    setup.options.deliver = !args.delivery.no_wait;
    let reader = LineParser::new(app, crate::store::Store::open(setup.store.path())?, account, options);
    let (submission_sender, submissions) = bounded(READ_AHEAD_LINES);
    let (side_event_sender, side_events) = bounded(READ_AHEAD_LINES);
    let bell = Waiter::new()?;
    let ringer = bell.notifier();
    let aside = move |aside| {
        let gone = side_event_sender.send(aside).is_err();
        ringer.notify();
        gone
    };
    let pending = PendingLines::default();
    let pending_lines = pending.clone();
    let position = Arc::new(ReadPosition::default());
    let reader_position = Arc::clone(&position);
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        if let Err(error) = read_lines(lines, reader, &pending_lines, &reader_position, &submission_sender, &aside) {
            aside(SideEvent::Aborted(error));
        }
    })?;
    let show = |ui: &mut Ui, told: MessageReport| {
        let line = told.correlation_id.unwrap_or_default();
        let PendingLine { reference, warnings, .. } = take_reported(&pending, line);
        let what = match told.message {
            Ok(shown) => LineDetail::Message(Box::new(shown)),
            Err(setup) => LineDetail::Failed { state: setup.state(), error: setup.to_string() },
        };
        ui.print(&LineResult { line, reference, detail: what, warnings })
    };
    let ended = delivery::run_with(ui, setup, DeliverySource::Submissions(submissions), bell, side_events, show)?;
    let taken = ended.last_accepted.unwrap_or(0);
    if Signal::from_exit(ended.exit).is_some() && position.has_unread(taken) {
        let file = shell_words::quote(file);
        ui.status(&match &*file {
            "-" => t!("batch-left-stdin", taken = taken),
            file => t!("batch-left", taken = taken, next = taken + 1, file = file),
        });
    }
    Ok(ended.exit)
}

/// The line, of which one more message is told.
fn take_reported(pending: &PendingLines, line: u64) -> PendingLine {
    let mut known = pending.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get_mut(&line) {
        Some(it) if it.messages > 1 => {
            it.messages -= 1;
            it.clone()
        }
        _ => known.remove(&line).unwrap_or_default(),
    }
}

/// Reads lines until their end, or until nobody wants them any more.
fn read_lines(
    mut lines: LineReader,
    mut reader: LineParser,
    pending: &PendingLines,
    position: &ReadPosition,
    parcels: &Sender<TaggedSubmission>,
    aside: &impl Fn(SideEvent) -> bool,
) -> anyhow::Result<()> {
    while let Some((number, line)) = lines.next()? {
        let gone = match parse_line(&mut reader, line) {
            Ok(LineSubmission { submission: parcel, reference, warnings }) => {
                let line = PendingLine { reference, warnings, messages: 1 + parcel.parts.len() };
                pending.lock().unwrap_or_else(PoisonError::into_inner).insert(number, line);
                position.last_message_line.store(number, Ordering::SeqCst);
                parcels.send(TaggedSubmission { submission: parcel, correlation_id: Some(number) }).is_err()
            }
            Err(unusable) => aside(SideEvent::Failed(Box::new(move |ui| ui.print(&failed_line(number, unusable))))),
        };
        if gone {
            return Ok(());
        }
    }
    position.reached_end.store(true, Ordering::SeqCst);
    Ok(())
}

fn parse_line(reader: &mut LineParser, line: Option<Vec<u8>>) -> Result<LineSubmission, InvalidLine> {
    match line {
        Some(line) => reader.parse(&line),
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

fn dry_run(ui: &mut Ui, mut lines: LineReader, mut reader: LineParser) -> anyhow::Result<ExitStatus> {
    let (mut good, mut bad) = (0, 0);
    while let Some((number, line)) = lines.next()? {
        match parse_line(&mut reader, line) {
            Ok(order) => {
                good += 1;
                order.warnings.iter().for_each(|text| ui.warn(&t!("batch-line", line = number, error = text)));
                print_bodies(ui, &reader.app, &reader.store, &order.submission)?;
            }
            Err(InvalidLine { error, .. }) => {
                bad += 1;
                let what = t!("batch-line", line = number, error = error);
                ui.error(&ErrorReport { exit: ExitStatus::Usage, message: what, hint: None });
            }
        }
    }
    Ok(match (good, bad) {
        (_, 0) => ExitStatus::Success,
        (0, _) => ExitStatus::Refused,
        _ => ExitStatus::Mixed,
    })
}

/// The lines of the input with their numbers, from 1; empty ones are left out.
struct LineReader {
    input: BufReader<Box<dyn Read + std::marker::Send>>,
    number: u64,
}

impl LineReader {
    /// The next line without its end; `None` in place of one that is too long.
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
