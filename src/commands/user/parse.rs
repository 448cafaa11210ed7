//! Parses and validates the names and tags of people, and derives a person's uid.

use md5::{Digest, Md5};

use crate::exit::CommandError;
use crate::names::{AMBIGUOUS_TAG_SEPARATORS, TAG_SEPARATORS, find_invisible, normalize_nfc};
use crate::t;
use crate::ui::Ui;

/// The maximum length of a name in characters.
const MAX_NAME_CHARS: usize = 64;

/// Returns the name as it is stored: trimmed, in Unicode normalization form C, with 1 to 64 visible
/// characters.
pub(super) fn parse_name(raw: &str) -> Result<String, CommandError> {
    let name = normalize_nfc(raw.trim());
    let length = name.chars().count();
    if length == 0 {
        return Err(CommandError::usage(t!("user-name-empty")));
    }
    if length > MAX_NAME_CHARS {
        return Err(CommandError::usage(t!("user-name-long", length = length, limit = MAX_NAME_CHARS)));
    }
    if name.chars().any(char::is_control) {
        return Err(CommandError::usage(t!("user-name-control")));
    }
    if let Some(character) = find_invisible(&name) {
        let code = format!("{:04X}", u32::from(character));
        return Err(CommandError::usage(t!("user-name-hidden", code = code)).hint(t!("user-name-hidden-hint")));
    }
    Ok(name.into_owned())
}

/// Returns the tags as they are stored. None contains a separator of CSV files.
pub(super) fn parse_tags(raw: &[String]) -> Result<Vec<String>, CommandError> {
    raw.iter().map(|tag| parse_tag(tag)).collect()
}

/// Warns about a tag that looks like several tags.
pub(super) fn warn_if_tags_look_joined(ui: &mut Ui, tags: &[String]) {
    for tag in tags.iter().filter(|tag| tag.contains(AMBIGUOUS_TAG_SEPARATORS)) {
        let parts = tag.split(AMBIGUOUS_TAG_SEPARATORS).map(str::trim).filter(|part| !part.is_empty());
        ui.warn(&t!("user-tag-one", tag = tag, options = tag_options(parts)));
    }
}

/// Formats the options for these tags.
fn tag_options<'a>(tags: impl IntoIterator<Item = &'a str>) -> String {
    tags.into_iter().map(|tag| format!("--tag {}", shell_words::quote(tag))).collect::<Vec<_>>().join(" ")
}

fn parse_tag(raw: &str) -> Result<String, CommandError> {
    let tag = normalize_nfc(raw.trim());
    let is_valid = !tag.is_empty()
        && tag.chars().count() <= MAX_NAME_CHARS
        && !tag.contains(|c: char| c.is_control() || TAG_SEPARATORS.contains(&c))
        && find_invisible(&tag).is_none();
    if is_valid {
        return Ok(tag.into_owned());
    }
    let parts: Vec<&str> = tag.split(TAG_SEPARATORS).map(str::trim).collect();
    let hint = (parts.len() > 1 && parts.iter().all(|part| !part.is_empty()))
        .then(|| t!("user-tag-several", options = tag_options(parts)));
    Err(CommandError::usage(t!("user-tag-unusable", tag = &*tag, limit = MAX_NAME_CHARS)).hint(hint))
}

/// Returns the uid of a person: the lower-case hex MD5 of the name's UTF-8 bytes.
pub(super) fn uid_for(name: &str) -> String {
    hex::encode(Md5::digest(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::ExitStatus;

    #[test]
    fn uid_is_md5_of_name() {
        assert_eq!(uid_for("路飞"), "963c7da1ae5dde1a98320ec528deaff1");
        assert_eq!(uid_for(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(uid_for("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn names_are_trimmed_and_checked() {
        assert_eq!(parse_name("  路飞 ").unwrap(), "路飞");
        assert_eq!(parse_name(&"路".repeat(64)).unwrap().chars().count(), 64);
        assert_eq!(parse_name("cafe\u{301}").unwrap(), "café");
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{7f}", "\u{200b}", "a\u{202e}b", &"x".repeat(65)] {
            assert_eq!(parse_name(bad).unwrap_err().exit, ExitStatus::Usage, "{bad:?}");
        }
    }

    #[test]
    fn tag_with_separator_or_invisible_character_is_rejected() {
        assert_eq!(parse_tags(&[" ops ".into()]).unwrap(), ["ops"]);
        for bad in ["a;b", "a；b", "a\u{200b}", "a\tb"] {
            assert!(parse_tag(bad).is_err(), "{bad}");
        }
        for unusual in ["a,b", "a，b", "a、b", "a|b"] {
            assert_eq!(parse_tag(unusual).unwrap(), unusual);
        }
        assert!(parse_tags(&["".into()]).is_err());
    }
}
