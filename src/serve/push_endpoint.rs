//! The push URL: it answers WeChat's check of the URL, and records events before it acknowledges
//! them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::event::{ServeEvent, to_new_event, to_serve_events};
use super::forwarder::{ForwardError, ForwardedAnswer, Forwarder};
use super::push_rejection::describe_rejection;
use super::recorder::{EventRecorder, LOCK_TIMEOUT, NotRecorded};
use super::reply;
use crate::clock::Timestamp;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::Lang;
use crate::store::EventResult;
use crate::t;
use crate::wechat::push::{PushError, PushMessage, PushQuery, PushSettings};

/// The timeout of the server at `push.forward_to`. WeChat waits 5 s for the response.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(4);

/// The total time for the response to a request of WeChat.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(4700);

/// The number of requests that may wait for a locked database until WeChat times out. The others
/// wait briefly, so that some threads of the server remain for the check of the URL.
const MAX_WAITING: usize = 16;

/// The number of requests that may wait for the other server. If it is slow, pushes are still
/// recorded and answered in time.
const MAX_FORWARDING: usize = 12;

/// How long any other request waits for the database, or for a place among those that wait for the
/// other server.
const BRIEF_TIMEOUT: Duration = Duration::from_millis(300);

/// Answers the requests to the push URL of one account.
pub struct PushEndpoint {
    settings: PushSettings,
    recorder: Arc<EventRecorder>,
    forwarder: Option<Forwarder>,
    /// The language of replies to people.
    reply_lang: Lang,
    on_event: Box<dyn Fn(ServeEvent) + Send + Sync>,
    on_url_check: Box<dyn Fn(Result<(), PushError>) + Send + Sync>,
    on_rejection: Box<dyn Fn(PushError) + Send + Sync>,
    on_warning: Box<dyn Fn(String) + Send + Sync>,
    /// The reasons of rejections that were reported already.
    reported: Mutex<HashSet<PushError>>,
    /// The failure of the other server that was reported last; `None` if it works.
    forward_failure: Mutex<Option<ForwardError>>,
    waiting: WaitingPlaces,
    forwarding: WaitingPlaces,
}

/// A limited number of places for requests that wait.
struct WaitingPlaces {
    taken: (Sender<()>, Receiver<()>),
}

impl WaitingPlaces {
    fn new(limit: usize) -> Self {
        Self { taken: bounded(limit) }
    }

    /// Takes a place until the result is dropped. Returns `None` if none becomes free within
    /// `timeout`.
    fn take(&self, timeout: Duration) -> Option<impl Drop> {
        self.taken.0.send_timeout((), timeout).ok()?;
        Some(WaitingPlace(&self.taken.1))
    }
}

struct WaitingPlace<'a>(&'a Receiver<()>);

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        // The channel holds this place, so the call does not wait.
        let _ = self.0.try_recv();
    }
}

impl PushEndpoint {
    /// Creates the endpoint. `on_event` is called with each event that was recorded for the first
    /// time.
    pub fn new(
        settings: PushSettings,
        recorder: Arc<EventRecorder>,
        forwarder: Option<Forwarder>,
        reply_lang: Lang,
        on_event: impl Fn(ServeEvent) + Send + Sync + 'static,
    ) -> Self {
        let (waiting, forwarding) = (WaitingPlaces::new(MAX_WAITING), WaitingPlaces::new(MAX_FORWARDING));
        Self {
            settings,
            recorder,
            forwarder,
            reply_lang,
            on_event: Box::new(on_event),
            on_url_check: Box::new(|_| {}),
            on_rejection: Box::new(|_| {}),
            on_warning: Box::new(|text| log::warn!("{text}")),
            reported: Mutex::default(),
            forward_failure: Mutex::default(),
            waiting,
            forwarding,
        }
    }

    /// Calls `on_warning` with problems for the operator: each reason of a rejection once, and a
    /// failure of the other server once until it works again or fails for another cause. Repeats
    /// are only logged.
    #[must_use]
    pub fn with_warnings(self, on_warning: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self { on_warning: Box::new(on_warning), ..self }
    }

    /// Calls `on_url_check` with the result of each check of the URL.
    #[must_use]
    pub fn with_url_check_observer(self, on_url_check: impl Fn(Result<(), PushError>) + Send + Sync + 'static) -> Self {
        Self { on_url_check: Box::new(on_url_check), ..self }
    }

    /// Calls `on_rejection` with the reason of each rejected push.
    #[must_use]
    pub fn with_rejection_observer(self, on_rejection: impl Fn(PushError) + Send + Sync + 'static) -> Self {
        Self { on_rejection: Box::new(on_rejection), ..self }
    }

