//! What the desk knows between two turns, and what a turn does with it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::endings::{class, ending, luck, stays, unsent, why};
use super::later::Later;
use super::policy::{Effect, Fate};
use super::schedule::{self, Facts};
use super::uploads::{Named, Shelf};
use super::{Orders, Tagged, Trouble};
use crate::secret::Secret;
use crate::store::{Answer, Begin, Held, Message, Place, Scope, Turn};
use crate::t;
use crate::time::{Moment, Timestamp};
use crate::wechat;
use crate::wechat::message::Content;

/// Contents that are kept read; a broadcast has one, a batch one a line.
const CONTENTS: usize = 64;

/// A message whose request is under way.
pub(super) struct Flight {
    pub(super) held: Held,
    pub(super) started: Moment,
    pub(super) content: Arc<Content>,
    /// The media_ids that the request names.
    pub(super) media: Named,
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
    /// It was withdrawn, by a person or since the part before it was not sent; or it is no longer there.
    Standing(i64),
}

/// What an answer means for all, once the turn is over.
pub(super) struct Lesson {
    pub(super) effect: Effect,
    /// WeChat, or the way to it, is in trouble; the message is not.
    pub(super) trouble: bool,
    /// The token that the request bore.
    pub(super) token: Secret,
    pub(super) error: Option<wechat::Error>,
}

impl Lesson {
    /// Whether more may begin before it is heeded.
    pub(super) fn lets_go_on(&self) -> bool {
        !matches!(self.effect, Effect::StopRun | Effect::Refresh | Effect::Pause)
    }
}

/// What every further message of an API or template comes to, without asking WeChat.
pub(super) struct Closed {
    pub(super) fate: Fate,
    pub(super) answer: Answer,
}

/// What became of the parcels of a turn.
#[derive(Default)]
pub(super) struct Queued {
    /// Messages.
    pub(super) count: usize,
    /// The ids of what was there already, with the tag of who asked for it once more.
    pub(super) duplicates: Vec<(i64, Option<u64>)>,
    /// Who was bound when the parcel was made, and no longer is.
    pub(super) unbound: Vec<(String, Option<u64>)>,
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
    /// Of those that were this run's alone and are no longer queued, what was never tried.
    pub(super) unbegun: HashSet<i64>,
    /// Parts of this run that wait, each for the one before it.
    pub(super) blocked: HashMap<i64, i64>,
    /// What waits for files.
    pub(super) shelf: Shelf,
    /// Whatever is due is this run's, and there is some.
    pub(super) due: bool,
    pub(super) tags: HashMap<i64, u64>,
    /// The tags of what this run was asked for once more, by the message that it has on its way for that already.
    pub(super) twins: HashMap<i64, Vec<Option<u64>>>,
    contents: HashMap<i64, Arc<Content>>,
    /// Of which version of the database they were read.
    version: Option<i64>,
    /// APIs and templates that WeChat refuses.
    pub(super) closed: HashMap<String, Closed>,
    /// Messages whose token was refused in this run: they were tried again at once.
    pub(super) refreshed: HashSet<i64>,
    /// People to whom WeChat takes no more for now: until when, and what it said.
    pub(super) slowed: HashMap<String, (Instant, Answer)>,
    /// The time by WeChat's clock.
    pub(super) server: Option<Timestamp>,
}

