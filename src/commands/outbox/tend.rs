//! `outbox cancel|prune|status`.

use std::collections::VecDeque;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::app::App;
use crate::cli::{OutboxCancel, OutboxPrune, OutboxStatus};
use crate::commands::message::Shown;
use crate::error::{Exit, Failure, Report};
use crate::store::{Counts, State, Store};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Cell, Facts, Ui, clock};
use crate::words;

/// A message that was withdrawn.
#[derive(Serialize)]
#[serde(transparent)]
struct Cancelled(Shown);

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, to) = (self.0.id, self.0.recipient());
        f.write_str(&match self.0.state {
            State::Unknown => t!("outbox-cancel-unknown", id = id, to = to),
            _ => t!("outbox-cancelled", id = id, to = to),
        })
    }
}

pub(super) fn cancel(ui: &mut Ui, app: &App, args: &OutboxCancel) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let mut store = app.store_as_found()?;
    if args.all {
        let cancelled = store.cancel_all(&app_id, Timestamp::now())?;
        let still = queued(&store.counts(&app_id)?);
        if cancelled.is_empty() && still == 0 {
            ui.status(&t!("outbox-cancel-none"));
        }
        let mut ended = Ended::default();
        for id in cancelled {
            show(ui, &store, &app_id, id, &mut ended)?;
        }
        if still > 0 {
            ui.warn(&t!("outbox-cancel-left", count = still));
        }
        return Ok(ended.exit());
    }
    let mut ended = Ended::default();
    let mut left: VecDeque<i64> = args.id.iter().copied().collect();
    while let Some(id) = left.pop_front() {
        let cancelled = store.cancel(&app_id, id, Timestamp::now())?;
        if !cancelled.is_empty() {
            // One that was withdrawn with the part before it may be named, too.
            left.retain(|id| !cancelled.contains(id));
            cancelled.iter().try_for_each(|id| show(ui, &store, &app_id, *id, &mut ended))?;
            continue;
        }
        ended.refused += 1;
        let (what, hint) = match store.message(&app_id, id)?.map(|message| message.state) {
            None => (t!("outbox-unknown", id = id), t!("outbox-unknown-hint")),
            Some(State::Queued) => (t!("outbox-cancel-sending", id = id), t!("outbox-cancel-sending-hint", id = id)),
            Some(state) => (t!("outbox-cancel-state", id = id, state = state.as_str()), t!("outbox-cancel-state-hint")),
        };
        ui.error(&Report { exit: Exit::NoSuch, what, hint: Some(hint) });
    }
    Ok(ended.exit())
}

/// How many messages were cancelled, may have arrived before, or could not be cancelled.
#[derive(Default)]
struct Ended {
    cancelled: usize,
    unknown: usize,
    refused: usize,
}

impl Ended {
    fn exit(&self) -> Exit {
        match (self.cancelled, self.unknown, self.refused) {
            (_, 0, 0) => Exit::Done,
            (_, 0, _) => Exit::NoSuch,
            (0, _, 0) => Exit::Undelivered,
            _ => Exit::Mixed,
        }
    }
}

fn show(ui: &mut Ui, store: &Store, app_id: &str, id: i64, ended: &mut Ended) -> anyhow::Result<()> {
    let Some(message) = store.message(app_id, id)? else { return Ok(()) };
    match message.state {
        State::Unknown => ended.unknown += 1,
        _ => ended.cancelled += 1,
    }
    ui.done(&Cancelled(message.into()))
}

/// How many were removed.
#[derive(Serialize)]
struct Removed {
    removed: usize,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("outbox-pruned", count = self.removed))
    }
}

pub(super) fn prune(ui: &mut Ui, app: &App, args: &OutboxPrune) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let removed = app.store_as_found()?.prune(&app_id, Timestamp::now().before(args.older_than))?;
    ui.done(&Removed { removed })?;
    Ok(Exit::Done)
}

/// The counts, and how old the oldest queued is, in seconds.
struct Status {
    counts: Counts,
    age: Option<u64>,
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (state, count) in &self.counts.of {
            map.serialize_entry(state.as_str(), count)?;
        }
        map.serialize_entry("oldest_queued_at", &self.counts.oldest_queued)?;
        map.serialize_entry("oldest_queued_seconds", &self.age)?;
        map.end()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<(String, Cell)> = self
            .counts
            .of
            .iter()
            .map(|(state, count)| (t!("outbox-state-said", state = state.as_str()), count.to_string().into()))
            .collect();
        if let (Some(at), Some(age)) = (self.counts.oldest_queued, self.age) {
            rows.push((
                t!("outbox-oldest"),
                t!("outbox-oldest-since", age = words::age(age), time = clock(at, f)).into(),
            ));
        }
        Facts(rows).fmt(f)
    }
}

pub(super) fn status(ui: &mut Ui, app: &App, args: &OutboxStatus) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    // Who watches the age of what waits is not content with a database that is not there, whoever named it.
    if args.check.is_some() && !app.has_database() {
        return Err(app.no_database().into());
    }
    let store = app.store_as_found()?;
    let counts = store.counts(&app_id)?;
    let now = Timestamp::now();
    let oldest = counts.oldest_queued;
    let age = oldest.map(|at| now.age_since(at));
    let status = Status { counts, age };
    // A watch of cron's is to say nothing where nothing is wrong.
    match args.check {
        Some(_) => ui.done(&status)?,
        None => ui.data(&status)?,
    }
    let Some(limit) = args.check else { return Ok(Exit::Done) };
    let span = words::age(limit.as_secs());
    let late = oldest.zip(age).filter(|(at, _)| *at < now.before(limit));
    let late =
        late.map(|(_, age)| (t!("outbox-too-old", age = words::age(age), limit = span), t!("outbox-too-old-hint")));
    // What did not arrive is news for as long, so that a watch that looks as often tells it once or twice.
    let lost = Some(store.lost_since(&app_id, now.before(limit))?).filter(|count| *count > 0);
    let lost = lost.map(|count| (t!("outbox-lost", count = count, limit = span), t!("outbox-lost-hint")));
    let (what, hints): (Vec<String>, Vec<String>) = [late, lost].into_iter().flatten().unzip();
    if what.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure { exit: Exit::Undelivered, what: words::clauses(what), hint: Some(words::clauses(hints)) }.into())
}

fn queued(counts: &Counts) -> i64 {
    counts.of.iter().find(|(state, _)| *state == State::Queued).map_or(0, |(_, count)| *count)
}
