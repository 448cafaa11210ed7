//! A call of the API while it is handled, and the parsing of its JSON body.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::Value;

use super::response::{ApiError, api_error};
use crate::http_server::Request;

/// A call of the API while it is handled.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) now_ms: i64,
    /// The openid that the call is about, once it is known to be valid.
    pub(super) openid: Option<String>,
}

impl Call<'_> {
    /// Returns a query parameter, or an empty string if it is absent.
    pub(super) fn param(&self, name: &str) -> String {
        self.request.param(name).unwrap_or_default().into_owned()
    }

    /// Returns whether the body begins like a JSON object. A form does not.
    pub(super) fn is_json(&self) -> bool {
        self.request.body.trim_ascii_start().starts_with(b"{")
    }

    /// Parses the body as a JSON object: 44002 if it is empty, 47001 if it is not an object.
    pub(super) fn json(&self) -> Result<Value, ApiError> {
        parse_object(&self.request.body)
    }

    /// Parses the body like [`Call::json`], but keeps `\uXXXX` escapes of non-ASCII text literally.
    ///
    /// Recipients of customer-service messages were seen to receive such escapes as text.
    pub(super) fn json_with_literal_escapes(&self) -> Result<Value, ApiError> {
        parse_object(&literalize_escapes(&self.request.body))
    }

    /// Returns whether the body contains non-ASCII text written as `\uXXXX`.
    pub(super) fn has_escaped_text(&self) -> bool {
        matches!(literalize_escapes(&self.request.body), Cow::Owned(_))
    }
}

/// Parses a number that is written as a JSON number or as a string of digits.
pub(super) fn parse_number<N: FromStr + TryFrom<u64>>(value: &Value) -> Option<N> {
    let from_digits = || value.as_str().and_then(|digits| digits.parse().ok());
    value.as_u64().and_then(|number| N::try_from(number).ok()).or_else(from_digits)
}

fn parse_object(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Err(api_error(44002));
    }
    let value: Value = serde_json::from_slice(body).map_err(|_| api_error(47001))?;
    if value.is_object() { Ok(value) } else { Err(api_error(47001)) }
}

/// Doubles the backslash of every `\uXXXX` escape of a non-ASCII character, so that it parses as
/// six characters.
fn literalize_escapes(json: &[u8]) -> Cow<'_, [u8]> {
    let (mut output, mut rest) = (Vec::new(), json);
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let (before, escape) = rest.split_at(at);
        output.extend_from_slice(before);
        if let [b'\\', b'u', a, b, c, d, ..] = escape
            && let digits = [*a, *b, *c, *d]
            && digits.iter().all(u8::is_ascii_hexdigit)
            && (digits[..2] != *b"00" || digits[2] > b'7')
        {
            // Copy this escape with a second backslash.
            output.push(b'\\');
        }
        let (escape, after) = escape.split_at(escape.len().min(2));
        output.extend_from_slice(escape);
        rest = after;
    }
    if output.is_empty() {
        return Cow::Borrowed(json);
    }
    output.extend_from_slice(rest);
    if output.len() == json.len() { Cow::Borrowed(json) } else { Cow::Owned(output) }
}

#[cfg(test)]
mod tests {
    use super::literalize_escapes;

    #[test]
    fn escapes_of_non_ascii_text_stay_literal() {
        for (json, escaped) in [
            (r#"{"a":"中文"}"#, None),
            (r#"{"a":"\u4e2d\u6587x"}"#, Some(r#"{"a":"\\u4e2d\\u6587x"}"#)),
            (r#"{"a":"\u00e9"}"#, Some(r#"{"a":"\\u00e9"}"#)),
            (r#"{"a":"\ud83c\udf89"}"#, Some(r#"{"a":"\\ud83c\\udf89"}"#)),
            (r#"{"a":"\u001f\n\u0041\u003c"}"#, None),
            (r#"{"a":"\\u4e2d"}"#, None),
            (r#"{"a":"\\\u4e2d"}"#, Some(r#"{"a":"\\\\u4e2d"}"#)),
            ("\\u00", None),
            ("\\u4e2x", None),
            ("\\", None),
        ] {
            let expected = escaped.unwrap_or(json);
            assert_eq!(String::from_utf8_lossy(&literalize_escapes(json.as_bytes())), expected, "{json}");
        }
    }
}
