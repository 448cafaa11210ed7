//! The model of WeChat, and the truth: which message WeChat accepted when, who is bound, and which
//! request got a response. The checks compare the database with this model, and never with the
//! state of the program.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::blocking::Request;
use serde_json::{Value, json};
use wxbox::clock::Timestamp;
use wxbox::wechat::{ApiHost, Cause, Error, HttpResponse, Transport};

use crate::plan::{Fault, Rng, USERS};

/// The wall clock at the beginning.
pub const EPOCH: i64 = 1_795_000_000_000;
const DEDUPE_MS: i64 = 600_000;
const WINDOW_MS: i64 = 48 * 3_600_000;
const TIMEOUT_MS: i64 = 10_000;
/// The expiry of a message whose sender gives one.
pub const STRICT_EXPIRY_MS: i64 = 3_600_000;
/// The shortest pause before a repeat.
const PAUSE_MS: i64 = 700;
const DAY_MS: i64 = 86_400_000;
const BEIJING_MS: i64 = 8 * 3_600_000;

/// A message as the operator knows it: the number of its text, and the recipient.
pub type MessageKey = (u64, usize);

/// The truth about a message.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub key: Option<u8>,
    /// The number of parts before it.
    pub part: u64,
    pub strict: bool,
    /// A template is sent in its place when WeChat refuses it.
    pub has_fallback: bool,
    /// The last answer was that a text came too late.
    pub window_closed: bool,
    pub created: i64,
    /// When WeChat accepted it.
    pub taken: Vec<i64>,
    /// How often the operator accepted that it may arrive twice.
    pub may_repeat: usize,
    /// An attempt got no usable response, or its process ended before it could record one.
    pub unanswered: bool,
    pub retried: bool,
    /// Nothing but an operator or the end of the process may repeat it before, after the last answer.
    pub not_before: i64,
    pub requests: u32,
}

/// A fault that the next requests meet.
pub struct Armed {
    pub fault: Fault,
    pub times: u8,
    pub host: Option<usize>,
    pub token: bool,
}

