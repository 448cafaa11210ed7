//! Results of requests and uploads: what they mean for the message, for similar messages and for
//! the run.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::outcome::{DeliveryOutcome, MessageAction, OutcomeRule, RunAction, WINDOW_CLOSED_ERRCODES};
use super::retry;
use super::run_state::{InFlight, RunFeedback, RunState, SettledMessage, SuspendedClass, recipient_key};
use super::settlement::{
    TEMPLATE_KIND, explain_error, random_jitter, response_from_error, suspension_class, update_from_decision,
};
use super::uploads::{UploadError, UploadResult};
use super::workers::SendResult;
use super::error::TxError;
use super::DeliveryError;
use crate::clock::{ClockReading, Timestamp};
use crate::store::{ClaimedMessage, MessageState, MessageUpdate, OutboxTx, ResponseInfo};
use crate::t;
use crate::wechat::errcode::Action;
use crate::wechat::{self, SendResponse};

/// WeChat does not know the media ID, or no longer does.
const INVALID_MEDIA_ID: i64 = 40007;

/// Message types that WeChat may send to users who do not follow the account.
const NON_FOLLOWER_KINDS: [&str; 2] = ["subscribe", "subscribe_once"];

/// The account does not have the template, or no longer does.
const INVALID_TEMPLATE_ID: i64 = 40037;

/// How long a recipient who gets too many messages gets no more from a run.
const RECIPIENT_COOLDOWN: Duration = Duration::from_secs(60);

/// An attempt that has ended.
struct FinishedAttempt<'a> {
    /// The attempt's number; `None` for an upload, before the message was sent.
    attempt_number: Option<i64>,
    started_at: &'a ClockReading,
    /// What a `stop_kind` refusal covers.
    suspension_class: String,
    error: Option<&'a wechat::Error>,
    /// WeChat's ID of the message.
    msgid: Option<String>,
    /// The API host that was called last.
    host: Option<String>,
    /// The `Date` header of WeChat's response.
    server_at: Option<Timestamp>,
    /// The ID of the template; `None` for a subscription, where a user consents to each message.
    template_id: Option<String>,
    /// The message's media IDs were forgotten, so that a further attempt uploads the files again.
    retry_after_reupload: bool,
    /// The name of the file that was being uploaded.
    failed_upload: Option<&'a str>,
}

impl FinishedAttempt<'_> {
    /// Returns the outcome and its rule. An upload is harmless if repeated, so an ambiguous one is
    /// retried.
    fn outcome_and_rule(&self) -> (DeliveryOutcome, OutcomeRule) {
        let outcome = DeliveryOutcome::classify(self.error);
        let rule = outcome.rule();
        let is_ambiguous_upload = self.failed_upload.is_some() && outcome == DeliveryOutcome::Ambiguous;
        (
            outcome,
            if is_ambiguous_upload { OutcomeRule { action: MessageAction::RetryWithBackoff, ..rule } } else { rule },
        )
    }
}

/// What a result means for the run; `None` if the message was no longer this run's.
type FeedbackResult = Result<Option<RunFeedback>, TxError>;

impl RunState {
    /// Records the result of a request.
    pub(super) fn on_send_result(
        &mut self,
        tx: &OutboxTx<'_>,
        send_result: SendResult,
        now: &ClockReading,
        settled: &mut Vec<SettledMessage>,
    ) -> FeedbackResult {
        let Some(flight) = self.in_flight.remove(&send_result.id) else { return Ok(None) };
        let InFlight { claimed, started_at, content, media_refs } = flight;
        let SendResult { token, delivered: SendResponse { result, host, server_at }, .. } = send_result;
        let (msgid, error) = match result {
            Ok(msgid) => (msgid, None),
            Err(error) => (None, Some(error)),
        };
        let errcode = error.as_ref().and_then(|error| Some(error.api_error()?.errcode));
        let media_expired = errcode == Some(INVALID_MEDIA_ID) && !media_refs.is_empty();
        if media_expired {
            self.upload_queue.invalidate(tx, &media_refs)?;
        }
        let finished_attempt = FinishedAttempt {
            attempt_number: Some(claimed.message.attempts),
            started_at: &started_at,
            suspension_class: suspension_class(&content),
            error: error.as_ref(),
            msgid,
            host,
            server_at,
            template_id: content.template_id().filter(|_| content.kind() == TEMPLATE_KIND).map(str::to_owned),
            retry_after_reupload: media_expired && claimed.message.errcode != errcode,
            failed_upload: None,
        };
        let (outcome, rule) = finished_attempt.outcome_and_rule();
        let is_transient_failure =
            matches!(outcome, DeliveryOutcome::Ambiguous | DeliveryOutcome::Refused(Action::Backoff));
        self.decide_and_record(tx, claimed, finished_attempt, now, settled)?;
        Ok(Some(RunFeedback { action: rule.run_action, is_transient_failure, token, error }))
    }

