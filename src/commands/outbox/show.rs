//! `outbox show`: one message with its content and every attempt to send it.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::OutboxShow;
use crate::clock::Timestamp;
use crate::commands::delivery::message_view::MessageView;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::store::{Attempt, AttemptOutcome, MessageState};
use crate::t;
use crate::ui::{Cell, KeyValues, Ui, format_clock_time};
use crate::wechat::ApiError;
use crate::wechat::message::{Content, FileRef, api_for_kind, kind_has_receipts};

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
}

impl fmt::Display for MessageDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = &self.view;
        let mut rows = vec![
            (t!("outbox-id"), Cell::from(view.id.to_string())),
            (t!("outbox-state"), t!("outbox-state-said", state = view.state.as_str()).into()),
            (t!("outbox-to"), view.recipient().into()),
            (t!("outbox-openid"), view.openid.as_deref().unwrap_or("-").into()),
            (t!("outbox-type"), view.kind.as_str().into()),
            (t!("outbox-attempts"), view.attempts.to_string().into()),
            (t!("outbox-created"), view.created_at.into()),
        ];
        match view.sent_at {
            Some(at) => rows.push((t!("outbox-sent"), at.into())),
            None => rows.push((t!("outbox-expires"), self.expires_at.into())),
        }
        rows.extend(self.receipt_row(f));
        rows.extend(self.due_at.map(|at| (t!("outbox-due"), at.into())));
        rows.extend(self.after.map(|id| (t!("outbox-after"), id.to_string().into())));
        let optional = [
            (t!("outbox-msgid"), view.msgid.clone()),
            (t!("outbox-error"), view.error.clone()),
            (t!("outbox-rid"), view.rid.clone()),
            (t!("outbox-hint"), view.hint.clone()),
            (t!("outbox-content"), Some(describe_content(self.content.as_ref()))),
        ];
        rows.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?.into()))));
        // The rows above describe a single attempt.
        let history = if self.history.len() > 1 { &self.history[..] } else { &[] };
        let text = |attempt: &AttemptView| if f.alternate() { format!("{attempt:#}") } else { attempt.to_string() };
        rows.extend(history.iter().map(|attempt| (t!("outbox-attempt", n = attempt.n), text(attempt).into())));
        KeyValues(rows).fmt(f)
    }
}

impl MessageDetail {
    /// Returns the row with the receipt of a message that WeChat accepted.
    fn receipt_row(&self, f: &fmt::Formatter<'_>) -> Option<(String, Cell)> {
        let view = &self.view;
        let text = match (view.receipt, view.receipt_at) {
            (Some(receipt), Some(at)) => {
                let (receipt, time) = (receipt.as_str(), format_clock_time(at, f));
                match &view.receipt_text {
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
    let Some(message) = store.message(&app_id, args.id)? else {
        return Err(CommandError::not_found(t!("outbox-unknown", id = args.id.to_string()))
            .hint(t!("outbox-unknown-hint"))
            .into());
    };
    let content = message.payload.as_deref().map(serde_json::from_str).transpose()?;
    let (expires_at, client_msg_id) = (message.expires_at, message.client_msg_id.clone());
    let after = message.previous_part_id;
    let due_at = (message.state == MessageState::Queued).then_some(message.due_at);
    let history =
        store.attempts(args.id)?.into_iter().map(|attempt| AttemptView::new(&message.kind, attempt)).collect();
    ui.print(&MessageDetail { view: message.into(), due_at, expires_at, client_msg_id, content, after, history })?;
    Ok(ExitStatus::Success)
}

#[derive(Serialize)]
struct AttemptView {
    n: i64,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    openid: Option<String>,
    host: Option<String>,
    outcome: Option<&'static str>,
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
            outcome: attempt.outcome.map(AttemptOutcome::as_str),
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
            (Some("accepted"), _) => t!("outbox-attempt-accepted"),
            (Some("not_sent"), _) => t!("outbox-attempt-not-sent", host = host),
            (Some(_), _) => t!("outbox-attempt-ambiguous", host = host),
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

/// Describes the content in lines of text.
fn describe_content(content: Option<&Content>) -> String {
    let mut lines = Vec::new();
    match content {
        None => return t!("outbox-removed"),
        Some(Content::Text { content, .. }) => return content.clone(),
        Some(Content::Custom { branch, .. }) => flatten("", branch, &mut lines),
        Some(Content::Template { template_id, url: link, data, .. })
        | Some(Content::Subscribe { template_id, page: link, data, .. }) => {
            lines.push(t!("outbox-template", id = template_id));
            lines.extend(data.iter().map(|(key, field)| format!("{key}: {}", field["value"].as_str().unwrap_or(""))));
            lines.extend(link.clone());
        }
        Some(Content::OneTimeSubscription { template_id, title, content, url, .. }) => {
            lines.extend([t!("outbox-template", id = template_id), title.clone(), content.value.clone()]);
            lines.extend(url.clone());
        }
    }
    lines.join("\n")
}

/// Adds a line `path: text` for every text, and the file name for a file.
fn flatten(path: &str, object: &Map<String, Value>, lines: &mut Vec<String>) {
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(object) => match serde_json::from_value::<FileRef>(value.clone()) {
                Ok(file) => lines.push(format!("{path}: {}", file.file)),
                Err(_) => flatten(&path, object, lines),
            },
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate().filter_map(|(n, item)| Some((n, item.as_object()?))) {
                    // The index is left out for a single item, which is the common case.
                    let path = if items.len() == 1 { path.clone() } else { format!("{path}[{n}]") };
                    flatten(&path, item, lines);
                }
            }
            value => lines.push(format!("{path}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
}
