//! What a fault is: which calls it is about, and what happens to them. `[[faults]]` of a world, and the body of
//! `POST /sandbox/faults`.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::platform;
use super::world::{Error, at_line, need};
use crate::http::{Manner, Reply};

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// Keys that say when a fault strikes; at most one of them stands in a fault.
const TIMES: &str = "nth, every, probability";
/// Keys that say what happens; exactly one of them stands in a fault.
const EFFECTS: &str = "errcode, status, truncated, reset, hang, drip, content_type, delay";

/// One fault: some calls of the API do not go as they should.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Settings")]
pub struct Fault {
    pub(super) calls: Calls,
    pub(super) strikes: Strikes,
    /// How often it strikes at most.
    pub(super) times: Option<u64>,
    pub(super) effect: Effect,
}

/// The calls that a fault looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Calls {
    /// A path; with `*` at its end the beginning of one.
    api: String,
    /// Only calls about this openid.
    pub(super) to: Option<String>,
}

/// Which of them it strikes, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Strikes {
    /// Each.
    All,
    /// Those of these numbers.
    Nth(Vec<u64>),
    /// Those whose number this divides.
    Every(u64),
    /// So many of a hundred, by a generator with this seed.
    Chance { probability: f64, seed: u64 },
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// That refusal in place of the call.
    Errcode(i64),
    /// An HTML page with that status, and no JSON.
    Status { status: u16, processed: bool },
    /// The call, and half of its answer.
    Truncated,
    /// A connection that is reset.
    Reset(When),
    /// No answer, ever.
    Hang(When),
    /// The call, and its answer a byte at a time.
    Drip(Duration),
    /// The call, and its answer under another content type.
    ContentType(String),
    /// The call, and its answer later.
    Delay(Duration),
}

/// Whether a call takes effect before it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum When {
    /// It goes wrong before the call takes effect.
    Before,
    /// It goes wrong after the call took effect.
    After,
}

/// A fault as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    api: Option<String>,
    nth: Option<Numbers>,
    every: Option<u64>,
    probability: Option<f64>,
    seed: Option<u64>,
    times: Option<u64>,
    to: Option<String>,
    errcode: Option<i64>,
    status: Option<u16>,
    processed: Option<bool>,
    truncated: Option<bool>,
    reset: Option<When>,
    hang: Option<When>,
    drip: Option<String>,
    content_type: Option<String>,
    delay: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(u64),
    Many(Vec<u64>),
}

/// Reads the body of `POST /sandbox/faults`.
///
/// # Errors
/// What does not parse, keys that do not exist, values that make no sense.
pub(super) fn read(toml: &str) -> Result<Vec<Fault>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plan {
        #[serde(default)]
        faults: Vec<Fault>,
    }
    toml::from_str::<Plan>(toml).map(|plan| plan.faults).map_err(|error| at_line(toml, &error))
}

impl TryFrom<Settings> for Fault {
    type Error = Error;

    fn try_from(it: Settings) -> Result<Self, Error> {
        let api = it.api.clone().unwrap_or_else(|| "*".to_owned());
        let calls = Calls { api, to: it.to.clone() };
        need(platform::paths().any(|path| calls.has_path(path)), "faults.api", &calls.api)?;
        if let Some(to) = &calls.to {
            need(to.len() == 28 && to.bytes().all(|b| b.is_ascii_graphic()), "faults.to", to)?;
        }
        if let Some(times) = it.times {
            need(times > 0, "faults.times", &times.to_string())?;
        }
        Ok(Self { strikes: it.strikes()?, times: it.times, effect: it.effect()?, calls })
    }
}

impl Settings {
    fn strikes(&self) -> Result<Strikes, Error> {
        if self.seed.is_some() && self.probability.is_none() {
            return Err(Error::Alone { key: "faults.seed", with: "probability" });
        }
        match (&self.nth, self.every, self.probability) {
            (None, None, None) => Ok(Strikes::All),
            (Some(numbers), None, None) => {
                let numbers = match numbers {
                    Numbers::One(number) => vec![*number],
                    Numbers::Many(numbers) => numbers.clone(),
                };
                let shown = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                need(!numbers.is_empty() && !numbers.contains(&0), "faults.nth", &shown)?;
                Ok(Strikes::Nth(numbers))
            }
            (None, Some(every), None) => {
                need(every > 0, "faults.every", &every.to_string())?;
                Ok(Strikes::Every(every))
            }
            (None, None, Some(probability)) => {
                need(probability > 0.0 && probability <= 1.0, "faults.probability", &probability.to_string())?;
                Ok(Strikes::Chance { probability, seed: self.seed.unwrap_or(1) })
            }
            _ => Err(Error::Several { keys: TIMES }),
        }
    }

