//! `outbox flush` and `outbox retry` deliver messages that are due or requested again, as `send`
//! does.

use crossbeam_channel::{never, unbounded};

use crate::cli::OutboxRetry;
use crate::clock::{ClockReading, Timestamp};
use crate::commands::delivery;
use crate::commands::delivery::{DeliverySetup, ReceiptWait, SideEvent, confirm};
use crate::context::AppContext;
use crate::delivery::{DeliverySource, is_within_dedupe_window};
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_first, relative_time};
use crate::pickers;
use crate::signals::Waiter;
use crate::store::{Backlog, MessageState, RetryResult, Store};
use crate::t;
use crate::ui::Ui;

/// The states of the messages that `retry` offers in a list.
const RETRYABLE_STATES: [MessageState; 4] =
    [MessageState::Failed, MessageState::Unknown, MessageState::Expired, MessageState::Queued];

pub(super) fn flush(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    // A delivery creates a lock file beside the database, so check before it opens.
    let database_exists = app.database_exists();
    let setup = DeliverySetup::new(app, app.open_existing_store()?)?;
    if !database_exists {
        ui.note(&t!("outbox-flush-none"));
        return Ok(ExitStatus::Success);
    }
    let result = delivery::run_with(ui, setup, DeliverySource::Due, Waiter::new()?, never(), delivery::show_message)?;
    if result.is_empty && ui.shows_notes() {
        report_nothing_due(ui, app)?;
    }
    Ok(result.exit)
}

/// Reports that no message was due, and when the next one is.
fn report_nothing_due(ui: &mut Ui, app: &AppContext) -> anyhow::Result<()> {
    let Backlog { count, next_due_at } = app.open_existing_store()?.backlog(&app.require_app_id()?)?;
    ui.note(&match next_due_at {
        _ if count == 0 => t!("outbox-flush-none"),
        Some(due) => {
            let ahead = Timestamp::now().seconds_since(due);
            t!("outbox-flush-waits", count = count, due = relative_time(ahead.min(-1)))
        }
        None => t!("outbox-flush-stuck", count = count),
    });
    Ok(())
}

pub(super) fn retry(ui: &mut Ui, app: &AppContext, args: &OutboxRetry) -> anyhow::Result<ExitStatus> {
    let mut setup = DeliverySetup::new(app, app.open_existing_store()?)?;
    if let Some(state) = selected_state(args) {
        let kinds = setup.store.kinds_by_state(&app.require_app_id()?, state)?;
        if !confirm::confirm_retry(ui, app, state, &kinds, args.yes)? {
            return Ok(ExitStatus::Success);
        }
    }
    setup.receipt_wait = args.wait_receipt.map(|timeout| ReceiptWait::new(ui, app, timeout)).transpose()?;
    if args.queued {
        // A retry of queued messages only changes their due time.
        let ids = setup.store.make_due(&app.require_app_id()?, &[], Timestamp::now())?;
        if ids.is_empty() {
            ui.status(&t!("outbox-retry-none"));
            return Ok(ExitStatus::Success);
        }
        return delivery::run(ui, setup, DeliverySource::Messages(ids));
    }
    let picked_ids = if args.selects_nothing() {
        let ids = pickers::pick_messages(ui, app, &setup.store, &RETRYABLE_STATES)?;
        if ids.is_empty() {
            ui.status(&t!("outbox-retry-none"));
            return Ok(ExitStatus::Success);
        }
        ids
    } else {
        args.id.clone()
    };
    let RequeueReport { ids, may_repeat, errors } = requeue(ui, app, &mut setup.store, args, picked_ids)?;
    if !may_repeat.is_empty() {
        ui.warn(&t!("outbox-retry-repeats", ids = join_first(&may_repeat), count = may_repeat.len()));
    }
    if ids.is_empty() {
        if errors.is_empty() {
            ui.status(&t!("outbox-retry-none"));
        }
        let exit = errors.last().map_or(ExitStatus::Success, |error| error.exit);
        errors.into_iter().for_each(|error| ui.error(&error));
        return Ok(exit);
    }
    // Report the errors together with the results of the delivery.
    let (side_event_sender, side_events) = unbounded();
    for error in errors {
        let show = move |ui: &mut Ui| {
            ui.error(&error);
            Ok(())
        };
        // The receiver is alive.
        let _ = side_event_sender.send(SideEvent::Failed(Box::new(show)));
    }
    drop(side_event_sender);
    let source = DeliverySource::Messages(ids);
    Ok(delivery::run_with(ui, setup, source, Waiter::new()?, side_events, delivery::show_message)?.exit)
}

/// Returns the state whose messages are all retried; `None` if the messages are named.
fn selected_state(args: &OutboxRetry) -> Option<MessageState> {
    let by_state = [
        (args.failed, MessageState::Failed),
        (args.unknown, MessageState::Unknown),
        (args.queued, MessageState::Queued),
        (args.expired, MessageState::Expired),
    ];
    by_state.into_iter().find(|(is_requested, _)| *is_requested).map(|(_, state)| state)
}

/// The results of requeuing messages.
#[derive(Default)]
struct RequeueReport {
    ids: Vec<i64>,
    /// The IDs among `ids` whose first delivery may have succeeded.
    may_repeat: Vec<String>,
    errors: Vec<CommandError>,
}

/// Requeues the messages that `args` selects by their state, or those with `named_ids`.
fn requeue(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    args: &OutboxRetry,
    named_ids: Vec<i64>,
) -> anyhow::Result<RequeueReport> {
    let (app_id, now) = (app.require_app_id()?, ClockReading::now());
    let selects_by_state = named_ids.is_empty();
    let ids = match selected_state(args) {
        Some(state) => store.ids_by_state(&app_id, state)?,
        None => {
            // In any other order, a part could be retried before the previous part.
            let mut ids = named_ids;
            ids.sort_unstable();
            ids.dedup();
            ids
        }
    };
    let expire_after = app.config.send.expire_after.value;
    let is_dropped = |first: &ClockReading| is_within_dedupe_window(first, &now);
    let mut requeued = RequeueReport::default();
    for id in ids {
        match store.retry(&app_id, id, expire_after, now.wall, is_dropped)? {
            RetryResult::Queued { may_duplicate, new_openid } => {
                requeued.ids.push(id);
                requeued.may_repeat.extend(may_duplicate.then(|| id.to_string()));
                if let Some(openid) = new_openid {
                    ui.warn(&t!("outbox-retry-moved", id = id.to_string(), openid = openid));
                }
            }
            // A selection by state skips messages that cannot be retried.
            RetryResult::Removed | RetryResult::NotBound | RetryResult::InProgress if selects_by_state => {}
            reason => requeued.errors.push(retry_error(id, &reason)),
        }
    }
    Ok(requeued)
}

fn retry_error(id: i64, reason: &RetryResult) -> CommandError {
    match reason {
        RetryResult::NotFound | RetryResult::Queued { .. } => {
            CommandError::not_found(t!("outbox-unknown", id = id)).hint(t!("outbox-unknown-hint"))
        }
        RetryResult::NotBound => {
            CommandError::not_found(t!("outbox-retry-unbound", id = id)).hint(t!("outbox-retry-unbound-hint"))
        }
        RetryResult::AlreadySent => CommandError::not_found(t!("outbox-retry-sent", id = id)),
        RetryResult::Removed => CommandError::not_found(t!("outbox-retry-gone", id = id)),
        RetryResult::InProgress => CommandError::not_found(t!("outbox-cancel-sending", id = id)),
        RetryResult::KeyTaken(other) => CommandError::not_found(t!("outbox-retry-key", id = id, other = other)),
    }
}
