//! `outbox flush|retry`: what is due, or wanted once more, is delivered as `send` does it.

use crossbeam_channel::{never, unbounded};

use crate::cli::OutboxRetry;
use crate::clock::{ClockReading, Timestamp};
use crate::commands::delivery;
use crate::commands::delivery::{DeliverySetup, SideEvent};
use crate::context::AppContext;
use crate::delivery::{DeliverySource, is_within_dedupe_window};
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n::{join_first, relative_time};
use crate::signals::Waiter;
use crate::store::{Backlog, MessageState, RetryResult};
use crate::t;
use crate::ui::Ui;

pub(super) fn flush(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    // Who delivers has a lock beside the file.
    let can_deliver = app.database_exists();
    let setup = DeliverySetup::open(app, || app.open_existing_store())?;
    if !can_deliver {
        ui.note(&t!("outbox-flush-none"));
        return Ok(ExitStatus::Success);
    }
    let ended = delivery::run_with(ui, setup, DeliverySource::Due, Waiter::new()?, never(), delivery::show_message)?;
    if ended.is_empty && ui.shows_notes() {
        report_nothing_due(ui, app)?;
    }
    Ok(ended.exit)
}

/// Says that nothing was due, and when the next message is: nobody takes it for lost.
fn report_nothing_due(ui: &mut Ui, app: &AppContext) -> anyhow::Result<()> {
    let Backlog { count, next_due_at: next } = app.open_existing_store()?.backlog(&app.require_app_id()?)?;
    ui.note(&match next {
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
    let mut setup = DeliverySetup::open(app, || app.open_existing_store())?;
    let app_id = setup.options.account.app_id.clone();
    let now = ClockReading::now();
    if args.queued {
        // They are due at once, and else what they were.
        let ids = setup.store.make_due(&app_id, &[], now.wall)?;
        if ids.is_empty() {
            ui.status(&t!("outbox-retry-none"));
            return Ok(ExitStatus::Success);
        }
        return delivery::run(ui, setup, DeliverySource::Messages(ids));
    }
    let all = [
        (args.failed, MessageState::Failed),
        (args.unknown, MessageState::Unknown),
        (args.expired, MessageState::Expired),
    ];
    let ids = match all.into_iter().find(|(asked, _)| *asked) {
        Some((_, state)) => setup.store.ids_by_state(&app_id, state)?,
        None => {
            // A part that is named before the one that it waits for would not wait.
            let mut ids = args.id.clone();
            ids.sort_unstable();
            ids.dedup();
            ids
        }
    };
    let all = args.id.is_empty();
    let expire_after = app.config.send.expire_after.value;
    let is_dropped = |first: &ClockReading| is_within_dedupe_window(first, &now);
    let (mut queued, mut refused, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        match setup.store.retry(&app_id, id, expire_after, now.wall, is_dropped)? {
            RetryResult::Queued { may_duplicate: may_repeat, new_openid: moved_to } => {
                queued.push(id);
                if may_repeat {
                    repeated.push(id.to_string());
                }
                if let Some(openid) = moved_to {
                    ui.warn(&t!("outbox-retry-moved", id = id.to_string(), openid = openid));
                }
            }
            // Of all that failed, those that cannot be sent again are not worth a failure.
            RetryResult::Removed | RetryResult::NotBound | RetryResult::InProgress if all => {}
            why => refused.push(retry_error(id, &why)),
        }
    }
    if !repeated.is_empty() {
        ui.warn(&t!("outbox-retry-repeats", ids = join_first(&repeated), count = repeated.len()));
    }
    if queued.is_empty() {
        if refused.is_empty() {
            ui.status(&t!("outbox-retry-none"));
        }
        let exit = refused.last().map_or(ExitStatus::Success, |failure| failure.exit);
        refused.into_iter().for_each(|failure| print_error(ui, failure));
        return Ok(exit);
    }
    // They end as those do that cannot be delivered.
    let (side_event_sender, side_events) = unbounded();
    for failure in refused {
        let show = move |ui: &mut Ui| {
            print_error(ui, failure);
            Ok(())
        };
        // The other end is here.
        let _ = side_event_sender.send(SideEvent::Failed(Box::new(show)));
    }
    drop(side_event_sender);
    Ok(delivery::run_with(
        ui,
        setup,
        DeliverySource::Messages(queued),
        Waiter::new()?,
        side_events,
        delivery::show_message,
    )?
    .exit)
}

fn print_error(ui: &mut Ui, CommandError { exit, message: what, hint }: CommandError) {
    ui.error(&ErrorReport { exit, message: what, hint });
}

fn retry_error(id: i64, why: &RetryResult) -> CommandError {
    match why {
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
