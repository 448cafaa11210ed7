//! What the platform remembers of the requests that it refused, by the id in the error text.
//!
//! developers.weixin.qq.com: doc/service/api/apimanage/api_getridinfo

use std::collections::VecDeque;

use serde_json::json;

use super::answer::{self, Answer, refuse};
use super::platform::{Call, Platform};
use crate::http::{Reply, Request};

/// How many are kept; the platform keeps all.
const KEPT: usize = 300;
const LIFE_MS: i64 = 7 * 86_400_000;
/// Characters of a body that are kept.
const BODY: usize = 4_000;

#[derive(Debug)]
struct Record {
    rid: String,
    at_ms: i64,
    query: String,
    body: String,
    answer: String,
    caller: String,
}

/// The last refused requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<Record>);

impl Requests {
    /// Keeps a refused request with its answer.
    pub(super) fn keep(&mut self, rid: String, request: &Request, reply: &Reply, at_ms: i64) {
        // No character is longer than four bytes; the body may be an upload of many megabytes.
        let head = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(4 * BODY)]).into_owned();
        let text = |bytes: &[u8]| head(bytes).chars().take(BODY).collect();
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Record {
            rid,
            at_ms,
            query: request.query.clone(),
            body: text(&request.body),
            answer: text(reply.body()),
            caller: request.peer.ip().to_canonical().to_string(),
        });
    }
}

impl Platform {
    /// `POST /cgi-bin/openapi/rid/get`. The address is the query alone, token and all, as the platform has it.
    pub(super) fn rid_get(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let rid = body["rid"].as_str().unwrap_or_default();
        let hex = |group: &str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit());
        if rid.split('-').count() != 3 || !rid.split('-').all(hex) {
            return Err(refuse(76002));
        }
        let fresh = |record: &&Record| record.rid == rid && call.now_ms - record.at_ms <= LIFE_MS;
        let record = self.requests.0.iter().find(fresh).ok_or_else(|| refuse(76001))?;
        let mut answer = answer::ok();
        answer["request"] = json!({
            "invoke_time": record.at_ms / 1000,
            // The sandbox's time stands still while it answers.
            "cost_in_ms": 0,
            "request_url": record.query,
            "request_body": record.body,
            "response_body": record.answer,
            "client_ip": record.caller,
        });
        Ok(answer)
    }
}
