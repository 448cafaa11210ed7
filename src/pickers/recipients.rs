//! Picks the recipients of a message: users, tags, or all bound users.

use std::collections::BTreeMap;

use crate::context::AppContext;
use crate::exit::CommandError;
use crate::i18n::join_list;
use crate::store::{Store, UserFilter};
use crate::t;
use crate::ui::{self, Ui};

/// The recipients that a person has picked, as the options of `send` name them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RecipientChoice {
    /// The names for `--user`.
    pub(crate) user: Vec<String>,
    /// The tags for `--tag`.
    pub(crate) tag: Vec<String>,
    /// Whether `--all` is picked, so that the names and tags are empty.
    pub(crate) all: bool,
}

/// A line of the list.
enum RecipientItem {
    User(String),
    Tag(String),
    All,
}

/// Lets the person pick the recipients among the bound users, their tags, and all of them.
///
/// # Errors
/// No user is bound; the prompt is interrupted.
pub(crate) fn pick_recipients(ui: &mut Ui, app: &AppContext, store: &Store) -> anyhow::Result<RecipientChoice> {
    let (items, labels, unbound_count) = list_items(app, store)?;
    if items.is_empty() {
        return Err(CommandError::not_found(t!("send-none-bound")).hint(t!("send-none-bound-hint")).into());
    }
    if unbound_count > 0 {
        ui.note(&t!("pick-not-bound", count = unbound_count));
    }
    let picked = ui::pick_several(ui, &t!("pick-recipients"), &labels)?;
    let mut choice = RecipientChoice::default();
    for item in picked.into_iter().filter_map(|index| items.get(index)) {
        match item {
            RecipientItem::User(name) => choice.user.push(name.clone()),
            RecipientItem::Tag(tag) => choice.tag.push(tag.clone()),
            RecipientItem::All => return Ok(RecipientChoice { all: true, ..RecipientChoice::default() }),
        }
    }
    Ok(choice)
}

/// Returns the items and their labels: the bound users by name, their tags, and all of them. Also
/// returns the number of users who are not bound.
fn list_items(app: &AppContext, store: &Store) -> anyhow::Result<(Vec<RecipientItem>, Vec<String>, usize)> {
    let (mut items, mut labels, mut unbound_count) = (Vec::new(), Vec::new(), 0);
    let mut tag_counts = BTreeMap::<String, usize>::new();
    store.for_each_user(&UserFilter { tag: None, bound: None }, app.app_id(), |user| {
        let Some(binding) = &user.binding else {
            unbound_count += 1;
            return anyhow::Ok(());
        };
        let is_reachable = binding.unreachable_errcode.is_none();
        let details: Vec<String> =
            user.tags.iter().cloned().chain((!is_reachable).then(|| t!("pick-unreachable"))).collect();
        labels.push(match details.as_slice() {
            [] => user.username.clone(),
            details => t!("pick-with-details", name = user.username, details = join_list(details)),
        });
        for tag in user.tags {
            *tag_counts.entry(tag).or_default() += 1;
        }
        items.push(RecipientItem::User(user.username));
        anyhow::Ok(())
    })?;
    let user_count = items.len();
    for (tag, count) in tag_counts {
        labels.push(t!("pick-tag", tag = tag, count = count));
        items.push(RecipientItem::Tag(tag));
    }
    if user_count > 1 {
        labels.push(t!("pick-all", count = user_count));
        items.push(RecipientItem::All);
    }
    Ok((items, labels, unbound_count))
}
