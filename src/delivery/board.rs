//! What the desk knows between two turns, and what a turn does with it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crew::Done;
use super::later::Later;
use super::policy::{Effect, Fate, NO_WINDOW, Outcome};
use super::schedule::{self, Decision, Facts, GivenUp};
use super::{Orders, Tagged, Trouble};
use crate::store::{Answer, Ending, Held, Message, Place, Scope, State, Turn};
use crate::t;
use crate::time::Moment;
use crate::wechat;
use crate::wechat::errcode::{Action, action};
use crate::wechat::message::Content;

/// Contents that are kept read; a broadcast has one, a batch one a line.
const CONTENTS: usize = 64;

/// A message whose request is under way.
pub(super) struct Flight {
    pub(super) held: Held,
    n: i64,
    started: Moment,
    content: Arc<Content>,
}

/// A message that is about to be sent.
pub(super) struct Started {
    pub(super) id: i64,
    pub(super) openid: String,
    pub(super) client_msg_id: Option<String>,
    pub(super) content: Arc<Content>,
}

/// A message as a turn leaves it.
pub(super) enum Left {
    Message(Box<Message>),
    /// It is no longer there: the person was removed.
    Gone(i64),
}

/// What an answer means for all, once the turn is over.
pub(super) struct Lesson {
    pub(super) effect: Effect,
    /// WeChat, or the way to it, is in trouble; the message is not.
    pub(super) trouble: bool,
    pub(super) done: Done,
}

pub(super) struct Board {
    pub(super) orders: Orders,
    /// Taken, and not begun.
    pub(super) ready: VecDeque<Held>,
    pub(super) flying: HashMap<i64, Flight>,
    /// To be tried again by this run: when, and which.
    pub(super) later: Later,
    /// Ids of this run that were not taken yet, first and last.
    pub(super) ranges: VecDeque<(i64, i64)>,
    /// Ids of this run that another process has.
    pub(super) elsewhere: Vec<i64>,
    /// Whatever is due is this run's, and there is some.
    pub(super) due: bool,
    pub(super) tags: HashMap<i64, u64>,
    contents: HashMap<i64, Arc<Content>>,
    /// What every further message of an API or template is told, without asking WeChat.
    closed: HashMap<String, Ending>,
}

impl Board {
    pub(super) fn new(orders: Orders, ids: Vec<i64>, due: bool) -> Self {
        Self {
            orders,
            ready: VecDeque::new(),
            flying: HashMap::new(),
            later: Later::default(),
            ranges: ids.into_iter().map(|id| (id, id)).collect(),
            elsewhere: Vec::new(),
            due,
            tags: HashMap::new(),
            contents: HashMap::new(),
            closed: HashMap::new(),
        }
    }

    /// How many more may be taken: a run holds at most twice what it sends at a time.
    pub(super) fn room(&self) -> usize {
        (2 * self.orders.concurrency).saturating_sub(self.ready.len() + self.flying.len())
    }

    /// Whether nothing but what is under way is left to do.
    pub(super) fn is_done(&self) -> bool {
        !self.due && self.ready.is_empty() && self.later.is_empty() && self.ranges.is_empty()
    }

    /// Whether there is something to take at that time.
    pub(super) fn has_untaken(&self, at: Instant) -> bool {
        self.due || !self.ranges.is_empty() || self.later.is_due(at)
    }

    fn facts<'a>(&self, held: &'a Held, now: &'a Moment) -> Facts<'a> {
        Facts {
            record: &held.record,
            attempts: held.message.attempts,
            expires_at: held.message.expires_at,
            repeatable: held.is_repeatable(),
            now,
            wait: self.orders.wait,
            max_attempts: self.orders.max_attempts,
        }
    }

    /// Queues a parcel; the ids of what was there already.
    pub(super) fn queue(&mut self, turn: &Turn<'_>, tagged: &Tagged) -> Result<Vec<i64>, Trouble> {
        let mut duplicates = Vec::new();
        for place in turn.queue(&tagged.parcel)? {
            let id = match place {
                Place::New(id) => id,
                Place::Duplicate(id) => {
                    duplicates.push(id);
                    continue;
                }
            };
            match self.ranges.back_mut() {
                Some((_, last)) if *last + 1 == id => *last = id,
                _ => self.ranges.push_back((id, id)),
            }
            if let Some(tag) = tagged.tag {
                self.tags.insert(id, tag);
            }
        }
        Ok(duplicates)
    }

