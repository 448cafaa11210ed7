//! Masks secrets in text that WeChat returns: in the record of a request and in error messages.

use std::sync::LazyLock;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use regex_lite::Regex;
use serde_json::Value;

/// The text that replaces a secret.
pub(super) const MASK: &str = "***";

/// Returns whether the value of a parameter or field with this name is a secret.
pub(super) fn is_secret_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = ["token", "secret", "ticket", "password", "session_key"];
    name == "code" || name.ends_with("_code") || parts.iter().any(|part| name.contains(part))
}

/// Replaces each secret in the text with `***`: the `known` ones wherever they appear, others by
/// the name before them.
pub(super) fn mask_secrets(text: &str, known: &[&str]) -> String {
    let known = known.iter().filter(|secret| !secret.is_empty());
    let text = known.fold(text.to_owned(), |text, secret| {
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        text.replace(*secret, MASK).replace(&encoded, MASK)
    });
    mask_text(&text, MAX_JSON_DEPTH)
}

/// How deep JSON nested in JSON strings is parsed.
const MAX_JSON_DEPTH: usize = 8;

/// Masks secrets in JSON, in a fragment of JSON, in a URL, a query or other text.
fn mask_text(text: &str, depth: usize) -> String {
    match serde_json::from_str(text) {
        Ok(mut value @ (Value::Object(_) | Value::Array(_))) if depth > 0 => {
            mask_value(&mut value, depth - 1);
            value.to_string()
        }
        // JSON that was cut off, for example: text that cannot be parsed is hidden if it may hold a
        // secret.
        _ if text.contains(['{', '<', '"']) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if words.into_iter().any(is_secret_key) { MASK.to_owned() } else { mask_plain_text(text) }
        }
        _ => mask_plain_text(text),
    }
}

fn mask_value(value: &mut Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Object(_) | Value::Array(_) => mask_value(value, depth),
                    _ if is_secret_key(name) => *value = Value::from(MASK),
                    Value::String(_) => mask_value(value, depth),
                    _ => {}
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mask_value(value, depth)),
        Value::String(text) => *text = mask_text(text, depth),
        _ => {}
    }
}

/// Masks secrets in text that is not JSON: the values after `name=`, `name:` and `name%3D`, and the
/// user of a URL.
fn mask_plain_text(text: &str) -> String {
    static USER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let user = r"(?i)(://|%3A%2F%2F|%253A%252F%252F)[^\s/@&?#%]*(?:[:%][^\s/@&?#]*?)?(@|%40|%2540)";
        Regex::new(user).ok()
    });
    let text = match &*USER {
        Some(user) => user.replace_all(text, format!("$1{MASK}$2")),
        None => text.into(),
    };
    let (mut out, mut left) = (String::new(), &*text);
    while let Some((name_end, value_start)) = next_separator(left) {
        out.push_str(&left[..value_start]);
        let name = &left[..name_end];
        left = &left[value_start..];
        if is_secret_key(&last_key(name)) {
            let end = value_len(left);
            if end > 0 {
                out.push_str(MASK);
            }
            left = &left[end..];
        }
    }
    out + left
}

/// Finds the first `=` or `:`, encoded or not. Returns the end of the name before it and the start
/// of the value after it.
fn next_separator(text: &str) -> Option<(usize, usize)> {
    let signs = ["=", "%3d", "%253d", ":", "%3a", "%253a"];
    let lower = text.to_ascii_lowercase();
    let (at, length) = signs.iter().filter_map(|sign| Some((lower.find(sign)?, sign.len()))).min()?;
    let after = at + length;
    let blanks = text[after..].len() - text[after..].trim_start_matches(' ').len();
    Some((at, after + blanks))
}

/// Returns the name at the end of the text before a separator, decoded three times for a URL nested
/// in a URL.
fn last_key(before: &str) -> String {
    let mut name = before.to_owned();
    for _ in 0..3 {
        name = percent_decode_str(&name).decode_utf8_lossy().into_owned();
    }
    name.rsplit(|c: char| !c.is_alphanumeric() && !"_-[].".contains(c)).next().unwrap_or_default().to_owned()
}

/// Returns the length of a value: up to the separator of parameters, list items or words, encoded
/// or not.
fn value_len(value: &str) -> usize {
    const ENDS: [&str; 10] = ["%26", "%2526", "%23", "%2523", "%22", "%2c", "%20", "%0a", "%3b", "%7d"];
    let lower = value.to_ascii_lowercase();
    let plain = lower.find(|c: char| c.is_whitespace() || "&#,;\"'<>)]}|".contains(c));
    ENDS.iter().filter_map(|end| lower.find(end)).chain(plain).min().unwrap_or(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_urls_json_and_text() {
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
            (r#"{"url":"https://x/?access_token=50_Im7&a=1"}"#, r#"{"url":"https://x/?access_token=***&a=1"}"#),
            (r#"{"body":"{\"secret\":\"geheim\",\"a\":1}"}"#, r#"{"body":"{\"secret\":\"***\",\"a\":1}"}"#),
            (
                r#"{"body":"{\"a\":\"{\\\"code\\\":\\\"geheim\\\"}\"}"}"#,
                r#"{"body":"{\"a\":\"{\\\"code\\\":\\\"***\\\"}\"}"}"#,
            ),
            (r#"{"body":"{\"secret\":\"geh"}"#, r#"{"body":"***"}"#),
            (r#"["appid=wx1","secret=geheim","secret: geheim"]"#, r#"["appid=wx1","secret=***","secret: ***"]"#),
            (
                "redirect_uri=https%3A%2F%2Fx%2F%3Faccess_token%3D50_Im7%26a%3D1&b=2",
                "redirect_uri=https%3A%2F%2Fx%2F%3Faccess_token%3D***%26a%3D1&b=2",
            ),
            ("u=x%253Fsecret%253Dgeheim%2526a%253D1", "u=x%253Fsecret%253D***%2526a%253D1"),
            ("https://user:geheim@x/y?a=1", "https://***@x/y?a=1"),
            ("u=https%3A%2F%2Fuser%3Ageheim%40x%2Fy", "u=https%3A%2F%2F***%40x%2Fy"),
            (r#"{"errmsg":"bad token KEPT here"}"#, r#"{"errmsg":"bad token *** here"}"#),
            ("x=A%2Fb%2BC&y=A/b+C", "x=***&y=***"),
            (r#"{"text":"码：12:30 开始，password 是什么"}"#, r#"{"text":"码：12:30 开始，password 是什么"}"#),
        ];
        for (text, shown) in cases {
            assert_eq!(mask_secrets(text, &["KEPT", "A/b+C", ""]), shown, "{text}");
        }
    }
}
