//! A pending binding: it checks each call of the redirect address and completes with the first
//! valid one.
//!
//! Any client on the Internet can call. A call is valid if it carries the state of this binding and
//! a code that WeChat accepts. Every other call gets a page with the reason and the next step; the
//! page repeats nothing of the request, and the binding stays pending. Phones sometimes call twice,
//! so the code that succeeded gets the same page again without a second exchange, and a code that
//! WeChat refused is not sent to WeChat again.
//!
//! Lock order: `exchange_state` before `close_sender`; `rejected_counts` is only held alone.
//! `exchange_state` is held while a code is exchanged, so that a repeated call sees the outcome.
//! `close_sender` is not: [`PendingBinding::close`] must never wait for WeChat. It is held while a
//! binding is saved, so that `close` returns after the binding is either saved or will never be.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use subtle::ConstantTimeEq;

use super::exchange::{CodeExchange, ExchangeError, OAuthIdentity};
use super::follow::{FollowLookupFn, FollowLookupResult, FollowStep};
use super::oauth_state::OAuthState;
use super::pages::{self, Page};
use super::rejection::CallbackRejection;
use super::short_link::ShortLink;
use super::uri;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::{Lang, negotiate_language};
use crate::secret::{ExposeSecret, Secret};

/// The maximum length of a code in bytes. WeChat's codes have 32.
const MAX_CODE_BYTES: usize = 512;
/// The number of rejected codes that are remembered.
const MAX_REJECTED_CODES: usize = 8;
/// The number of events that can be queued.
const EVENT_CAPACITY: usize = 256;
/// The number of places in the queue that are reserved for the outcome.
const RESERVED_EVENTS: usize = 64;

/// A user that was bound to an openid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundUser {
    /// The current name of the user, which may have changed since the binding began.
    pub username: String,
    /// The WeChat identity of the user.
    pub identity: OAuthIdentity,
}

/// An event of a pending binding.
#[derive(Debug)]
pub enum CallbackEvent {
    /// The short link was opened and redirected.
    ShortLinkOpened,
    /// A call was rejected. Under a flood some of these events are dropped.
    Rejected(CallbackRejection),
    /// A valid call could not be completed because WeChat is unreachable. The page asks to reload.
    Unreachable(anyhow::Error),
    /// The binding is complete and saved. The phone gets its page after this event.
    Bound(BoundUser),
    /// Whether the bound person follows the account. It comes after [`CallbackEvent::Bound`] if a
    /// lookup is set.
    FollowChecked(FollowLookupResult),
    /// WeChat refuses the account, or the binding could not be saved. The binding has failed.
    Failed(anyhow::Error),
}

/// Saves a binding before the phone is notified, and returns the current name of the user.
pub type SaveBinding = Box<dyn FnMut(&OAuthIdentity) -> anyhow::Result<String> + Send>;

/// A binding that waits for the call of a phone.
pub struct PendingBinding {
    oauth_state: OAuthState,
    path: String,
    exchange: Arc<dyn CodeExchange>,
    short_link: Option<ShortLink>,
    follow_lookup: Option<FollowLookupFn>,
    exchange_state: Mutex<ExchangeState>,
    /// The number of rejected calls by reason.
    rejected_counts: Mutex<BTreeMap<CallbackRejection, usize>>,
    /// `None` after [`PendingBinding::close`].
    close_sender: Mutex<Option<Sender<Infallible>>>,
    /// Whether [`PendingBinding::suspend`] has closed it.
    is_suspended: AtomicBool,
    /// Disconnected by [`PendingBinding::close`].
    close_receiver: Receiver<Infallible>,
    events: Sender<CallbackEvent>,
}

/// The state that one call at a time may change.
struct ExchangeState {
    save_binding: SaveBinding,
    rejected_codes: VecDeque<(Secret, CallbackRejection)>,
    outcome: Option<ExchangeOutcome>,
}

/// The outcome of the binding: it is complete, or it has failed.
struct ExchangeOutcome {
    page: Page,
    /// The code that completed the binding; `None` if it has failed.
    bound_code: Option<Secret>,
}

