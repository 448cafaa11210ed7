//! Codes with a scene: whoever scans one comes to follow the account, and the account is told by which.
//!
//! developers.weixin.qq.com: doc/service/api/qrcode/qrcodes/api_createqrcode,
//! doc/service/Account_Management/Generating_a_Parametric_QR_Code.html (showqrcode)

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::http_server::{HttpResponse, Request};
use crate::sandbox::call::Call;
use crate::sandbox::response::HandledRequest;
use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::{ids, pages, qr_jpeg};

/// 30 days.
const MAX_LIFETIME_S: u64 = 2_592_000;
/// Where the call does not say.
const DEFAULT_LIFETIME_S: u64 = 60;
/// The highest number of a permanent code, and how many of these an account can have.
const MAX_PERMANENT_CODES: u64 = 100_000;
const MAX_SCENE_CHARS: usize = 64;

/// What a code says of itself to the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Scene {
    Number(u64),
    Text(String),
}

impl Scene {
    /// Of a permanent or a temporary code: 40052, 40053.
    fn from_request(name: &str, body: &Value) -> Result<Self, ApiError> {
        let scene = &body["action_info"]["scene"];
        let number = |most: u64| match scene["scene_id"].as_u64() {
            Some(number) if (1..=most).contains(&number) => Ok(Self::Number(number)),
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

#[derive(Debug)]
struct SceneCode {
    ticket: String,
    scene: Scene,
    /// What its address is.
    url: String,
    /// Unix ms; `None` is for ever.
    until_ms: Option<i64>,
}

impl SceneCode {
    fn is_valid(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

/// The codes, by the ends of their addresses.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct SceneCodes(HashMap<String, SceneCode>);

impl SceneCodes {
    /// The scene of a code that has not expired.
    pub(in crate::sandbox) fn scene(&self, id: &str, now_ms: i64) -> Option<Scene> {
        self.0.get(id).filter(|code| code.is_valid(now_ms)).map(|code| code.scene.clone())
    }

    fn add(&mut self, id: String, code: SceneCode, now_ms: i64) -> Result<(), ApiError> {
        self.0.retain(|_, code| code.is_valid(now_ms));
        let permanent = || self.0.values().filter(|code| code.until_ms.is_none()).count() as u64;
        if code.until_ms.is_none() && permanent() >= MAX_PERMANENT_CODES {
            return Err(api_error(45029));
        }
        self.0.insert(id, code);
        Ok(())
    }

    /// The address of the code of a ticket, unless it has expired.
    fn url(&self, ticket: &str, now_ms: i64) -> Option<&str> {
        let code = self.0.values().find(|code| code.ticket == ticket)?;
        code.is_valid(now_ms).then_some(code.url.as_str())
    }
}

impl Platform {
    /// `POST /cgi-bin/qrcode/create`
    pub(in crate::sandbox) fn create_code(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let name = body["action_name"].as_str().unwrap_or_default();
        let scene = Scene::from_request(name, &body)?;
        let life_s = match &body["expire_seconds"] {
            _ if name.starts_with("QR_LIMIT_") => None,
            Value::Null => Some(DEFAULT_LIFETIME_S),
            // What becomes of others is not known.
            given => Some(
                given.as_u64().filter(|life| (1..=MAX_LIFETIME_S).contains(life)).ok_or_else(|| api_error(40053))?,
            ),
        };
        let until_ms = life_s.map(|life| call.now_ms + 1000 * i64::try_from(life).unwrap_or_default());
        let (host, id) = (call.request.header("host").unwrap_or("localhost"), ids::code());
        let url = format!("http://{host}/q/{id}");
        let ticket = ids::code_ticket();
        self.scene_codes.add(
            id,
            SceneCode { ticket: ticket.clone(), scene, url: url.clone(), until_ms },
            call.now_ms,
        )?;
        let mut answer = json!({"ticket": ticket, "url": url});
        if let Some(life) = life_s {
            answer["expire_seconds"] = life.into();
        }
        Ok(answer)
    }

    /// `GET /cgi-bin/showqrcode`: the picture of a code, or HTTP 404 where there is none for the ticket.
    pub(in crate::sandbox) fn show_code(&mut self, call: &mut Call<'_>) -> Result<HttpResponse, ApiError> {
        let picture = self.scene_codes.url(&call.param("ticket"), call.now_ms).and_then(qr_jpeg::encode_qr_jpeg);
        Ok(match picture {
            Some(picture) => HttpResponse::bytes(200, "image/jpg", picture),
            None => HttpResponse::text(404, ""),
        })
    }

    /// `GET /q/…`, opened by the phone.
    pub(in crate::sandbox) fn scan_code(&self, request: &Request, id: &str, now_ms: i64) -> HandledRequest {
        HandledRequest::from_reply(match self.scene_codes.scene(id, now_ms) {
            Some(_) => pages::follow(self, request, id),
            None => pages::follow_expired(request),
        })
    }
}
