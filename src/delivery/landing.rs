//! How requests end: for the message, for those like it, and for the run.

use std::time::{Duration, Instant};

use super::Trouble;
use super::board::{Board, Flight, Left, Lesson};
use super::crew::Done;
use super::endings::{TEMPLATE, answer, class, ending, luck, why};
use super::policy::{Effect, Fate, NO_WINDOW, Outcome, Row};
use super::schedule;
use super::uploads::{Missed, Uploaded};
use crate::store::{Answer, Ending, Held, Message, State, Turn};
use crate::t;
use crate::time::Moment;
use crate::wechat;
use crate::wechat::errcode::{Action, action};

/// WeChat does not know the media_id, or no longer.
const NO_MEDIA: i64 = 40007;

/// What was tried for a message.
struct Tried<'a> {
    /// The attempt; `None` where a file was on its way, and nothing of the message.
    attempt: Option<i64>,
    started: &'a Moment,
    /// What a `stop_kind` refusal covers.
    class: String,
    error: Option<&'a wechat::Error>,
    /// WeChat's id of the message.
    msgid: Option<String>,
    /// The media_ids that it names are forgotten: a further attempt uploads the files once more.
    again: bool,
    /// The file that was on its way.
    file: Option<&'a str>,
}

impl Tried<'_> {
    /// How it ended, and what follows. A file may arrive twice, so one that may have arrived is only tried again.
    fn outcome(&self) -> (Outcome, Row) {
        let outcome = Outcome::of(self.error);
        let row = outcome.row();
        let file = self.file.is_some() && outcome == Outcome::Maybe;
        (outcome, if file { Row { fate: Fate::Backoff, ..row } } else { row })
    }
}

/// What a landed request teaches; nothing where it was none of ours any more.
type Landed = Result<Option<Lesson>, Trouble>;

impl Board {
    /// Writes down how a request ended.
    pub(super) fn landed(&mut self, turn: &Turn<'_>, done: Done, now: &Moment, left: &mut Vec<Left>) -> Landed {
        let Some(flight) = self.flying.remove(&done.id) else { return Ok(None) };
        let Flight { held, n, started, content, media } = flight;
        let Done { token, result, .. } = done;
        let (msgid, error) = match result {
            Ok(msgid) => (msgid, None),
            Err(error) => (None, Some(error)),
        };
        let errcode = error.as_ref().and_then(|error| Some(error.refusal()?.errcode));
        let unknown = errcode == Some(NO_MEDIA) && !media.is_empty();
        if unknown {
            self.shelf.forget(turn, &media)?;
        }
        let tried = Tried {
            attempt: Some(n),
            started: &started,
            class: class(&content),
            error: error.as_ref(),
            msgid,
            again: unknown && held.message.errcode != errcode,
            file: None,
        };
        let (outcome, row) = tried.outcome();
        let trouble = matches!(outcome, Outcome::Maybe | Outcome::Refused(Action::Backoff));
        self.follow(turn, held, tried, now, left)?;
        Ok(Some(Lesson { effect: row.effect, trouble, token, error }))
    }

    /// Takes in how an upload ended: the messages that waited for it go on, or end as they would have.
    pub(super) fn uploaded(&mut self, turn: &Turn<'_>, it: Uploaded, now: &Moment, left: &mut Vec<Left>) -> Landed {
        let Uploaded { key, name, token, result } = it;
        let waiting = self.shelf.ended(&key);
        let error = match result {
            Ok(media) => {
                turn.keep_media(key.which(), &media)?;
                self.shelf.know(key, media);
                waiting.into_iter().rev().for_each(|shelved| self.ready.push_front(shelved.held));
                return Ok(Some(Lesson { effect: Effect::None, trouble: false, token, error: None }));
            }
            Err(Missed::Failed(error)) => error,
            Err(Missed::Gone) => {
                let ending = |held: &Held| Ending {
                    attempt: None,
                    state: State::Failed,
                    due_at: now.at,
                    answer: Answer { error: Some(t!("delivery-file-gone", file = name)), ..Answer::default() },
                    record: held.record.clone(),
                    instead: None,
                };
                for it in waiting {
                    let ending = ending(&it.held);
                    self.end(turn, it.held, &ending, false, now, left)?;
                }
                return Ok(None);
            }
        };
        let outcome = Outcome::of(Some(&error));
        for it in waiting {
            let (class, error, file) = (it.class, Some(&error), Some(name.as_str()));
            let tried = Tried { attempt: None, started: now, class, error, msgid: None, again: false, file };
            self.follow(turn, it.held, tried, now, left)?;
        }
        let trouble = matches!(outcome, Outcome::Maybe | Outcome::Refused(Action::Backoff));
        Ok(Some(Lesson { effect: outcome.row().effect, trouble, token, error: Some(error) }))
    }

