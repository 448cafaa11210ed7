//! `outbox flush|retry`: what is due, or wanted once more, is delivered as `send` does it.

use crossbeam_channel::unbounded;

use crate::app::App;
use crate::cli::OutboxRetry;
use crate::commands::deliver::{self, Aside, Delivery};
use crate::delivery::Work;
use crate::error::{Exit, Failure, Report};
use crate::signals::Bell;
use crate::store::{Retry, State};
use crate::t;
use crate::time::Timestamp;
use crate::ui::Ui;

pub(super) fn flush(ui: &mut Ui, app: &App) -> anyhow::Result<Exit> {
    // Who delivers has a lock beside the file.
    let can_deliver = app.has_database();
    let it = Delivery::of(app, || app.store_as_found(ui))?;
    if can_deliver {
        return deliver::run(ui, it, Work::Due);
    }
    ui.whisper(&t!("outbox-flush-none"));
    Ok(Exit::Done)
}

pub(super) fn retry(ui: &mut Ui, app: &App, args: &OutboxRetry) -> anyhow::Result<Exit> {
    let mut it = Delivery::of(app, || app.store_as_found(ui))?;
    let app_id = it.orders.account.app_id.clone();
    let ids = match (args.failed, args.unknown) {
        (true, _) => it.store.ids_in(&app_id, State::Failed)?,
        (_, true) => it.store.ids_in(&app_id, State::Unknown)?,
        _ => {
            // A part that is named before the one that it waits for would not wait.
            let mut ids = args.id.clone();
            ids.sort_unstable();
            ids.dedup();
            ids
        }
    };
    let all = args.failed || args.unknown;
    let now = Timestamp::now();
    let expires_at = now.after(app.config.send.expire_after.value);
    let (mut queued, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        match it.store.retry(&app_id, id, expires_at, now)? {
            Retry::Queued => queued.push(id),
            // Of all that failed, those that cannot be sent again are not worth a failure.
            Retry::Gone | Retry::Busy if all => {}
            why => refused.push(why_not(id, &why)),
        }
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
        Retry::NoSuch | Retry::Queued => {
            Failure::no_such(t!("outbox-unknown", id = id)).hint(t!("outbox-unknown-hint"))
        }
        Retry::Sent => Failure::no_such(t!("outbox-retry-sent", id = id)),
        Retry::Gone => Failure::no_such(t!("outbox-retry-gone", id = id)),
        Retry::Busy => Failure::no_such(t!("outbox-cancel-sending", id = id)),
        Retry::KeyTaken(other) => Failure::no_such(t!("outbox-retry-key", id = id, other = other)),
    }
}
