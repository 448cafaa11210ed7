//! Asks before many messages are sent or cancelled, if a person is at the terminal. Scripts are
//! never asked.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::compose::recipients::Recipient;
use crate::context::AppContext;
use crate::i18n::join_first;
use crate::report::classify;
use crate::store::{KindCount, MessageState, Submission};
use crate::t;
use crate::time_zone::format_local;
use crate::ui::{self, Ui};
use crate::wechat::message::api_for_kind;
use crate::wechat::{Client, ClientSettings};

/// The largest number of members of groups to which wxbox sends without a confirmation.
const MANY_RECIPIENTS: usize = 20;
/// The timeout of a request for the quota. If WeChat takes longer, the question does not show the
/// quota.
const QUOTA_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns whether the send must be confirmed: it goes to everybody, or to many recipients that the
/// command line does not name one by one.
pub(in crate::commands) fn is_many(all: bool, recipients: &[Recipient]) -> bool {
    all || recipients.iter().filter(|recipient| !recipient.by_name).count() > MANY_RECIPIENTS
}

/// Asks whether to send to many people. Returns whether the user agreed.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub(in crate::commands) fn confirm_send(
    ui: &mut Ui,
    app: &AppContext,
    submission: &Submission,
    yes: bool,
) -> anyhow::Result<bool> {
    if yes || !ui.can_ask() {
        return Ok(true);
    }
    let recipients = &submission.recipients;
    let names: Vec<String> = recipients.iter().map(|to| to.user.clone().unwrap_or_else(|| to.openid.clone())).collect();
    let messages = names.len() * (1 + submission.remaining_parts.len());
    show_quota(ui, app, [(submission.payload.kind, messages)]);
    let question = match submission.remaining_parts.len() + 1 {
        1 => t!("send-many-ask", count = names.len(), names = join_first(&names)),
        parts => t!(
            "send-many-ask-parts",
            count = names.len(),
            names = join_first(&names),
            messages = messages,
            parts = parts
        ),
    };
    let is_confirmed = ui::confirm(ui, &question)?;
    if !is_confirmed {
        ui.status(&t!("send-many-kept"));
    }
    Ok(is_confirmed)
}

/// Asks whether to send all messages in a state again. `kinds` counts these messages. Returns
/// whether the user agreed.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub(in crate::commands) fn confirm_retry(
    ui: &mut Ui,
    app: &AppContext,
    state: MessageState,
    kinds: &[KindCount],
    yes: bool,
) -> anyhow::Result<bool> {
    let Some((count, oldest)) = total(kinds).filter(|_| !yes && ui.can_ask()) else { return Ok(true) };
    show_quota(ui, app, kinds.iter().map(|kind| (kind.kind.as_str(), kind.count)));
    let question = t!("outbox-retry-ask", count = count, state = state.as_str(), oldest = format_local(oldest));
    let is_confirmed = ui::confirm(ui, &question)?;
    if !is_confirmed {
        ui.status(&t!("send-many-kept"));
    }
    Ok(is_confirmed)
}

/// Asks whether to cancel all queued messages. `kinds` counts these messages. Returns whether the
/// user agreed.
///
/// # Errors
/// The terminal cannot be read, or the user interrupts the prompt.
pub(in crate::commands) fn confirm_cancel(ui: &mut Ui, kinds: &[KindCount], yes: bool) -> anyhow::Result<bool> {
    let Some((count, oldest)) = total(kinds).filter(|_| !yes && ui.can_ask()) else { return Ok(true) };
    let is_confirmed = ui::confirm(ui, &t!("outbox-cancel-ask", count = count, oldest = format_local(oldest)))?;
    if !is_confirmed {
        ui.status(&t!("outbox-cancel-kept"));
    }
    Ok(is_confirmed)
}

/// Returns the number of messages, and when the oldest was queued; `None` if there is none.
fn total(kinds: &[KindCount]) -> Option<(usize, Timestamp)> {
    let oldest = kinds.iter().map(|kind| kind.oldest).min()?;
    Some((kinds.iter().map(|kind| kind.count).sum(), oldest))
}

/// Prints how much of today's remaining quota the messages use. Each API has a quota of its own. If
/// WeChat does not return it, nothing is printed, because the send reports the reason.
fn show_quota<'k>(ui: &mut Ui, app: &AppContext, kinds: impl IntoIterator<Item = (&'k str, usize)>) {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (kind, count) in kinds {
        *counts.entry(api_for_kind(kind)).or_default() += count;
    }
    match fetch_remaining(app, counts.keys().copied()) {
        Ok(remaining) => {
            for ((api, count), left) in counts.into_iter().zip(remaining) {
                match left {
                    Some(left) if left < count as u64 => {
                        ui.warn(&t!("send-quota-short", count = count, left = left, api = api))
                    }
                    Some(left) => ui.status(&t!("send-quota-left", count = count, left = left, api = api)),
                    None => {}
                }
            }
        }
        Err(error) => log::info!("{}", classify(&error).message),
    }
}

/// Returns the calls that remain today, for each API; `None` for an API without a counter.
fn fetch_remaining<'a>(app: &AppContext, apis: impl Iterator<Item = &'a str>) -> anyhow::Result<Vec<Option<u64>>> {
    let mut session = app.api_session()?;
    let settings = app.client_settings();
    let timeout = settings.timeout.min(QUOTA_TIMEOUT);
    session.client = Client::new(&ClientSettings { timeout, ..settings })?;
    apis.map(|api| Ok(session.call(|client, token| client.quota(token, api))??.remain)).collect()
}
