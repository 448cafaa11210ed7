//! Contents of templates and the values for them: no text is lost, and what is shown has the shape it must have.

use serde_json::{Map, Value, json};
use wxbox::wechat::message::sanitize_text;
use wxbox::wechat::template::{Piece, keys, parse_template};
use wxbox::wechat::template_rules::{
    DISPLAY_CHARS, HIDDEN_KEYS, check_data, describe, describe_joined, displayed, preview,
};

/// A content, then values for its keys, a NUL between any two.
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
        assert!(found.iter().all(|it| keys.contains(&it.key.as_str())));
        assert!(describe(&found).len() <= found.len() && (found.is_empty() || !describe_joined(&found).is_empty()));
    }
    for value in data.values().filter_map(|field| field["value"].as_str()) {
        let shown = displayed(value);
        assert!(shown.chars().count() <= DISPLAY_CHARS + 1 && !shown.contains(['\n', '\r']), "{shown:?}");
        assert_eq!(sanitize_text(value), value, "cleaned once is not clean");
        assert!(!value.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
    assert!(HIDDEN_KEYS.iter().all(|key| !data.contains_key(*key) || keys.contains(key)));
}

/// The pieces stand in the content in this order, with nothing but a key's own braces between them.
fn assert_pieces_cover_content(content: &str) {
    let mut rest = content;
    for piece in parse_template(content) {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(text).expect("a text where the content goes on"),
            Piece::Key(key) => {
                let (inside, after) = rest.strip_prefix("{{").and_then(|it| it.split_once("}}")).expect("braces");
                assert!(!key.is_empty() && key.trim() == key && inside.trim_start().starts_with(key), "{key:?}");
                rest = after;
            }
        }
    }
    assert_eq!(rest, "");
}