    /// Takes what there is room for.
    pub(super) fn take(&mut self, turn: &Turn<'_>, at: Instant) -> Result<(), Trouble> {
        while self.room() > 0
            && let Some(id) = self.later.take(at)
        {
            self.own(turn, (id, id))?;
        }
        while self.room() > 0
            && let Some((first, last)) = self.ranges.pop_front()
        {
            if let Some(rest) = self.own(turn, (first, last))? {
                self.ranges.push_front((rest, last));
            }
        }
        if self.due && self.room() > 0 {
            let room = self.room();
            let taken = turn.take(Scope::Due, room)?;
            self.due = taken.len() == room;
            taken.iter().for_each(|held| self.later.remove(held.message.id));
            self.ready.extend(taken);
        }
        Ok(())
    }

    /// Takes from a range of this run's own; where to go on, if it was not all.
    fn own(&mut self, turn: &Turn<'_>, (first, last): (i64, i64)) -> Result<Option<i64>, Trouble> {
        let room = self.room();
        let taken = turn.take(Scope::Only(first, last), room)?;
        let full = taken.len() == room;
        let mut next = first;
        for held in &taken {
            self.elsewhere.extend(next..held.message.id);
            next = held.message.id + 1;
        }
        if !full {
            self.elsewhere.extend(next..=last);
        }
        self.ready.extend(taken);
        Ok((full && next <= last).then_some(next))
    }

    /// Begins up to `most` of what is ready; what need not be sent is left with its end.
    pub(super) fn begin(
        &mut self,
        turn: &Turn<'_>,
        most: usize,
        now: &Moment,
        left: &mut Vec<Left>,
    ) -> Result<Vec<Started>, Trouble> {
        let mut begun = Vec::new();
        while begun.len() < most
            && let Some(mut held) = self.ready.pop_front()
        {
            let id = held.message.id;
            let Some(content) = self.content(turn, held.content_id)? else {
                self.elsewhere.push(id);
                continue;
            };
            if let Some(decision) = schedule::before(&self.facts(&held, now)) {
                let ending = unsent(&held, &decision);
                self.end(turn, held, &ending, false, now, left)?;
                continue;
            }
            if let Some(closed) = self.closed.get(&class(&content)) {
                let ending = Ending { record: held.record.clone(), ..closed.clone() };
                self.end(turn, held, &ending, false, now, left)?;
                continue;
            }
            let Some(n) = turn.begin(id, now.up.as_ref())? else {
                // Cancelled, or the person removed, since it was taken.
                self.elsewhere.push(id);
                continue;
            };
            held.message.attempts = n;
            let Some(openid) = held.message.openid.clone() else { continue };
            let client_msg_id = held.message.client_msg_id.clone();
            begun.push(Started { id, openid, client_msg_id, content: content.clone() });
            self.flying.insert(id, Flight { held, n, started: now.clone(), content });
        }
        Ok(begun)
    }