/// What a message's recipient is known by within a run.
pub(super) fn recipient(held: &Held) -> String {
    match held.user_id {
        Some(id) => id.to_string(),
        None => held.message.openid.clone().unwrap_or_default(),
    }
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
            unbegun: HashSet::new(),
            blocked: HashMap::new(),
            shelf: Shelf::default(),
            due,
            tags: HashMap::new(),
            twins: HashMap::new(),
            contents: HashMap::new(),
            version: None,
            closed: HashMap::new(),
            refreshed: HashSet::new(),
            slowed: HashMap::new(),
            server: None,
        }
    }

    /// How many more may be taken: a run holds at most twice what it sends at a time.
    pub(super) fn room(&self) -> usize {
        (2 * self.orders.concurrency).saturating_sub(self.ready.len() + self.flying.len() + self.shelf.len())
    }

    /// Whether that message is this run's, and has not come to an end.
    pub(super) fn has(&self, id: i64) -> bool {
        self.flying.contains_key(&id)
            || self.ready.iter().any(|held| held.message.id == id)
            || self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&id))
            || self.later.has(id)
            || self.blocked.contains_key(&id)
            || self.shelf.has(id)
    }

    /// Whether nothing but what is under way is left to do.
    pub(super) fn is_done(&self) -> bool {
        !self.due && self.ready.is_empty() && self.later.is_empty() && self.ranges.is_empty() && self.shelf.is_empty()
    }

    /// Whether there is something to take at that time.
    pub(super) fn has_untaken(&self, at: Instant) -> bool {
        self.due || !self.ranges.is_empty() || self.later.is_due(at)
    }

    pub(super) fn facts<'a>(&self, held: &'a Held, now: &'a Moment) -> Facts<'a> {
        Facts { held, now, server: self.server, wait: self.orders.wait, max_attempts: self.orders.max_attempts }
    }

    /// Forgets what was read, if others have changed the database since: a content that nobody needs any more is
    /// removed, and the next one may get its id.
    pub(super) fn heed_others(&mut self, turn: &Turn<'_>) -> Result<(), Trouble> {
        if !self.contents.is_empty() {
            let version = turn.version()?;
            if self.version.replace(version) != Some(version) {
                self.contents.clear();
            }
        }
        Ok(())
    }

    /// Queues a parcel. `takes`: it is taken, too, where there is room for all of it and nothing else waits.
    pub(super) fn queue(
        &mut self,
        turn: &Turn<'_>,
        tagged: &Tagged,
        takes: bool,
        out: &mut Queued,
    ) -> Result<(), Trouble> {
        self.shelf.used |= !tagged.parcel.files.is_empty();
        let parcel = &tagged.parcel;
        let mine = takes
            && parcel.parts.is_empty()
            && parcel.to.len() <= self.room()
            && self.ranges.is_empty()
            && self.later.is_empty();
        for place in turn.queue(parcel, mine)? {
            let id = match &place {
                Place::Unbound(user) => {
                    out.unbound.push((user.clone().unwrap_or_default(), tagged.tag));
                    continue;
                }
                Place::Duplicate(id) => {
                    out.duplicates.push((*id, tagged.tag));
                    continue;
                }
                Place::New(id) | Place::After(id, _) => *id,
                Place::Mine(held) => held.message.id,
            };
            out.count += 1;
            if let Some(tag) = tagged.tag {
                self.tags.insert(id, tag);
            }
            match place {
                Place::Mine(held) => {
                    self.know(held.content_id, &parcel.body.json)?;
                    self.ready.push_back(*held);
                }
                Place::After(id, before) => {
                    self.blocked.insert(id, before);
                }
                _ => match self.ranges.back_mut() {
                    Some((_, last)) if *last + 1 == id => *last = id,
                    _ => self.ranges.push_back((id, id)),
                },
            }
        }
        Ok(())
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
            (next..held.message.id).try_for_each(|id| self.not_taken(turn, id))?;
            next = held.message.id + 1;
        }
        if !full {
            (next..=last).try_for_each(|id| self.not_taken(turn, id))?;
        }
        self.ready.extend(taken);
        Ok((full && next <= last).then_some(next))
    }

    /// Begins up to `most` of what is ready; what need not be sent is left with its end. `token_at` is when the token
    /// was fetched.
    pub(super) fn begin(
        &mut self,
        turn: &Turn<'_>,
        most: usize,
        (now, token_at): (&Moment, Option<Timestamp>),
        left: &mut Vec<Left>,
    ) -> Result<Vec<Started>, Trouble> {
        let mut begun = Vec::new();
        while begun.len() < most
            && let Some(held) = self.ready.pop_front()
        {
            let id = held.message.id;
            let Some(content) = self.content(turn, held.content_id)? else {
                self.is_taken(&held);
                continue;
            };
            let class = class(&content);
            let Some(held) = self.still_to_send(turn, held, &class, now, left)? else { continue };
            let Some((mut held, filled, media)) = self.shelf.fill(turn, held, &content, class, now.at)? else {
                continue;
            };
            let openid = match turn.begin(&held, token_at)? {
                Begin::Begun(openid) => openid,
                Begin::Taken => {
                    self.is_taken(&held);
                    continue;
                }
                unbound @ (Begin::Unbound | Begin::Rebound) => {
                    let decision = schedule::withdrawn(&self.facts(&held, now));
                    let user = held.message.user.clone().unwrap_or_default();
                    let why = match unbound {
                        Begin::Rebound => t!("delivery-rebound", user = user),
                        _ => t!("delivery-unbound", user = user),
                    };
                    let ending = stays(&held, &decision, Some(why));
                    self.end(turn, held, &ending, false, now, left)?;
                    continue;
                }
            };
            held.message.attempts += 1;
            held.message.openid = Some(openid.clone());
            let client_msg_id = held.message.client_msg_id.clone();
            begun.push(Started { id, openid, client_msg_id, content: filled });
            self.flying.insert(id, Flight { held, started: now.clone(), content, media });
        }
        Ok(begun)
    }

    /// It is no longer this run's: it was cancelled, or the person removed, since it was taken.
    fn is_taken(&mut self, held: &Held) {
        self.elsewhere.push(held.message.id);
        if held.message.attempts == 0 {
            self.unbegun.insert(held.message.id);
        }
    }

    /// The message, unless it is ended or put off without an attempt.
    fn still_to_send(
        &mut self,
        turn: &Turn<'_>,
        held: Held,
        class: &str,
        now: &Moment,
        left: &mut Vec<Left>,
    ) -> Result<Option<Held>, Trouble> {
        let facts = self.facts(&held, now);
        if let Some(decision) = schedule::before(&facts) {
            let ending = unsent(&held, &decision);
            self.end(turn, held, &ending, false, now, left)?;
            return Ok(None);
        }
        let slowed = match self.slowed.is_empty() {
            true => None,
            false => self.slowed.get(&recipient(&held)).filter(|(until, _)| *until > Instant::now()),
        };
        let refused = self.closed.get(class).map(|Closed { fate, answer }| (*fate, answer));
        let Some((fate, answer)) = refused.or(slowed.map(|(_, answer)| (Fate::Minute, answer))) else {
            return Ok(Some(held));
        };
        let decision = schedule::held_back(fate, &facts, luck());
        let error = answer.error.clone().map(|error| why(error, &decision, held.message.attempts));
        let mut ending = ending(&decision);
        ending.answer = Answer { error, msgid: None, host: None, server_at: None, ..answer.clone() };
        self.end(turn, held, &ending, false, now, left)?;
        Ok(None)
    }

    fn content(&mut self, turn: &Turn<'_>, id: i64) -> Result<Option<Arc<Content>>, Trouble> {
        if let Some(content) = self.contents.get(&id) {
            return Ok(Some(content.clone()));
        }
        turn.content(id)?.map(|json| self.know(id, &json)).transpose()
    }

    /// Keeps a content read.
    fn know(&mut self, id: i64, json: &str) -> Result<Arc<Content>, Trouble> {
        let content: Arc<Content> = Arc::new(serde_json::from_str(json)?);
        if self.contents.len() >= CONTENTS {
            self.contents.clear();
        }
        self.contents.insert(id, content.clone());
        Ok(content)
    }
}
