//! A message before its template is resolved, and the submission that is made from it.

use super::recipients::Recipient;
use super::split;
use super::warnings::DraftWarnings;
use crate::exit::CommandError;
use crate::random::random_bytes;
use crate::store::{Attachment, Expiry, NewRecipient, Payload, Submission};
use crate::t;
use crate::wechat::message::{Content, MAX_TEXT_BYTES};

/// A message before its template is resolved: the content with its remaining parts and the files.
pub(crate) struct MessageDraft {
    pub(crate) content: Content,
    /// The parts after the first of a text that was split.
    pub(super) remaining_parts: Vec<Content>,
    /// The files that the content refers to.
    pub(super) files: Vec<Attachment>,
    /// The name of its template; without one, the template is found by its ID.
    pub(super) template_name: Option<String>,
    /// The recipient that the JSON names.
    pub(super) touser: Option<String>,
}

impl From<Content> for MessageDraft {
    fn from(content: Content) -> Self {
        Self { content, remaining_parts: Vec::new(), files: Vec::new(), template_name: None, touser: None }
    }
}

impl MessageDraft {
    /// Sets the name by which the template is found.
    pub(crate) fn with_template_name(mut self, name: Option<&str>) -> Self {
        self.template_name = name.map(str::to_owned);
        self
    }

    /// Fits a text into WeChat's limit: splits it into parts if `may_split`, otherwise truncates it
    /// with a warning.
    ///
    /// # Errors
    /// With `--strict`, the text is too long.
    pub(crate) fn split_or_check(
        mut self,
        may_split: bool,
        warnings: &mut DraftWarnings,
    ) -> Result<Self, CommandError> {
        let Content::Text { content: text, kf_account } = &mut self.content else { return Ok(self) };
        if text.len() <= MAX_TEXT_BYTES {
            return Ok(self);
        }
        if may_split {
            let part = |text: &str| Content::Text { content: text.to_owned(), kf_account: kf_account.clone() };
            let mut parts = split::parts(text, MAX_TEXT_BYTES).into_iter().map(part);
            let first = parts.next();
            self.remaining_parts = parts.collect();
            self.content = first.unwrap_or(self.content);
        } else {
            let (length, limit) = (text.len(), MAX_TEXT_BYTES);
            let message = match warnings.is_strict() {
                true => t!("send-text-long", length = length, limit = limit),
                false => t!("send-text-cut", length = length, limit = limit),
            };
            warnings.add_or_fail(message, Some(t!("send-text-split-hint")))?;
            *text = split::truncate(text, MAX_TEXT_BYTES);
        }
        Ok(self)
    }

    /// Checks that `touser` in the JSON, if any, is the only recipient.
    ///
    /// # Errors
    /// The JSON names another recipient.
    pub(crate) fn check_touser(&self, recipients: &[Recipient]) -> Result<(), CommandError> {
        let Some(touser) = &self.touser else { return Ok(()) };
        match recipients.iter().find(|recipient| recipient.openid != *touser) {
            Some(other) => {
                let message = t!("send-touser", touser = touser, openid = other.openid);
                Err(CommandError::usage(message).hint(t!("send-touser-hint")))
            }
            None => Ok(()),
        }
    }

    /// Builds the submission.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub(crate) fn into_submission(
        self,
        fallback: Option<&Content>,
        key: Option<String>,
        expiry: Expiry,
        recipients: Vec<Recipient>,
    ) -> anyhow::Result<Submission> {
        let needs_msg_id = self.content.supports_dedupe() || fallback.is_some();
        let recipients = recipients.into_iter().map(|Recipient { user_id, user, openid, .. }| {
            let client_msg_id = needs_msg_id.then(new_client_msg_id).transpose()?;
            Ok(NewRecipient { user_id, user, openid, client_msg_id })
        });
        let recipients = recipients.collect::<anyhow::Result<_>>()?;
        Ok(Submission {
            payload: payload(&self.content)?,
            remaining_parts: self.remaining_parts.iter().map(payload).collect::<anyhow::Result<_>>()?,
            files: self.files,
            fallback: fallback.map(payload).transpose()?,
            recipients,
            key,
            expiry,
        })
    }
}

fn payload(content: &Content) -> anyhow::Result<Payload> {
    Ok(Payload { kind: content.kind(), json: serde_json::to_string(content)? })
}

/// Returns 128 random bits as 32 hex digits. A row number would repeat in a new or restored
/// database, and WeChat would drop a new message as a repeat.
fn new_client_msg_id() -> anyhow::Result<String> {
    Ok(hex::encode(random_bytes::<16>()?))
}
