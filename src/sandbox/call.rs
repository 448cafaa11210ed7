//! A call of the API while it is looked at, and what its body must be before anything in it is.

use serde_json::Value;

use super::answer::{Refusal, refuse};
use crate::http::Request;

/// A call of the API, while it is looked at.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) now_ms: i64,
    /// The openid that the call is about, once it is known to be one.
    pub(super) to: Option<String>,
}

impl Call<'_> {
    /// A query parameter, empty where it is absent.
    pub(super) fn param(&self, name: &str) -> String {
        self.request.param(name).unwrap_or_default().into_owned()
    }

    /// The body as a JSON object: 44002, 47001, 47002.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        let body = &self.request.body;
        if body.is_empty() {
            return Err(refuse(44002));
        }
        let value: Value = serde_json::from_slice(body).map_err(|_| refuse(47001))?;
        if !value.is_object() {
            return Err(refuse(47001));
        }
        if has_escaped_text(body) { Err(refuse(47002)) } else { Ok(value) }
    }
}

/// Whether JSON has text beyond ASCII written as `\uXXXX`.
fn has_escaped_text(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        if let [b'u', hex @ ..] = escape
            && let Some(digits) = hex.get(..4)
            && !digits.starts_with(b"00")
        {
            return true;
        }
        if let [b'u', b'0', b'0', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] = escape {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_escaped_text;

    #[test]
    fn only_text_beyond_ascii_counts_as_escaped() {
        for (json, escaped) in [
            (r#"{"a":"中文"}"#, false),
            (r#"{"a":"\u4e2d"}"#, true),
            (r#"{"a":"\u00e9"}"#, true),
            (r#"{"a":"\u001f\n\u0041"}"#, false),
            (r#"{"a":"\\u4e2d"}"#, false),
            (r#"{"a":"\\\u4e2d"}"#, true),
            ("\\u00", false),
            ("\\", false),
        ] {
            assert_eq!(has_escaped_text(json.as_bytes()), escaped, "{json}");
        }
    }
}