    /// Records the result of an upload: the messages that waited for it are ready, or are settled
    /// by its error.
    pub(super) fn on_upload_result(
        &mut self,
        tx: &OutboxTx<'_>,
        entry: UploadResult,
        now: &ClockReading,
        settled: &mut Vec<SettledMessage>,
    ) -> FeedbackResult {
        let UploadResult { key, file_name, token, result } = entry;
        let waiting = self.upload_queue.finish(&key);
        let error = match result {
            Ok(media) => {
                tx.save_media(key.as_media_key(), &media)?;
                self.upload_queue.remember(key, media);
                waiting.into_iter().rev().for_each(|entry| self.ready.push_front(entry.claimed));
                return Ok(Some(RunFeedback {
                    action: RunAction::None,
                    is_transient_failure: false,
                    token,
                    error: None,
                }));
            }
            Err(UploadError::Api(error)) => error,
            Err(UploadError::FileMissing) => {
                let update = |claimed: &ClaimedMessage| MessageUpdate {
                    attempt: None,
                    state: MessageState::Failed,
                    due_at: now.wall,
                    response: ResponseInfo {
                        error: Some(DeliveryError::FileMissing { file: file_name.clone() }.into()),
                        ..ResponseInfo::default()
                    },
                    retry_state: claimed.retry_state.clone(),
                    switch_to_fallback: None,
                };
                for entry in waiting {
                    let update = update(&entry.claimed);
                    self.record_update(tx, entry.claimed, &update, false, now, settled)?;
                }
                return Ok(None);
            }
        };
        let outcome = DeliveryOutcome::classify(Some(&error));
        for entry in waiting {
            let finished_attempt = FinishedAttempt {
                attempt_number: None,
                started_at: now,
                suspension_class: entry.suspension_class,
                error: Some(&error),
                msgid: None,
                host: None,
                server_at: None,
                template_id: None,
                retry_after_reupload: false,
                failed_upload: Some(file_name.as_str()),
            };
            self.decide_and_record(tx, entry.claimed, finished_attempt, now, settled)?;
        }
        let is_transient_failure =
            matches!(outcome, DeliveryOutcome::Ambiguous | DeliveryOutcome::Refused(Action::Backoff));
        Ok(Some(RunFeedback { action: outcome.rule().run_action, is_transient_failure, token, error: Some(error) }))
    }

