//! Turns options or JSON into a validated submission before anything is queued: for `send`, each
//! line of its batch, and `run`.

pub(crate) mod content;
pub(crate) mod draft;
mod fallback;
pub(crate) mod input;
pub(crate) mod media_file;
pub(crate) mod message_json;
pub(crate) mod placeholders;
pub(crate) mod recipients;
mod split;
pub(crate) mod template_check;
pub(crate) mod template_data;
pub(crate) mod template_list;
pub(crate) mod template_resolve;
pub(crate) mod warnings;

use crossbeam_channel::bounded;

use crate::access_token::Account;
use crate::cli::DeliveryArgs;
use crate::config::Origin;
use crate::context::AppContext;
use crate::delivery::{DeliverySource, TaggedSubmission};
use crate::store::{Expiry, Store, Submission};
use crate::t;
use crate::ui::Ui;
use draft::MessageDraft;
use placeholders::Placeholders;
use recipients::Recipient;
use template_resolve::{TemplateCache, TemplateResolver};
use warnings::DraftWarnings;

/// A draft with the options for its delivery.
pub(crate) struct ComposeRequest<'a> {
    pub(crate) draft: MessageDraft,
    /// The warnings so far.
    pub(crate) warnings: DraftWarnings,
    pub(crate) delivery: &'a DeliveryArgs,
    /// The placeholders of `run`, for the default values of a fallback.
    pub(crate) placeholders: Option<&'a Placeholders>,
}

/// The maximum number of messages that WeChat accepts in a row. Page:
/// doc/service/guide/product/kf/intro.html.
const MAX_CONSECUTIVE_MESSAGES: usize = 5;

/// Resolves the template and the fallback, and builds the submission for all recipients.
///
/// # Errors
/// The template does not exist, its fields do not match, or no recipient is left.
pub(crate) fn build_submission(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    account: Option<&Account>,
    request: ComposeRequest<'_>,
    recipients: Vec<Recipient>,
) -> anyhow::Result<Submission> {
    let ComposeRequest { mut draft, mut warnings, delivery, placeholders } = request;
    draft.check_touser(&recipients)?;
    let mut cache = TemplateCache::default();
    let mut templates = TemplateResolver { app, store, account, cache: &mut cache };
    let name = draft.template_name.as_deref();
    template_check::resolve_and_check(&mut templates, name, &mut warnings, &mut draft.content)?;
    let fallback = match &delivery.fallback {
        Some(name) => fallback::build(&mut templates, name, placeholders, &mut warnings, &draft.content)?,
        None => None,
    };
    warnings.print(ui);
    let parts = draft.remaining_parts.len() + 1;
    if parts > MAX_CONSECUTIVE_MESSAGES {
        ui.warn(&t!("send-split-many", parts = parts, limit = MAX_CONSECUTIVE_MESSAGES));
    }
    let recipients = recipients::without_declined(ui, app, store, &draft.content, recipients)?;
    draft.into_submission(fallback.as_ref(), delivery.key.clone(), expiry(app), recipients)
}

/// Returns how long a message is retried. A limit from the command line is strict: it expires even
/// a message that was never attempted.
pub(crate) fn expiry(app: &AppContext) -> Expiry {
    let setting = &app.config.send.expire_after;
    Expiry { after: setting.value, strict: matches!(setting.origin, Origin::Flag(_)) }
}

/// Returns a delivery source that yields one submission and then ends.
///
/// # Errors
/// Never in practice: the channel has room for the submission.
pub(crate) fn single_source(submission: Submission) -> anyhow::Result<DeliverySource> {
    let (sender, submissions) = bounded(1);
    sender.send(TaggedSubmission { submission, correlation_id: None })?;
    Ok(DeliverySource::Submissions(submissions))
}