#[derive(Default)]
pub struct Platform {
    /// True time since the beginning, ms.
    pub now: i64,
    pub noise: u64,
    /// How long the current call has taken.
    pub latency: i64,
    pub armed: Vec<Armed>,
    token: u64,
    token_until: i64,
    pub token_fetches: u32,
    /// The first time of each `client_msg_id`.
    seen: BTreeMap<String, i64>,
    pub messages: BTreeMap<MessageKey, Truth>,
    /// The msgids of the messages that WeChat accepted.
    pub msgids: Vec<String>,
    /// The openid of each user; `None` if unbound.
    pub bound: [Option<String>; USERS],
    /// Whether a system clock was set, so that the due times of messages no longer are true times.
    pub clock_set: bool,
    /// Whether measured times may be wrong: a clock was set, or a machine or process was paused or
    /// restarted.
    pub has_odd_times: bool,
    /// Whether a message may fail though its last answer allows another attempt.
    pub may_give_up: bool,
    /// The class of the last request.
    pub class: String,
    /// The class or the recipient that its response forbids, and for how long.
    pub rest: Option<(String, i64)>,
    pub violations: Vec<String>,
    /// Readable lines, if they are wanted.
    pub trace: Option<Vec<String>>,
    /// How often each fault occurred in each situation of a message.
    pub met: BTreeMap<(String, &'static str), u64>,
}

/// The recipient of an openid: `oU-P`, or `x` without a user.
pub fn recipient_of(openid: &str) -> usize {
    openid.strip_prefix('o').and_then(|it| it.split('-').next()?.parse().ok()).unwrap_or(USERS)
}

impl Platform {
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>12.3}s  {}", now as f64 / 1000.0, line()));
        }
    }

    pub fn violate(&mut self, rule: &str, what: String) {
        self.say(|| format!("VIOLATED {rule}: {what}"));
        self.violations.push(format!("{rule}: {what}"));
    }

    pub fn revoke(&mut self) {
        self.token += 1;
        self.token_until = self.now + 7_200_000;
    }

    fn rng(&mut self) -> Rng {
        self.noise = self.noise.wrapping_add(1);
        Rng(self.noise.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next_fault(&mut self, host: usize, token: bool) -> Option<Fault> {
        let at = self.armed.iter().position(|it| it.token == token && it.host.is_none_or(|only| only == host))?;
        let armed = &mut self.armed[at];
        armed.times -= 1;
        let fault = armed.fault;
        if armed.times == 0 {
            self.armed.remove(at);
        }
        Some(fault)
    }

    /// Returns the response to a request for a token.
    fn token_answer(&mut self, force: bool) -> Value {
        self.token_fetches += 1;
        if force || self.token_until - self.now < 300_000 {
            self.revoke();
        }
        json!({"access_token": format!("t{}", self.token), "expires_in": (self.token_until - self.now) / 1000})
    }

    /// Accepts a message `delay` from now, unless it has to be refused.
    fn send_answer(&mut self, token: &str, body: &Value, fault: Option<Fault>, delay: i64) -> Value {
        if token != format!("t{}", self.token) {
            return json!({"errcode": 40001, "errmsg": "invalid credential rid: 1"});
        }
        if self.now >= self.token_until {
            return json!({"errcode": 42001, "errmsg": "access_token expired"});
        }
        let at = self.now + delay;
        if body["text"].is_object() && at > WINDOW_MS {
            return json!({"errcode": 45015, "errmsg": "response out of time limit"});
        }
        if let Some(id) = body["client_msg_id"].as_str() {
            if self.seen.get(id).is_some_and(|first| at - first < DEDUPE_MS) {
                return match fault {
                    Some(Fault::DuplicateAnswered) => json!({"errcode": 40241, "errmsg": "duplicate"}),
                    _ => json!({"errcode": 0, "errmsg": "ok", "msgid": 7}),
                };
            }
            self.seen.insert(id.to_owned(), at);
        }
        self.take(message_key(body), at);
        let msgid = 1000 + self.msgids.len();
        self.msgids.push(msgid.to_string());
        json!({"errcode": 0, "errmsg": "ok", "msgid": msgid})
    }

    fn take(&mut self, message: MessageKey, at: i64) {
        self.say(|| format!("  WeChat takes {}", show(message)));
        let Some(truth) = self.messages.get_mut(&message) else { return };
        truth.taken.push(at);
        let (taken, may_repeat, key, part, retried) =
            (truth.taken.len(), truth.may_repeat, truth.key, truth.part, truth.retried);
        if taken > 1 + may_repeat {
            self.violate("a: nothing twice", format!("{} was delivered {taken} times", show(message)));
        }
        let is_taken = |truth: &Truth| !truth.taken.is_empty();
        if let Some(key) = key.filter(|_| part == 0) {
            let mut others = self.messages.iter().filter(|(id, it)| {
                id.1 == message.1 && **id != message && it.key == Some(key) && it.part == 0 && is_taken(it)
            });
            if let Some((other, _)) = others.next() {
                let what = format!("{} and {} have key {key}", show(*other), show(message));
                self.violate("a: nothing twice", what);
            }
        }
        if part > 0 && !retried && !self.messages.get(&(message.0 - 1, message.1)).is_some_and(is_taken) {
            self.violate("e: parts in order", format!("{} came before the part before it", show(message)));
        }
    }

    /// Records a request when it is sent.
    fn on_request(&mut self, body: &Value) {
        let (message, openid) = (message_key(body), body["touser"].as_str().unwrap_or_default());
        if message.1 < USERS && self.bound[message.1].as_deref() != Some(openid) {
            let what = format!("{} goes to {openid}, who is not bound", show(message));
            self.violate("c: the bound phone", what);
        }
        let now = self.now;
        let Some(truth) = self.messages.get_mut(&message) else {
            return self.violate("b: the state is true", format!("{} was never queued", show(message)));
        };
        truth.requests += 1;
        let (requests, early) = (truth.requests, truth.not_before - now);
        let is_late = truth.strict && !truth.retried && now - truth.created > STRICT_EXPIRY_MS + 60_000;
        if is_late && !self.has_odd_times {
            self.violate("d: what has expired is not sent", show(message));
        }
        // Due times are of the system clock. The second host is part of the same attempt.
        if early > 0 && self.latency == 0 && !self.clock_set {
            self.violate("e: backoff", format!("{} is repeated {early} ms early", show(message)));
        }
        if requests > 80 {
            self.violate("e: backoff", format!("{} was attempted {requests} times", show(message)));
        }
    }

    fn count(&mut self, fault: Option<Fault>, token: bool, body: &Value) {
        let situation = match self.messages.get(&message_key(body)) {
            _ if token => "token",
            Some(truth) if truth.retried => "retried",
            Some(truth) if truth.unanswered => "after no answer",
            Some(truth) if truth.requests > 1 => "after a refusal",
            _ => "first",
        };
        let fault = fault.map_or_else(|| "none".to_owned(), |fault| format!("{fault:?}"));
        *self.met.entry((fault, situation)).or_default() += 1;
    }

    /// Responds to a request at one host.
    fn exchange(&mut self, host: (usize, String), request: &Request) -> Result<HttpResponse, Error> {
        let token_api = request.url().path() == "/cgi-bin/stable_token";
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let query_token = request.url().query_pairs().next().map(|(_, token)| token.into_owned()).unwrap_or_default();
        let fault = self.next_fault(host.0, token_api);
        self.count(fault, token_api, &body);
        if !token_api {
            self.on_request(&body);
        }
        self.say(|| match token_api {
            true => format!("  token request: {}", fault_name(fault)),
            false => {
                let (to, message) = (body["touser"].as_str().unwrap_or_default(), show(message_key(&body)));
                format!("  request for {message} to {to} at host {}: {}", host.0, fault_name(fault))
            }
        });
        self.latency += 20 + self.rng().below(60) as i64;
        let lost = |cause| Error::NoResponse { host: host.1.clone(), cause };
        let late = if fault == Some(Fault::TakenLate) { 8_000 } else { 10 };
        let is_taken = !matches!(
            fault,
            Some(Fault::Refused | Fault::ResetBefore | Fault::Swallowed | Fault::Http502 | Fault::Errcode(_))
        );
        let answer = match (is_taken, token_api) {
            (false, _) => Value::Null,
            (true, true) => self.token_answer(body["force_refresh"] == true),
            (true, false) => self.send_answer(&query_token, &body, fault, late),
        };
        let mut response =
            HttpResponse { status: 200, date: Some(Timestamp((EPOCH + self.now) / 1000 * 1000)), body: Vec::new() };
        let result = match fault {
            Some(Fault::Refused) => {
                Err(Error::Connect { host: host.1.clone(), cause: Cause::TimedOut, failure: Default::default() })
            }
            Some(Fault::ResetBefore | Fault::ResetAfter | Fault::Cut) => Err(lost(Cause::HttpStatus)),
            Some(Fault::Lost | Fault::Swallowed | Fault::TakenLate) => {
                self.latency += TIMEOUT_MS;
                Err(lost(Cause::TimedOut))
            }
            Some(Fault::NotJson) => Ok(HttpResponse { body: b"<html>busy</html>".to_vec(), ..response }),
            Some(Fault::Http502 | Fault::Http502Taken) => Ok(HttpResponse { status: 502, ..response }),
            Some(Fault::Errcode(code)) => {
                response.body = json!({"errcode": code, "errmsg": "simulated"}).to_string().into_bytes();
                Ok(response)
            }
            None | Some(Fault::Slow | Fault::DuplicateAnswered) => {
                self.latency += if fault == Some(Fault::Slow) { TIMEOUT_MS - 200 } else { 0 };
                response.body = answer.to_string().into_bytes();
                Ok(response)
            }
        };
        let text = result.as_ref().map(|it| String::from_utf8_lossy(&it.body).into_owned()).unwrap_or_default();
        let errcode = serde_json::from_str::<Value>(&text).ok().and_then(|it| it["errcode"].as_i64());
        self.on_answer(&body, errcode);
        if !matches!(&result, Ok(response) if response.status == 200 && fault != Some(Fault::NotJson))
            && fault != Some(Fault::Refused)
            && let Some(truth) = self.messages.get_mut(&message_key(&body))
        {
            truth.unanswered = true;
        }
        result
    }
}

impl Platform {
    /// Notes what an answer asks for: how long the message, others like it and the recipient rest.
    fn on_answer(&mut self, body: &Value, errcode: Option<i64>) {
        let (message, at) = (message_key(body), self.now + self.latency);
        let next_quota = ((EPOCH + at + BEIJING_MS) / DAY_MS + 1) * DAY_MS - BEIJING_MS - EPOCH;
        self.class = format!("{} {}", body["msgtype"], body["template_id"]);
        self.rest = match errcode {
            Some(45009 | 40037 | 48001) => Some((self.class.clone(), DAY_MS)),
            Some(43117) => Some((format!("to {}", message.1), 60_000)),
            _ => None,
        };
        self.may_give_up |= matches!(errcode, Some(40037 | 48001));
        let Some(truth) = self.messages.get_mut(&message) else { return };
        truth.window_closed = body["text"].is_object() && matches!(errcode, Some(45015 | 45047));
        truth.not_before = match errcode {
            Some(0 | 40001 | 42001 | 45015 | 45047) => 0,
            Some(45009) => next_quota,
            Some(43117) => at + 60_000,
            _ => at + PAUSE_MS,
        };
    }
}

fn fault_name(fault: Option<Fault>) -> String {
    fault.map_or_else(|| "well".to_owned(), |fault| format!("{fault:?}"))
}

/// Returns the number in a text such as `m17`.
pub fn number_in(content: &str) -> Option<u64> {
    content[content.find("\"m")? + 2..].split('"').next()?.parse().ok()
}

fn message_key(body: &Value) -> MessageKey {
    let text = body["text"]["content"].as_str().or(body["data"]["n"]["value"].as_str()).unwrap_or_default();
    let number = text.trim_start_matches('m').parse().unwrap_or(0);
    (number, recipient_of(body["touser"].as_str().unwrap_or_default()))
}

pub fn show((number, recipient): MessageKey) -> String {
    if recipient < USERS { format!("m{number} to user {recipient}") } else { format!("m{number} to x") }
}

/// The connection of a process to the platform.
#[derive(Clone)]
pub struct Line {
    pub platform: Arc<Mutex<Platform>>,
    /// The process's clock that measures pauses.
    pub instant: Arc<Mutex<Instant>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Transport for Line {
    fn exchange(&self, host: &ApiHost, request: Request) -> Result<HttpResponse, Error> {
        let name = host.name();
        locked(&self.platform).exchange((usize::from(name.starts_with("api2")), name), &request)
    }

    fn now(&self) -> Instant {
        *locked(&self.instant) + Duration::from_millis(locked(&self.platform).latency.unsigned_abs())
    }
}

pub fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
