//! What waits for the phone: judges each call of the redirect address and ends at the first right one.
//!
//! Everybody on the Internet may call. A call is right when it carries the state of this binding and a code
//! that WeChat takes; all others get a page that says why and what to do, repeats nothing of the request, and
//! leaves the wait as it was. Phones call twice now and then, so the code that succeeded succeeds again
//! without a second exchange, and a code that WeChat refused is not shown to WeChat again.
//!
//! A [`Callback`] is one binding's; a [`Site`] is all that a listener answers while it waits for one person after
//! the other.

mod exchange;
mod follow;
mod pages;
mod parts;
mod proof;
mod reason;
mod short;
mod site;
mod state;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use subtle::ConstantTimeEq;

use crate::http::{Reply, Request};
use crate::secret::{ExposeSecret, Secret};
use crate::words::{Lang, preferred};
use follow::Step;
use pages::Page;

pub use exchange::{Exchange, Person, Refusal};
pub use follow::{Follow, FollowCode, LookUp};
pub use proof::{Proof, is_name_of_proof};
pub use reason::Reason;
pub use short::ShortLink;
pub use site::Site;
pub use state::State;

/// Longest code that is looked at, in bytes; WeChat's have 32.
const CODE_BYTES: usize = 512;
/// Refused codes that are remembered.
const REFUSED: usize = 8;
/// Events that may wait to be taken, and how many of these places only the outcome may use.
const EVENTS: usize = 256;
const EVENTS_KEPT_FREE: usize = 64;

/// Who was bound, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The name of who was bound: who was renamed during the wait is told by the new one.
    pub username: String,
    /// To whom.
    pub person: Person,
}

/// What the one who waits hears.
#[derive(Debug)]
pub enum Event {
    /// Somebody came by the short link, and was sent on.
    Opened,
    /// A call that was not the right one; under a flood not all of these are told.
    TurnedAway(Reason),
    /// The right call, but WeChat could not be asked; the phone was told to reload.
    Unreachable(anyhow::Error),
    /// The binding is kept and the phone is being told so. The wait is over.
    Bound(Bound),
    /// Whether who was bound follows the account; after [`Event::Bound`], where that is looked up.
    Follow(Follow),
    /// The account is refused or the binding could not be kept. The wait is over.
    Failed(anyhow::Error),
}

/// Stores a binding before the phone is told of it; gives back the name that the bound person has then.
pub type Keep = Box<dyn FnMut(&Person) -> anyhow::Result<String> + Send>;

/// Judges the calls of one binding.
pub struct Callback {
    state: State,
    path: String,
    exchange: Arc<dyn Exchange>,
    short_link: Option<ShortLink>,
    look_up: Option<LookUp>,
    wait: Mutex<Wait>,
    /// How many calls were turned away, by reason.
    turned_away: Mutex<BTreeMap<Reason, usize>>,
    /// `None` once nobody waits for it any more. Held while a binding is kept, so that it is either kept before or not
    /// at all.
    open: Mutex<Option<Sender<Infallible>>>,
    /// Disconnected once nobody waits for it any more.
    closed: Receiver<Infallible>,
    events: Sender<Event>,
}

/// What one call at a time may change.
struct Wait {
    keep: Keep,
    refused: VecDeque<(Secret, Reason)>,
    outcome: Option<Outcome>,
}

enum Outcome {
    Bound {
        code: Secret,
        username: String,
        nickname: Option<String>,
        step: Step,
    },
    /// WeChat refuses the account.
    Refused,
    /// The binding could not be stored.
    Unkept,
}

impl Callback {
    /// Waits for `state` on `path` (of the redirect address; compared percent-decoded).
    pub fn new(
        state: State,
        path: impl Into<String>,
        exchange: Arc<dyn Exchange>,
        keep: Keep,
    ) -> (Callback, Receiver<Event>) {
        let (events, heard) = bounded(EVENTS);
        let wait = Mutex::new(Wait { keep, refused: VecDeque::new(), outcome: None });
        let (open, closed) = bounded(0);
        let callback = Callback {
            state,
            path: path.into(),
            exchange,
            short_link: None,
            look_up: None,
            wait,
            turned_away: Mutex::default(),
            open: Mutex::new(Some(open)),
            closed,
            events,
        };
        (callback, heard)
    }

