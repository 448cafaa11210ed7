//! The run state takes the results of requests and uploads: their effects on the message, on those
//! of its class and on the run.

use std::collections::HashSet;
use std::time::Duration;

use super::DeliveryError;
use super::error::TxError;
use super::outcome::{DeliveryOutcome, MessageAction, OutcomeRule, RunAction, WINDOW_CLOSED_ERRCODES};
use super::retry;
use super::run_state::{InFlight, RunFeedback, RunState, StepTx, SuspendedClass, recipient_key};
use super::senders::SendResult;
use super::settlement::{TEMPLATE_KIND, explain_error, message_class, response_from_error, update_from_decision};
use super::uploads::{UploadError, UploadResult, WaitingMessage};
use crate::clock::{ClockReading, Timestamp};
use crate::store::{ClaimedMessage, MessageState, MessageUpdate, ResponseInfo};
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
    /// The class of the message, which a refusal may suspend.
    message_class: String,
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
    /// Returns the outcome.
    fn outcome(&self) -> DeliveryOutcome {
        DeliveryOutcome::classify(self.error)
    }

    /// Returns the rule of the outcome. An upload is harmless if repeated, so an ambiguous one is
    /// retried.
    fn rule(&self) -> OutcomeRule {
        let rule = self.outcome().rule();
        match self.failed_upload {
            Some(_) if self.outcome() == DeliveryOutcome::Ambiguous => {
                OutcomeRule { action: MessageAction::RetryWithBackoff, ..rule }
            }
            _ => rule,
        }
    }

    /// Returns whether WeChat refused a text for which the message has a fallback.
    fn falls_back(&self, claimed: &ClaimedMessage) -> bool {
        let refusal = self.error.and_then(wechat::Error::api_error);
        claimed.fallback_id.is_some() && refusal.is_some_and(|it| WINDOW_CLOSED_ERRCODES.contains(&it.errcode))
    }

    /// Returns the response of WeChat, for a message of any state.
    fn take_response(&mut self) -> ResponseInfo {
        let (msgid, host) = (self.msgid.take(), self.host.take());
        let mut response = ResponseInfo { msgid, host, server_time: self.server_at, ..response_from_error(self.error) };
        response.error = response.error.map(|error| match self.failed_upload {
            Some(file) => DeliveryError::Upload { file: file.to_owned(), error: Box::new((&error).into()) }.into(),
            None => error,
        });
        response
    }
}

/// The feedback of a result for the run; `None` if the message was no longer this run's.
type FeedbackResult = Result<Option<RunFeedback>, TxError>;

impl RunState {
    /// Records the result of a request.
    pub(super) fn on_send_result(&mut self, step: &mut StepTx<'_>, send_result: SendResult) -> FeedbackResult {
        let Some(flight) = self.in_flight.remove(&send_result.id) else { return Ok(None) };
        let InFlight { claimed, started_at, content, media_refs } = flight;
        let SendResult { token, response: SendResponse { result, host, server_at }, .. } = send_result;
        let (msgid, error) = match result {
            Ok(msgid) => (msgid, None),
            Err(error) => (None, Some(error)),
        };
        let errcode = error.as_ref().and_then(|error| Some(error.api_error()?.errcode));
        let media_expired = errcode == Some(INVALID_MEDIA_ID) && !media_refs.is_empty();
        if media_expired {
            self.upload_queue.invalidate(step.tx, &media_refs)?;
        }
        let finished_attempt = FinishedAttempt {
            attempt_number: Some(claimed.message.attempts),
            started_at: &started_at,
            message_class: message_class(&content),
            error: error.as_ref(),
            msgid,
            host,
            server_at,
            template_id: content.template_id().filter(|_| content.kind() == TEMPLATE_KIND).map(str::to_owned),
            retry_after_reupload: media_expired && claimed.message.errcode != errcode,
            failed_upload: None,
        };
        let (outcome, action) = (finished_attempt.outcome(), finished_attempt.rule().run_action);
        step.ended_attempts.push((content.kind(), outcome.attempt_outcome()));
        self.decide_and_record(step, claimed, finished_attempt)?;
        Ok(Some(RunFeedback { action, is_transient_failure: outcome.is_transient_failure(), token, error }))
    }

