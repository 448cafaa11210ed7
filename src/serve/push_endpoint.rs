//! The push URL: it answers WeChat's check of the URL, and records events before it acknowledges
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::event::{ServeEvent, to_new_event, to_serve_events};
use super::forwarder::{ForwardedAnswer, Forwarder};
use super::recorder::{EventRecorder, RecordError};
use super::reply;
use crate::clock::Timestamp;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::Lang;
use crate::store::EventResult;
use crate::t;
use crate::wechat::push::{PushError, PushMessage, PushQuery, PushSettings};

/// How long the other server of `push.forward_to` has. WeChat waits 5 s for the response.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(4);

/// How long WeChat's request may take altogether.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(4700);

/// The requests that may wait for the database or for the other server at the same time. The
/// remaining threads of the server answer the check of the URL.
pub const MAX_WAITING: usize = 24;

/// Answers the requests to the push URL of one account.
pub struct PushEndpoint {
    settings: PushSettings,
    recorder: Arc<EventRecorder>,
    forwarder: Option<Forwarder>,
    /// The language of replies to people.
    reply_lang: Lang,
    on_event: Box<dyn Fn(ServeEvent) + Send + Sync>,
    on_url_check: Box<dyn Fn(Result<(), PushError>) + Send + Sync>,
    waiting: AtomicUsize,
}

impl PushEndpoint {
    /// Creates the endpoint. `on_event` is called with each event that was recorded now.
    pub fn new(
        settings: PushSettings,
        recorder: Arc<EventRecorder>,
        forwarder: Option<Forwarder>,
        reply_lang: Lang,
        on_event: impl Fn(ServeEvent) + Send + Sync + 'static,
    ) -> Self {
        let (on_event, waiting) = (Box::new(on_event), AtomicUsize::new(0));
        Self { settings, recorder, forwarder, reply_lang, on_event, on_url_check: Box::new(|_| {}), waiting }
    }

    /// Calls `on_url_check` with the result of each check of the URL.
    #[must_use]
    pub fn with_url_check_observer(self, on_url_check: impl Fn(Result<(), PushError>) + Send + Sync + 'static) -> Self {
        Self { on_url_check: Box::new(on_url_check), ..self }
    }

    /// Answers a request. No response contains anything of a request that is rejected.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        let query = PushQuery::parse(&request.query);
        match request.method.as_str() {
            "GET" | "HEAD" => {
                let verified = self.settings.verify_url(&query);
                (self.on_url_check)(verified.map(|_| ()));
                verified.map_or_else(reject, |echo| HttpResponse::text(200, echo))
            }
            "POST" => match self.settings.open(&query, &request.body, Timestamp::now()) {
                Ok(message) => self.take(&message, &query, request),
                Err(error) => reject(error),
            },
            _ => HttpResponse::status_only(405).with_header("Allow", "GET, POST"),
        }
    }

    /// Records a push that passed all checks, passes it on, and answers it.
    fn take(&self, message: &PushMessage, query: &PushQuery, request: &Request) -> HttpResponse {
        let started = Instant::now();
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= MAX_WAITING {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return unavailable();
        }
        let recorded = self.recorder.record(to_new_event(message));
        let forwarded = self.forward(request, started);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        match recorded {
            Ok(result) => {
                to_serve_events(message, &result).into_iter().for_each(|event| (self.on_event)(event));
                self.answer(message, query, &result, forwarded)
            }
            Err(RecordError::Locked | RecordError::Failed) => unavailable(),
        }
    }

    fn forward(&self, request: &Request, started: Instant) -> Option<ForwardedAnswer> {
        let forwarder = self.forwarder.as_ref()?;
        let timeout = RESPONSE_TIMEOUT.saturating_sub(started.elapsed()).min(FORWARD_TIMEOUT);
        let content_type = request.header("content-type").unwrap_or("text/xml");
        match forwarder.forward(&request.query, content_type, request.body.clone(), timeout) {
            Ok(answer) => Some(answer),
            Err(cause) => {
                log::warn!("{}", t!("serve-forward-failed", cause = cause));
                None
            }
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

/// Returns the reply to the person, encrypted if the push was; `None` if there is nothing to say.
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

/// The database cannot be written: WeChat repeats the push.
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

/// Says why a push is rejected, without anything of the push.
pub fn describe_rejection(error: PushError) -> String {
    match error {
        PushError::TooLarge => t!("push-too-large"),
        PushError::Malformed => t!("push-malformed"),
        PushError::WrongSignature => t!("push-wrong-signature"),
        PushError::Stale => t!("push-stale"),
        PushError::NotEncrypted => t!("push-not-encrypted"),
        PushError::Encrypted => t!("push-encrypted"),
        PushError::OtherAccount => t!("push-other-account"),
        PushError::Undecryptable => t!("push-undecryptable"),
    }
}
