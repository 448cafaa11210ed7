//! Parses faults: `[[faults]]` of a scenario, and the body of `POST /sandbox/faults`.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::fault::{CallFilter, Effect, Fault, PushFault, Timing, Trigger};
use crate::sandbox::paths::API_PATHS;
use crate::sandbox::push::event::PUSH_NAMES;
use crate::sandbox::scenario::error::{ScenarioError, require, syntax_error};

/// The longest pause that a fault may have.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// The keys that select the calls of a fault; a fault has at most one of them.
const TRIGGER_KEYS: &str = "nth, every, probability";
/// The keys that define the effect of a fault; a fault has exactly one of them.
const EFFECT_KEYS: &str = "errcode, status, truncated, reset, hang, drip, content_type, delay, receipt, push";

/// A fault as written in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultConfig {
    api: Option<String>,
    nth: Option<OneOrMany>,
    every: Option<u64>,
    probability: Option<f64>,
    seed: Option<u64>,
    times: Option<u64>,
    to: Option<String>,
    errcode: Option<i64>,
    status: Option<u16>,
    processed: Option<bool>,
    truncated: Option<bool>,
    reset: Option<Timing>,
    hang: Option<Timing>,
    drip: Option<String>,
    content_type: Option<String>,
    delay: Option<String>,
    event: Option<String>,
    receipt: Option<String>,
    push: Option<PushFault>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(u64),
    Many(Vec<u64>),
}

/// Parses the body of `POST /sandbox/faults`.
///
/// # Errors
///
/// Returns an error for a syntax error, an unknown key or an invalid value.
pub(in crate::sandbox) fn parse_faults(toml: &str) -> Result<Vec<Fault>, ScenarioError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plan {
        #[serde(default)]
        faults: Vec<Fault>,
    }
    toml::from_str::<Plan>(toml).map(|plan| plan.faults).map_err(|error| syntax_error(toml, &error))
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FaultConfig::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl TryFrom<FaultConfig> for Fault {
    type Error = ScenarioError;

    fn try_from(config: FaultConfig) -> Result<Self, ScenarioError> {
        let api = config.api.clone().unwrap_or_else(|| "*".to_owned());
        let filter = CallFilter { api, openid: config.to.clone(), event: config.event.clone() };
        require(API_PATHS.iter().any(|path| filter.matches_path(path)), "faults.api", &filter.api)?;
        if let Some(to) = &filter.openid {
            require(to.len() == 28 && to.bytes().all(|b| b.is_ascii_graphic()), "faults.to", to)?;
        }
        if let Some(event) = &filter.event {
            require(PUSH_NAMES.contains(&event.as_str()), "faults.event", event)?;
            if config.receipt.is_none() && config.push.is_none() {
                return Err(ScenarioError::MissingPartner { key: "faults.event", with: "push" });
            }
        }
        if let Some(times) = config.times {
            require(times > 0, "faults.times", &times.to_string())?;
        }
        Ok(Self { trigger: config.trigger()?, max_triggers: config.times, effect: config.effect()?, filter })
    }
}

impl FaultConfig {
    fn trigger(&self) -> Result<Trigger, ScenarioError> {
        if self.seed.is_some() && self.probability.is_none() {
            return Err(ScenarioError::MissingPartner { key: "faults.seed", with: "probability" });
        }
        match (&self.nth, self.every, self.probability) {
            (None, None, None) => Ok(Trigger::All),
            (Some(numbers), None, None) => {
                let numbers = match numbers {
                    OneOrMany::One(number) => vec![*number],
                    OneOrMany::Many(numbers) => numbers.clone(),
                };
                let shown = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                require(!numbers.is_empty() && !numbers.contains(&0), "faults.nth", &shown)?;
                Ok(Trigger::Nth(numbers))
            }
            (None, Some(every), None) => {
                require(every > 0, "faults.every", &every.to_string())?;
                Ok(Trigger::Every(every))
            }
            (None, None, Some(probability)) => {
                require(probability > 0.0 && probability <= 1.0, "faults.probability", &probability.to_string())?;
                Ok(Trigger::Chance { probability, seed: self.seed.unwrap_or(1) })
            }
            _ => Err(ScenarioError::Conflicting { keys: TRIGGER_KEYS }),
        }
    }

    fn effect(&self) -> Result<Effect, ScenarioError> {
        if self.processed.is_some() && self.status.is_none() {
            return Err(ScenarioError::MissingPartner { key: "faults.processed", with: "status" });
        }
        if let Some(truncated) = self.truncated {
            require(truncated, "faults.truncated", "false")?;
        }
        if let Some(errcode) = self.errcode {
            require(errcode != 0, "faults.errcode", "0")?;
        }
        if let Some(status) = self.status {
            require((200..=599).contains(&status), "faults.status", &status.to_string())?;
        }
        if let Some(content_type) = &self.content_type {
            let printable = content_type.bytes().all(|b| matches!(b, b' '..=b'~'));
            require(!content_type.trim().is_empty() && printable, "faults.content_type", content_type)?;
        }
        if let Some(status) = &self.receipt {
            require(!status.trim().is_empty() && !status.chars().any(char::is_control), "faults.receipt", status)?;
        }
        let processed = self.processed.unwrap_or(false);
        let all = [
            self.errcode.map(Effect::Errcode),
            self.status.map(|status| Effect::Status { status, processed }),
            self.truncated.map(|_| Effect::Truncated),
            self.reset.map(Effect::Reset),
            self.hang.map(Effect::Hang),
            parse_pause("faults.drip", self.drip.as_deref())?.map(Effect::Drip),
            self.content_type.clone().map(Effect::ContentType),
            parse_pause("faults.delay", self.delay.as_deref())?.map(Effect::Delay),
            self.receipt.clone().map(Effect::Receipt),
            self.push.map(Effect::Push),
        ];
        let mut effects = all.into_iter().flatten();
        match (effects.next(), effects.next()) {
            (Some(effect), None) => Ok(effect),
            (None, _) => Err(ScenarioError::MissingKey { keys: EFFECT_KEYS }),
            (Some(_), Some(_)) => Err(ScenarioError::Conflicting { keys: EFFECT_KEYS }),
        }
    }
}

fn parse_pause(key: &'static str, text: Option<&str>) -> Result<Option<Duration>, ScenarioError> {
    let Some(text) = text else { return Ok(None) };
    let pause = text.parse::<humantime::Duration>().ok().map(Duration::from);
    let pause = pause.filter(|pause| !pause.is_zero() && *pause <= MAX_PAUSE);
    require(pause.is_some(), key, text)?;
    Ok(pause)
}
