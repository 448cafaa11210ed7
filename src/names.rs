//! Names of people and tags: their normal form, and the search for invisible characters.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

/// The characters that separate tags in a file; a tag cannot contain them.
pub const TAG_SEPARATORS: [char; 2] = [';', '；'];

/// Characters that look like separators. A tag may contain them; in a file they separate tags if
/// there is no semicolon.
pub const AMBIGUOUS_TAG_SEPARATORS: [char; 4] = [',', '，', '、', '|'];

/// Joins two emoji into one.
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Returns the normal form (NFC) in which names are stored and searched. The same letters have two
/// forms, and macOS uses a different one than most systems.
pub fn normalize_nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Returns the first character that is invisible or changes the direction of the text.
pub fn find_invisible(text: &str) -> Option<char> {
    let mut previous = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let joins = |neighbor: char| neighbor.is_emoji_char() || is_variation_selector(neighbor);
        let is_fine = match letter {
            ZERO_WIDTH_JOINER => previous.is_some_and(joins) && letters.peek().is_some_and(|next| next.is_emoji_char()),
            _ if is_variation_selector(letter) => previous.is_some_and(|previous| !is_variation_selector(previous)),
            _ => !is_invisible(letter),
        };
        if !is_fine {
            return Some(letter);
        }
        previous = Some(letter);
    }
    None
}

/// Returns whether the character selects a variant of the character before it.
fn is_variation_selector(letter: char) -> bool {
    matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Returns whether the character is a format character, a line separator, an empty letter
/// (<https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>) or the Braille blank.
fn is_invisible(letter: char) -> bool {
    use GeneralCategory::{Format, LineSeparator, ParagraphSeparator};
    matches!(letter.general_category(), Format | LineSeparator | ParagraphSeparator)
        || matches!(
            letter,
            '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_letters_have_one_nfc_form() {
        assert_eq!(normalize_nfc("cafe\u{301}"), "café");
        assert_eq!(normalize_nfc("\u{1112}\u{1161}\u{11ab}"), "한");
        assert!(matches!(normalize_nfc("路飞 luffy"), Cow::Borrowed(_)));
        // Full-width letters are different letters.
        assert_eq!(normalize_nfc("ｌｕｆｆｙ"), "ｌｕｆｆｙ");
    }

    #[test]
    fn invisible_characters_are_found() {
        for fine in ["路飞", "Zoë", "monkey d. luffy", "한글", "👨‍👩‍👧", "❤️‍🔥", "葛\u{e0100}城", "1️⃣", "مرحبا", "a\u{301}"]
        {
            assert_eq!(find_invisible(fine), None, "{fine:?}");
        }
        for letter in [
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{ad}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{2800}',
            '\u{e0041}',
            '\u{fe0f}',
            '\u{61c}',
        ] {
            assert_eq!(find_invisible(&letter.to_string()), Some(letter), "{letter:?}");
            if letter != '\u{fe0f}' {
                assert_eq!(find_invisible(&format!("lu{letter}ffy")), Some(letter), "{letter:?}");
            }
        }
    }
}