    /// Records the result of an upload: the messages that waited for it are ready, or are settled
    /// by its error.
    pub(super) fn on_upload_result(&mut self, step: &mut StepTx<'_>, entry: UploadResult) -> FeedbackResult {
        let UploadResult { key, file_name, token, result } = entry;
        let waiting = self.upload_queue.finish(&key);
        let error = match result {
            Ok(media) => {
                step.tx.save_media(key.as_media_key(), &media)?;
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
                self.fail_for_file(step, waiting, &DeliveryError::FileMissing { file: file_name })?;
                return Ok(None);
            }
            Err(UploadError::UnknownFormat) => {
                self.fail_for_file(step, waiting, &DeliveryError::UnknownFormat { file: file_name })?;
                return Ok(None);
            }
        };
        let outcome = DeliveryOutcome::classify(Some(&error));
        for entry in waiting {
            let finished_attempt = FinishedAttempt {
                attempt_number: None,
                started_at: &step.now.clock,
                message_class: entry.message_class,
                error: Some(&error),
                msgid: None,
                host: None,
                server_at: None,
                template_id: None,
                retry_after_reupload: false,
                failed_upload: Some(file_name.as_str()),
            };
            self.decide_and_record(step, entry.claimed, finished_attempt)?;
        }
        let (action, is_transient_failure) = (outcome.rule().run_action, outcome.is_transient_failure());
        Ok(Some(RunFeedback { action, is_transient_failure, token, error: Some(error) }))
    }

    /// Fails the messages whose file cannot be uploaded.
    fn fail_for_file(
        &mut self,
        step: &mut StepTx<'_>,
        waiting: Vec<WaitingMessage>,
        error: &DeliveryError,
    ) -> Result<(), TxError> {
        for WaitingMessage { claimed, .. } in waiting {
            let error = Some(error.clone().into());
            let update = MessageUpdate {
                attempt: None,
                state: MessageState::Failed,
                due_at: step.now.clock.wall,
                response: ResponseInfo { error, ..ResponseInfo::default() },
                retry_state: claimed.retry_state.clone(),
                switch_to_fallback: None,
            };
            self.record_update(step, claimed, &update, false)?;
        }
        Ok(())
    }

    /// Decides what happens to a message, and records it.
    fn decide_and_record(
        &mut self,
        step: &mut StepTx<'_>,
        claimed: ClaimedMessage,
        mut finished: FinishedAttempt<'_>,
    ) -> Result<(), TxError> {
        let falls_back = finished.falls_back(&claimed);
        let action = self.message_action(&claimed, &finished);
        // Skip RNG initialization on the success path; it costs more than recording the result.
        let jitter = if action == MessageAction::Sent { 0.0 } else { (self.jitter)() };
        let context = self.retry_context(&claimed, step.now);
        let decision = retry::decide_after_attempt(action, &context, finished.started_at, jitter);
        let mut update = update_from_decision(&decision);
        update.attempt = finished.attempt_number.map(|n| (n, finished.outcome().attempt_outcome()));
        if falls_back {
            update.switch_to_fallback = Some(TEMPLATE_KIND.to_owned());
            self.content_cache.remove(claimed.payload_id);
        }
        let response = finished.take_response();
        update.response = response.clone();
        if update.state == MessageState::Sent {
            update.response = ResponseInfo { errcode: None, errmsg: None, rid: None, error: None, ..update.response };
        }
        update.response.error =
            update.response.error.map(|error| explain_error(error, &decision, claimed.message.attempts));
        self.apply_run_action(step, &claimed, finished, response, update.state)?;
        log::info!("{}", t!("delivery-attempt", id = claimed.message.id, state = update.state.as_str()));
        self.record_update(step, claimed, &update, decision.within_run)
    }

