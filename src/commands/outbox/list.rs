//! `outbox list`: the messages that match a filter, newest first.

use super::content_text::KnownTemplates;
use super::message_table::{MessageListItem, MessageTable};
use super::selection::{MessageSelection, check_columns};
use crate::cli::OutboxList;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::store::MessageFilter;
use crate::t;
use crate::ui::Ui;

/// The factor by which the hint about a truncated list raises the limit.
const MORE_FACTOR: u32 = 4;

pub(super) fn list(ui: &mut Ui, app: &AppContext, args: &OutboxList) -> anyhow::Result<ExitStatus> {
    check_columns(ui, &args.filter.columns)?;
    let app_id = app.require_app_id()?;
    let store = app.open_existing_store()?;
    let selection = MessageSelection::resolve(app, &store, &args.filter, args.until.as_ref())?;
    let limit = (args.limit > 0).then_some(args.limit);
    let filter = MessageFilter { limit, ..selection.filter() };
    let messages = store.messages(&app_id, &filter)?;
    let shown = messages.len();
    if ui.json() {
        for message in messages {
            ui.print(&MessageListItem::new(message)?)?;
        }
    } else {
        if messages.is_empty() {
            ui.note(&if selection.is_all() { t!("outbox-none") } else { t!("outbox-none-match") });
        }
        let items: Vec<_> = messages.into_iter().map(MessageListItem::new).collect::<anyhow::Result<_>>()?;
        let templates = KnownTemplates::read(app, &store, &app_id)?;
        let mut table = MessageTable::for_list(ui, &args.filter.columns, templates, &items);
        items.iter().for_each(|item| table.add(item));
        table.print(ui)?;
    }
    let shown = i64::try_from(shown)?;
    // A script that reads JSON gets no text, unless its stderr is a terminal.
    let tells_total = !ui.quiet() && (!ui.json() || ui.err_terminal);
    let Some(limit) = limit.filter(|limit| tells_total && shown >= i64::from(*limit)) else {
        return Ok(ExitStatus::Success);
    };
    let total = store.count_messages(&app_id, &filter)?;
    let next = limit.saturating_mul(MORE_FACTOR);
    if total > i64::from(next) {
        ui.status(&t!("outbox-more", shown = shown, all = total, next = next));
    } else if total > shown {
        ui.status(&t!("outbox-more-all", shown = shown, all = total));
    }
    Ok(ExitStatus::Success)
}
