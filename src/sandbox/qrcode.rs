//! Codes with a scene: whoever scans one comes to follow the account, and the account is told by which.
//!
//! developers.weixin.qq.com: doc/service/api/qrcode/qrcodes/api_createqrcode

use std::collections::HashMap;

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, refuse};
use super::call::Call;
use super::platform::{Handled, Platform};
use super::{pages, random};
use crate::http::Request;

/// 30 days.
const LONGEST_S: u64 = 2_592_000;
/// Where the call does not say. The pages disagree (60, 30); of them the shorter.
const DEFAULT_S: u64 = 30;
/// The highest number of a permanent code, and how many of these an account can have.
const PERMANENT: u64 = 100_000;
const TEXT_CHARS: usize = 64;

/// What a code says of itself to the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Number(u64),
    Text(String),
}

impl Scene {
    /// Of a permanent or a temporary code: 40052, 40053.
    fn read(name: &str, body: &Value) -> Result<Self, Refusal> {
        let scene = &body["action_info"]["scene"];
        let number = |most: u64| match scene["scene_id"].as_u64() {
            Some(number) if (1..=most).contains(&number) => Ok(Self::Number(number)),
            _ => Err(refuse(40053)),
        };
        let text = || match scene["scene_str"].as_str() {
            Some(text) if (1..=TEXT_CHARS).contains(&text.chars().count()) => Ok(Self::Text(text.to_owned())),
            _ => Err(refuse(40053)),
        };
        match name {
            "QR_SCENE" => number(u32::MAX.into()),
            "QR_LIMIT_SCENE" => number(PERMANENT),
            "QR_STR_SCENE" | "QR_LIMIT_STR_SCENE" => text(),
            _ => Err(refuse(40052)),
        }
    }
}

#[derive(Debug)]
struct Code {
    scene: Scene,
    /// Unix ms; `None` is for ever.
    until_ms: Option<i64>,
}

/// The codes, by the ends of their addresses.
#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<String, Code>);

impl Codes {
    /// The scene of a code that has not expired.
    pub(super) fn scene(&self, id: &str, now_ms: i64) -> Option<Scene> {
        let code = self.0.get(id)?;
        code.until_ms.is_none_or(|until_ms| now_ms < until_ms).then(|| code.scene.clone())
    }

    fn add(&mut self, code: Code, now_ms: i64) -> Result<String, Refusal> {
        self.0.retain(|_, code| code.until_ms.is_none_or(|until_ms| now_ms < until_ms));
        let permanent = || self.0.values().filter(|code| code.until_ms.is_none()).count() as u64;
        if code.until_ms.is_none() && permanent() >= PERMANENT {
            return Err(refuse(45029));
        }
        let id = random::code();
        self.0.insert(id.clone(), code);
        Ok(id)
    }
}

impl Platform {
    /// `POST /cgi-bin/qrcode/create`
    pub(super) fn create_code(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let name = body["action_name"].as_str().unwrap_or_default();
        let scene = Scene::read(name, &body)?;
        let life_s = match &body["expire_seconds"] {
            _ if name.starts_with("QR_LIMIT_") => None,
            Value::Null => Some(DEFAULT_S),
            // What becomes of others is not known.
            given => Some(given.as_u64().filter(|life| (1..=LONGEST_S).contains(life)).ok_or_else(|| refuse(40053))?),
        };
        let until_ms = life_s.map(|life| call.now_ms + 1000 * i64::try_from(life).unwrap_or_default());
        let id = self.codes.add(Code { scene, until_ms }, call.now_ms)?;
        let host = call.request.header("host").unwrap_or("localhost");
        let mut answer = json!({"ticket": random::token(), "url": format!("http://{host}/q/{id}")});
        if let Some(life) = life_s {
            answer["expire_seconds"] = life.into();
        }
        Ok(answer)
    }

    /// `GET /q/…`, opened by the phone.
    pub(super) fn scan(&self, request: &Request, id: &str, now_ms: i64) -> Handled {
        Handled::page(match self.codes.scene(id, now_ms) {
            Some(_) => pages::code(self, request, id),
            None => pages::code_expired(request),
        })
    }
}