    fn effect(&self) -> Result<Effect, Error> {
        if self.processed.is_some() && self.status.is_none() {
            return Err(Error::Alone { key: "faults.processed", with: "status" });
        }
        if let Some(truncated) = self.truncated {
            need(truncated, "faults.truncated", "false")?;
        }
        if let Some(errcode) = self.errcode {
            need(errcode != 0, "faults.errcode", "0")?;
        }
        if let Some(status) = self.status {
            need((200..=599).contains(&status), "faults.status", &status.to_string())?;
        }
        if let Some(kind) = &self.content_type {
            let printable = kind.bytes().all(|b| matches!(b, b' '..=b'~'));
            need(!kind.trim().is_empty() && printable, "faults.content_type", kind)?;
        }
        let processed = self.processed.unwrap_or(false);
        let all = [
            self.errcode.map(Effect::Errcode),
            self.status.map(|status| Effect::Status { status, processed }),
            self.truncated.map(|_| Effect::Truncated),
            self.reset.map(Effect::Reset),
            self.hang.map(Effect::Hang),
            pause("faults.drip", self.drip.as_deref())?.map(Effect::Drip),
            self.content_type.clone().map(Effect::ContentType),
            pause("faults.delay", self.delay.as_deref())?.map(Effect::Delay),
        ];
        let mut given = all.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(effect), None) => Ok(effect),
            (None, _) => Err(Error::NoneOf { keys: EFFECTS }),
            (Some(_), Some(_)) => Err(Error::Several { keys: EFFECTS }),
        }
    }
}

fn pause(key: &'static str, text: Option<&str>) -> Result<Option<Duration>, Error> {
    let Some(text) = text else { return Ok(None) };
    let pause = text.parse::<humantime::Duration>().ok().map(Duration::from);
    let pause = pause.filter(|pause| !pause.is_zero() && *pause <= LONGEST);
    need(pause.is_some(), key, text)?;
    Ok(pause)
}

impl Calls {
    /// Whether a call of that path is meant.
    pub(super) fn has_path(&self, path: &str) -> bool {
        match self.api.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.api,
        }
    }
}

impl Effect {
    /// Whether the call takes effect.
    pub(super) fn processes(&self) -> bool {
        match self {
            Self::Errcode(_) | Self::Reset(When::Before) | Self::Hang(When::Before) => false,
            Self::Status { processed, .. } => *processed,
            Self::Reset(When::After) | Self::Hang(When::After) => true,
            Self::Truncated | Self::Drip(_) | Self::ContentType(_) | Self::Delay(_) => true,
        }
    }

    /// What becomes of the right answer (of an empty one, where the call took no effect).
    pub(super) fn spoil(&self, reply: Reply) -> Reply {
        match self {
            Self::Errcode(_) => reply,
            Self::Status { status, .. } => Reply::html(
                *status,
                format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"),
            ),
            Self::Truncated => reply.in_manner(Manner::Half),
            Self::Reset(_) => reply.in_manner(Manner::Reset),
            Self::Hang(_) => reply.in_manner(Manner::Never),
            Self::Drip(pause) => reply.in_manner(Manner::Drip(*pause)),
            Self::ContentType(kind) => reply.header("Content-Type", kind),
            Self::Delay(by) => {
                let before = reply.delay();
                reply.delayed(before + *by)
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// The words of a request's line.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errcode(errcode) => write!(f, "errcode {errcode}"),
            Self::Status { status, processed: false } => write!(f, "status {status}"),
            Self::Status { status, processed: true } => write!(f, "status {status} processed"),
            Self::Truncated => f.write_str("truncated"),
            Self::Reset(when) => write!(f, "reset {when}"),
            Self::Hang(when) => write!(f, "hang {when}"),
            Self::Drip(pause) => write!(f, "drip {}", humantime::format_duration(*pause)),
            Self::ContentType(kind) => write!(f, "content_type {kind}"),
            Self::Delay(by) => write!(f, "delay {}", humantime::format_duration(*by)),
        }
    }
}

/// The line of the sandbox's page.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.calls.api, self.effect)?;
        match &self.strikes {
            Strikes::All => {}
            Strikes::Nth(numbers) => {
                let numbers = numbers.iter().map(u64::to_string).collect::<Vec<_>>();
                write!(f, ", nth {}", numbers.join(" "))?;
            }
            Strikes::Every(every) => write!(f, ", every {every}")?,
            Strikes::Chance { probability, seed } => write!(f, ", probability {probability} (seed {seed})")?,
        }
        if let Some(times) = self.times {
            write!(f, ", times {times}")?;
        }
        if let Some(to) = &self.calls.to {
            write!(f, ", to {to}")?;
        }
        Ok(())
    }
}
