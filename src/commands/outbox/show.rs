//! `outbox show`: messages with their content and every attempt to send them.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::content_text::{KnownTemplates, describe_content};
use crate::cli::OutboxShow;
use crate::clock::Timestamp;
use crate::commands::delivery::message_view::MessageView;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::{Attempt, AttemptOutcome, Message, MessageState, Store};
use crate::t;
use crate::ui::{Cell, KeyValues, Link, Ui, format_clock_time};
use crate::wechat::ApiError;
use crate::wechat::message::{Content, api_for_kind, kind_has_receipts};

/// A message with its content and history.
#[derive(Serialize)]
struct MessageDetail {
    #[serde(flatten)]
    view: MessageView,
    due_at: Option<Timestamp>,
    expires_at: Timestamp,
    client_msg_id: Option<String>,
    content: Option<Content>,
    after: Option<i64>,
    history: Vec<AttemptView>,
    updated_at: Timestamp,
    /// The content as text.
    #[serde(skip)]
    description: String,
    /// Whether another message precedes this one, so that a blank line separates them.
    #[serde(skip)]
    is_continued: bool,
}

impl fmt::Display for MessageDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_continued {
            f.write_str("\n")?;
        }
        let view = &self.view;
        let mut rows = vec![
            (t!("outbox-id"), Cell::from(view.id.to_string())),
            (t!("outbox-state"), t!("outbox-state-value", state = view.state.as_str()).into()),
            (t!("outbox-to"), view.recipient().into()),
            (t!("outbox-openid"), view.openid.as_deref().unwrap_or("-").into()),
            (t!("outbox-type"), t!("outbox-type-value", kind = view.kind.as_str()).into()),
            (t!("outbox-attempts"), view.attempts.to_string().into()),
            (t!("outbox-created"), view.created_at.into()),
        ];
        match view.sent_at {
            Some(at) => rows.push((t!("outbox-sent"), at.into())),
            None if matches!(view.state, MessageState::Queued | MessageState::Expired) => {
                rows.push((t!("outbox-expires"), self.expires_at.into()));
            }
            // A message in any other state cannot expire.
            None => {}
        }
        rows.extend(self.receipt_row(f));
        rows.extend(self.due_at.map(|at| (t!("outbox-due"), at.into())));
        rows.extend(self.after.map(|id| (t!("outbox-after"), id.to_string().into())));
        let optional = [
            (t!("outbox-msgid"), view.msgid.clone()),
            (t!("outbox-error"), view.error.clone()),
            (t!("outbox-rid"), view.rid.clone()),
            (t!("outbox-hint"), view.hint.clone()),
            (t!("outbox-content"), Some(self.description.clone())),
        ];
        rows.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?.into()))));
        // The rows above describe the only attempt.
        let history = if self.history.len() > 1 { &self.history[..] } else { &[] };
        let text = |attempt: &AttemptView| if f.alternate() { format!("{attempt:#}") } else { attempt.to_string() };
        rows.extend(history.iter().map(|attempt| (t!("outbox-attempt", n = attempt.n), text(attempt).into())));
        KeyValues(rows).fmt(f)
    }
}

impl MessageDetail {
    fn read(store: &Store, templates: &KnownTemplates, message: Message, is_continued: bool) -> anyhow::Result<Self> {
        let history = store.attempts(message.id)?;
        let history = history.into_iter().map(|attempt| AttemptView::new(&message.kind, attempt)).collect();
        let content: Option<Content> = message.payload.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Self {
            description: describe_content(content.as_ref(), templates),
            content,
            expires_at: message.expires_at,
            client_msg_id: message.client_msg_id.clone(),
            after: message.previous_part_id,
            due_at: (message.state == MessageState::Queued).then_some(message.due_at),
            updated_at: message.last_change(),
            history,
            is_continued,
            view: message.into(),
        })
    }

    /// Returns the row with the receipt of a message that WeChat accepted.
    fn receipt_row(&self, f: &fmt::Formatter<'_>) -> Option<(String, Cell)> {
        let view = &self.view;
        let text = match (view.receipt, view.receipt_at) {
            (Some(receipt), Some(at)) => {
                let (receipt, time) = (receipt.as_str(), format_clock_time(at, f));
                match view.receipt_words() {
                    Some(text) => t!("outbox-receipt-text", receipt = receipt, text = text, time = time),
                    None => t!("outbox-receipt-at", receipt = receipt, time = time),
                }
            }
            _ if view.state != MessageState::Sent => return None,
            _ if kind_has_receipts(&view.kind) => t!("outbox-receipt-none"),
            _ => t!("outbox-receipt-never"),
        };
        Some((t!("outbox-receipt"), text.into()))
    }
}

pub(super) fn show(ui: &mut Ui, app: &AppContext, args: &OutboxShow) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let store = app.open_existing_store()?;
    let templates = KnownTemplates::read(app, &store, &app_id)?;
    let mut exit = ExitStatus::Success;
    for (n, id) in args.id.iter().enumerate() {
        let Some(message) = store.message(&app_id, *id)? else {
            let error = CommandError::not_found(t!("outbox-unknown", id = id.to_string()));
            exit = error.exit;
            ui.error(&error.hint(t!("outbox-unknown-hint")));
            continue;
        };
        let detail = MessageDetail::read(&store, &templates, message, n > 0)?;
        ui.print_linked(&detail, &content_links(&detail.description))?;
    }
    Ok(exit)
}

#[derive(Serialize)]
struct AttemptView {
    n: i64,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    openid: Option<String>,
    host: Option<String>,
    outcome: Option<AttemptOutcome>,
    errcode: Option<i64>,
    errmsg: Option<String>,
    rid: Option<String>,
    #[serde(skip)]
    api: &'static str,
}

impl AttemptView {
    fn new(kind: &str, attempt: Attempt) -> Self {
        Self {
            n: attempt.number,
            started_at: attempt.started.wall,
            ended_at: attempt.ended_at,
            openid: attempt.openid,
            host: attempt.host,
            outcome: attempt.outcome,
            errcode: attempt.errcode,
            errmsg: attempt.errmsg,
            rid: attempt.rid,
            api: api_for_kind(kind),
        }
    }
}

impl fmt::Display for AttemptView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_deref().unwrap_or("-");
        let outcome = match (self.outcome, self.errcode) {
            (None, _) => t!("outbox-attempt-open"),
            (_, Some(errcode)) => {
                let errmsg = self.errmsg.clone().unwrap_or_default();
                ApiError { api: self.api, errcode, errmsg, rid: None, remedy: None }.to_string()
            }
            (Some(AttemptOutcome::Accepted), _) => t!("outbox-attempt-accepted"),
            (Some(AttemptOutcome::NotSent), _) => t!("outbox-attempt-not-sent", host = host),
            (Some(AttemptOutcome::Ambiguous | AttemptOutcome::Refused), _) => {
                t!("outbox-attempt-ambiguous", host = host)
            }
        };
        let openid = self.openid.as_deref().unwrap_or("-");
        f.write_str(&t!(
            "outbox-attempt-line",
            time = format_clock_time(self.started_at, f),
            openid = openid,
            outcome = outcome
        ))
    }
}

/// Returns the web addresses at the end of a line of a content's description, after a name or
/// alone.
fn content_links(description: &str) -> Vec<Link> {
    let texts = description.lines().map(|line| line.rsplit_once(": ").map_or(line, |(_, text)| text));
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    texts.filter_map(|text| Some(Link::new(text.to_owned(), Url::parse(text).ok().filter(is_web)?))).collect()
}
