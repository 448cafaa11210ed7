//! Template contents and values: parsing loses no text, and the preview has the expected form.

use serde_json::{Map, Value, json};
use wxbox::wechat::template::{HIDDEN_KEYS, Piece, keys, parse_template};
use wxbox::wechat::template_rules::{DISPLAY_CHARS, check_data, describe, describe_joined, displayed, preview};
use wxbox::wechat::text::sanitize_text;

/// The input is a content followed by the values of its keys, separated by NUL.
pub fn check_template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0');
    let content = parts.next().unwrap_or_default();
    let keys = keys(content);
    assert_pieces_cover_content(content);
    let values =
        parts.chain(std::iter::repeat("")).map(|value| json!({"value": sanitize_text(value), "color": "#173177"}));
    let data: Map<String, Value> = keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
    let card = preview(content, &data);
    assert!(card.lines().count() <= content.lines().count());
    for strict in [false, true] {
        let found = check_data(&keys, &data, strict);
        assert!(found.iter().all(|finding| keys.contains(&finding.key.as_str())));
        assert!(describe(&found).len() <= found.len() && (found.is_empty() || !describe_joined(&found).is_empty()));
    }
    for value in data.values().filter_map(|field| field["value"].as_str()) {
        let shown = displayed(value);
        assert!(shown.chars().count() <= DISPLAY_CHARS + 1 && !shown.contains(['\n', '\r']), "{shown:?}");
        assert_eq!(sanitize_text(value), value, "sanitizing twice changes the text");
        assert!(!value.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
    assert!(HIDDEN_KEYS.iter().all(|key| !data.contains_key(*key) || keys.contains(key)));
}

/// Checks that the pieces occur in the content in this order, separated only by the braces of keys.
fn assert_pieces_cover_content(content: &str) {
    let mut rest = content;
    for piece in parse_template(content) {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(text).expect("a text of the content"),
            Piece::Key(key) => {
                let (inside, after) = rest.strip_prefix("{{").and_then(|rest| rest.split_once("}}")).expect("braces");
                assert!(!key.is_empty() && key.trim() == key && inside.trim_start().starts_with(key), "{key:?}");
                rest = after;
            }
        }
    }
    assert_eq!(rest, "");
}
