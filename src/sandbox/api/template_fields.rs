//! The fields of a template: their keys and labels, and the text that a phone displays.
//!
//! developers.weixin.qq.com: community/develop/doc/000a2ae286cdc0f41a8face4c51801 (since
//! 2023-05-04)

use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

/// The number of characters of a field that the phone displays for a real account.
const DISPLAY_CHARS: usize = 20;

/// Returns the keys of a template's content in order, each with the text before it on its line.
pub(super) fn parse_fields(content: &str) -> Vec<(&str, &str)> {
    let mut fields = Vec::new();
    for line in content.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((key, tail)) = after.split_once(".DATA}}") else { break };
            fields.push((key.trim(), before.trim().trim_end_matches([':', '：']).trim_end()));
            rest = tail;
        }
    }
    fields
}

/// Returns the text that the phone displays for a value.
///
/// On a real account, `first` and `remark` are hidden, emoji and line breaks are removed, and a
/// long value ends in an ellipsis. A test account displays everything.
pub(super) fn displayed(key: &str, value: &str, strict: bool) -> Option<String> {
    if !strict {
        return Some(value.to_owned());
    }
    if matches!(key, "first" | "remark") {
        return None;
    }
    let without_emoji: String = value.graphemes(true).filter(|grapheme| !is_emoji(grapheme)).collect();
    let line = without_emoji.split(['\n', '\r']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let mut displayed_text = String::new();
    for grapheme in line.graphemes(true) {
        if displayed_text.chars().count() + grapheme.chars().count() > DISPLAY_CHARS {
            return Some(displayed_text + "…");
        }
        displayed_text += grapheme;
    }
    Some(displayed_text)
}

/// Returns whether a grapheme is drawn as a picture, by itself or because of the variation selector
/// U+FE0F.
fn is_emoji(grapheme: &str) -> bool {
    let plain = |c: char| {
        matches!(
            c.emoji_status(),
            EmojiStatus::NonEmoji
                | EmojiStatus::NonEmojiButEmojiComponent
                | EmojiStatus::EmojiOther
                | EmojiStatus::EmojiOtherAndEmojiComponent
                | EmojiStatus::EmojiModifierBase
        )
    };
    grapheme.contains('\u{fe0f}') || !grapheme.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_keys_and_labels_in_order() {
        let content = "{{first.DATA}}\n领奖金额：{{keyword1.DATA}}\nTime: {{time3.DATA}} {{x.DATA}}\n{{broken";
        let expected = [("first", ""), ("keyword1", "领奖金额"), ("time3", "Time"), ("x", "")];
        assert_eq!(parse_fields(content), expected);
    }

    #[test]
    fn strict_display_hides_first_field_and_shortens_values() {
        assert_eq!(displayed("first", "hello", true), None);
        assert_eq!(displayed("first", "hello", false).as_deref(), Some("hello"));
        assert_eq!(displayed("host", "a\nb", true).as_deref(), Some("a b"));
        assert_eq!(displayed("host", "a🎉b👨‍👩‍👧 1️⃣☎", true).as_deref(), Some("ab ☎"));
        assert_eq!(displayed("host", "a🎉", false).as_deref(), Some("a🎉"));
        assert_eq!(displayed("host", &"长".repeat(25), true), Some("长".repeat(20) + "…"));
    }
}
