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

use super::line::{Manner, Order, Reader, Unusable};
use crate::app::App;
use crate::cli::Send;
use crate::commands::deliver::{self, Aside, Delivery, Told};
use crate::commands::message::Shown;
use crate::delivery::{Tagged, Work};
use crate::error::{Exit, Report};
use crate::signals::{Bell, Signal};
use crate::store::State;
use crate::t;
use crate::ui::Ui;

/// The longest line, in bytes.
const LINE: u64 = 4 << 20;
/// Lines that are read ahead.
const AHEAD: usize = 64;

/// The result of a line.
#[derive(Serialize)]
struct Outcome {
    line: u64,
    #[serde(rename = "ref", skip_serializing_if = "Value::is_null")]
    reference: Value,
    #[serde(flatten)]
    what: What,
    /// What was not right about the line, and did not keep its message from being sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What {
    Message(Box<Shown>),
    Unusable { state: State, error: String },
}

/// A batch has JSON alone.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// A line that is under way.
#[derive(Clone, Default)]
struct Pending {
    /// The caller's name for it.
    reference: Value,
    warnings: Vec<String>,
    /// How many messages of it are still to be told of.
    messages: usize,
}

/// The lines that are under way, by their numbers.
type PendingLines = Arc<Mutex<HashMap<u64, Pending>>>;

/// How far the input was read.
#[derive(Default)]
struct Mark {
    /// The last line that is a message.
    line: AtomicU64,
    /// Nothing comes after it.
    end: AtomicBool,
}

impl Mark {
    /// Whether there is more than what was taken.
    fn is_beyond(&self, taken: u64) -> bool {
        !self.end.load(Ordering::SeqCst) || self.line.load(Ordering::SeqCst) > taken
    }
}

pub(super) fn run(ui: &mut Ui, app: App, args: &Send, file: &str) -> anyhow::Result<Exit> {
    app.account_id()?;
    let account = if args.dry_run { app.account().ok() } else { Some(app.account()?) };
    let input: Box<dyn Read + std::marker::Send> = match file {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).with_context(|| t!("batch-file", path = path))?),
    };
    let lines = Lines { input: BufReader::new(input), number: 0 };
    let how = Manner { strict: args.what.strict, split: args.split };
    if args.dry_run {
        let store = app.store_as_found()?;
        return dry_run(ui, lines, Reader::new(app, store, account, how));
    }
    let mut it = Delivery::of(&app, || app.store_to_use())?;
    it.orders.deliver = !args.how.no_wait;
    let reader = Reader::new(app, crate::store::Store::open(it.store.path())?, account, how);
    let (parcels_in, parcels) = bounded(AHEAD);
    let (asides_in, asides) = bounded(AHEAD);
    let bell = Bell::begin()?;
    let ringer = bell.ringer();
    let aside = move |aside| {
        let gone = asides_in.send(aside).is_err();
        ringer.ring();
        gone
    };
    let pending = PendingLines::default();
    let known = pending.clone();
    let mark = Arc::new(Mark::default());
    let reached = Arc::clone(&mark);
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        if let Err(error) = feed(lines, reader, &known, &reached, &parcels_in, &aside) {
            aside(Aside::Broken(error));
        }
    })?;
    let show = |ui: &mut Ui, told: Told| {
        let line = told.tag.unwrap_or_default();
        let Pending { reference, warnings, .. } = told_of(&pending, line);
        let what = match told.shown {
            Ok(shown) => What::Message(Box::new(shown)),
            Err(it) => What::Unusable { state: it.state(), error: it.to_string() },
        };
        ui.data(&Outcome { line, reference, what, warnings })
    };
    let ended = deliver::with(ui, it, Work::Parcels(parcels), bell, asides, show)?;
    let taken = ended.taken.unwrap_or(0);
    if Signal::of_exit(ended.exit).is_some() && mark.is_beyond(taken) {
        let file = shell_words::quote(file);
        ui.status(&match &*file {
            "-" => t!("batch-left-stdin", taken = taken),
            file => t!("batch-left", taken = taken, next = taken + 1, file = file),
        });
    }
    Ok(ended.exit)
}

/// The line, of which one more message is told.
fn told_of(pending: &PendingLines, line: u64) -> Pending {
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
fn feed(
    mut lines: Lines,
    mut reader: Reader,
    pending: &PendingLines,
    mark: &Mark,
    parcels: &Sender<Tagged>,
    aside: &impl Fn(Aside) -> bool,
) -> anyhow::Result<()> {
    while let Some((number, line)) = lines.next()? {
        let gone = match read(&mut reader, line) {
            Ok(Order { parcel, reference, warnings }) => {
                let line = Pending { reference, warnings, messages: 1 + parcel.parts.len() };
                pending.lock().unwrap_or_else(PoisonError::into_inner).insert(number, line);
                mark.line.store(number, Ordering::SeqCst);
                parcels.send(Tagged { parcel, tag: Some(number) }).is_err()
            }
            Err(unusable) => aside(Aside::Failed(Box::new(move |ui| ui.data(&result(number, unusable))))),
        };
        if gone {
            return Ok(());
        }
    }
    mark.end.store(true, Ordering::SeqCst);
    Ok(())
}

fn read(reader: &mut Reader, line: Option<Vec<u8>>) -> Result<Order, Unusable> {
    match line {
        Some(line) => reader.read(&line),
        None => Err(Unusable { error: t!("batch-long", limit = LINE), reference: Value::Null }),
    }
}

fn result(line: u64, Unusable { error, reference }: Unusable) -> Outcome {
    Outcome { line, reference, what: What::Unusable { state: State::Failed, error }, warnings: Vec::new() }
}

fn dry_run(ui: &mut Ui, mut lines: Lines, mut reader: Reader) -> anyhow::Result<Exit> {
    let (mut good, mut bad) = (0, 0);
    while let Some((number, line)) = lines.next()? {
        match read(&mut reader, line) {
            Ok(order) => {
                good += 1;
                order.warnings.iter().for_each(|text| ui.warn(&t!("batch-line", line = number, error = text)));
                super::dry_run(ui, &reader.app, &reader.store, &order.parcel)?;
            }
            Err(Unusable { error, .. }) => {
                bad += 1;
                let what = t!("batch-line", line = number, error = error);
                ui.error(&Report { exit: Exit::Usage, what, hint: None });
            }
        }
    }
    Ok(match (good, bad) {
        (_, 0) => Exit::Done,
        (0, _) => Exit::Refused,
        _ => Exit::Mixed,
    })
}

/// The lines of the input with their numbers, from 1; empty ones are left out.
struct Lines {
    input: BufReader<Box<dyn Read + std::marker::Send>>,
    number: u64,
}

impl Lines {
    /// The next line without its end; `None` in place of one that is too long.
    fn next(&mut self) -> anyhow::Result<Option<(u64, Option<Vec<u8>>)>> {
        loop {
            let mut line = Vec::new();
            let read =
                (&mut self.input).take(LINE + 1).read_until(b'\n', &mut line).with_context(|| t!("batch-read"))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if line.last() != Some(&b'\n') && line.len() as u64 > LINE {
                self.input.skip_until(b'\n').with_context(|| t!("batch-read"))?;
                return Ok(Some((self.number, None)));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some((self.number, Some(line))));
            }
        }
    }
}