    fn content(&mut self, turn: &Turn<'_>, id: i64) -> Result<Option<Arc<Content>>, Trouble> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(Some(content.clone()));
        }
        let Some(json) = turn.content(id)? else { return Ok(None) };
        let content: Arc<Content> = Arc::new(serde_json::from_str(&json)?);
        if self.contents.len() >= CONTENTS {
            self.contents.clear();
        }
        self.contents.insert(id, content.clone());
        Ok(Some(content))
    }

    /// Writes down how a request ended.
    pub(super) fn landed(&mut self, turn: &Turn<'_>, done: Done, now: &Moment, left: &mut Vec<Left>) -> Landed {
        let Some(flight) = self.flying.remove(&done.id) else { return Ok(None) };
        let Flight { held, n, started, content } = flight;
        let error = done.result.as_ref().err();
        let outcome = Outcome::of(error);
        let row = outcome.row();
        let refusal = error.and_then(wechat::Error::refusal);
        let falls_back = held.fallback_id.is_some() && refusal.is_some_and(|it| NO_WINDOW.contains(&it.errcode));
        // The same once more with the new token; if that is refused too, with pauses.
        let twice = row.effect == Effect::Refresh && held.message.errcode.map(action) == Some(Action::Refresh);
        let fate = match row.fate {
            _ if falls_back => Fate::AtOnce,
            Fate::AtOnce if twice => Fate::Backoff,
            fate => fate,
        };
        let decision = schedule::after(fate, &self.facts(&held, now), &started, luck());
        let mut ending = ending(&decision);
        ending.attempt = Some((n, outcome.attempt()));
        ending.answer = answer(error);
        ending.answer.msgid = done.result.as_ref().ok().cloned().flatten();
        ending.answer.error = ending.answer.error.map(|error| why(error, &decision, fate, held.message.attempts));
        ending.instead = falls_back.then(|| TEMPLATE.to_owned());
        let openid = held.message.openid.as_deref().unwrap_or_default();
        match row.effect {
            Effect::Mark => turn.mark(openid, ending.answer.errcode)?,
            Effect::StopKind | Effect::HoldKind => {
                let closed = Ending { attempt: None, ..ending.clone() };
                self.closed.insert(class(&content), closed);
            }
            _ if ending.state == State::Sent => turn.mark(openid, None)?,
            _ => {}
        }
        log::info!("{}", t!("delivery-attempt", id = done.id, state = ending.state.as_str()));
        self.end(turn, held, &ending, decision.soon, now, left)?;
        let trouble = matches!(outcome, Outcome::Maybe | Outcome::Refused(Action::Backoff));
        Ok(Some(Lesson { effect: row.effect, trouble, done }))
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
    fn end(
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
            left.push(Left::Gone(message.id));
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
        left.push(Left::Message(Box::new(Message { msgid, errcode, errmsg, error, ..message })));
        Ok(())
    }
}

/// What a landed request teaches; nothing where it was none of ours any more.
type Landed = Result<Option<Lesson>, Trouble>;

/// The kind of a fallback.
const TEMPLATE: &str = "template";

/// The end that a decision makes, without what an answer says.
fn ending(decision: &Decision) -> Ending {
    Ending {
        attempt: None,
        state: decision.state,
        due_at: decision.due_at,
        answer: Answer::default(),
        record: decision.record.clone(),
        instead: None,
    }
}

/// What an error says of a message.
pub(super) fn answer(error: Option<&wechat::Error>) -> Answer {
    let refusal = error.and_then(wechat::Error::refusal);
    Answer {
        msgid: None,
        errcode: refusal.map(|it| it.errcode),
        errmsg: refusal.map(|it| it.errmsg.clone()),
        error: error.map(ToString::to_string),
    }
}

/// The same for a message that is given up without one more attempt: its last error stays.
fn unsent(held: &Held, decision: &Decision) -> Ending {
    let last = held.message.error.clone();
    let error = match (decision.given_up, last) {
        (Some(GivenUp::Expired), Some(last)) => t!("delivery-expired-after", error = last),
        (Some(GivenUp::Expired), None) => t!("delivery-expired"),
        (_, last) => last.unwrap_or_default(),
    };
    let (errcode, errmsg) = (held.message.errcode, held.message.errmsg.clone());
    Ending { answer: Answer { msgid: None, errcode, errmsg, error: Some(error) }, ..ending(decision) }
}

/// The error in words, with what was decided where that is not plain.
fn why(error: String, decision: &Decision, fate: Fate, attempts: i64) -> String {
    match (decision.given_up, fate) {
        (Some(GivenUp::Attempts), _) => t!("delivery-attempts", attempts = attempts, error = error),
        (None, Fate::Tomorrow) => t!("delivery-tomorrow", time = decision.due_at.to_string(), error = error),
        _ => error,
    }
}

/// What a `stop_kind` refusal covers: the API, and for a template message that template.
fn class(content: &Content) -> String {
    match content {
        Content::Text { .. } => content.kind().to_owned(),
        Content::Template { template_id, .. } => format!("{} {template_id}", content.kind()),
    }
}

/// Where in its span a pause ends.
fn luck() -> f64 {
    rand::random()
}
