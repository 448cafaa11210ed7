//! `outbox cancel`, `outbox prune` and `outbox status`.

use std::collections::VecDeque;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cli::{OutboxCancel, OutboxPrune, OutboxStatus};
use crate::clock::Timestamp;
use crate::commands::delivery::confirm;
use crate::commands::delivery::message_view::MessageView;
use crate::context::AppContext;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n;
use crate::pickers;
use crate::store::{MessageState, OutboxCounts, ReceiptCounts, ReceiptStatus, Store};
use crate::t;
use crate::ui::{Cell, KeyValues, Ui, format_clock_time};

/// A cancelled message.
#[derive(Serialize)]
#[serde(transparent)]
struct CancelView(MessageView);

impl fmt::Display for CancelView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, to) = (self.0.id, self.0.recipient());
        f.write_str(&match self.0.state {
            MessageState::Unknown => t!("outbox-cancel-unknown", id = id, to = to),
            _ => t!("outbox-cancelled", id = id, to = to),
        })
    }
}

pub(super) fn cancel(ui: &mut Ui, app: &AppContext, args: &OutboxCancel) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let mut store = app.open_existing_store()?;
    if args.all {
        let kinds = store.kinds_by_state(&app_id, MessageState::Queued)?;
        if !confirm::confirm_cancel(ui, &kinds, args.yes)? {
            return Ok(ExitStatus::Success);
        }
        let cancelled = store.cancel_all(&app_id, Timestamp::now())?;
        let queued = queued_count(&store.counts(&app_id)?);
        if cancelled.is_empty() && queued == 0 {
            ui.status(&t!("outbox-cancel-none"));
        }
        let mut summary = CancelSummary::default();
        for id in cancelled {
            show_cancelled(ui, &store, &app_id, id, &mut summary)?;
        }
        if queued > 0 {
            ui.warn(&t!("outbox-cancel-left", count = queued));
        }
        return Ok(summary.exit());
    }
    let mut summary = CancelSummary::default();
    let mut remaining: VecDeque<i64> = args.id.iter().copied().collect();
    if remaining.is_empty() {
        remaining.extend(pickers::pick_messages(ui, app, &store, &[MessageState::Queued])?);
        if remaining.is_empty() {
            ui.status(&t!("outbox-cancel-none"));
        }
    }
    while let Some(id) = remaining.pop_front() {
        let cancelled = store.cancel(&app_id, id, Timestamp::now())?;
        if !cancelled.is_empty() {
            // The next IDs may include parts that were cancelled with the one before them.
            remaining.retain(|id| !cancelled.contains(id));
            cancelled.iter().try_for_each(|id| show_cancelled(ui, &store, &app_id, *id, &mut summary))?;
            continue;
        }
        summary.refused += 1;
        let (message, hint) = match store.message(&app_id, id)?.map(|message| message.state) {
            None => (t!("outbox-unknown", id = id), t!("outbox-unknown-hint")),
            Some(MessageState::Queued) => {
                (t!("outbox-cancel-sending", id = id), t!("outbox-cancel-sending-hint", id = id))
            }
            Some(state) => (t!("outbox-cancel-state", id = id, state = state.as_str()), t!("outbox-cancel-state-hint")),
        };
        ui.error(&ErrorReport { exit: ExitStatus::NotFound, message, hint: Some(hint) });
    }
    Ok(summary.exit())
}

/// The number of messages that were cancelled, that may have been delivered, and that could not be
/// cancelled.
#[derive(Default)]
struct CancelSummary {
    cancelled: usize,
    unknown: usize,
    refused: usize,
}

impl CancelSummary {
    fn exit(&self) -> ExitStatus {
        match (self.cancelled, self.unknown, self.refused) {
            (_, 0, 0) => ExitStatus::Success,
            (_, 0, _) => ExitStatus::NotFound,
            (0, _, 0) => ExitStatus::Undelivered,
            _ => ExitStatus::Mixed,
        }
    }
}

fn show_cancelled(
    ui: &mut Ui,
    store: &Store,
    app_id: &str,
    id: i64,
    summary: &mut CancelSummary,
) -> anyhow::Result<()> {
    let Some(message) = store.message(app_id, id)? else { return Ok(()) };
    match message.state {
        MessageState::Unknown => summary.unknown += 1,
        _ => summary.cancelled += 1,
    }
    ui.print_result(&CancelView(message.into()))
}

