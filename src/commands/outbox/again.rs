//! `outbox flush|retry`: what is due, or wanted once more, is delivered as `send` does it.

use crossbeam_channel::{never, unbounded};

use crate::app::App;
use crate::cli::OutboxRetry;
use crate::commands::deliver::{self, Aside, Delivery};
use crate::delivery::{Work, is_repeat_dropped};
use crate::error::{Exit, Failure, Report};
use crate::signals::Bell;
use crate::store::{Retry, State, Waiting};
use crate::t;
use crate::time::{Moment, Timestamp};
use crate::ui::Ui;
use crate::words::{ago, first_of};

pub(super) fn flush(ui: &mut Ui, app: &App) -> anyhow::Result<Exit> {
    // Who delivers has a lock beside the file.
    let can_deliver = app.has_database();
    let it = Delivery::of(app, || app.store_as_found())?;
    if !can_deliver {
        ui.whisper(&t!("outbox-flush-none"));
        return Ok(Exit::Done);
    }
    let ended = deliver::with(ui, it, Work::Due, Bell::begin()?, never(), deliver::show)?;
    if ended.is_empty && ui.whispers() {
        say_nothing_due(ui, app)?;
    }
    Ok(ended.exit)
}

/// Says that nothing was due, and when the next message is: nobody takes it for lost.
fn say_nothing_due(ui: &mut Ui, app: &App) -> anyhow::Result<()> {
    let Waiting { count, next } = app.store_as_found()?.waiting(&app.account_id()?)?;
    ui.whisper(&match next {
        _ if count == 0 => t!("outbox-flush-none"),
        Some(due) => {
            let ahead = Timestamp::now().seconds_since(due);
            t!("outbox-flush-waits", count = count, due = ago(ahead.min(-1)))
        }
        None => t!("outbox-flush-stuck", count = count),
    });
    Ok(())
}

pub(super) fn retry(ui: &mut Ui, app: &App, args: &OutboxRetry) -> anyhow::Result<Exit> {
    let mut it = Delivery::of(app, || app.store_as_found())?;
    let app_id = it.orders.account.app_id.clone();
    let now = Moment::now();
    if args.queued {
        // They are due at once, and else what they were.
        let ids = it.store.make_due(&app_id, &[], now.at)?;
        if ids.is_empty() {
            ui.status(&t!("outbox-retry-none"));
            return Ok(Exit::Done);
        }
        return deliver::run(ui, it, Work::Messages(ids));
    }
    let all = [(args.failed, State::Failed), (args.unknown, State::Unknown), (args.expired, State::Expired)];
    let ids = match all.into_iter().find(|(asked, _)| *asked) {
        Some((_, state)) => it.store.ids_in(&app_id, state)?,
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
    let is_dropped = |first: &Moment| is_repeat_dropped(first, &now);
    let (mut queued, mut refused, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        match it.store.retry(&app_id, id, expire_after, now.at, is_dropped)? {
            Retry::Queued { may_repeat, moved_to } => {
                queued.push(id);
                if may_repeat {
                    repeated.push(id.to_string());
                }
                if let Some(openid) = moved_to {
                    ui.warn(&t!("outbox-retry-moved", id = id.to_string(), openid = openid));
                }
            }
            // Of all that failed, those that cannot be sent again are not worth a failure.
            Retry::Gone | Retry::Unbound | Retry::Busy if all => {}
            why => refused.push(why_not(id, &why)),
        }
    }
    if !repeated.is_empty() {
        ui.warn(&t!("outbox-retry-repeats", ids = first_of(&repeated), count = repeated.len()));
    }
    if queued.is_empty() {
        if refused.is_empty() {
            ui.status(&t!("outbox-retry-none"));
        }
        let exit = refused.last().map_or(Exit::Done, |failure| failure.exit);
        refused.into_iter().for_each(|failure| tell(ui, failure));
        return Ok(exit);
    }
    // They end as those do that cannot be delivered.
    let (asides_in, asides) = unbounded();
    for failure in refused {
        let show = move |ui: &mut Ui| {
            tell(ui, failure);
            Ok(())
        };
        // The other end is here.
        let _ = asides_in.send(Aside::Failed(Box::new(show)));
    }
    drop(asides_in);
    Ok(deliver::with(ui, it, Work::Messages(queued), Bell::begin()?, asides, deliver::show)?.exit)
}

fn tell(ui: &mut Ui, Failure { exit, what, hint }: Failure) {
    ui.error(&Report { exit, what, hint });
}

fn why_not(id: i64, why: &Retry) -> Failure {
    match why {
        Retry::NoSuch | Retry::Queued { .. } => {
            Failure::no_such(t!("outbox-unknown", id = id)).hint(t!("outbox-unknown-hint"))
        }
        Retry::Unbound => Failure::no_such(t!("outbox-retry-unbound", id = id)).hint(t!("outbox-retry-unbound-hint")),
        Retry::Sent => Failure::no_such(t!("outbox-retry-sent", id = id)),
        Retry::Gone => Failure::no_such(t!("outbox-retry-gone", id = id)),
        Retry::Busy => Failure::no_such(t!("outbox-cancel-sending", id = id)),
        Retry::KeyTaken(other) => Failure::no_such(t!("outbox-retry-key", id = id, other = other)),
    }
}
