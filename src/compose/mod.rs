//! Turns options or JSON into a validated submission before anything is queued: for `send`, each
//! line of its batch, and `run`.

pub(crate) mod content;
pub(crate) mod fallback;
pub(crate) mod input;
pub(crate) mod media_file;
pub(crate) mod message_json;
pub(crate) mod recipients;
pub(crate) mod split;
pub(crate) mod template_check;
pub(crate) mod template_data;
pub(crate) mod template_list;
pub(crate) mod template_resolve;
pub(crate) mod warnings;

use crossbeam_channel::bounded;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::access_token::Account;
use crate::cli::DeliveryArgs;
use crate::compose::template_resolve::TemplateCache;
use crate::config::Origin;
use crate::context::AppContext;
use crate::delivery::{DeliverySource, TaggedSubmission};
use crate::exit::CommandError;
use crate::store::{Attachment, Expiry, NewRecipient, Payload, Store, Submission};
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::{Content, MAX_TEXT_BYTES};
use recipients::Recipient;
use warnings::DraftWarnings;

/// A message before its template is resolved: a content and what belongs to it.
pub(super) struct MessageDraft {
    pub(super) content: Content,
    /// The further parts of a text that was split.
    parts: Vec<Content>,
    /// The files that the content refers to.
    files: Vec<Attachment>,
    /// The name of its template; without one, the template is found by its ID.
    template_name: Option<String>,
    /// The recipient that the JSON names.
    touser: Option<String>,
}

impl From<Content> for MessageDraft {
    fn from(content: Content) -> Self {
        Self { content, parts: Vec::new(), files: Vec::new(), template_name: None, touser: None }
    }
}

impl MessageDraft {
    /// Sets the name by which the template is found.
    pub(super) fn with_template_name(mut self, name: Option<&str>) -> Self {
        self.template_name = name.map(str::to_owned);
        self
    }

    /// Fits a text into WeChat's limit: splits it into parts if `may_split`, otherwise truncates it
    /// with a warning.
    ///
    /// # Errors
    /// With `--strict`, the text is too long.
    pub(super) fn split_or_check(mut self, may_split: bool, notes: &mut DraftWarnings) -> Result<Self, CommandError> {
        let Content::Text { content, kf_account } = &mut self.content else { return Ok(self) };
        if content.len() <= MAX_TEXT_BYTES {
            return Ok(self);
        }
        if may_split {
            let part = |text: &str| Content::Text { content: text.to_owned(), kf_account: kf_account.clone() };
            let mut parts = split::parts(content, MAX_TEXT_BYTES).into_iter().map(part);
            let first = parts.next();
            self.parts = parts.collect();
            self.content = first.unwrap_or(self.content);
        } else {
            let (length, limit) = (content.len(), MAX_TEXT_BYTES);
            let what = match notes.is_strict() {
                true => t!("send-text-long", length = length, limit = limit),
                false => t!("send-text-cut", length = length, limit = limit),
            };
            notes.add_or_fail(what, Some(t!("send-text-split-hint")))?;
            *content = split::truncate(content, MAX_TEXT_BYTES);
        }
        Ok(self)
    }

    /// Checks that `touser` in the JSON, if any, is the only recipient.
    ///
    /// # Errors
    /// The JSON names another recipient.
    pub(super) fn check_touser(&self, to: &[Recipient]) -> Result<(), CommandError> {
        match (&self.touser, to.iter().find(|one| Some(&one.openid) != self.touser.as_ref())) {
            (Some(touser), Some(other)) => {
                let what = t!("send-touser", touser = touser, openid = other.openid);
                Err(CommandError::usage(what).hint(t!("send-touser-hint")))
            }
            _ => Ok(()),
        }
    }
}

/// A draft with the options for its delivery.
pub(super) struct ComposeRequest<'a> {
    pub(super) draft: MessageDraft,
    /// The warnings so far.
    pub(super) notes: DraftWarnings,
    pub(super) delivery: &'a DeliveryArgs,
}

/// The maximum number of messages that WeChat accepts in a row. Page:
/// doc/service/guide/product/kf/intro.html.
const MAX_CONSECUTIVE_MESSAGES: usize = 5;

/// Resolves the template and the fallback, and builds the submission for all recipients.
///
/// # Errors
/// The template does not exist, its fields do not match, or no recipient is left.
pub(super) fn build_submission(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    account: Option<&Account>,
    request: ComposeRequest<'_>,
    to: Vec<Recipient>,
) -> anyhow::Result<Submission> {
    let ComposeRequest { draft: mut said, mut notes, delivery: how } = request;
    said.check_touser(&to)?;
    let mut templates = TemplateCache::default();
    template_check::resolve_and_check(
        app,
        store,
        account,
        &mut templates,
        said.template_name.as_deref(),
        &mut notes,
        &mut said.content,
    )?;
    let fallback = match &how.fallback {
        Some(name) => fallback::build(app, store, account, &mut templates, name, &mut notes, &said.content)?,
        None => None,
    };
    notes.print(ui);
    let parts = said.parts.len() + 1;
    if parts > MAX_CONSECUTIVE_MESSAGES {
        ui.warn(&t!("send-split-many", parts = parts, limit = MAX_CONSECUTIVE_MESSAGES));
    }
    let to = recipients::without_declined(ui, app, store, &said.content, to)?;
    submission_from(said, fallback, how.key.clone(), expiry(app), to)
}

/// Returns how long a message is retried. A limit from the command line is strict: it expires even
/// a message that was never attempted.
pub(super) fn expiry(app: &AppContext) -> Expiry {
    let setting = &app.config.send.expire_after;
    Expiry { after: setting.value, strict: matches!(setting.origin, Origin::Flag(_)) }
}

/// Builds the submission.
///
/// # Errors
/// The system provides no random numbers.
pub(super) fn submission_from(
    said: MessageDraft,
    fallback: Option<Content>,
    key: Option<String>,
    expiry: Expiry,
    to: Vec<Recipient>,
) -> anyhow::Result<Submission> {
    let deduplicated = said.content.supports_dedupe() || fallback.is_some();
    let to = to.into_iter().map(|one| {
        let client_msg_id = deduplicated.then(new_client_msg_id).transpose()?;
        let Recipient { user_id, user, openid, .. } = one;
        Ok(NewRecipient { user_id, user, openid, client_msg_id })
    });
    let to = to.collect::<anyhow::Result<_>>()?;
    let body = |content: &Content| -> anyhow::Result<Payload> {
        Ok(Payload { kind: content.kind(), json: serde_json::to_string(content)? })
    };
    Ok(Submission {
        payload: body(&said.content)?,
        parts: said.parts.iter().map(body).collect::<anyhow::Result<_>>()?,
        files: said.files,
        fallback: fallback.as_ref().map(body).transpose()?,
        recipients: to,
        key,
        expiry,
    })
}

/// Returns a delivery source that yields one submission and then ends.
///
/// # Errors
/// Never in practice: the channel has room for the submission.
pub(super) fn single_source(parcel: Submission) -> anyhow::Result<DeliverySource> {
    let (send, parcels) = bounded(1);
    send.send(TaggedSubmission { submission: parcel, correlation_id: None })?;
    Ok(DeliverySource::Submissions(parcels))
}

/// Returns 128 random bits as 32 hex digits. A row number would repeat in a new or restored
/// database, and WeChat would drop a new message as a repeat.
fn new_client_msg_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
