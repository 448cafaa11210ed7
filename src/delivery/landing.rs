//! How requests end: for the message, for those like it, and for the run.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Trouble;
use super::board::{Board, Closed, Flight, Left, Lesson, recipient};
use super::crew::Done;
use super::endings::{TEMPLATE, answer, class, ending, luck, why};
use super::policy::{Effect, Fate, NO_WINDOW, Outcome, Row};
use super::schedule;
use super::uploads::{Missed, Uploaded};
use crate::store::{Answer, Ending, Held, Message, State, Turn};
use crate::t;
use crate::time::{Moment, Timestamp};
use crate::wechat::errcode::Action;
use crate::wechat::{self, Delivered};

/// WeChat does not know the media_id, or no longer.
const NO_MEDIA: i64 = 40007;

/// Types of messages of which WeChat does not say that they go to followers alone.
const FOR_ANYBODY: [&str; 2] = ["subscribe", "subscribe_once"];

/// The account does not have the template, or no longer.
const NO_TEMPLATE: i64 = 40037;

/// How long a person who gets too much gets no more of a run.
const SLOW: Duration = Duration::from_secs(60);

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
    /// The API host that was asked last.
    host: Option<String>,
    /// The `Date` of WeChat's answer.
    server_at: Option<Timestamp>,
    /// The template that was sent; not one of a subscription, for which a person agrees to each message.
    template_id: Option<String>,
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
        let Flight { held, started, content, media } = flight;
        let Done { token, delivered: Delivered { result, host, server_at }, .. } = done;
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
            attempt: Some(held.message.attempts),
            started: &started,
            class: class(&content),
            error: error.as_ref(),
            msgid,
            host,
            server_at,
            template_id: content.template_id().filter(|_| content.kind() == TEMPLATE).map(str::to_owned),
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
                    backoff: held.backoff.clone(),
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
            let tried = Tried {
                attempt: None,
                started: now,
                class: it.class,
                error: Some(&error),
                msgid: None,
                host: None,
                server_at: None,
                template_id: None,
                again: false,
                file: Some(name.as_str()),
            };
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
        let Tried { attempt, started, class, error, msgid, host, server_at, template_id, again, file } = tried;
        let refusal = error.and_then(wechat::Error::refusal);
        let falls_back = held.fallback_id.is_some() && refusal.is_some_and(|it| NO_WINDOW.contains(&it.errcode));
        // The same once more with the new token; if that is refused too, with pauses.
        let twice = row.effect == Effect::Refresh && !self.refreshed.insert(held.message.id);
        let fate = match row.fate {
            _ if falls_back || again => Fate::AtOnce,
            Fate::AtOnce if twice => Fate::Backoff,
            // WeChat refuses the repeat, since the first one arrived.
            _ if outcome == Outcome::Refused(Action::Duplicate) && held.history.may_have_arrived() => Fate::Sent,
            fate => fate,
        };
        // The generator takes longer to begin than the answer to be written down.
        let luck = if fate == Fate::Sent { 0.0 } else { luck() };
        let decision = schedule::after(fate, &self.facts(&held, now), started, luck);
        let mut ending = ending(&decision);
        ending.attempt = attempt.map(|n| (n, outcome.attempt()));
        ending.answer = Answer { msgid, host, server_at, ..answer(error) };
        ending.answer.error = ending.answer.error.map(|error| match file {
            Some(file) => t!("delivery-upload", file = file, error = error),
            None => error,
        });
        let refused = ending.answer.clone();
        if ending.state == State::Sent {
            ending.answer = Answer { errcode: None, errmsg: None, rid: None, error: None, ..ending.answer };
        }
        ending.answer.error = ending.answer.error.map(|error| why(error, &decision, held.message.attempts));
        ending.instead = falls_back.then(|| TEMPLATE.to_owned());
        let openid = attempt.and(held.message.openid.as_deref()).unwrap_or_default();
        if refused.errcode == Some(NO_TEMPLATE) {
            turn.forget_templates()?;
        }
        match row.effect {
            Effect::Mark => {
                if let Some(errcode) = refused.errcode {
                    turn.refused(openid, errcode)?;
                }
            }
            Effect::StopKind | Effect::HoldKind => {
                self.closed.insert(class, Closed { fate: row.fate, answer: refused });
            }
            Effect::Slow => {
                self.slowed.insert(recipient(&held), (Instant::now() + SLOW, refused));
            }
            Effect::Decline => {
                if let (Some(user_id), Some(template_id)) = (held.user_id, &template_id) {
                    turn.mark_template(user_id, template_id, true)?;
                }
            }
            _ if ending.state == State::Sent => {
                turn.reached(openid, !FOR_ANYBODY.contains(&held.message.kind.as_str()))?;
                if let (Some(user_id), Some(template_id)) = (held.user_id, &template_id) {
                    turn.mark_template(user_id, template_id, false)?;
                }
            }
            _ => {}
        }
        log::info!("{}", t!("delivery-attempt", id = held.message.id, state = ending.state.as_str()));
        self.end(turn, held, &ending, decision.soon, now, left)
    }

    /// Leaves what is under way without its answer: it may have arrived.
    /// Of `unsent` no worker has begun the request.
    pub(super) fn abandon(
        &mut self,
        turn: &Turn<'_>,
        unsent: &HashSet<i64>,
        now: &Moment,
        left: &mut Vec<Left>,
    ) -> Result<(), Trouble> {
        for (id, Flight { held, started, .. }) in std::mem::take(&mut self.flying) {
            let outcome = if unsent.contains(&id) { Outcome::NotSent } else { Outcome::Maybe };
            let decision = schedule::after(outcome.row().fate, &self.facts(&held, now), &started, 0.0);
            let mut ending = ending(&decision);
            ending.attempt = Some((held.message.attempts, outcome.attempt()));
            ending.answer.error = (outcome == Outcome::Maybe).then(|| t!("delivery-no-answer-yet"));
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
        let Answer { msgid, errcode, errmsg, rid, error, .. } = ending.answer.clone();
        let id = message.id;
        left.push(Left::Message(Box::new(Message { msgid, errcode, errmsg, rid, error, ..message })));
        if held.parts_left > 0 { self.go_on(turn, id, ending.state, left) } else { Ok(()) }
    }
}
