//! `outbox status`: the number of messages by state, and a check for monitoring.

use std::fmt;
use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cli::OutboxStatus;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n;
use crate::store::{LostMessages, MessageState, OutboxCounts, ReceiptCounts, ReceiptStatus};
use crate::t;
use crate::ui::{Cell, KeyValues, Ui, format_clock_time};

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
            .map(|(state, count)| (t!("outbox-state-value", state = state.as_str()), count.to_string().into()))
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
    let now = Timestamp::now();
    let oldest_age_seconds = counts.oldest_queued.map(|at| now.age_since(at));
    let check = match args.check {
        Some(limit) => {
            let lost = store.lost_since(&app_id, now.minus(limit))?;
            let is_late = counts.oldest_queued.is_some_and(|at| at < now.minus(limit));
            let queued = counts.count(MessageState::Queued);
            Some(OutboxCheck { limit, now, queued, oldest_age_seconds, is_late, lost })
        }
        None => None,
    };
    if ui.json() || check.is_none() {
        let receipts = store.receipt_counts(&app_id)?;
        ui.print(&OutboxStatusView { counts, receipts, oldest_age_seconds })?;
    }
    match check {
        Some(check) => check.report(ui),
        None => Ok(ExitStatus::Success),
    }
}

/// The result of `--check`. A lost message is reported for the duration of the limit, so a check
/// that runs at this interval reports it once or twice.
struct OutboxCheck {
    limit: Duration,
    now: Timestamp,
    queued: i64,
    oldest_age_seconds: Option<u64>,
    /// Whether the oldest queued message has waited for longer than the limit.
    is_late: bool,
    /// The messages that were lost within the limit.
    lost: Vec<LostMessages>,
}

impl OutboxCheck {
    /// Prints one line for monitoring. With `--quiet` and `--json`, only a problem is reported, as
    /// an error.
    fn report(&self, ui: &mut Ui) -> anyhow::Result<ExitStatus> {
        let is_problem = self.is_late || !self.lost.is_empty();
        let (summary, exit) = match is_problem {
            true => (format!("CRITICAL - {}", self.summary()), ExitStatus::Undelivered),
            false => (format!("OK - {}", self.summary()), ExitStatus::Success),
        };
        if ui.quiet() || ui.json() {
            return match is_problem {
                true => Err(CommandError { exit, message: self.summary(), hint: Some(self.hint()) }.into()),
                false => Ok(exit),
            };
        }
        // The numbers are for graphs; a person has read them in the summary.
        let line = if ui.out_terminal { summary } else { format!("{summary} | {}", self.performance_data()) };
        ui.write_stdout(&line)?;
        if is_problem {
            ui.note(&self.hint());
        }
        Ok(exit)
    }

    /// Returns the counts and ages, with problems first.
    fn summary(&self) -> String {
        let limit = i18n::exact_duration(self.limit);
        let queue = match self.oldest_age_seconds.map(i18n::short_duration) {
            Some(age) if self.is_late => t!("outbox-check-late", count = self.queued, age = age, limit = limit),
            Some(age) => t!("outbox-check-queued", count = self.queued, age = age),
            None => t!("outbox-check-none-queued"),
        };
        if self.lost.is_empty() {
            return i18n::join_clauses([queue, t!("outbox-check-none-lost", limit = limit)]);
        }
        let lost = self.lost.iter().map(|lost| {
            let age = i18n::short_duration(self.now.age_since(lost.oldest));
            t!("outbox-check-lost", state = lost.state.as_str(), count = lost.count, age = age)
        });
        i18n::join_clauses([t!("outbox-check-all-lost", lost = i18n::join_list(lost), limit = limit), queue])
    }

    fn hint(&self) -> String {
        let late = self.is_late.then(|| t!("outbox-too-old-hint"));
        let lost = (!self.lost.is_empty()).then(|| t!("outbox-lost-hint"));
        i18n::join_clauses(lost.into_iter().chain(late))
    }

    /// Returns the numbers as Nagios expects them: `label=value;warning;critical;minimum`.
    fn performance_data(&self) -> String {
        let count = |state| self.lost.iter().find(|lost| lost.state == state).map_or(0, |lost| lost.count);
        format!(
            "queued={};;;0 oldest_queued={}s;;{};0 failed={};;;0 expired={};;;0 unknown={};;;0",
            self.queued,
            self.oldest_age_seconds.unwrap_or(0),
            self.limit.as_secs(),
            count(MessageState::Failed),
            count(MessageState::Expired),
            count(MessageState::Unknown),
        )
    }
}