    /// Looks up whether who was bound follows the account, and shows the way on the phone where they do not.
    pub fn with_look_up(self, look_up: LookUp) -> Self {
        Callback { look_up: Some(look_up), ..self }
    }

    /// Sends on, to the page where it all begins, whoever comes to that link.
    pub fn with_short_link(self, link: ShortLink) -> Self {
        Callback { short_link: Some(link), ..self }
    }

    /// Answers one call. Waits while another call's code is with WeChat, so that its repeat sees the outcome.
    pub fn answer(&self, request: &Request) -> Reply {
        let page = match &self.short_link {
            Some(link) if link.is(&request.path) => match self.sends_on(request) {
                Ok(()) => {
                    self.tell(Event::Opened);
                    return link.reply();
                }
                Err(reason) => Page::TurnedAway(reason),
            },
            _ => self.code(request).map_or_else(Page::TurnedAway, |code| self.settle(code)),
        };
        if let Page::TurnedAway(reason) = &page {
            self.turn_away(*reason);
        }
        // WeChat is Chinese before it is anything else.
        pages::reply(&page, preferred(request.header("accept-language"), Lang::Zh))
    }

    /// Judges what came in no call: the query of the address that WeChat sent the phone to. What came of it is told
    /// as an event.
    pub fn take(&self, query: &str) {
        let page = self.code_in(query).map_or_else(Page::TurnedAway, |code| self.settle(code));
        if let Page::TurnedAway(reason) = page {
            self.turn_away(reason);
        }
    }

    fn turn_away(&self, reason: Reason) {
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        self.tell(Event::TurnedAway(reason));
    }

