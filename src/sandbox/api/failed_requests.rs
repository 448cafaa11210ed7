//! What the platform remembers of the requests that it refused, by the id in the error text.
//!
//! developers.weixin.qq.com: doc/service/api/apimanage/api_getridinfo

use std::collections::VecDeque;

use serde_json::json;

use crate::http_server::{HttpResponse, Request};
use crate::sandbox::call::Call;
use crate::sandbox::response;
use crate::sandbox::response::{ApiResult, api_error};
use crate::sandbox::state::Platform;

/// How many are kept; the platform keeps all.
const MAX_REQUESTS: usize = 300;
const TTL_MS: i64 = 7 * 86_400_000;
/// Characters of a body that are kept.
const MAX_BODY_CHARS: usize = 4_000;

#[derive(Debug)]
struct FailedRequest {
    rid: String,
    at_ms: i64,
    query: String,
    body: String,
    response: String,
    client_ip: String,
}

/// The last refused requests, oldest first.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct FailedRequests(VecDeque<FailedRequest>);

impl FailedRequests {
    /// Keeps a refused request with its answer.
    pub(in crate::sandbox) fn record(&mut self, rid: String, request: &Request, reply: &HttpResponse, at_ms: i64) {
        // No character is longer than four bytes; the body may be an upload of many megabytes.
        let head = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MAX_BODY_CHARS)]).into_owned();
        let text = |bytes: &[u8]| head(bytes).chars().take(MAX_BODY_CHARS).collect();
        if self.0.len() >= MAX_REQUESTS {
            self.0.pop_front();
        }
        self.0.push_back(FailedRequest {
            rid,
            at_ms,
            query: request.query.clone(),
            body: text(&request.body),
            response: text(reply.body()),
            client_ip: request.peer.ip().to_canonical().to_string(),
        });
    }
}

impl Platform {
    /// `POST /cgi-bin/openapi/rid/get`. The address is the query alone, token and all, as the platform has it.
    pub(in crate::sandbox) fn rid_get(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let rid = body["rid"].as_str().unwrap_or_default();
        let hex = |group: &str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit());
        if rid.split('-').count() != 3 || !rid.split('-').all(hex) {
            return Err(api_error(76002));
        }
        let fresh = |record: &&FailedRequest| record.rid == rid && call.now_ms - record.at_ms <= TTL_MS;
        let record = self.failed_requests.0.iter().find(fresh).ok_or_else(|| api_error(76001))?;
        let mut answer = response::ok();
        answer["request"] = json!({
            "invoke_time": record.at_ms / 1000,
            // The sandbox's time stands still while it answers.
            "cost_in_ms": 0,
            "request_url": record.query,
            "request_body": record.body,
            "response_body": record.response,
            "client_ip": record.client_ip,
        });
        Ok(answer)
    }
}
