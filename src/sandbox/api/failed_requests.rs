//! The endpoint that returns a rejected request by the request id in its error text.
//!
//! developers.weixin.qq.com: doc/service/api/apimanage/api_getridinfo

use serde_json::json;

use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiResult, api_error};
use crate::sandbox::state::Platform;

impl Platform {
    /// `POST /cgi-bin/openapi/rid/get`.
    ///
    /// As on the platform, `request_url` is only the query, and includes the token.
    pub(in crate::sandbox) fn get_failed_request(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let rid = body["rid"].as_str().unwrap_or_default();
        let hex = |group: &str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit());
        if rid.split('-').count() != 3 || !rid.split('-').all(hex) {
            return Err(api_error(76002));
        }
        let record = self.failed_requests.find(rid, call.now_ms).ok_or_else(|| api_error(76001))?;
        let request = json!({
            "invoke_time": record.at_ms / 1000,
            // The sandbox's time does not advance during a call.
            "cost_in_ms": 0,
            "request_url": record.query,
            "request_body": record.body,
            "response_body": record.response,
            "client_ip": record.client_ip,
        });
        Ok(json!({"errcode": 0, "errmsg": "ok", "request": request}))
    }
}