impl PendingBinding {
    /// Creates a binding that waits for `oauth_state` on `path`, the path of the redirect address,
    /// which is compared percent-decoded. Returns it with its events.
    pub fn new(
        oauth_state: OAuthState,
        path: impl Into<String>,
        exchange: Arc<dyn CodeExchange>,
        save_binding: SaveBinding,
    ) -> (PendingBinding, Receiver<CallbackEvent>) {
        let (events, event_receiver) = bounded(EVENT_CAPACITY);
        let exchange_state = Mutex::new(ExchangeState { save_binding, rejected_codes: VecDeque::new(), outcome: None });
        let (close_sender, close_receiver) = bounded(0);
        let binding = PendingBinding {
            oauth_state,
            path: path.into(),
            exchange,
            short_link: None,
            follow_lookup: None,
            exchange_state,
            rejected_counts: Mutex::default(),
            close_sender: Mutex::new(Some(close_sender)),
            is_suspended: AtomicBool::new(false),
            close_receiver,
            events,
        };
        (binding, event_receiver)
    }

    /// Makes the binding look up whether the bound person follows the account. If not, the page
    /// shows how to follow it.
    pub fn with_follow_lookup(self, follow_lookup: FollowLookupFn) -> Self {
        PendingBinding { follow_lookup: Some(follow_lookup), ..self }
    }

    /// Makes the binding redirect calls of `link` to the authorization page.
    pub fn with_short_link(self, link: ShortLink) -> Self {
        PendingBinding { short_link: Some(link), ..self }
    }

