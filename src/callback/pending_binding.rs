//! What waits for the phone: judges each call of the redirect address and ends at the first right one.
//!
//! Everybody on the Internet may call. A call is right when it carries the state of this binding and a code
//! that WeChat takes; all others get a page that says why and what to do, repeats nothing of the request, and
//! leaves the wait as it was. Phones call twice now and then, so the code that succeeded succeeds again
//! without a second exchange, and a code that WeChat refused is not shown to WeChat again.
//!
//! A [`Callback`] is one binding's; a [`Site`] is all that a listener answers while it waits for one person after
//! the other.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use subtle::ConstantTimeEq;

use super::exchange::{CodeExchange, ExchangeError, OAuthIdentity};
use super::follow::{FollowLookupFn, FollowLookupResult, FollowStep};
use super::oauth_state::OAuthState;
use super::pages::{self, Page};
use super::reject_reason::RejectReason;
use super::short_link::ShortLink;
use super::uri;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::{Lang, negotiate_language};
use crate::secret::{ExposeSecret, Secret};

/// Longest code that is looked at, in bytes; WeChat's have 32.
const MAX_CODE_BYTES: usize = 512;
/// Refused codes that are remembered.
const MAX_REJECTED_CODES: usize = 8;
/// Events that may wait to be taken, and how many of these places only the outcome may use.
const EVENT_CAPACITY: usize = 256;
const RESERVED_EVENTS: usize = 64;

/// Who was bound, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundUser {
    /// The name of who was bound: who was renamed during the wait is told by the new one.
    pub username: String,
    /// To whom.
    pub identity: OAuthIdentity,
}

/// What the one who waits hears.
#[derive(Debug)]
pub enum CallbackEvent {
    /// Somebody came by the short link, and was sent on.
    ShortLinkOpened,
    /// A call that was not the right one; under a flood not all of these are told.
    Rejected(RejectReason),
    /// The right call, but WeChat could not be asked; the phone was told to reload.
    Unreachable(anyhow::Error),
    /// The binding is kept and the phone is being told so. The wait is over.
    Bound(BoundUser),
    /// Whether who was bound follows the account; after [`Event::Bound`], where that is looked up.
    FollowChecked(FollowLookupResult),
    /// The account is refused or the binding could not be kept. The wait is over.
    Failed(anyhow::Error),
}

/// Stores a binding before the phone is told of it; gives back the name that the bound person has then.
pub type SaveBinding = Box<dyn FnMut(&OAuthIdentity) -> anyhow::Result<String> + Send>;

/// Judges the calls of one binding.
pub struct PendingBinding {
    state: OAuthState,
    path: String,
    exchange: Arc<dyn CodeExchange>,
    short_link: Option<ShortLink>,
    follow_lookup: Option<FollowLookupFn>,
    exchange_state: Mutex<ExchangeState>,
    /// How many calls were turned away, by reason.
    rejected_counts: Mutex<BTreeMap<RejectReason, usize>>,
    /// `None` once nobody waits for it any more. Held while a binding is kept, so that it is either kept before or not
    /// at all.
    close_sender: Mutex<Option<Sender<Infallible>>>,
    /// Disconnected once nobody waits for it any more.
    close_receiver: Receiver<Infallible>,
    events: Sender<CallbackEvent>,
}

/// What one call at a time may change.
struct ExchangeState {
    save_binding: SaveBinding,
    rejected_codes: VecDeque<(Secret, RejectReason)>,
    outcome: Option<ExchangeOutcome>,
}

enum ExchangeOutcome {
    Bound {
        code: Secret,
        username: String,
        nickname: Option<String>,
        follow_step: FollowStep,
    },
    /// WeChat refuses the account.
    AccountRefused,
    /// The binding could not be stored.
    SaveFailed,
}

impl PendingBinding {
    /// Waits for `state` on `path` (of the redirect address; compared percent-decoded).
    pub fn new(
        state: OAuthState,
        path: impl Into<String>,
        exchange: Arc<dyn CodeExchange>,
        save_binding: SaveBinding,
    ) -> (PendingBinding, Receiver<CallbackEvent>) {
        let (events, event_receiver) = bounded(EVENT_CAPACITY);
        let exchange_state = Mutex::new(ExchangeState { save_binding, rejected_codes: VecDeque::new(), outcome: None });
        let (close_sender, close_receiver) = bounded(0);
        let callback = PendingBinding {
            state,
            path: path.into(),
            exchange,
            short_link: None,
            follow_lookup: None,
            exchange_state,
            rejected_counts: Mutex::default(),
            close_sender: Mutex::new(Some(close_sender)),
            close_receiver,
            events,
        };
        (callback, event_receiver)
    }

    /// Looks up whether who was bound follows the account, and shows the way on the phone where they do not.
    pub fn with_follow_lookup(self, follow_lookup: FollowLookupFn) -> Self {
        PendingBinding { follow_lookup: Some(follow_lookup), ..self }
    }

