//! Faults as they are written: `[[faults]]` of a world, and the body of `POST /sandbox/faults`.

use std::time::Duration;

use serde::Deserialize;

use super::{Calls, Effect, Fault, Strikes, When};
use crate::sandbox::routes;
use crate::sandbox::world::{Error, at_line, need};

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// Keys that say when a fault strikes; at most one of them stands in a fault.
const TIMES: &str = "nth, every, probability";
/// Keys that say what happens; exactly one of them stands in a fault.
const EFFECTS: &str = "errcode, status, truncated, reset, hang, drip, content_type, delay";

/// A fault as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
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
pub(in crate::sandbox) fn read(toml: &str) -> Result<Vec<Fault>, Error> {
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
        need(routes::paths().any(|path| calls.has_path(path)), "faults.api", &calls.api)?;
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
