//! The requests that the platform rejected, by the request id in the error text.

use std::collections::VecDeque;

use crate::http_server::{HttpResponse, Request};

/// The number of rejected requests that are kept; the platform keeps all.
const MAX_REQUESTS: usize = 300;
const TTL_MS: i64 = 7 * 86_400_000;
/// The number of characters of a body that are kept.
const MAX_BODY_CHARS: usize = 4_000;

#[derive(Debug)]
pub(in crate::sandbox) struct FailedRequest {
    rid: String,
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) query: String,
    pub(in crate::sandbox) body: String,
    pub(in crate::sandbox) response: String,
    pub(in crate::sandbox) client_ip: String,
}

/// The last rejected requests, oldest first.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct FailedRequests(VecDeque<FailedRequest>);

impl FailedRequests {
    /// Records a rejected request with its reply.
    pub(in crate::sandbox) fn record(&mut self, rid: String, request: &Request, reply: &HttpResponse, at_ms: i64) {
        // A character has at most four bytes; the body may be an upload of many megabytes.
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

    /// Returns the rejected request of that id, unless it is older than seven days.
    pub(in crate::sandbox) fn find(&self, rid: &str, now_ms: i64) -> Option<&FailedRequest> {
        self.0.iter().find(|record| record.rid == rid && now_ms - record.at_ms <= TTL_MS)
    }
}