    /// How many calls were turned away, by reason.
    pub fn turned_away(&self) -> BTreeMap<Reason, usize> {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a query has the state of this binding.
    pub fn is_mine(&self, query: &str) -> bool {
        parts::first(query, "state").is_some_and(|state| self.state.is(&state))
    }

    /// Whether a query has only a part of the state of this binding, or none at all: it was cut off on its way.
    pub fn is_torn(&self, query: &str) -> bool {
        parts::first(query, "state").is_none_or(|state| self.state.is_torn(&state))
    }

    /// Whether a call of that path, with that state, is meant for this binding, right or not.
    fn knows(&self, path: &str, state: Option<&str>) -> bool {
        self.short_link.as_ref().is_some_and(|link| link.is(path)) || state.is_some_and(|state| self.state.is(state))
    }

    /// Whether a call is under way whose code is with WeChat.
    pub fn is_busy(&self) -> bool {
        matches!(self.wait.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Ends the wait: what was kept has been told by now, and nothing will be kept from here on. A phone waits no longer
    /// for what WeChat says of its code, nor for what could be looked up about who was bound.
    pub fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn is_over(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Whether the short link still leads anywhere.
    fn sends_on(&self, request: &Request) -> Result<(), Reason> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(Reason::Method);
        }
        // Not while a code is with WeChat: that one is enough.
        match self.wait.try_lock() {
            Ok(wait) if wait.outcome.is_some() => Err(Reason::Taken),
            _ if self.is_over() => Err(Reason::State),
            _ => Ok(()),
        }
    }

    /// The code of a call that belongs to this binding.
    fn code(&self, request: &Request) -> Result<Secret, Reason> {
        if !parts::is_same_path(&request.path, &self.path) {
            let is_mine = request.method == "GET" && self.is_mine(&request.query);
            return Err(if is_mine { Reason::Elsewhere } else { Reason::Path });
        }
        if request.method != "GET" {
            return Err(Reason::Method);
        }
        self.code_in(&request.query)
    }

    /// The code of a query that belongs to this binding.
    fn code_in(&self, query: &str) -> Result<Secret, Reason> {
        let (mut state, mut code) = (None, None);
        for (key, value) in parts::of(query) {
            let slot = match &*key {
                "state" => &mut state,
                "code" => &mut code,
                _ => continue,
            };
            if slot.replace(Secret::from(value.into_owned())).is_some() {
                return Err(Reason::Repeated);
            }
        }
        if !state.is_some_and(|state| self.state.is(state.expose_secret())) {
            return Err(Reason::State);
        }
        let code = code.filter(|code| !code.expose_secret().is_empty()).ok_or(Reason::NoCode)?;
        let bytes = code.expose_secret().as_bytes();
        if bytes.len() > CODE_BYTES || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(Reason::BadCode);
        }
        Ok(code)
    }

    /// What becomes of a code.
    fn settle(&self, code: Secret) -> Page {
        // A panic in an exchange or a keep leaves nothing half done behind the lock.
        let mut wait = self.wait.lock().unwrap_or_else(PoisonError::into_inner);
        match &wait.outcome {
            Some(Outcome::Bound { code: ours, username, nickname, step }) if same(ours, &code) => {
                let (username, nickname, step) = (username.clone(), nickname.clone(), step.clone());
                return Page::Bound { username, nickname, step };
            }
            Some(Outcome::Bound { .. }) => return Page::TurnedAway(Reason::Taken),
            Some(Outcome::Refused) => return Page::AccountRefused,
            Some(Outcome::Unkept) => return Page::NotKept,
            None if self.is_over() => return Page::TurnedAway(Reason::State),
            None => {}
        }
        if let Some((_, reason)) = wait.refused.iter().find(|(refused, _)| same(refused, &code)) {
            return Page::TurnedAway(*reason);
        }
        let Some(answer) = self.ask(&code) else { return Page::TurnedAway(Reason::State) };
        match answer {
            Ok(person) if person.snapshot => wait.refuse(code, Reason::Snapshot),
            Ok(person) => self.bind(&mut wait, code, person),
            Err(Refusal::Code { errcode: 40163 }) => wait.refuse(code, Reason::Used),
            Err(Refusal::Code { errcode }) => wait.refuse(code, Reason::Refused(errcode)),
            Err(Refusal::Unreachable(error)) => {
                self.tell(Event::Unreachable(error));
                Page::Unreachable
            }
            Err(Refusal::Fatal(error)) => {
                wait.outcome = Some(Outcome::Refused);
                self.tell(Event::Failed(error));
                Page::AccountRefused
            }
        }
    }

    /// What WeChat says of a code; `None` where nobody waits for it any more.
    fn ask(&self, code: &Secret) -> Option<Result<Person, Refusal>> {
        let (tell, answer) = bounded(1);
        let (exchange, shown) = (Arc::clone(&self.exchange), code.clone());
        let asking = std::thread::Builder::new().name("code".into()).spawn(move || {
            // Nobody listens once the wait was ended.
            let _ = tell.send(exchange.person(&shown));
        });
        if asking.is_err() {
            // The system gives no thread: this one asks, and waits.
            return Some(self.exchange.person(code));
        }
        select! {
            recv(answer) -> answer => Some(answer.unwrap_or_else(|error| Err(Refusal::Unreachable(error.into())))),
            recv(self.closed) -> _ => None,
        }
    }

    fn bind(&self, wait: &mut Wait, code: Secret, person: Person) -> Page {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            return Page::TurnedAway(Reason::State);
        }
        let username = match (wait.keep)(&person) {
            Ok(username) => username,
            Err(error) => {
                wait.outcome = Some(Outcome::Unkept);
                self.tell(Event::Failed(error));
                return Page::NotKept;
            }
        };
        let (openid, nickname) = (person.openid.clone(), person.nickname.clone());
        self.tell(Event::Bound(Bound { username: username.clone(), person }));
        // The binding stands, whatever comes of what follows: nobody needs to wait for it to end the wait.
        drop(open);
        let bound =
            |step| Outcome::Bound { code: code.clone(), username: username.clone(), nickname: nickname.clone(), step };
        let mut step = Step::None;
        if let Some(look_up) = &self.look_up {
            // What is known if the look-up panics.
            wait.outcome = Some(bound(Step::Unknown));
            let follow = look_up(&openid, &self.closed);
            step = Step::of(&follow);
            self.tell(Event::Follow(follow));
        }
        wait.outcome = Some(bound(step.clone()));
        Page::Bound { username, nickname, step }
    }

    /// Never waits: what a flood causes may be lost, the outcome has its place kept free.
    fn tell(&self, event: Event) {
        let outcome = matches!(event, Event::Bound(_) | Event::Follow(_) | Event::Failed(_));
        if outcome || self.events.len() < EVENTS - EVENTS_KEPT_FREE {
            let _ = self.events.try_send(event);
        }
    }
}

impl Wait {
    fn refuse(&mut self, code: Secret, reason: Reason) -> Page {
        if self.refused.len() >= REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back((code, reason));
        Page::TurnedAway(reason)
    }
}

fn same(one: &Secret, other: &Secret) -> bool {
    one.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
}

#[cfg(test)]
mod tests;
