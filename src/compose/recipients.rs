//! Finds the recipients: people by name, by tag or all, and openids; each person once.

use std::collections::HashSet;

use crate::config::{Config, DefaultRecipient, Origin, Setting};
use crate::context::{AppContext, parse_openid_argument, require_tag, warn_if_unusual_openid};
use crate::exit::CommandError;
use crate::i18n::{join_clauses, join_first, join_list};
use crate::report::classify;
use crate::store::{Store, User, UserFilter};
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::Content;

/// A recipient of a message.
pub(crate) struct Recipient {
    pub(crate) user_id: Option<i64>,
    pub(crate) user: Option<String>,
    pub(crate) openid: String,
    /// Whether the command line names the person or the openid, and not only a group.
    pub(crate) by_name: bool,
}

/// The recipients that the command line selects, or the default ones of the config.
#[derive(Debug)]
pub(crate) struct RecipientSelector {
    /// The names of people.
    users: Vec<String>,
    /// Tags; everybody with one of them is selected.
    tags: Vec<String>,
    /// Everybody who is bound is selected.
    pub(crate) all: bool,
    openids: Vec<String>,
    /// The origin of the recipients, if they are the default ones of the config.
    default_origin: Option<Origin>,
}

impl RecipientSelector {
    /// Selects the recipients that options name.
    ///
    /// # Errors
    /// A value cannot be an openid.
    pub(crate) fn from_args(
        users: &[String],
        tags: &[String],
        all: bool,
        openids: &[String],
    ) -> Result<Self, CommandError> {
        let openids = openids.iter().map(|openid| Ok(parse_openid_argument(openid)?.to_owned()));
        let openids = openids.collect::<Result<_, CommandError>>()?;
        Ok(Self { users: users.to_vec(), tags: tags.to_vec(), all, openids, default_origin: None })
    }

    /// Selects the default recipients of the config; `None` if it has none.
    ///
    /// # Errors
    /// A value cannot be an openid.
    pub(crate) fn from_config(config: &Config) -> Result<Option<Self>, CommandError> {
        let Some(Setting { value: list, origin }) = &config.send.to else { return Ok(None) };
        let (mut users, mut tags, mut openids) = (Vec::new(), Vec::new(), Vec::new());
        for recipient in list {
            match recipient {
                DefaultRecipient::User(name) => users.push(name.clone()),
                DefaultRecipient::Tag(tag) => tags.push(tag.clone()),
                DefaultRecipient::Openid(openid) => openids.push(openid.clone()),
                DefaultRecipient::All => {}
            }
        }
        let selector = Self::from_args(&users, &tags, list.contains(&DefaultRecipient::All), &openids)?;
        log::info!("{}", default_recipients_text(list, origin));
        Ok(Some(Self { default_origin: Some(origin.clone()), ..selector }))
    }

    /// Returns the options of `send` that select the same recipients.
    pub(crate) fn to_options(&self) -> Vec<String> {
        let named = [("--user", &self.users), ("--tag", &self.tags), ("--openid", &self.openids)];
        let pairs = named.into_iter().flat_map(|(option, names)| names.iter().map(move |name| (option, name)));
        let mut options: Vec<String> = pairs.flat_map(|(option, name)| [option.to_owned(), name.clone()]).collect();
        if self.all {
            options = vec!["--all".to_owned()];
        }
        options
    }

    /// Returns whether the selection needs the database.
    pub(crate) fn selects_users(&self) -> bool {
        self.all || !self.users.is_empty() || !self.tags.is_empty()
    }

    /// Returns whether these are the default recipients of the config.
    pub(crate) fn is_default(&self) -> bool {
        self.default_origin.is_some()
    }
}

/// Returns the text that says which default recipients are used, and where they are configured.
pub(crate) fn default_recipients_text(list: &[DefaultRecipient], origin: &Origin) -> String {
    t!("send-default-recipients", names = join_list(list.iter().map(ToString::to_string)), at = origin.to_string())
}

/// Finds all selected recipients and warns about skipped members of groups.
///
/// # Errors
/// A named person does not exist or is not bound; no recipient is left.
pub(crate) fn resolve(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    selector: &RecipientSelector,
) -> anyhow::Result<Vec<Recipient>> {
    let recipients = resolve_selected(ui, app, store, selector);
    match &selector.default_origin {
        Some(origin) => recipients.map_err(|error| {
            // The name in the error is not on the command line, so the hint names its place in the
            // config.
            let CommandError { exit, message, hint } = classify(&error);
            let hints = hint.into_iter().chain([t!("send-default-hint", at = origin.to_string())]);
            CommandError { exit, message, hint: Some(join_clauses(hints)) }.into()
        }),
        None => recipients,
    }
}

