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

use crate::plan::{Rng, USERS};

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

/// The response to a request that meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Usual,
    /// The usual response, just before the timeout.
    Slow,
    Errcode(i64),
    NoConnection,
    /// The connection ends.
    Reset,
    Timeout,
    /// The page of a proxy.
    Html,
    /// A gateway's error.
    Http502,
}

/// A fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub name: Name,
    /// How often it occurs, relative to the others.
    pub weight: usize,
    /// Whether requests for tokens can meet it.
    pub of_tokens: bool,
    /// When WeChat processes the request, in ms; `None` if it does not.
    taken_after: Option<i64>,
    reply: Reply,
}

type Name = &'static str;

const fn fault(name: Name, weight: usize, of_tokens: bool, taken_after: Option<i64>, reply: Reply) -> Fault {
    Fault { name, weight, of_tokens, taken_after, reply }
}

const fn refusal(name: Name, errcode: i64, weight: usize, of_tokens: bool) -> Fault {
    fault(name, weight, of_tokens, None, Reply::Errcode(errcode))
}

/// No fault.
const WELL: Fault = fault("none", 0, true, Some(10), Reply::Usual);
/// WeChat drops the repeat, and responds with an errcode for that.
const DUPLICATE_ANSWERED: Fault = fault("DuplicateAnswered", 1, false, Some(10), Reply::Usual);

/// The faults of requests. To add one, add a row.
pub const FAULTS: &[Fault] = &[
    fault("Refused", 1, true, None, Reply::NoConnection),
    fault("ResetBefore", 1, true, None, Reply::Reset),
    fault("ResetAfter", 2, true, Some(10), Reply::Reset),
    fault("Cut", 1, true, Some(10), Reply::Reset),
    fault("Lost", 1, true, Some(10), Reply::Timeout),
    fault("Swallowed", 1, true, None, Reply::Timeout),
    fault("TakenLate", 1, true, Some(8_000), Reply::Timeout),
    fault("Slow", 1, true, Some(10), Reply::Slow),
    fault("NotJson", 1, true, Some(10), Reply::Html),
    fault("Http502Taken", 2, true, Some(10), Reply::Http502),
    fault("Http502", 1, true, None, Reply::Http502),
    DUPLICATE_ANSWERED,
    refusal("Errcode(-1)", -1, 2, true),
    refusal("Errcode(40001)", 40001, 1, true),
    refusal("Errcode(42001)", 42001, 1, false),
    refusal("Errcode(45009)", 45009, 1, true),
    refusal("Errcode(45047)", 45047, 1, false),
    refusal("Errcode(43004)", 43004, 1, false),
    refusal("Errcode(43101)", 43101, 1, false),
    refusal("Errcode(43117)", 43117, 1, false),
    refusal("Errcode(47003)", 47003, 1, false),
    refusal("Errcode(40037)", 40037, 1, false),
    refusal("Errcode(40003)", 40003, 1, false),
    refusal("Errcode(40164)", 40164, 1, true),
    refusal("Errcode(48001)", 48001, 1, false),
];

/// A message as the operator knows it: the number of its text, and the recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey(pub u64, pub usize);

impl std::fmt::Display for MessageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(number, user) = self;
        if *user < USERS { write!(f, "m{number} to user {user}") } else { write!(f, "m{number} to x") }
    }
}

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
    /// How often WeChat accepted it.
    pub taken: usize,
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
#[derive(Debug)]
pub struct Armed {
    pub fault: Fault,
    pub times: u8,
    pub host: Option<usize>,
    pub token: bool,
}

#[derive(Debug, Default)]
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
    /// The number of messages that WeChat accepted; their msgids follow from it.
    pub msgids: u64,
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
    /// The first violation of a rule.
    pub violation: Option<String>,
    /// Readable lines until then, if they are wanted.
    pub trace: String,
    pub wants_trace: bool,
    /// How often each fault occurred in each situation of a message.
    pub met: Met,
}

/// Numbers by fault and situation.
pub type Met = BTreeMap<(String, Name), u64>;

/// The recipient of an openid: `oU-P`, or `x` without a user.
pub fn recipient_of(openid: &str) -> usize {
    openid.strip_prefix('o').and_then(|it| it.split('-').next()?.parse().ok()).unwrap_or(USERS)
}