    /// Sends on, to the page where it all begins, whoever comes to that link.
    pub fn with_short_link(self, link: ShortLink) -> Self {
        PendingBinding { short_link: Some(link), ..self }
    }

    /// Answers one call. Waits while another call's code is with WeChat, so that its repeat sees the outcome.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        let page = match &self.short_link {
            Some(link) if link.matches(&request.path) => match self.check_short_link(request) {
                Ok(()) => {
                    self.emit(CallbackEvent::ShortLinkOpened);
                    return link.redirect();
                }
                Err(reason) => Page::Rejected(reason),
            },
            _ => self.extract_code(request).map_or_else(Page::Rejected, |code| self.process_code(code)),
        };
        if let Page::Rejected(reason) = &page {
            self.reject(*reason);
        }
        // WeChat is Chinese before it is anything else.
        pages::render_response(&page, negotiate_language(request.header("accept-language"), Lang::Zh))
    }

    /// Judges what came in no call: the query of the address that WeChat sent the phone to. What came of it is told
    /// as an event.
    pub fn submit_query(&self, query: &str) {
        let page = self.extract_code_from_query(query).map_or_else(Page::Rejected, |code| self.process_code(code));
        if let Page::Rejected(reason) = page {
            self.reject(reason);
        }
    }

    fn reject(&self, reason: RejectReason) {
        *self.rejected_counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        self.emit(CallbackEvent::Rejected(reason));
    }

    /// How many calls were turned away, by reason.
    pub fn rejected_counts(&self) -> BTreeMap<RejectReason, usize> {
        self.rejected_counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a query has the state of this binding.
    pub fn has_matching_state(&self, query: &str) -> bool {
        uri::first_param(query, "state").is_some_and(|state| self.state.matches(&state))
    }

    /// Whether a query has only a part of the state of this binding, or none at all: it was cut off on its way.
    pub fn has_partial_state(&self, query: &str) -> bool {
        uri::first_param(query, "state").is_none_or(|state| self.state.is_partial_match(&state))
    }

    /// Whether a call of that path, with that state, is meant for this binding, right or not.
    pub(super) fn matches(&self, path: &str, state: Option<&str>) -> bool {
        self.short_link.as_ref().is_some_and(|link| link.matches(path))
            || state.is_some_and(|state| self.state.matches(state))
    }

    /// Whether a call is under way whose code is with WeChat.
    pub fn is_exchanging(&self) -> bool {
        matches!(self.exchange_state.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Ends the wait: what was kept has been told by now, and nothing will be kept from here on. A phone waits no longer
    /// for what WeChat says of its code, nor for what could be looked up about who was bound.
    pub fn close(&self) {
        *self.close_sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn is_closed(&self) -> bool {
        self.close_sender.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Whether the short link still leads anywhere.
    fn check_short_link(&self, request: &Request) -> Result<(), RejectReason> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(RejectReason::WrongMethod);
        }
        // Not while a code is with WeChat: that one is enough.
        match self.exchange_state.try_lock() {
            Ok(wait) if wait.outcome.is_some() => Err(RejectReason::AlreadyBound),
            _ if self.is_closed() => Err(RejectReason::WrongState),
            _ => Ok(()),
        }
    }

    /// The code of a call that belongs to this binding.
    fn extract_code(&self, request: &Request) -> Result<Secret, RejectReason> {
        if !uri::is_same_path(&request.path, &self.path) {
            let is_mine = request.method == "GET" && self.has_matching_state(&request.query);
            return Err(if is_mine { RejectReason::RewrittenPath } else { RejectReason::WrongPath });
        }
        if request.method != "GET" {
            return Err(RejectReason::WrongMethod);
        }
        self.extract_code_from_query(&request.query)
    }

    /// The code of a query that belongs to this binding.
    fn extract_code_from_query(&self, query: &str) -> Result<Secret, RejectReason> {
        let (mut state, mut code) = (None, None);
        for (key, value) in uri::parse_query(query) {
            let slot = match &*key {
                "state" => &mut state,
                "code" => &mut code,
                _ => continue,
            };
            if slot.replace(Secret::from(value.into_owned())).is_some() {
                return Err(RejectReason::DuplicateParam);
            }
        }
        if !state.is_some_and(|state| self.state.matches(state.expose_secret())) {
            return Err(RejectReason::WrongState);
        }
        let code = code.filter(|code| !code.expose_secret().is_empty()).ok_or(RejectReason::NoCode)?;
        let bytes = code.expose_secret().as_bytes();
        if bytes.len() > MAX_CODE_BYTES || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(RejectReason::MalformedCode);
        }
        Ok(code)
    }

    /// What becomes of a code.
    fn process_code(&self, code: Secret) -> Page {
        // A panic in an exchange or a keep leaves nothing half done behind the lock.
        let mut exchange_state = self.exchange_state.lock().unwrap_or_else(PoisonError::into_inner);
        match &exchange_state.outcome {
            Some(ExchangeOutcome::Bound { code: bound_code, username, nickname, follow_step: step })
                if secrets_equal(bound_code, &code) =>
            {
                let (username, nickname, step) = (username.clone(), nickname.clone(), step.clone());
                return Page::Bound { username, nickname, follow_step: step };
            }
            Some(ExchangeOutcome::Bound { .. }) => return Page::Rejected(RejectReason::AlreadyBound),
            Some(ExchangeOutcome::AccountRefused) => return Page::AccountRefused,
            Some(ExchangeOutcome::SaveFailed) => return Page::SaveFailed,
            None if self.is_closed() => return Page::Rejected(RejectReason::WrongState),
            None => {}
        }
        if let Some((_, reason)) =
            exchange_state.rejected_codes.iter().find(|(refused, _)| secrets_equal(refused, &code))
        {
            return Page::Rejected(*reason);
        }
        let Some(answer) = self.exchange_in_background(&code) else { return Page::Rejected(RejectReason::WrongState) };
        match answer {
            Ok(person) if person.snapshot => exchange_state.reject_code(code, RejectReason::SnapshotUser),
            Ok(person) => self.complete_binding(&mut exchange_state, code, person),
            Err(ExchangeError::Code { errcode: 40163 }) => exchange_state.reject_code(code, RejectReason::CodeUsed),
            Err(ExchangeError::Code { errcode }) => {
                exchange_state.reject_code(code, RejectReason::CodeRefused(errcode))
            }
            Err(ExchangeError::Unreachable(error)) => {
                self.emit(CallbackEvent::Unreachable(error));
                Page::Unreachable
            }
            Err(ExchangeError::Account(error)) => {
                exchange_state.outcome = Some(ExchangeOutcome::AccountRefused);
                self.emit(CallbackEvent::Failed(error));
                Page::AccountRefused
            }
        }
    }

    /// What WeChat says of a code; `None` where nobody waits for it any more.
    fn exchange_in_background(&self, code: &Secret) -> Option<Result<OAuthIdentity, ExchangeError>> {
        let (tell, answer) = bounded(1);
        let (exchange, code_copy) = (Arc::clone(&self.exchange), code.clone());
        let asking = std::thread::Builder::new().name("code".into()).spawn(move || {
            // Nobody listens once the wait was ended.
            let _ = tell.send(exchange.exchange(&code_copy));
        });
        if asking.is_err() {
            // The system gives no thread: this one asks, and waits.
            return Some(self.exchange.exchange(code));
        }
        select! {
            recv(answer) -> answer => Some(answer.unwrap_or_else(|error| Err(ExchangeError::Unreachable(error.into())))),
            recv(self.close_receiver) -> _ => None,
        }
    }

    fn complete_binding(&self, exchange_state: &mut ExchangeState, code: Secret, person: OAuthIdentity) -> Page {
        let open = self.close_sender.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            return Page::Rejected(RejectReason::WrongState);
        }
        let username = match (exchange_state.save_binding)(&person) {
            Ok(username) => username,
            Err(error) => {
                exchange_state.outcome = Some(ExchangeOutcome::SaveFailed);
                self.emit(CallbackEvent::Failed(error));
                return Page::SaveFailed;
            }
        };
        let (openid, nickname) = (person.openid.clone(), person.nickname.clone());
        self.emit(CallbackEvent::Bound(BoundUser { username: username.clone(), identity: person }));
        // The binding stands, whatever comes of what follows: nobody needs to wait for it to end the wait.
        drop(open);
        let bound = |step| ExchangeOutcome::Bound {
            code: code.clone(),
            username: username.clone(),
            nickname: nickname.clone(),
            follow_step: step,
        };
        let mut step = FollowStep::None;
        if let Some(look_up) = &self.follow_lookup {
            // What is known if the look-up panics.
            exchange_state.outcome = Some(bound(FollowStep::FollowIfNeeded));
            let follow = look_up(&openid, &self.close_receiver);
            step = FollowStep::from_result(&follow);
            self.emit(CallbackEvent::FollowChecked(follow));
        }
        exchange_state.outcome = Some(bound(step.clone()));
        Page::Bound { username, nickname, follow_step: step }
    }

    /// Never waits: what a flood causes may be lost, the outcome has its place kept free.
    fn emit(&self, event: CallbackEvent) {
        let outcome =
            matches!(event, CallbackEvent::Bound(_) | CallbackEvent::FollowChecked(_) | CallbackEvent::Failed(_));
        if outcome || self.events.len() < EVENT_CAPACITY - RESERVED_EVENTS {
            let _ = self.events.try_send(event);
        }
    }
}

impl ExchangeState {
    fn reject_code(&mut self, code: Secret, reason: RejectReason) -> Page {
        if self.rejected_codes.len() >= MAX_REJECTED_CODES {
            self.rejected_codes.pop_front();
        }
        self.rejected_codes.push_back((code, reason));
        Page::Rejected(reason)
    }
}

fn secrets_equal(one: &Secret, other: &Secret) -> bool {
    one.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
}

#[cfg(test)]
pub(super) mod tests;