fn resolve_selected(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    selector: &RecipientSelector,
) -> anyhow::Result<Vec<Recipient>> {
    let mut recipients = RecipientSet::default();
    for name in &selector.users {
        let user = app.find_user(store, name)?;
        if user.binding.is_none() {
            let hint = t!("user-not-bound-hint", name = shell_words::quote(&user.username).as_ref());
            return Err(CommandError::not_found(t!("user-not-bound", user = user.username)).hint(hint).into());
        }
        recipients.add_user(user, true);
    }
    for tag in &selector.tags {
        add_group(ui, app, store, &UserFilter { tag: Some(tag.trim()), bound: None }, &mut recipients)?;
    }
    if selector.all {
        add_group(ui, app, store, &UserFilter { tag: None, bound: Some(true) }, &mut recipients)?;
    }
    for openid in &selector.openids {
        warn_if_unusual_openid(ui, openid);
        recipients.add_openid(openid);
    }
    Ok(recipients.list)
}

/// Adds the bound and reachable members of a group and warns about the others.
fn add_group(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    filter: &UserFilter<'_>,
    recipients: &mut RecipientSet,
) -> anyhow::Result<()> {
    let (mut members, mut unbound, mut unreachable) = (0_usize, Vec::new(), Vec::new());
    store.for_each_user(filter, app.app_id(), |user| {
        members += 1;
        match &user.binding {
            None => unbound.push(user.username),
            Some(binding) if binding.unreachable_errcode.is_some() => unreachable.push(user.username),
            Some(_) => recipients.add_user(user, false),
        }
        anyhow::Ok(())
    })?;
    if members == 0 {
        if let Some(tag) = filter.tag {
            require_tag(store, tag)?;
        }
        return Err(CommandError::not_found(t!("send-none-bound")).hint(t!("send-none-bound-hint")).into());
    }
    if members == unbound.len() + unreachable.len() {
        let message = filter.tag.map_or_else(|| t!("send-none-reachable"), |tag| t!("send-tag-unreachable", tag = tag));
        let hint = if unreachable.is_empty() { t!("send-none-bound-hint") } else { t!("send-unreachable-hint") };
        return Err(CommandError::not_found(message).hint(hint).into());
    }
    if !unbound.is_empty() {
        ui.warn(&t!("send-skipped-unbound", users = join_first(&unbound)));
    }
    if !unreachable.is_empty() {
        ui.warn(&t!("send-skipped-unreachable", users = join_first(&unreachable)));
    }
    Ok(())
}

/// Removes the members of groups who declined the template, and warns about them.
///
/// # Errors
/// No recipient is left.
pub(super) fn without_declined(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    content: &Content,
    recipients: Vec<Recipient>,
) -> anyhow::Result<Vec<Recipient>> {
    let Content::Template { template_id, .. } = content else { return Ok(recipients) };
    if recipients.iter().all(|recipient| recipient.by_name) {
        return Ok(recipients);
    }
    let declined = store.users_declining_template(app.app_id(), template_id)?;
    let is_skipped =
        |recipient: &Recipient| !recipient.by_name && recipient.user_id.is_some_and(|id| declined.contains(&id));
    let (skipped, recipients): (Vec<_>, Vec<_>) = recipients.into_iter().partition(is_skipped);
    let names: Vec<String> = skipped.into_iter().filter_map(|recipient| recipient.user).collect();
    if names.is_empty() {
        return Ok(recipients);
    }
    if recipients.is_empty() {
        return Err(CommandError::not_found(t!("send-all-declined")).hint(t!("send-declined-hint")).into());
    }
    ui.warn(&t!("send-skipped-declined", users = join_first(&names)));
    Ok(recipients)
}

#[derive(Default)]
struct RecipientSet {
    list: Vec<Recipient>,
    user_ids: HashSet<i64>,
    openids: HashSet<String>,
}

impl RecipientSet {
    fn add_user(&mut self, user: User, by_name: bool) {
        if let Some(binding) = user.binding
            && self.user_ids.insert(user.id)
        {
            self.openids.insert(binding.openid.clone());
            let (user_id, user, openid) = (Some(user.id), Some(user.username), binding.openid);
            self.list.push(Recipient { user_id, user, openid, by_name });
        }
    }

    /// Adds an openid unless it belongs to a person in the set.
    fn add_openid(&mut self, openid: &str) {
        if self.openids.insert(openid.to_owned()) {
            self.list.push(Recipient { user_id: None, user: None, openid: openid.to_owned(), by_name: true });
        }
    }
}