    /// Decides what becomes of a message, and writes it down.
    fn follow(
        &mut self,
        turn: &Turn<'_>,
        held: Held,
        tried: Tried<'_>,
        now: &Moment,
        left: &mut Vec<Left>,
    ) -> Result<(), Trouble> {
        let (outcome, row) = tried.outcome();
        let Tried { attempt, started, class, error, msgid, again, file } = tried;
        let refusal = error.and_then(wechat::Error::refusal);
        let falls_back = held.fallback_id.is_some() && refusal.is_some_and(|it| NO_WINDOW.contains(&it.errcode));
        // The same once more with the new token; if that is refused too, with pauses.
        let twice = row.effect == Effect::Refresh && held.message.errcode.map(action) == Some(Action::Refresh);
        let fate = match row.fate {
            _ if falls_back || again => Fate::AtOnce,
            Fate::AtOnce if twice => Fate::Backoff,
            fate => fate,
        };
        // The generator takes longer to begin than the answer to be written down.
        let luck = if fate == Fate::Sent { 0.0 } else { luck() };
        let decision = schedule::after(fate, &self.facts(&held, now), started, luck);
        let mut ending = ending(&decision);
        ending.attempt = attempt.map(|n| (n, outcome.attempt()));
        ending.answer = answer(error);
        ending.answer.msgid = msgid;
        ending.answer.error = ending.answer.error.map(|error| match file {
            Some(file) => t!("delivery-upload", file = file, error = error),
            None => error,
        });
        ending.answer.error = ending.answer.error.map(|error| why(error, &decision, fate, held.message.attempts));
        ending.instead = falls_back.then(|| TEMPLATE.to_owned());
        let openid = held.message.openid.as_deref().unwrap_or_default();
        match row.effect {
            Effect::Mark => turn.mark(openid, ending.answer.errcode)?,
            Effect::StopKind | Effect::HoldKind => {
                let closed = Ending { attempt: None, ..ending.clone() };
                self.closed.insert(class, closed);
            }
            _ if ending.state == State::Sent => turn.mark(openid, None)?,
            _ => {}
        }
        log::info!("{}", t!("delivery-attempt", id = held.message.id, state = ending.state.as_str()));
        self.end(turn, held, &ending, decision.soon, now, left)
    }

    /// Leaves what is under way without its answer: it may have arrived.
    pub(super) fn abandon(&mut self, turn: &Turn<'_>, now: &Moment, left: &mut Vec<Left>) -> Result<(), Trouble> {
        for (_, Flight { held, n, started, .. }) in std::mem::take(&mut self.flying) {
            let decision = schedule::after(Outcome::Maybe.row().fate, &self.facts(&held, now), &started, 0.0);
            let mut ending = ending(&decision);
            ending.attempt = Some((n, Outcome::Maybe.attempt()));
            ending.answer.error = Some(t!("delivery-no-answer-yet"));
            // Whoever takes it next need not wait.
            ending.due_at = now.at;
            self.end(turn, held, &ending, false, now, left)?;
        }
        Ok(())
    }

    /// Writes an end down; `soon` it is tried again by this run, else it is left so.
    pub(super) fn end(
        &mut self,
        turn: &Turn<'_>,
        held: Held,
        ending: &Ending,
        soon: bool,
        now: &Moment,
        left: &mut Vec<Left>,
    ) -> Result<(), Trouble> {
        let mut message = held.message;
        if !turn.end(message.id, ending)? {
            left.push(Left::Standing(message.id));
            return Ok(());
        }
        if soon {
            let pause = u64::try_from(ending.due_at.0.saturating_sub(now.at.0)).unwrap_or(0);
            self.later.put(message.id, Instant::now() + Duration::from_millis(pause));
            return Ok(());
        }
        (message.state, message.due_at) = (ending.state, ending.due_at);
        message.sent_at = (ending.state == State::Sent).then_some(now.at);
        let Answer { msgid, errcode, errmsg, error } = ending.answer.clone();
        let id = message.id;
        left.push(Left::Message(Box::new(Message { msgid, errcode, errmsg, error, ..message })));
        if held.parts_left > 0 { self.go_on(turn, id, ending.state, left) } else { Ok(()) }
    }
}
