//! The endpoints for QR codes with a scene, and the page that a scanned code opens.
//!
//! developers.weixin.qq.com: doc/service/api/qrcode/qrcodes/api_createqrcode,
//! doc/service/Account_Management/Generating_a_Parametric_QR_Code.html (showqrcode)

use serde_json::{Value, json};

use crate::http_server::{HttpResponse, Request};
use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiError, ApiResult, HandledRequest, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::state::scene_codes::{Scene, SceneCode};
use crate::sandbox::{ids, pages, qr_jpeg};

/// 30 days.
const MAX_LIFETIME_S: u64 = 2_592_000;
/// The lifetime if the call does not specify one.
const DEFAULT_LIFETIME_S: u64 = 60;

impl Platform {
    /// `POST /cgi-bin/qrcode/create`
    pub(in crate::sandbox) fn create_code(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let name = body["action_name"].as_str().unwrap_or_default();
        let scene = Scene::from_request(name, &body)?;
        let lifetime_s = match &body["expire_seconds"] {
            _ if name.starts_with("QR_LIMIT_") => None,
            Value::Null => Some(DEFAULT_LIFETIME_S),
            // It is not known how the platform handles other values.
            value => Some(
                value
                    .as_u64()
                    .filter(|lifetime| (1..=MAX_LIFETIME_S).contains(lifetime))
                    .ok_or_else(|| api_error(40053))?,
            ),
        };
        let until_ms = lifetime_s.map(|lifetime| call.now_ms + 1000 * i64::try_from(lifetime).unwrap_or_default());
        let (host, id) = (call.request.header("host").unwrap_or("localhost"), ids::code());
        let url = format!("http://{host}/q/{id}");
        let ticket = ids::code_ticket();
        self.scene_codes.add(
            id,
            SceneCode { ticket: ticket.clone(), scene, url: url.clone(), until_ms },
            call.now_ms,
        )?;
        let mut answer = json!({"ticket": ticket, "url": url});
        if let Some(lifetime) = lifetime_s {
            answer["expire_seconds"] = lifetime.into();
        }
        Ok(answer)
    }

    /// `GET /cgi-bin/showqrcode`: the picture of a code, or HTTP 404 if the ticket has none.
    pub(in crate::sandbox) fn show_code(&mut self, call: &mut Call<'_>) -> Result<HttpResponse, ApiError> {
        let picture = self.scene_codes.url(&call.param("ticket"), call.now_ms).and_then(qr_jpeg::encode_qr_jpeg);
        Ok(match picture {
            Some(picture) => HttpResponse::bytes(200, "image/jpg", picture),
            None => HttpResponse::text(404, ""),
        })
    }

    /// `GET /q/…`, opened by the phone.
    pub(in crate::sandbox) fn scan_code(&self, request: &Request, id: &str, now_ms: i64) -> HandledRequest {
        HandledRequest::from_reply(match self.scene_codes.get(id, now_ms) {
            Some(_) => pages::follow(self, request, id),
            None => pages::follow_expired(request),
        })
    }
}
