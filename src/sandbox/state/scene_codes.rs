//! The QR codes with a scene. The account learns from the scene by which code a person came to
//! follow it.

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use crate::sandbox::response::{ApiError, api_error};

/// The highest number of a permanent code, and the number of permanent codes of an account.
const MAX_PERMANENT_CODES: u64 = 100_000;
const MAX_SCENE_CHARS: usize = 64;

/// The value by which the account recognizes a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Scene {
    Number(u64),
    Text(String),
}

impl Scene {
    /// Parses the scene of a permanent or temporary code: 40052, 40053.
    pub(in crate::sandbox) fn from_request(name: &str, body: &Value) -> Result<Self, ApiError> {
        let scene = &body["action_info"]["scene"];
        let number = |max: u64| match scene["scene_id"].as_u64() {
            Some(number) if (1..=max).contains(&number) => Ok(Self::Number(number)),
            _ => Err(api_error(40053)),
        };
        let text = || match scene["scene_str"].as_str() {
            Some(text) if (1..=MAX_SCENE_CHARS).contains(&text.chars().count()) => Ok(Self::Text(text.to_owned())),
            _ => Err(api_error(40053)),
        };
        match name {
            "QR_SCENE" => number(u32::MAX.into()),
            "QR_LIMIT_SCENE" => number(MAX_PERMANENT_CODES),
            "QR_STR_SCENE" | "QR_LIMIT_STR_SCENE" => text(),
            _ => Err(api_error(40052)),
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[derive(Debug)]
pub(in crate::sandbox) struct SceneCode {
    pub(in crate::sandbox) ticket: String,
    pub(in crate::sandbox) scene: Scene,
    /// The address that the code contains.
    pub(in crate::sandbox) url: String,
    /// Unix milliseconds; `None` if the code is permanent.
    pub(in crate::sandbox) until_ms: Option<i64>,
}

impl SceneCode {
    fn is_valid(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

/// The codes, by the last segment of their addresses.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct SceneCodes(HashMap<String, SceneCode>);

impl SceneCodes {
    /// Returns a code, unless it has expired.
    pub(in crate::sandbox) fn get(&self, id: &str, now_ms: i64) -> Option<&SceneCode> {
        self.0.get(id).filter(|code| code.is_valid(now_ms))
    }

    pub(in crate::sandbox) fn add(&mut self, id: String, code: SceneCode, now_ms: i64) -> Result<(), ApiError> {
        self.0.retain(|_, code| code.is_valid(now_ms));
        let permanent = || self.0.values().filter(|code| code.until_ms.is_none()).count() as u64;
        if code.until_ms.is_none() && permanent() >= MAX_PERMANENT_CODES {
            return Err(api_error(45029));
        }
        self.0.insert(id, code);
        Ok(())
    }

    /// Returns the address of the code of a ticket, unless it has expired.
    pub(in crate::sandbox) fn url(&self, ticket: &str, now_ms: i64) -> Option<&str> {
        let code = self.0.values().find(|code| code.ticket == ticket)?;
        code.is_valid(now_ms).then_some(code.url.as_str())
    }
}
