//! `wxbox outbox …`: messages sent and queued.

mod again;
mod attempt;
mod said;
mod tend;

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::{Global, Outbox, OutboxList, OutboxShow};
use crate::commands::message::Shown;
use crate::config::Flags;
use crate::delivery::settle_orphans;
use crate::error::{Exit, Failure};
use crate::store::{Filter, State};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Cell, Facts, Table, Tone, Ui};
use crate::wechat::message::Content;
use attempt::AttemptLine;
use said::said;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Outbox) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    // What a process that was killed has left behind, before anybody looks.
    if !matches!(command, Outbox::Flush) && app.has_database() {
        let mut store = app.store()?;
        settle_orphans(&mut store)?;
        store.sweep();
    }
    match command {
        Outbox::Flush => again::flush(ui, &app),
        Outbox::Retry(args) => again::retry(ui, &app, args),
        Outbox::List(args) => list(ui, &app, args),
        Outbox::Show(args) => show(ui, &app, args),
        Outbox::Cancel(args) => tend::cancel(ui, &app, args),
        Outbox::Prune(args) => tend::prune(ui, &app, args),
        Outbox::Status(args) => tend::status(ui, &app, args),
    }
}

fn list(ui: &mut Ui, app: &App, args: &OutboxList) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let store = app.store_as_found()?;
    let states: Vec<State> = args.state.iter().filter_map(|word| word.parse().ok()).collect();
    let user_id = args.user.as_ref().map(|name| app.user(&store, name)).transpose()?.map(|user| user.id);
    let since = args.since.map(|span| Timestamp::now().before(span));
    let limit = (args.limit > 0).then_some(args.limit);
    let filter = Filter { states: &states, user_id, since, limit };
    let messages = store.messages(&app_id, &filter)?;
    if ui.json() {
        for message in messages {
            let content = message.body.as_deref().map(serde_json::from_str).transpose()?;
            ui.data(&Listed { shown: message.into(), content })?;
        }
        return Ok(Exit::Done);
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
        let is_all = states.is_empty() && user_id.is_none() && since.is_none();
        ui.whisper(&if is_all { t!("outbox-none") } else { t!("outbox-none-match") });
    }
    let mut table = Table::new(&heading).cut(&[2, 5]);
    let shown = i64::try_from(messages.len())?;
    for message in messages {
        let shown = Shown::from(message);
        table.row(vec![
            Cell::from(shown.id.to_string()),
            Cell::Toned(shown.state.to_string(), tone(shown.state)),
            shown.recipient().into(),
            shown.kind.as_str().into(),
            shown.created_at.into(),
            shown.error.unwrap_or_default().into(),
        ]);
    }
    ui.table(&mut table)?;
    let all = if limit.is_some_and(|limit| shown >= i64::from(limit)) {
        store.count_messages(&app_id, &filter)?
    } else {
        shown
    };
    if all > shown {
        ui.status(&t!("outbox-more", shown = shown, all = all));
    }
    Ok(Exit::Done)
}

/// A message of the list, in JSON.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    shown: Shown,
    content: Option<Content>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

/// What news a state is.
fn tone(state: State) -> Tone {
    match state {
        State::Sent => Tone::Good,
        State::Queued => Tone::Open,
        State::Unknown => Tone::Odd,
        State::Failed | State::Expired => Tone::Bad,
        State::Cancelled => Tone::Past,
    }
}

/// One message with all that is known of it.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    shown: Shown,
    due_at: Option<Timestamp>,
    expires_at: Timestamp,
    client_msg_id: Option<String>,
    content: Option<Content>,
    after: Option<i64>,
    history: Vec<AttemptLine>,
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = &self.shown;
        let mut rows = vec![
            (t!("outbox-id"), Cell::from(it.id.to_string())),
            (t!("outbox-state"), t!("outbox-state-said", state = it.state.as_str()).into()),
            (t!("outbox-to"), it.recipient().into()),
            (t!("outbox-openid"), it.openid.as_deref().unwrap_or("-").into()),
            (t!("outbox-type"), it.kind.as_str().into()),
            (t!("outbox-attempts"), it.attempts.to_string().into()),
            (t!("outbox-created"), it.created_at.into()),
        ];
        match it.sent_at {
            Some(at) => rows.push((t!("outbox-sent"), at.into())),
            None => rows.push((t!("outbox-expires"), self.expires_at.into())),
        }
        rows.extend(self.due_at.map(|at| (t!("outbox-due"), at.into())));
        rows.extend(self.after.map(|id| (t!("outbox-after"), id.to_string().into())));
        let optional = [
            (t!("outbox-msgid"), it.msgid.clone()),
            (t!("outbox-error"), it.error.clone()),
            (t!("outbox-rid"), it.rid.clone()),
            (t!("outbox-hint"), it.hint.clone()),
            (t!("outbox-content"), Some(said(self.content.as_ref()))),
        ];
        rows.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?.into()))));
        // One attempt is told by the rows above.
        let history = if self.history.len() > 1 { &self.history[..] } else { &[] };
        let said = |it: &AttemptLine| if f.alternate() { format!("{it:#}") } else { it.to_string() };
        rows.extend(history.iter().map(|it| (t!("outbox-attempt", n = it.n), said(it).into())));
        Facts(rows).fmt(f)
    }
}

fn show(ui: &mut Ui, app: &App, args: &OutboxShow) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let store = app.store_as_found()?;
    let Some(message) = store.message(&app_id, args.id)? else {
        return Err(Failure::no_such(t!("outbox-unknown", id = args.id.to_string()))
            .hint(t!("outbox-unknown-hint"))
            .into());
    };
    let content = message.body.as_deref().map(serde_json::from_str).transpose()?;
    let (expires_at, client_msg_id) = (message.expires_at, message.client_msg_id.clone());
    let after = message.after_id;
    let due_at = (message.state == State::Queued).then_some(message.due_at);
    let history = store.attempts(args.id)?.into_iter().map(|it| AttemptLine::new(&message.kind, it)).collect();
    ui.data(&Whole { shown: message.into(), due_at, expires_at, client_msg_id, content, after, history })?;
    Ok(Exit::Done)
}
