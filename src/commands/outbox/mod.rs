//! `wxbox outbox` manages sent and queued messages.

mod deliver;
mod maintain;
mod show;

use std::fmt;

use serde::Serialize;

use crate::cli::{Global, OutboxCommand, OutboxList};
use crate::clock::{ClockReading, Timestamp};
use crate::commands::delivery::message_view::MessageView;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::delivery::recover_orphans;
use crate::exit::ExitStatus;
use crate::store::{MessageFilter, MessageState, ReceiptFilter, ReceiptStatus};
use crate::t;
use crate::ui::{Cell, Table, TextStyle, Ui};
use crate::wechat::message::Content;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &OutboxCommand) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    // First record the attempts that a killed process left without an outcome.
    if !matches!(command, OutboxCommand::Flush) && app.database_exists() {
        let mut store = app.open_store()?;
        recover_orphans(&mut store, &ClockReading::now())?;
        store.remove_stale_locks();
    }
    match command {
        OutboxCommand::Flush => deliver::flush(ui, &app),
        OutboxCommand::Retry(args) => deliver::retry(ui, &app, args),
        OutboxCommand::List(args) => list(ui, &app, args),
        OutboxCommand::Show(args) => show::show(ui, &app, args),
        OutboxCommand::Cancel(args) => maintain::cancel(ui, &app, args),
        OutboxCommand::Prune(args) => maintain::prune(ui, &app, args),
        OutboxCommand::Status(args) => maintain::status(ui, &app, args),
    }
}

fn list(ui: &mut Ui, app: &AppContext, args: &OutboxList) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let store = app.open_existing_store()?;
    let states: Vec<MessageState> = args.state.iter().filter_map(|name| name.parse().ok()).collect();
    let user_id = args.user.as_ref().map(|name| app.find_user(&store, name)).transpose()?.map(|user| user.id);
    let since = args.since.map(|span| Timestamp::now().minus(span));
    let limit = (args.limit > 0).then_some(args.limit);
    let receipt = args.receipt.as_ref().map(|name| match name.parse() {
        Ok(status) => ReceiptFilter::Is(status),
        Err(()) => ReceiptFilter::Missing,
    });
    let filter = MessageFilter { states: &states, receipt, user_id, since, limit };
    let messages = store.messages(&app_id, &filter)?;
    if ui.json() {
        for message in messages {
            let content = message.payload.as_deref().map(serde_json::from_str).transpose()?;
            ui.print(&MessageListItem { view: message.into(), content })?;
        }
        return Ok(ExitStatus::Success);
    }
    let heading = [
        t!("outbox-id"),
        t!("outbox-state"),
        t!("outbox-to"),
        t!("outbox-type"),
        t!("outbox-created"),
        t!("outbox-error"),
    ];
    if messages.is_empty() {
        let is_all = states.is_empty() && receipt.is_none() && user_id.is_none() && since.is_none();
        ui.note(&if is_all { t!("outbox-none") } else { t!("outbox-none-match") });
    }
    let mut table = Table::new(&heading).truncatable(&[2, 5]);
    let shown = i64::try_from(messages.len())?;
    for message in messages {
        let shown = MessageView::from(message);
        table.add_row(vec![
            Cell::from(shown.id.to_string()),
            state_cell(&shown),
            shown.recipient().into(),
            shown.kind.as_str().into(),
            shown.created_at.into(),
            shown.error.unwrap_or_default().into(),
        ]);
    }
    ui.print_table(&mut table)?;
    let total = if limit.is_some_and(|limit| shown >= i64::from(limit)) {
        store.count_messages(&app_id, &filter)?
    } else {
        shown
    };
    if total > shown {
        ui.status(&t!("outbox-more", shown = shown, all = total));
    }
    Ok(ExitStatus::Success)
}

/// A message of the list with its content, for JSON.
#[derive(Serialize)]
struct MessageListItem {
    #[serde(flatten)]
    view: MessageView,
    content: Option<Content>,
}

impl fmt::Display for MessageListItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view.fmt(f)
    }
}

/// Returns the state, with the receipt if there is one.
fn state_cell(view: &MessageView) -> Cell {
    match view.receipt {
        Some(receipt) => Cell::Styled(
            t!("outbox-state-receipt", state = view.state.as_str(), receipt = receipt.as_str()),
            if receipt == ReceiptStatus::Delivered { TextStyle::Good } else { TextStyle::Error },
        ),
        None => Cell::Styled(view.state.to_string(), state_style(view.state)),
    }
}

fn state_style(state: MessageState) -> TextStyle {
    match state {
        MessageState::Sent => TextStyle::Good,
        MessageState::Queued => TextStyle::Pending,
        MessageState::Unknown => TextStyle::Warning,
        MessageState::Failed | MessageState::Expired => TextStyle::Error,
        MessageState::Cancelled => TextStyle::Muted,
    }
}
