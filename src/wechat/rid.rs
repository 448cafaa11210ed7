//! What WeChat remembers of a refused request: doc/service/api/apimanage/api_getridinfo. Secrets are
//! masked as it is read, so that nobody who shows it can forget to.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::token::lenient_number;
use super::{Client, Result};
use crate::secret::Secret;

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// A refused request of the last seven days, secrets masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// When it came, in Unix seconds.
    pub invoke_time: Option<u64>,
    /// How long WeChat worked on it, in milliseconds.
    pub cost_in_ms: Option<u64>,
    /// The address, or its query alone.
    pub request_url: String,
    /// What was posted.
    pub request_body: String,
    /// What was answered.
    pub response_body: String,
    /// The caller's address as WeChat saw it.
    pub client_ip: String,
}

impl Client {
    /// What WeChat remembers of the request with that id.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); refusals 76001 (unknown, or older than seven days), 76002, 76003.
    pub fn request_of(&self, token: &Secret, rid: &str) -> Result<Traced> {
        let body = json!({"rid": rid}).to_string();
        let answer = self.post("/cgi-bin/openapi/rid/get", Some(token), body.as_bytes())?;
        let it = answer.get("request").filter(|it| it.is_object()).ok_or_else(|| self.lacks("request"))?;
        let text = |name: &str| match it.get(name) {
            Some(Value::String(text)) => text.clone(),
            // Where a body is given as what it holds.
            Some(value @ (Value::Object(_) | Value::Array(_))) => value.to_string(),
            _ => String::new(),
        };
        Ok(Traced {
            invoke_time: it.get("invoke_time").and_then(lenient_number).filter(|seconds| *seconds > 0),
            cost_in_ms: it.get("cost_in_ms").and_then(lenient_number),
            request_url: masked(&text("request_url")),
            request_body: masked(&text("request_body")),
            response_body: masked(&text("response_body")),
            client_ip: text("client_ip"),
        })
    }
}

/// Whether it is a request id: three groups of hex digits, as an errmsg ends in.
pub fn is_rid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |group: &&str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit());
    groups.len() == 3 && groups.iter().all(hex)
}

/// A name whose value nobody should see.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = ["token", "secret", "ticket", "password", "session_key"];
    name == "code" || name.ends_with("_code") || parts.iter().any(|part| name.contains(part))
}

/// The text with `***` for each secret in it: JSON, or an address, or a query.
fn masked(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
            mask(&mut value);
            value.to_string()
        }
        // JSON that was cut off, say: what cannot be taken apart is not shown if it may hold one.
        _ if text.contains(['{', '<', '"']) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if words.into_iter().any(is_secret) { MASK.to_owned() } else { text.to_owned() }
        }
        _ => query(text),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Object(_) | Value::Array(_) => mask(value),
                    _ if is_secret(name) => *value = Value::from(MASK),
                    _ => {}
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        _ => {}
    }
}

/// An address, or a query alone.
fn query(text: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => format!("{name}={MASK}"),
        _ => part.to_owned(),
    };
    let pairs = |query: &str| query.split('&').map(part).collect::<Vec<_>>().join("&");
    text.split_once('?').map_or_else(|| pairs(text), |(path, query)| format!("{path}?{}", pairs(query)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_three_groups_of_hex_digits() {
        for rid in ["6aac005a-01bfdbee-79769285", "6aac007a-6c02c77-26bf69c4", "5F3DED7D-0-1"] {
            assert!(is_rid(rid), "{rid}");
        }
        for other in ["", "-1", "40001", "6aac005a-01bfdbee", "a-b-c-d", "a--c", "6aac005a0-1-2", "x-1-2", "1-2-3 "] {
            assert!(!is_rid(other), "{other}");
        }
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        let cases = [
            ("access_token=50_Im7xxxx", "access_token=***"),
            (
                "https://api.weixin.qq.com/cgi-bin/x?access_token=50_Im7&openid=oA",
                "https://api.weixin.qq.com/cgi-bin/x?access_token=***&openid=oA",
            ),
            (
                "/sns/oauth2/access_token?appid=wx1&secret=geheim&code=0a1&grant_type=authorization_code",
                "/sns/oauth2/access_token?appid=wx1&secret=***&code=***&grant_type=authorization_code",
            ),
            ("appid=wx1&app%73ecret=geheim&js_code=1&lang=en", "appid=wx1&app%73ecret=***&js_code=***&lang=en"),
            ("Access_Token=x&ACCESS_TOKEN=y", "Access_Token=***&ACCESS_TOKEN=***"),
            (
                r#"{"appid":"wx1","secret":"geheim","force_refresh":false}"#,
                r#"{"appid":"wx1","secret":"***","force_refresh":false}"#,
            ),
            (
                r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#,
                r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#,
            ),
            (r#"[{"a":{"access_token":12}}]"#, r#"[{"a":{"access_token":"***"}}]"#),
            (r#"{"appid":"wx1","secret":"geh"#, "***"),
            (r#"{"touser":"oA","msgtype":"te"#, r#"{"touser":"oA","msgtype":"te"#),
            ("<xml><Ticket>geheim</Ticket></xml>", "***"),
            ("", ""),
        ];
        for (text, shown) in cases {
            assert_eq!(masked(text), shown, "{text}");
        }
    }
}
