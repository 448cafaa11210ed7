//! The preview of a template message: its lines as the phone shows them.

use serde_json::{Map, Value};
use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

use crate::wechat::template::{HIDDEN_KEYS, Piece, parse_template};

/// The maximum number of characters that the phone shows of a value. One report counts a run of
/// Latin letters as one character; the announcement does not.
pub const DISPLAY_CHARS: usize = 20;

/// Returns a value as the phone shows it: on one line, without emoji, truncated to
/// [`DISPLAY_CHARS`].
pub fn displayed(value: &str) -> String {
    let line = in_one_line(&without_emoji(value));
    if line.chars().count() <= DISPLAY_CHARS {
        return line;
    }
    let mut remaining = DISPLAY_CHARS;
    let fits = |sign: &&str| {
        let length = sign.chars().count();
        let fits = length <= remaining;
        remaining = if fits { remaining - length } else { 0 };
        fits
    };
    line.graphemes(true).take_while(fits).collect::<String>() + "…"
}

/// Returns the text with a space for each line break.
pub(super) fn in_one_line(text: &str) -> String {
    text.split(['\n', '\r']).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the text without emoji. ☎ counts as a letter unless a variation selector requests its
/// picture.
pub(super) fn without_emoji(text: &str) -> String {
    text.graphemes(true).filter(|sign| !is_emoji(sign)).collect()
}

fn is_emoji(sign: &str) -> bool {
    use EmojiStatus::{
        EmojiPresentation, EmojiPresentationAndEmojiComponent, EmojiPresentationAndModifierAndEmojiComponent,
        EmojiPresentationAndModifierBase,
    };
    let is_picture = |c: char| {
        matches!(
            c.emoji_status(),
            EmojiPresentation
                | EmojiPresentationAndEmojiComponent
                | EmojiPresentationAndModifierAndEmojiComponent
                | EmojiPresentationAndModifierBase
        )
    };
    sign.chars().any(|c| c == '\u{fe0f}' || is_picture(c))
}

/// Returns the lines of the card below its title, as the phone shows them.
pub fn preview(content: &str, data: &Map<String, Value>) -> String {
    let value = |key: &str| {
        let value = data.get(key).and_then(|field| field.get("value")).and_then(Value::as_str);
        value.map(displayed).unwrap_or_default()
    };
    let mut lines = Vec::new();
    for line in content.lines() {
        let pieces = parse_template(line);
        let is_key =
            |piece: &Piece<'_>, hidden: bool| matches!(piece, Piece::Key(key) if HIDDEN_KEYS.contains(key) == hidden);
        // A line that has only hidden keys disappears with its text.
        if pieces.iter().any(|piece| is_key(piece, true)) && !pieces.iter().any(|piece| is_key(piece, false)) {
            continue;
        }
        let text = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Key(key) if HIDDEN_KEYS.contains(key) => String::new(),
            Piece::Key(key) => value(key),
        });
        lines.push(text.collect::<String>().trim_end().to_owned());
    }
    lines.join("\n").trim_matches('\n').to_owned()
}
