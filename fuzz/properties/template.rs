//! Contents of templates and the values for them: no text is lost, and what is shown has the shape it must have.

use serde_json::{Map, Value, json};
use wxbox::wechat::message::clean_text;
use wxbox::wechat::template::{Piece, keys, pieces};
use wxbox::wechat::template_rules::{HIDDEN, SHOWN_CHARS, findings, join, preview, said, shown};

/// A content, then values for its keys, a NUL between any two.
pub fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0');
    let content = parts.next().unwrap_or_default();
    let keys = keys(content);
    put_together(content);
    let values =
        parts.chain(std::iter::repeat("")).map(|value| json!({"value": clean_text(value), "color": "#173177"}));
    let data: Map<String, Value> = keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
    let card = preview(content, &data);
    assert!(card.lines().count() <= content.lines().count());
    for strict in [false, true] {
        let found = findings(&keys, &data, strict);
        assert!(found.iter().all(|it| keys.contains(&it.key.as_str())));
        assert!(said(&found).len() <= found.len() && (found.is_empty() || !join(&found).is_empty()));
    }
    for value in data.values().filter_map(|field| field["value"].as_str()) {
        let shown = shown(value);
        assert!(shown.chars().count() <= SHOWN_CHARS + 1 && !shown.contains(['\n', '\r']), "{shown:?}");
        assert_eq!(clean_text(value), value, "cleaned once is not clean");
        assert!(!value.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
    assert!(HIDDEN.iter().all(|key| !data.contains_key(*key) || keys.contains(key)));
}

/// The pieces stand in the content in this order, with nothing but a key's own braces between them.
fn put_together(content: &str) {
    let mut rest = content;
    for piece in pieces(content) {
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
