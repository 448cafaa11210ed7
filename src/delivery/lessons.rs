//! What an answer means for all: a new token, a pause, the end of the run.

use super::Event;
use super::board::Lesson;
use super::desk::Desk;
use super::endings::answer;
use super::policy::Effect;
use crate::store::Answer;
use crate::{store, token, wechat};

impl Desk<'_> {
    /// Without a token nothing goes: a way that is down is tried again, anything else ends the run.
    pub(super) fn no_token(&mut self, error: token::Error) -> anyhow::Result<()> {
        let cause = match &error {
            token::Error::WeChat(cause) => cause,
            // What is under way is waited for, and the database with it.
            token::Error::Store(store::Error::Busy { .. }) if !self.board.flying.is_empty() => {
                let said = Answer { error: Some(error.to_string()), ..Answer::default() };
                self.halt(error.into(), said);
                return Ok(());
            }
            _ => return Err(error.into()),
        };
        let passes = match cause {
            wechat::Error::Refused(refusal) => {
                wechat::errcode::action(refusal.errcode) == wechat::errcode::Action::Backoff
            }
            wechat::Error::Setup(_) => false,
            wechat::Error::NotSent { .. } | wechat::Error::NoAnswer { .. } | wechat::Error::BadAnswer { .. } => true,
        };
        if passes && self.pause.fail() {
            self.waiting(error.into());
        } else {
            let said = Answer { error: Some(error.to_string()), ..answer(Some(cause)) };
            self.halt(error.into(), said);
        }
        Ok(())
    }

    pub(super) fn halt(&mut self, error: anyhow::Error, cause: Answer) {
        if !self.halted {
            self.halted = true;
            self.cause = cause;
            self.tell.tell(Event::Stopped(error));
        }
    }

    pub(super) fn waiting(&mut self, error: anyhow::Error) {
        if !self.said && !self.halted {
            self.said = true;
            self.tell.tell(Event::Waiting(error));
        }
    }

    pub(super) fn learn(&mut self, lesson: Lesson) {
        let Lesson { effect, trouble, token, error } = lesson;
        let Some(error) = error else {
            self.access.accepted();
            self.pause.clear();
            return;
        };
        let cause = answer(Some(&error));
        match effect {
            Effect::Refresh => {
                // Whoever comes next asks for a new one, even where this run does not get to it.
                if let Err(error) = self.store.forget_token(&self.board.orders.account.app_id, &token) {
                    log::info!("{error}");
                }
                if !self.access.refuse(&token) {
                    self.halt(error.into(), cause);
                }
            }
            Effect::StopRun => self.halt(error.into(), cause),
            Effect::Pause if self.pause.fail() => self.waiting(error.into()),
            Effect::Pause => self.halt(error.into(), cause),
            Effect::None if trouble && !self.pause.strike() => self.halt(error.into(), cause),
            Effect::None if trouble => {
                if !self.board.later.is_empty() {
                    self.waiting(error.into());
                }
            }
            Effect::None | Effect::Mark | Effect::Slow | Effect::Decline | Effect::HoldKind | Effect::StopKind => {
                self.pause.clear();
            }
        }
    }
}