    /// Handles one call. It waits while the code of another call is exchanged, so that a repeated
    /// call sees the outcome.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        let page = match &self.short_link {
            Some(link) if link.matches(&request.path) => match self.check_short_link(request) {
                Ok(()) => {
                    self.emit(CallbackEvent::ShortLinkOpened);
                    return link.redirect();
                }
                Err(page) => page,
            },
            _ => self.extract_code(request).map_or_else(Page::Rejected, |code| self.process_code(code)),
        };
        if let Page::Rejected(reason) = &page {
            self.reject(*reason);
        }
        // Most people in WeChat read Chinese.
        pages::render_response(&page, negotiate_language(request.header("accept-language"), Lang::Zh))
    }

    /// Handles the query of an address that the user pasted, instead of a call. The result is sent
    /// as an event.
    pub fn submit_query(&self, query: &str) {
        let page = self.extract_code_from_query(query).map_or_else(Page::Rejected, |code| self.process_code(code));
        if let Page::Rejected(reason) = page {
            self.reject(reason);
        }
    }

    fn reject(&self, reason: CallbackRejection) {
        *self.rejected_counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        self.emit(CallbackEvent::Rejected(reason));
    }

    /// Returns the number of rejected calls by reason.
    pub fn rejected_counts(&self) -> BTreeMap<CallbackRejection, usize> {
        self.rejected_counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns `true` if `query` has the state of this binding.
    pub fn has_matching_state(&self, query: &str) -> bool {
        uri::first_param(query, "state").is_some_and(|state| self.oauth_state.matches(&state))
    }

    /// Returns `true` if `query` has no state, or one that is cut off or has more at its end: it and
    /// the state of this binding begin alike.
    pub fn has_partial_state(&self, query: &str) -> bool {
        uri::first_param(query, "state").is_none_or(|state| self.oauth_state.is_partial_match(&state))
    }

    /// Returns `true` if a call of `path` with `state` belongs to this binding, valid or not.
    pub(super) fn matches(&self, path: &str, state: Option<&str>) -> bool {
        self.short_link.as_ref().is_some_and(|link| link.matches(path))
            || state.is_some_and(|state| self.oauth_state.matches(state))
    }

    /// Returns `true` while a code is being exchanged.
    pub fn is_exchanging(&self) -> bool {
        matches!(self.exchange_state.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Stops waiting. When the method returns, the events of a saved binding have been sent.
    /// Nothing is saved afterwards. Calls no longer wait for WeChat to exchange a code or to look
    /// up a follower.
    pub fn close(&self) {
        *self.close_sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Closes the binding because this process ends. Another process may complete it, so a call
    /// gets no page that says that the binding is over.
    pub fn suspend(&self) {
        let mut close_sender = self.close_sender.lock().unwrap_or_else(PoisonError::into_inner);
        if close_sender.is_some() {
            self.is_suspended.store(true, Ordering::SeqCst);
            *close_sender = None;
        }
    }

    fn is_closed(&self) -> bool {
        self.close_sender.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Returns the page for a call that arrives, or is not finished, when the binding is closed.
    fn closed_page(&self) -> Page {
        match self.is_suspended.load(Ordering::SeqCst) {
            true => Page::Stopping,
            false => Page::Rejected(CallbackRejection::WrongState),
        }
    }

    /// Checks whether the short link still redirects.
    fn check_short_link(&self, request: &Request) -> Result<(), Page> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(Page::Rejected(CallbackRejection::WrongMethod));
        }
        // Do not wait for an exchange in progress; only an outcome rejects the call.
        match self.exchange_state.try_lock() {
            Ok(state) if state.outcome.is_some() => Err(Page::Rejected(CallbackRejection::AlreadyBound)),
            _ if self.is_closed() => Err(self.closed_page()),
            _ => Ok(()),
        }
    }

    /// Returns the code of a call that belongs to this binding.
    fn extract_code(&self, request: &Request) -> Result<Secret, CallbackRejection> {
        if !uri::is_same_path(&request.path, &self.path) {
            let is_own = request.method == "GET" && self.has_matching_state(&request.query);
            return Err(if is_own { CallbackRejection::RewrittenPath } else { CallbackRejection::WrongPath });
        }
        if request.method != "GET" {
            return Err(CallbackRejection::WrongMethod);
        }
        self.extract_code_from_query(&request.query)
    }

    /// Returns the code of a query that belongs to this binding.
    fn extract_code_from_query(&self, query: &str) -> Result<Secret, CallbackRejection> {
        let (mut state, mut code) = (None, None);
        for (key, value) in uri::parse_query(query) {
            let slot = match &*key {
                "state" => &mut state,
                "code" => &mut code,
                _ => continue,
            };
            if slot.replace(Secret::from(value.into_owned())).is_some() {
                return Err(CallbackRejection::DuplicateParam);
            }
        }
        if !state.is_some_and(|state| self.oauth_state.matches(state.expose_secret())) {
            return Err(CallbackRejection::WrongState);
        }
        let code = code.filter(|code| !code.expose_secret().is_empty()).ok_or(CallbackRejection::NoCode)?;
        let bytes = code.expose_secret().as_bytes();
        if bytes.len() > MAX_CODE_BYTES || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(CallbackRejection::MalformedCode);
        }
        Ok(code)
    }

    /// Exchanges a code, unless its outcome is known, and returns the page for it.
    fn process_code(&self, code: Secret) -> Page {
        // A panic while exchanging or saving leaves the state consistent.
        let mut exchange_state = self.exchange_state.lock().unwrap_or_else(PoisonError::into_inner);
        match &exchange_state.outcome {
            Some(ExchangeOutcome { page, bound_code }) => {
                let is_same_page = bound_code.as_ref().is_none_or(|bound_code| secrets_equal(bound_code, &code));
                return if is_same_page { page.clone() } else { Page::Rejected(CallbackRejection::AlreadyBound) };
            }
            None if self.is_closed() => return self.closed_page(),
            None => {}
        }
        if let Some((_, reason)) =
            exchange_state.rejected_codes.iter().find(|(rejected, _)| secrets_equal(rejected, &code))
        {
            return Page::Rejected(*reason);
        }
        let Some(result) = self.exchange_in_background(&code) else { return self.closed_page() };
        match result {
            Ok(identity) if identity.snapshot => exchange_state.reject_code(code, CallbackRejection::SnapshotUser),
            Ok(identity) => self.complete_binding(&mut exchange_state, code, identity),
            Err(ExchangeError::Code { errcode: 40163 }) => {
                exchange_state.reject_code(code, CallbackRejection::CodeUsed)
            }
            Err(ExchangeError::Code { errcode }) => {
                exchange_state.reject_code(code, CallbackRejection::CodeRefused(errcode))
            }
            Err(ExchangeError::Unreachable(error)) => {
                self.emit(CallbackEvent::Unreachable(error));
                Page::Unreachable
            }
            Err(ExchangeError::Account(error)) => {
                let page = exchange_state.set_outcome(Page::AccountRefused, None);
                self.emit(CallbackEvent::Failed(error));
                page
            }
        }
    }

    /// Exchanges a code on another thread. Returns `None` if the binding is closed before the
    /// exchange ends.
    fn exchange_in_background(&self, code: &Secret) -> Option<Result<OAuthIdentity, ExchangeError>> {
        let (sender, receiver) = bounded(1);
        let (exchange, code_copy) = (Arc::clone(&self.exchange), code.clone());
        let thread = std::thread::Builder::new().name("code".into()).spawn(move || {
            // The receiver is gone if the binding was closed.
            let _ = sender.send(exchange.exchange(&code_copy));
        });
        if thread.is_err() {
            // Without a new thread, this one exchanges the code and cannot be interrupted.
            return Some(self.exchange.exchange(code));
        }
        select! {
            recv(receiver) -> result => Some(result.unwrap_or_else(|error| Err(ExchangeError::Unreachable(error.into())))),
            recv(self.close_receiver) -> _ => None,
        }
    }

    /// Saves the binding and looks up whether the person follows the account.
    fn complete_binding(&self, exchange_state: &mut ExchangeState, code: Secret, identity: OAuthIdentity) -> Page {
        let close_sender = self.close_sender.lock().unwrap_or_else(PoisonError::into_inner);
        if close_sender.is_none() {
            return self.closed_page();
        }
        let username = match (exchange_state.save_binding)(&identity) {
            Ok(username) => username,
            Err(error) => {
                let page = exchange_state.set_outcome(Page::SaveFailed, None);
                self.emit(CallbackEvent::Failed(error));
                return page;
            }
        };
        let (openid, nickname) = (identity.openid.clone(), identity.nickname.clone());
        self.emit(CallbackEvent::Bound(BoundUser { username: username.clone(), identity }));
        // The binding is saved in any case, so `close` need not wait for the lookup.
        drop(close_sender);
        let bound_page =
            |follow_step| Page::Bound { username: username.clone(), nickname: nickname.clone(), follow_step };
        let mut follow_step = FollowStep::None;
        if let Some(look_up) = &self.follow_lookup {
            // The outcome if the lookup panics.
            exchange_state.set_outcome(bound_page(FollowStep::FollowIfNeeded), Some(code.clone()));
            let result = look_up(&openid, &self.close_receiver);
            follow_step = FollowStep::from_result(&result);
            self.emit(CallbackEvent::FollowChecked(result));
        }
        exchange_state.set_outcome(bound_page(follow_step), Some(code))
    }

    /// Sends an event without waiting. Events of a flood may be dropped; the outcome has reserved
    /// places.
    fn emit(&self, event: CallbackEvent) {
        let is_outcome =
            matches!(event, CallbackEvent::Bound(_) | CallbackEvent::FollowChecked(_) | CallbackEvent::Failed(_));
        if is_outcome || self.events.len() < EVENT_CAPACITY - RESERVED_EVENTS {
            let _ = self.events.try_send(event);
        }
    }
}

impl ExchangeState {
    fn reject_code(&mut self, code: Secret, reason: CallbackRejection) -> Page {
        if self.rejected_codes.len() >= MAX_REJECTED_CODES {
            self.rejected_codes.pop_front();
        }
        self.rejected_codes.push_back((code, reason));
        Page::Rejected(reason)
    }

    fn set_outcome(&mut self, page: Page, bound_code: Option<Secret>) -> Page {
        self.outcome = Some(ExchangeOutcome { page: page.clone(), bound_code });
        page
    }
}

fn secrets_equal(one: &Secret, other: &Secret) -> bool {
    one.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
}

#[cfg(test)]
pub(super) mod tests;