    /// Decides what happens to a message, and records it.
    fn decide_and_record(
        &mut self,
        tx: &OutboxTx<'_>,
        claimed: ClaimedMessage,
        finished_attempt: FinishedAttempt<'_>,
        now: &ClockReading,
        settled: &mut Vec<SettledMessage>,
    ) -> Result<(), TxError> {
        let (outcome, rule) = finished_attempt.outcome_and_rule();
        let FinishedAttempt {
            attempt_number,
            started_at,
            suspension_class,
            error,
            msgid,
            host,
            server_at,
            template_id,
            retry_after_reupload,
            failed_upload,
        } = finished_attempt;
        let refusal = error.and_then(wechat::Error::api_error);
        let falls_back = claimed.fallback_id.is_some()
            && refusal.is_some_and(|refusal| WINDOW_CLOSED_ERRCODES.contains(&refusal.errcode));
        // Retry at once with the new token; if that one is refused as well, with backoff.
        let refreshed_before =
            rule.run_action == RunAction::RefreshToken && !self.retried_with_new_token.insert(claimed.message.id);
        let action = match rule.action {
            _ if falls_back || retry_after_reupload => MessageAction::RetryNow,
            MessageAction::RetryNow if refreshed_before => MessageAction::RetryWithBackoff,
            // WeChat refuses the repeat because an earlier attempt arrived.
            _ if outcome == DeliveryOutcome::Refused(Action::Duplicate) && claimed.history.may_have_arrived() => {
                MessageAction::Sent
            }
            action => action,
        };
        // Skip RNG initialization on the success path; it costs more than recording the result.
        let jitter = if action == MessageAction::Sent { 0.0 } else { random_jitter() };
        let decision = retry::decide_after_attempt(action, &self.retry_context(&claimed, now), started_at, jitter);
        let mut update = update_from_decision(&decision);
        update.attempt = attempt_number.map(|n| (n, outcome.attempt_outcome()));
        update.response = ResponseInfo { msgid, host, server_time: server_at, ..response_from_error(error) };
        update.response.error = update.response.error.map(|error| match failed_upload {
            Some(file) => DeliveryError::Upload { file: file.to_owned(), error: Box::new((&error).into()) }.into(),
            None => error,
        });
        let full_response = update.response.clone();
        if update.state == MessageState::Sent {
            update.response = ResponseInfo { errcode: None, errmsg: None, rid: None, error: None, ..update.response };
        }
        update.response.error =
            update.response.error.map(|error| explain_error(error, &decision, claimed.message.attempts));
        update.switch_to_fallback = falls_back.then(|| TEMPLATE_KIND.to_owned());
        let openid = attempt_number.and(claimed.message.openid.as_deref()).unwrap_or_default();
        if full_response.errcode == Some(INVALID_TEMPLATE_ID) {
            tx.delete_template_lists()?;
        }
        match rule.run_action {
            RunAction::MarkUnreachable => {
                if let Some(errcode) = full_response.errcode {
                    tx.mark_unreachable(openid, errcode)?;
                }
            }
            RunAction::FailClass | RunAction::HoldClass => {
                self.suspended_classes
                    .insert(suspension_class, SuspendedClass { action: rule.action, response: full_response });
            }
            RunAction::ThrottleRecipient => {
                self.throttled_recipients
                    .insert(recipient_key(&claimed), (Instant::now() + RECIPIENT_COOLDOWN, full_response));
            }
            RunAction::MarkTemplateDeclined => {
                if let (Some(user_id), Some(template_id)) = (claimed.user_id, &template_id) {
                    tx.set_template_declined(user_id, template_id, true)?;
                }
            }
            _ if update.state == MessageState::Sent => {
                tx.mark_reachable(openid, !NON_FOLLOWER_KINDS.contains(&claimed.message.kind.as_str()))?;
                if let (Some(user_id), Some(template_id)) = (claimed.user_id, &template_id) {
                    tx.set_template_declined(user_id, template_id, false)?;
                }
            }
            _ => {}
        }
        log::info!("{}", t!("delivery-attempt", id = claimed.message.id, state = update.state.as_str()));
        self.record_update(tx, claimed, &update, decision.within_run, now, settled)
    }

    /// Records messages in flight as possibly delivered, except for those in `unstarted_ids`, whose
    /// requests no worker has started.
    pub(super) fn abandon_in_flight(
        &mut self,
        tx: &OutboxTx<'_>,
        unstarted_ids: &HashSet<i64>,
        now: &ClockReading,
        settled: &mut Vec<SettledMessage>,
    ) -> Result<(), TxError> {
        for (id, InFlight { claimed, started_at, .. }) in std::mem::take(&mut self.in_flight) {
            let outcome =
                if unstarted_ids.contains(&id) { DeliveryOutcome::NotSent } else { DeliveryOutcome::Ambiguous };
            let decision = retry::decide_after_attempt(
                outcome.rule().action,
                &self.retry_context(&claimed, now),
                &started_at,
                0.0,
            );
            let mut update = update_from_decision(&decision);
            update.attempt = Some((claimed.message.attempts, outcome.attempt_outcome()));
            update.response.error = (outcome == DeliveryOutcome::Ambiguous).then(|| DeliveryError::Interrupted.into());
            // The next process need not wait.
            update.due_at = now.wall;
            self.record_update(tx, claimed, &update, false, now, settled)?;
        }
        Ok(())
    }
}