    /// Returns what to do with the message after an attempt.
    fn message_action(&mut self, claimed: &ClaimedMessage, finished: &FinishedAttempt<'_>) -> MessageAction {
        let rule = finished.rule();
        // Retry immediately with the new token; if that one is refused as well, with backoff.
        let refreshed_before =
            rule.run_action == RunAction::RefreshToken && !self.retried_with_new_token.insert(claimed.message.id);
        match rule.action {
            _ if finished.falls_back(claimed) || finished.retry_after_reupload => MessageAction::RetryNow,
            MessageAction::RetryNow if refreshed_before => MessageAction::RetryWithBackoff,
            // WeChat refuses the repeat because an earlier attempt arrived.
            _ if finished.outcome() == DeliveryOutcome::Refused(Action::Duplicate)
                && claimed.history.may_have_arrived() =>
            {
                MessageAction::Sent
            }
            action => action,
        }
    }

    /// Applies what a response says about the recipient, the template and similar messages.
    fn apply_run_action(
        &mut self,
        step: &StepTx<'_>,
        claimed: &ClaimedMessage,
        finished: FinishedAttempt<'_>,
        response: ResponseInfo,
        state: MessageState,
    ) -> Result<(), TxError> {
        let tx = step.tx;
        let OutcomeRule { action, run_action, .. } = finished.rule();
        let openid = finished.attempt_number.and(claimed.message.openid.as_deref()).unwrap_or_default();
        let template = claimed.user_id.zip(finished.template_id.as_deref());
        if response.errcode == Some(INVALID_TEMPLATE_ID) {
            tx.delete_template_lists()?;
        }
        match run_action {
            RunAction::MarkUnreachable => {
                if let Some(errcode) = response.errcode {
                    tx.mark_unreachable(openid, errcode)?;
                }
            }
            RunAction::FailClass | RunAction::HoldClass => {
                self.suspended_classes.insert(finished.message_class, SuspendedClass { action, response });
            }
            RunAction::ThrottleRecipient => {
                let until = step.now.instant + RECIPIENT_COOLDOWN;
                self.throttled_recipients.insert(recipient_key(claimed), (until, response));
            }
            RunAction::MarkTemplateDeclined => {
                if let Some((user_id, template_id)) = template {
                    tx.set_template_declined(user_id, template_id, true)?;
                }
            }
            _ if state == MessageState::Sent => {
                tx.mark_reachable(openid, !NON_FOLLOWER_KINDS.contains(&claimed.message.kind.as_str()))?;
                if let Some((user_id, template_id)) = template {
                    tx.set_template_declined(user_id, template_id, false)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Records messages in flight as possibly delivered, except for those in `unstarted_ids`, whose
    /// requests no sender has started.
    pub(super) fn abandon_in_flight(
        &mut self,
        step: &mut StepTx<'_>,
        unstarted_ids: &HashSet<i64>,
    ) -> Result<(), TxError> {
        for (id, InFlight { claimed, started_at, .. }) in std::mem::take(&mut self.in_flight) {
            let outcome =
                if unstarted_ids.contains(&id) { DeliveryOutcome::NotSent } else { DeliveryOutcome::Ambiguous };
            let decision = retry::decide_after_attempt(
                outcome.rule().action,
                &self.retry_context(&claimed, step.now),
                &started_at,
                0.0,
            );
            let mut update = update_from_decision(&decision);
            update.attempt = Some((claimed.message.attempts, outcome.attempt_outcome()));
            update.response.error = (outcome == DeliveryOutcome::Ambiguous).then(|| DeliveryError::Interrupted.into());
            // The next process need not wait for a backoff.
            update.due_at = step.now.clock.wall;
            self.record_update(step, claimed, &update, false)?;
        }
        Ok(())
    }
}
