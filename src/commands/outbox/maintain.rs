//! `outbox cancel` and `outbox prune`.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

use crate::cli::{OutboxCancel, OutboxPrune};
use crate::clock::Timestamp;
use crate::commands::delivery::confirm;
use crate::commands::delivery::message_view::MessageView;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::pickers;
use crate::store::{MessageState, Store};
use crate::t;
use crate::ui::Ui;

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
        let queued = store.counts(&app_id)?.count(MessageState::Queued);
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
        ui.error(&CommandError { exit: ExitStatus::NotFound, message, hint: Some(hint) });
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
            (0, 0, _) => ExitStatus::NotFound,
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
