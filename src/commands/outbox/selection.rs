//! The messages that the options of `outbox list` and `outbox follow` select.

use crate::cli::{MessageColumn, MessageFilterArgs, TimeBound};
use crate::clock::Timestamp;
use crate::compose::template_list::find;
use crate::context::{AppContext, require_tag};
use crate::exit::CommandError;
use crate::store::{MessageFilter, MessageState, ReceiptFilter, ReceiptStatus, Store, TemplateKind, TemplateList};
use crate::t;
use crate::time_zone::{Zone, format_local};
use crate::ui::Ui;

/// The messages to print. The names in the options are resolved.
#[derive(Default)]
pub(super) struct MessageSelection {
    states: Vec<MessageState>,
    receipt: Option<ReceiptFilter>,
    user_id: Option<i64>,
    tag: Option<String>,
    template_ids: Option<Vec<String>>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Checks that columns are only chosen for a table.
///
/// # Errors
/// Columns are chosen although the results are JSON, which has all fields.
pub(super) fn check_columns(ui: &Ui, columns: &[MessageColumn]) -> Result<(), CommandError> {
    match columns {
        [_, ..] if ui.json() => Err(CommandError::usage(t!("cli-conflict", arg = "--columns", other = "--json"))),
        _ => Ok(()),
    }
}

impl MessageSelection {
    /// Resolves the options.
    ///
    /// # Errors
    /// A user, a tag or a template does not exist, or no time is between both bounds.
    pub(super) fn resolve(
        app: &AppContext,
        store: &Store,
        args: &MessageFilterArgs,
        until: Option<&TimeBound>,
    ) -> anyhow::Result<Self> {
        let (now, zone) = (Timestamp::now(), Zone::current());
        let since = args.since.as_ref().map(|since| since.first_moment(now, &zone));
        let until = until.map(|until| until.last_moment(now, &zone));
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            let message = t!("outbox-bounds", since = format_local(since), until = format_local(until));
            return Err(CommandError::usage(message).into());
        }
        let tag = args.tag.as_deref().map(str::trim);
        if let Some(tag) = tag {
            require_tag(store, tag)?;
        }
        Ok(Self {
            states: args.state.iter().filter_map(|name| MessageState::from_name(name)).collect(),
            receipt: args.receipt.as_ref().map(|name| match ReceiptStatus::from_name(name) {
                Some(status) => ReceiptFilter::Is(status),
                None => ReceiptFilter::Missing,
            }),
            user_id: args.user.as_ref().map(|name| app.find_user(store, name)).transpose()?.map(|user| user.id),
            tag: tag.map(str::to_owned),
            template_ids: args.template.as_ref().map(|name| template_ids(app, store, name)).transpose()?,
            since,
            until,
        })
    }

    /// Returns the filter for the database.
    pub(super) fn filter(&self) -> MessageFilter<'_> {
        MessageFilter {
            states: &self.states,
            receipt: self.receipt,
            user_id: self.user_id,
            tag: self.tag.as_deref(),
            template_ids: self.template_ids.as_deref(),
            since: self.since,
            until: self.until,
            ..MessageFilter::default()
        }
    }

    /// Returns whether all messages are selected.
    pub(super) fn is_all(&self) -> bool {
        let has_bounds = self.since.is_some() || self.until.is_some();
        let has_names = self.user_id.is_some() || self.tag.is_some() || self.template_ids.is_some();
        self.states.is_empty() && self.receipt.is_none() && !has_names && !has_bounds
    }
}

/// Returns the IDs of the templates that a name stands for: an alias, a title, which may be that of
/// several, an ID or its beginning. WeChat is not asked, because the account may no longer have the
/// template.
fn template_ids(app: &AppContext, store: &Store, name: &str) -> anyhow::Result<Vec<String>> {
    if let Some(alias) = app.config.templates.get(name) {
        return Ok(vec![alias.id.value.clone()]);
    }
    let app_id = app.require_app_id()?;
    let mut all = TemplateList { kind: TemplateKind::Template, templates: Vec::new(), fetched_at: Timestamp::now() };
    for kind in [TemplateKind::Template, TemplateKind::Subscription] {
        all.templates.extend(store.templates(&app_id, kind)?.into_iter().flat_map(|list| list.templates));
    }
    let titled = all.templates.iter().filter(|template| template.title == name.trim());
    let titled: Vec<String> = titled.map(|template| template.template_id.clone()).collect();
    if !titled.is_empty() {
        return Ok(titled);
    }
    match find(app, name, &all) {
        Ok(template) => Ok(vec![template.template_id.clone()]),
        Err(_) if store.has_messages_with_template(&app_id, name)? => Ok(vec![name.to_owned()]),
        Err(error) => Err(error.into()),
    }
}