impl Platform {
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if self.wants_trace && self.violation.is_none() {
            self.trace += &format!("{:>12.3}s  {}\n", self.now as f64 / 1000.0, line());
        }
    }

    /// Records that a rule is violated, if `is_violated`.
    pub fn violate(&mut self, is_violated: bool, rule: &str, what: impl FnOnce() -> String) {
        if is_violated && self.violation.is_none() {
            let text = format!("{rule}: {}", what());
            self.say(|| format!("VIOLATED {text}"));
            self.violation = Some(text);
        }
    }

    pub fn revoke(&mut self) {
        self.token += 1;
        self.token_until = self.now + 7_200_000;
    }

    fn rng(&mut self) -> Rng {
        self.noise = self.noise.wrapping_add(1);
        Rng(self.noise.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn next_fault(&mut self, host: usize, token: bool) -> Fault {
        let is_met = |it: &Armed| it.token == token && it.host.is_none_or(|only| only == host);
        let Some(at) = self.armed.iter().position(is_met) else { return WELL };
        let armed = &mut self.armed[at];
        armed.times -= 1;
        if armed.times == 0 { self.armed.remove(at).fault } else { armed.fault }
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
    fn send_answer(&mut self, token: &str, body: &Value, fault: Fault, delay: i64) -> Value {
        let refuse = |errcode: i64, errmsg: &str| json!({"errcode": errcode, "errmsg": errmsg});
        let at = self.now + delay;
        if token != format!("t{}", self.token) {
            return refuse(40001, "invalid credential rid: 1");
        }
        if self.now >= self.token_until {
            return refuse(42001, "access_token expired");
        }
        if body["text"].is_object() && at > WINDOW_MS {
            return refuse(45015, "response out of time limit");
        }
        if let Some(id) = body["client_msg_id"].as_str() {
            if self.seen.get(id).is_some_and(|first| at - first < DEDUPE_MS) {
                return match fault {
                    DUPLICATE_ANSWERED => refuse(40241, "duplicate"),
                    _ => json!({"errcode": 0, "errmsg": "ok", "msgid": 7}),
                };
            }
            self.seen.insert(id.to_owned(), at);
        }
        self.take(message_key(body));
        self.msgids += 1;
        json!({"errcode": 0, "errmsg": "ok", "msgid": 999 + self.msgids})
    }

    fn take(&mut self, message: MessageKey) {
        self.say(|| format!("  WeChat takes {message}"));
        let Some(truth) = self.messages.get_mut(&message) else { return };
        truth.taken += 1;
        let Truth { taken, may_repeat, key, part, retried, .. } = *truth;
        let is_twice = taken > 1 + may_repeat;
        self.violate(is_twice, "a: nothing twice", || format!("{message} was delivered {taken} times"));
        let has_same_key = |id: MessageKey, it: &Truth| {
            id.1 == message.1 && id != message && part == 0 && it.part == 0 && key.is_some() && it.key == key
        };
        let other = self.messages.iter().find(|(id, it)| it.taken > 0 && has_same_key(**id, it)).map(|it| *it.0);
        if let Some(other) = other {
            self.violate(true, "a: nothing twice", || format!("{other} and {message} have key {key:?}"));
        }
        let before = self.messages.get(&MessageKey(message.0 - 1, message.1));
        let is_early = part > 0 && !retried && before.is_none_or(|it| it.taken == 0);
        self.violate(is_early, "e: parts in order", || format!("{message} came before the part before it"));
    }

    /// Records a request when it is sent.
    fn on_request(&mut self, message: MessageKey, openid: &str) {
        let is_bound = message.1 == USERS || self.bound[message.1].as_deref() == Some(openid);
        self.violate(!is_bound, "c: the bound phone", || format!("{message} goes to {openid}, who is not bound"));
        let now = self.now;
        let Some(truth) = self.messages.get_mut(&message) else {
            return self.violate(true, "b: the state is true", || format!("{message} was never queued"));
        };
        truth.requests += 1;
        let (requests, early) = (truth.requests, truth.not_before - now);
        let is_late = truth.strict && !truth.retried && now - truth.created > STRICT_EXPIRY_MS + 60_000;
        self.violate(is_late && !self.has_odd_times, "d: what has expired is not sent", || message.to_string());
        // Due times are of the system clock. The second host is part of the same attempt.
        let is_early = early > 0 && self.latency == 0 && !self.clock_set;
        self.violate(is_early, "e: backoff", || format!("{message} is repeated {early} ms early"));
        self.violate(requests > 80, "e: backoff", || format!("{message} was attempted {requests} times"));
    }

    fn count(&mut self, fault: Fault, token: bool, message: MessageKey) {
        let situation = match self.messages.get(&message) {
            _ if token => "token",
            Some(truth) if truth.retried => "retried",
            Some(truth) if truth.unanswered => "after no answer",
            Some(truth) if truth.requests > 0 => "after a refusal",
            _ => "first",
        };
        *self.met.entry((fault.name.to_owned(), situation)).or_default() += 1;
    }

    /// Responds to a request at one host.
    fn exchange(&mut self, host: usize, name: String, request: &Request) -> Result<HttpResponse, Error> {
        let is_token = request.url().path() == "/cgi-bin/stable_token";
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (message, openid) = (message_key(&body), body["touser"].as_str().unwrap_or_default());
        let fault = self.next_fault(host, is_token);
        self.count(fault, is_token, message);
        if is_token {
            self.say(|| format!("  token request: {}", fault.name));
        } else {
            self.on_request(message, openid);
            self.say(|| format!("  request for {message} to {openid} at host {host}: {}", fault.name));
        }
        self.latency += 20 + self.rng().below(60) as i64;
        let token = || request.url().query_pairs().next().map(|(_, token)| token.into_owned()).unwrap_or_default();
        let usual = match fault.taken_after {
            None => Value::Null,
            Some(_) if is_token => self.token_answer(body["force_refresh"] == true),
            Some(delay) => self.send_answer(&token(), &body, fault, delay),
        };
        let answer = match fault.reply {
            Reply::Usual | Reply::Slow => usual,
            Reply::Errcode(code) => json!({"errcode": code, "errmsg": "simulated"}),
            _ => Value::Null,
        };
        self.latency += match fault.reply {
            Reply::Timeout => TIMEOUT_MS,
            Reply::Slow => TIMEOUT_MS - 200,
            _ => 0,
        };
        self.say(|| format!("    answer: {answer}"));
        self.on_answer(message, &body, answer["errcode"].as_i64());
        if let Some(truth) = self.messages.get_mut(&message) {
            truth.unanswered |= answer.is_null() && fault.reply != Reply::NoConnection;
        }
        let date = Some(Timestamp((EPOCH + self.now) / 1000 * 1000));
        let response = |status, body: String| Ok(HttpResponse { status, date, body: body.into_bytes() });
        match fault.reply {
            Reply::Usual | Reply::Slow | Reply::Errcode(_) => response(200, answer.to_string()),
            Reply::Html => response(200, "<html>busy</html>".to_owned()),
            Reply::Http502 => response(502, String::new()),
            Reply::Reset => Err(Error::NoResponse { host: name, cause: Cause::HttpStatus }),
            Reply::Timeout => Err(Error::NoResponse { host: name, cause: Cause::TimedOut }),
            Reply::NoConnection => {
                Err(Error::Connect { host: name, cause: Cause::TimedOut, failure: Default::default() })
            }
        }
    }

    /// Notes what an answer asks for: how long the message, others like it and the recipient rest.
    fn on_answer(&mut self, message: MessageKey, body: &Value, errcode: Option<i64>) {
        let at = self.now + self.latency;
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

/// Returns the number in a text such as `m17`.
pub fn number_in(content: &str) -> Option<u64> {
    content[content.find("\"m")? + 2..].split('"').next()?.parse().ok()
}

fn message_key(body: &Value) -> MessageKey {
    let text = body["text"]["content"].as_str().or(body["data"]["n"]["value"].as_str()).unwrap_or_default();
    let number = text.trim_start_matches('m').parse().unwrap_or(0);
    MessageKey(number, recipient_of(body["touser"].as_str().unwrap_or_default()))
}

/// The connection of a process to the platform.
#[derive(Clone, Debug)]
pub struct Line {
    pub platform: Arc<Mutex<Platform>>,
    /// The process's clock that measures pauses.
    pub instant: Arc<Mutex<Instant>>,
}

impl Transport for Line {
    fn exchange(&self, host: &ApiHost, request: Request) -> Result<HttpResponse, Error> {
        let name = host.name();
        locked(&self.platform).exchange(usize::from(name.starts_with("api2")), name, &request)
    }

    fn now(&self) -> Instant {
        *locked(&self.instant) + Duration::from_millis(locked(&self.platform).latency.unsigned_abs())
    }
}

pub fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
