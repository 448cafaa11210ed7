//! Picks messages of the outbox.

use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::i18n::relative_time;
use crate::store::{Message, MessageFilter, MessageState, Store};
use crate::t;
use crate::ui::{self, Ui};

/// The maximum number of messages in the list, the newest ones.
const MAX_LISTED_MESSAGES: u32 = 1000;

/// Lets the person pick messages in one of the states, and returns their IDs.
///
/// # Errors
/// The prompt is interrupted. If no message is in these states, the result is `Ok` without IDs.
pub(crate) fn pick_messages(
    ui: &Ui,
    app: &AppContext,
    store: &Store,
    states: &[MessageState],
) -> anyhow::Result<Vec<i64>> {
    let filter = MessageFilter { states, limit: Some(MAX_LISTED_MESSAGES), ..MessageFilter::default() };
    let messages = store.messages(&app.require_app_id()?, &filter)?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let labels: Vec<String> = messages.iter().map(label).collect();
    let picked = ui::pick_several(ui, &t!("pick-messages"), &labels)?;
    Ok(picked.into_iter().filter_map(|index| messages.get(index)).map(|message| message.id).collect())
}

/// Returns the line of a message in a list.
fn label(message: &Message) -> String {
    let recipient = message.user.as_deref().or(message.openid.as_deref()).unwrap_or("-");
    let ago = relative_time(Timestamp::now().seconds_since(message.created_at));
    let error = message.errcode.map(|errcode| format!("  {errcode}")).unwrap_or_default();
    let Message { id, state, kind, .. } = message;
    format!("{id}  {state}{error}  {recipient}  {kind}  {ago}")
}
