//! Messages as rows of a table, or as JSON with their content.

use std::fmt;

use serde::Serialize;

use super::content_text::{KnownTemplates, content_beginning};
use crate::cli::MessageColumn;
use crate::clock::Timestamp;
use crate::commands::delivery::message_view::MessageView;
use crate::delivery::DeliveryError;
use crate::store::{Message, MessageState, ReceiptStatus};
use crate::t;
use crate::ui::{Cell, Table, TextStyle, Ui};
use crate::wechat::message::Content;

use MessageColumn::{
    Attempts, Content as ContentColumn, CreatedAt, Errcode, Error, Id, Key, Msgid, Openid, Receipt, Rid, SentAt, State,
    Type, UpdatedAt, User,
};

/// The columns for a program. New columns are appended, so that the positions of the others stay
/// the same.
const PIPE_COLUMNS: &[MessageColumn] = &[Id, State, User, Type, CreatedAt, Error, ContentColumn];

/// The columns of a list on a terminal.
const LIST_COLUMNS: &[MessageColumn] = &[Id, State, User, CreatedAt, ContentColumn, Error];

/// The columns of changes on a terminal.
const CHANGE_COLUMNS: &[MessageColumn] = &[UpdatedAt, Id, State, User, ContentColumn, Error];

/// A message with its content.
#[derive(Serialize)]
pub(super) struct MessageListItem {
    #[serde(flatten)]
    view: MessageView,
    content: Option<Content>,
    updated_at: Timestamp,
    /// The error for a narrow column.
    #[serde(skip)]
    brief_error: String,
}

impl MessageListItem {
    pub(super) fn new(message: Message) -> anyhow::Result<Self> {
        let content = message.payload.as_deref().map(serde_json::from_str).transpose()?;
        let brief_error = message.error.as_ref().map(|error| DeliveryError::from(error).brief_text());
        Ok(Self {
            content,
            updated_at: message.last_change(),
            brief_error: brief_error.unwrap_or_default(),
            view: message.into(),
        })
    }
}

impl fmt::Display for MessageListItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view.fmt(f)
    }
}

/// A table of messages.
pub(super) struct MessageTable {
    columns: Vec<MessageColumn>,
    is_for_terminal: bool,
    templates: KnownTemplates,
    table: Table,
}

impl MessageTable {
    /// Creates a table for a list of messages, with these columns or the default ones.
    pub(super) fn for_list(
        ui: &Ui,
        columns: &[MessageColumn],
        templates: KnownTemplates,
        items: &[MessageListItem],
    ) -> Self {
        let mut default = if ui.out_terminal { LIST_COLUMNS.to_vec() } else { PIPE_COLUMNS.to_vec() };
        // The errors of messages that were sent would be an empty column.
        let has_errors = items.iter().any(|item| item.view.error.is_some());
        default.retain(|column| *column != Error || has_errors || !ui.out_terminal);
        Self::new(ui, if columns.is_empty() { default } else { columns.to_vec() }, templates)
    }

    /// Creates a table for changes of messages, with these columns or the default ones.
    pub(super) fn for_changes(ui: &Ui, columns: &[MessageColumn], templates: KnownTemplates) -> Self {
        let default = if ui.out_terminal { CHANGE_COLUMNS } else { PIPE_COLUMNS };
        Self::new(ui, if columns.is_empty() { default } else { columns }.to_vec(), templates)
    }

    fn new(ui: &Ui, columns: Vec<MessageColumn>, templates: KnownTemplates) -> Self {
        let heading: Vec<String> = columns.iter().map(|column| heading(*column)).collect();
        let is_truncatable = |column: &MessageColumn| matches!(column, User | ContentColumn | Error);
        let truncatable: Vec<usize> = (0..).zip(&columns).filter(|(_, c)| is_truncatable(c)).map(|(n, _)| n).collect();
        let table = Table::new(&heading).truncatable(&truncatable);
        Self { columns, is_for_terminal: ui.out_terminal, templates, table }
    }

    /// Adds a message.
    pub(super) fn add(&mut self, item: &MessageListItem) {
        let cells = self.columns.iter().map(|column| self.cell(*column, item)).collect();
        self.table.add_row::<Cell>(cells);
    }

    /// Prints the messages that were added since the last call.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub(super) fn print(&mut self, ui: &mut Ui) -> anyhow::Result<()> {
        ui.print_new_rows(&mut self.table)
    }

    fn cell(&self, column: MessageColumn, item: &MessageListItem) -> Cell {
        let view = &item.view;
        let text = |text: Option<&str>| Cell::from(text.unwrap_or_default());
        let time = |at: Option<Timestamp>| at.map_or_else(|| Cell::from(""), Cell::LocalTime);
        match column {
            Id => view.id.to_string().into(),
            State => self.state_cell(view),
            User => view.recipient().into(),
            ContentColumn => match &item.content {
                Some(content) => content_beginning(content, &self.templates).into(),
                None => "".into(),
            },
            Type => view.kind.as_str().into(),
            CreatedAt => Cell::LocalTime(view.created_at),
            SentAt => time(view.sent_at),
            UpdatedAt => Cell::LocalTime(item.updated_at),
            Error if self.is_for_terminal => item.brief_error.as_str().into(),
            Error => text(view.error.as_deref()),
            Errcode => view.errcode.map(|code| code.to_string()).unwrap_or_default().into(),
            Receipt => text(view.receipt.map(ReceiptStatus::as_str)),
            Attempts => view.attempts.to_string().into(),
            Key => text(view.key.as_deref()),
            Openid => text(view.openid.as_deref()),
            Msgid => text(view.msgid.as_deref()),
            Rid => text(view.rid.as_deref()),
        }
    }

    /// Returns the state, with the receipt if there is one and it has no column.
    fn state_cell(&self, view: &MessageView) -> Cell {
        match view.receipt.filter(|_| !self.columns.contains(&Receipt)) {
            Some(receipt) => Cell::Styled(
                t!("outbox-state-receipt", state = view.state.as_str(), receipt = receipt.as_str()),
                if receipt == ReceiptStatus::Delivered { TextStyle::Good } else { TextStyle::Error },
            ),
            None => Cell::Styled(view.state.to_string(), state_style(view.state)),
        }
    }
}

fn heading(column: MessageColumn) -> String {
    match column {
        Id => t!("outbox-id"),
        State => t!("outbox-state"),
        User => t!("outbox-to"),
        ContentColumn => t!("outbox-content"),
        Type => t!("outbox-type"),
        CreatedAt => t!("outbox-created"),
        SentAt => t!("outbox-sent"),
        UpdatedAt => t!("outbox-changed"),
        Error => t!("outbox-error"),
        Errcode => t!("outbox-errcode"),
        Receipt => t!("outbox-receipt"),
        Attempts => t!("outbox-attempts"),
        Key => t!("outbox-key"),
        Openid => t!("outbox-openid"),
        Msgid => t!("outbox-msgid"),
        Rid => t!("outbox-rid"),
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
