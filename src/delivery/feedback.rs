//! The scheduler applies what a result means for the whole run: a new token, a pause or the end.

use super::outcome::RunAction;
use super::run_state::RunFeedback;
use super::scheduler::Scheduler;
use super::settlement::response_from_error;
use super::{DeliveryError, DeliveryEvent};
use crate::store::ResponseInfo;
use crate::{access_token, store, wechat};

impl Scheduler {
    /// Handles a failed token fetch: a network failure is retried, any other error ends the run.
    pub(super) fn on_token_error(&mut self, error: access_token::Error) -> anyhow::Result<()> {
        let stored = DeliveryError::from_token_error(&error).map(Into::into);
        let cause = match &error {
            access_token::Error::WeChat(cause) => cause,
            // Wait for results in flight, and therefore for the database that must store them.
            access_token::Error::Store(store::Error::Busy { .. }) if !self.run_state.in_flight.is_empty() => {
                let response = ResponseInfo { error: stored, ..ResponseInfo::default() };
                self.stop_sending(error.into(), response);
                return Ok(());
            }
            _ => return Err(error.into()),
        };
        let is_temporary = match cause {
            wechat::Error::Api(refusal) => wechat::errcode::action(refusal.errcode) == wechat::errcode::Action::Backoff,
            wechat::Error::ClientInit(_) => false,
            wechat::Error::Connect { .. }
            | wechat::Error::NoResponse { .. }
            | wechat::Error::InvalidResponse { .. } => true,
        };
        if is_temporary && self.record_run_failure() {
            self.notify_retrying(error.into());
        } else {
            let response = ResponseInfo { error: stored, ..response_from_error(Some(cause)) };
            self.stop_sending(error.into(), response);
        }
        Ok(())
    }

    pub(super) fn stop_sending(&mut self, error: anyhow::Error, stop_reason: ResponseInfo) {
        if !self.sending_stopped {
            self.sending_stopped = true;
            self.stop_reason = stop_reason;
            self.emit(DeliveryEvent::SendingStopped(error));
        }
    }

    /// Records that nothing can be sent. Returns whether to try again later.
    fn record_run_failure(&mut self) -> bool {
        let jitter = (self.run_state.jitter)();
        self.run_backoff.record_failure(self.now.instant, jitter)
    }

    fn notify_retrying(&mut self, error: anyhow::Error) {
        if !self.retry_notified && !self.sending_stopped {
            self.retry_notified = true;
            self.emit(DeliveryEvent::Retrying(error));
        }
    }

    pub(super) fn apply_feedback(&mut self, feedback: RunFeedback) {
        let RunFeedback { action, is_transient_failure, token, error } = feedback;
        let Some(error) = error else {
            self.token_source.reset_refusals();
            self.run_backoff.reset(self.now.instant);
            return;
        };
        let response = response_from_error(Some(&error));
        match action {
            RunAction::RefreshToken => {
                // Other processes must not use the token either, so delete it even if this run
                // fetches no new one.
                if let Err(error) = self.store.delete_token(&self.run_state.options.account.app_id, &token) {
                    log::info!("{error}");
                }
                if !self.token_source.record_refusal(&token) {
                    self.stop_sending(error.into(), response);
                }
            }
            RunAction::StopRun => self.stop_sending(error.into(), response),
            RunAction::PauseRun if self.record_run_failure() => self.notify_retrying(error.into()),
            RunAction::PauseRun => self.stop_sending(error.into(), response),
            RunAction::None if is_transient_failure && !self.run_backoff.record_transient_failure(self.now.instant) => {
                self.stop_sending(error.into(), response)
            }
            RunAction::None if is_transient_failure => {
                if !self.run_state.retry_timers.is_empty() {
                    self.notify_retrying(error.into());
                }
            }
            RunAction::None
            | RunAction::MarkUnreachable
            | RunAction::ThrottleRecipient
            | RunAction::MarkTemplateDeclined
            | RunAction::HoldClass
            | RunAction::FailClass => {
                self.run_backoff.reset(self.now.instant);
            }
        }
    }
}