/// The number of messages that were removed.
#[derive(Serialize)]
struct PruneView {
    removed: usize,
}

impl fmt::Display for PruneView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("outbox-pruned", count = self.removed))
    }
}

pub(super) fn prune(ui: &mut Ui, app: &AppContext, args: &OutboxPrune) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let removed = app.open_existing_store()?.prune(&app_id, Timestamp::now().minus(args.older_than))?;
    ui.print_result(&PruneView { removed })?;
    Ok(ExitStatus::Success)
}

/// The number of messages by state, and the age of the oldest queued one in seconds.
struct OutboxStatusView {
    counts: OutboxCounts,
    receipts: ReceiptCounts,
    oldest_age_seconds: Option<u64>,
}

impl Serialize for OutboxStatusView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (state, count) in &self.counts.by_state {
            map.serialize_entry(state.as_str(), count)?;
        }
        map.serialize_entry("receipts", &self.receipts)?;
        map.serialize_entry("oldest_queued_at", &self.counts.oldest_queued)?;
        map.serialize_entry("oldest_queued_seconds", &self.oldest_age_seconds)?;
        map.end()
    }
}

impl fmt::Display for OutboxStatusView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<(String, Cell)> = self
            .counts
            .by_state
            .iter()
            .map(|(state, count)| (t!("outbox-state-said", state = state.as_str()), count.to_string().into()))
            .collect();
        let ReceiptCounts { delivered, blocked, failed, none } = self.receipts;
        // Without pushes there are no receipts, and rows of zeros would be noise.
        if delivered + blocked + failed > 0 {
            let statuses = ReceiptStatus::ALL.map(|status| t!("outbox-receipt-count", receipt = status.as_str()));
            rows.extend(
                statuses
                    .into_iter()
                    .zip([delivered, blocked, failed])
                    .map(|(name, count)| (name, count.to_string().into())),
            );
            rows.push((t!("outbox-receipt-count-none"), none.to_string().into()));
        }
        if let (Some(at), Some(age)) = (self.counts.oldest_queued, self.oldest_age_seconds) {
            rows.push((
                t!("outbox-oldest"),
                t!("outbox-oldest-since", age = i18n::short_duration(age), time = format_clock_time(at, f)).into(),
            ));
        }
        KeyValues(rows).fmt(f)
    }
}

pub(super) fn status(ui: &mut Ui, app: &AppContext, args: &OutboxStatus) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    // For a monitoring check, a missing database is an error even if it is the default one.
    if args.check.is_some() && !app.database_exists() {
        return Err(app.missing_database_error().into());
    }
    let store = app.open_existing_store()?;
    let counts = store.counts(&app_id)?;
    let receipts = store.receipt_counts(&app_id)?;
    let now = Timestamp::now();
    let oldest = counts.oldest_queued;
    let age = oldest.map(|at| now.age_since(at));
    let status = OutboxStatusView { counts, receipts, oldest_age_seconds: age };
    // With --check, cron gets no output unless there is a problem.
    match args.check {
        Some(_) => ui.print_result(&status)?,
        None => ui.print(&status)?,
    }
    let Some(limit) = args.check else { return Ok(ExitStatus::Success) };
    let limit_text = i18n::short_duration(limit.as_secs());
    let overdue = oldest.zip(age).filter(|(at, _)| *at < now.minus(limit));
    let overdue = overdue.map(|(_, age)| {
        (t!("outbox-too-old", age = i18n::short_duration(age), limit = limit_text), t!("outbox-too-old-hint"))
    });
    // Lost messages are reported for as long as the limit, so a check that runs as often reports
    // each once or twice.
    let lost = Some(store.lost_since(&app_id, now.minus(limit))?).filter(|count| *count > 0);
    let lost = lost.map(|count| (t!("outbox-lost", count = count, limit = limit_text), t!("outbox-lost-hint")));
    let (messages, hints): (Vec<String>, Vec<String>) = [overdue, lost].into_iter().flatten().unzip();
    if messages.is_empty() {
        return Ok(ExitStatus::Success);
    }
    Err(CommandError {
        exit: ExitStatus::Undelivered,
        message: i18n::join_clauses(messages),
        hint: Some(i18n::join_clauses(hints)),
    }
    .into())
}

fn queued_count(counts: &OutboxCounts) -> i64 {
    counts.by_state.iter().find(|(state, _)| *state == MessageState::Queued).map_or(0, |(_, count)| *count)
}
