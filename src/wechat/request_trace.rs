//! WeChat's record of a failed request: doc/service/api/apimanage/api_getridinfo. Secrets are
//! masked when the record is parsed, so that no caller can forget it.

use serde_json::{Value, json};

use super::lenient_json::parse_number;
use super::mask::mask_secrets;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// A failed request of the last seven days, with secrets masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestTrace {
    /// When WeChat received the request, in Unix seconds.
    pub invoke_time: Option<u64>,
    /// How long WeChat took, in milliseconds.
    pub cost_in_ms: Option<u64>,
    /// The URL, or only its query.
    pub request_url: String,
    pub request_body: String,
    pub response_body: String,
    /// The caller's IP address as WeChat saw it.
    pub client_ip: String,
}

impl Client {
    /// Fetches WeChat's record of the request with this ID. The token and the AppSecret are masked
    /// wherever they appear.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 76001 (unknown, or older than seven days), 76002,
    /// 76003.
    pub fn request_trace(&self, token: &Secret, app_secret: &Secret, rid: &str) -> Result<RequestTrace> {
        let secrets = [token.expose_secret(), app_secret.expose_secret()];
        let body = json!({"rid": rid}).to_string();
        let response = self.post("/cgi-bin/openapi/rid/get", token, body.as_bytes())?;
        let request = response
            .get("request")
            .filter(|request| request.is_object())
            .ok_or_else(|| self.missing_field("request"))?;
        let text = |name: &str| match request.get(name) {
            Some(Value::String(text)) => text.clone(),
            // WeChat may return a body as JSON instead of text.
            Some(value @ (Value::Object(_) | Value::Array(_))) => value.to_string(),
            _ => String::new(),
        };
        Ok(RequestTrace {
            invoke_time: request.get("invoke_time").and_then(parse_number).filter(|seconds| *seconds > 0),
            cost_in_ms: request.get("cost_in_ms").and_then(parse_number),
            request_url: mask_secrets(&text("request_url"), &secrets),
            request_body: mask_secrets(&text("request_body"), &secrets),
            response_body: mask_secrets(&text("response_body"), &secrets),
            client_ip: text("client_ip"),
        })
    }
}

/// Returns whether the text is a request ID: three groups of hex digits, as at the end of an
/// errmsg.
pub fn is_rid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |group: &&str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit());
    groups.len() == 3 && groups.iter().all(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rid_has_three_groups_of_hex_digits() {
        for rid in ["6aac005a-01bfdbee-79769285", "6aac007a-6c02c77-26bf69c4", "5F3DED7D-0-1"] {
            assert!(is_rid(rid), "{rid}");
        }
        for other in ["", "-1", "40001", "6aac005a-01bfdbee", "a-b-c-d", "a--c", "6aac005a0-1-2", "x-1-2", "1-2-3 "] {
            assert!(!is_rid(other), "{other}");
        }
    }
}