    /// Answers a request. No response repeats a part of a rejected request.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        let query = PushQuery::parse(&request.query);
        match request.method.as_str() {
            "GET" | "HEAD" => {
                let verified = self.settings.verify_url(&query);
                // WeChat checks the URL when the settings are saved, so older rejections belong to
                // old settings.
                if verified.is_ok() && !query.is_own_check() {
                    self.recorder.clear_rejections();
                }
                (self.on_url_check)(verified.map(|_| ()));
                verified.map_or_else(reject, |echo| HttpResponse::text(200, echo))
            }
            "POST" => match self.settings.open(&query, &request.body, Timestamp::now()) {
                Ok(message) => self.take(&message, &query, request),
                Err(error) => {
                    // A request without a signature does not come from WeChat.
                    if query.is_signed() {
                        self.report_rejection(error);
                    }
                    reject(error)
                }
            },
            _ => HttpResponse::status_only(405).with_header("Allow", "GET, POST"),
        }
    }

    /// Counts a rejected push, and reports each reason once: a setting that does not match WeChat's
    /// console makes wxbox reject every push.
    fn report_rejection(&self, error: PushError) {
        self.recorder.count_rejection(error);
        (self.on_rejection)(error);
        if self.reported.lock().unwrap_or_else(PoisonError::into_inner).insert(error) {
            let what = t!("serve-push-rejected", cause = describe_rejection(error));
            (self.on_warning)(t!("ui-cause", what = what, cause = t!("serve-push-rejected-hint")));
        }
    }

    /// Records a push that passed all checks, passes it on, and answers it.
    fn take(&self, message: &PushMessage, query: &PushQuery, request: &Request) -> HttpResponse {
        let started = Instant::now();
        let recorded = {
            let place = self.waiting.take(Duration::ZERO);
            let timeout = if place.is_some() { LOCK_TIMEOUT } else { BRIEF_TIMEOUT };
            self.recorder.record(to_new_event(message), timeout)
        };
        if let Ok(result) = &recorded {
            to_serve_events(message, result).into_iter().for_each(|event| (self.on_event)(event));
        }
        let forwarded = self.forward(request, started);
        match recorded {
            Ok(result) => self.answer(message, query, &result, forwarded),
            Err(NotRecorded) => unavailable(),
        }
    }

    fn forward(&self, request: &Request, started: Instant) -> Option<ForwardedAnswer> {
        let forwarder = self.forwarder.as_ref()?;
        let Some(_place) = self.forwarding.take(BRIEF_TIMEOUT) else {
            log::warn!("{}", t!("serve-forward-failed", cause = t!("serve-forward-busy", count = MAX_FORWARDING)));
            return None;
        };
        let timeout = RESPONSE_TIMEOUT.saturating_sub(started.elapsed()).min(FORWARD_TIMEOUT);
        let content_type = request.header("content-type").unwrap_or("text/xml");
        match forwarder.forward(&request.query, content_type, request.body.clone(), timeout) {
            Ok(answer) => {
                *self.forward_failure.lock().unwrap_or_else(PoisonError::into_inner) = None;
                Some(answer)
            }
            Err(error) => {
                self.report_forward_failure(error);
                None
            }
        }
    }

    fn report_forward_failure(&self, error: ForwardError) {
        let text = t!("serve-forward-failed", cause = error.to_string());
        let last = self.forward_failure.lock().unwrap_or_else(PoisonError::into_inner).replace(error.clone());
        match last.is_some_and(|last| last.has_same_cause(&error)) {
            true => log::warn!("{text}"),
            false => (self.on_warning)(text),
        }
    }

    fn answer(
        &self,
        message: &PushMessage,
        query: &PushQuery,
        result: &EventResult,
        forwarded: Option<ForwardedAnswer>,
    ) -> HttpResponse {
        if let Some(reply) = seal_reply(&self.settings, message, query, result, self.reply_lang) {
            return HttpResponse::bytes(200, "text/xml; charset=utf-8", reply);
        }
        match forwarded.filter(|answer| !answer.is_empty()) {
            Some(ForwardedAnswer { content_type, body }) => HttpResponse::bytes(200, &content_type, body),
            None => HttpResponse::text(200, "success"),
        }
    }
}

/// Returns the reply to the person, encrypted if the push was; `None` if the person gets no reply.
pub fn seal_reply(
    settings: &PushSettings,
    message: &PushMessage,
    query: &PushQuery,
    result: &EventResult,
    lang: Lang,
) -> Option<String> {
    let xml = reply::bound_reply(message, result.bound_user.as_deref()?, lang);
    if !message.is_encrypted {
        return Some(xml);
    }
    let (timestamp, nonce) = query.timestamp_and_nonce();
    let random = reply::random_prefix().inspect_err(|error| log::warn!("{error}")).ok()?;
    Some(settings.seal_reply(&xml, timestamp, nonce, random))
}

/// Returns the response after which WeChat repeats the push, because the database cannot be
/// written.
fn unavailable() -> HttpResponse {
    HttpResponse::status_only(503).with_header("Retry-After", "5")
}

fn reject(error: PushError) -> HttpResponse {
    log::info!("{}", t!("serve-push-rejected", cause = describe_rejection(error)));
    match error {
        PushError::TooLarge => HttpResponse::status_only(413),
        _ => HttpResponse::status_only(403),
    }
}
