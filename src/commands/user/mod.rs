//! `wxbox user …`: the registry of people.

mod cell;
mod change;
mod dialect;
mod export;
mod import;
mod original;
mod records;
mod show;
mod strict;
mod sync;

use md5::{Digest, Md5};

use crate::app::App;
use crate::cli::{Global, User};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::names::{ODD_IN_TAG, TAG_SEPARATORS, composed, hidden};
use crate::t;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, global: &Global, command: User) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    match command {
        User::Add(args) => change::add(ui, &app, &args),
        User::List(args) => show::list(ui, &app, &args),
        User::Show(args) => show::show(ui, &app, &args),
        User::Edit(args) => change::edit(ui, &app, &args),
        User::Passwd(args) => change::passwd(ui, &app, &args),
        User::Remove(args) => change::remove(ui, &app, &args),
        User::Import(args) => import::import(ui, &app, &args),
        User::Export => export::export(ui, &app),
        User::Sync => sync::sync(ui, &app),
    }
}

/// The longest name, in characters.
const NAME_LIMIT: usize = 64;

/// A name as it is kept: trimmed, in the one form of its letters, 1 to 64 characters, all of which can be seen.
fn name(raw: &str) -> Result<String, Failure> {
    let name = composed(raw.trim());
    let length = name.chars().count();
    if length == 0 {
        return Err(Failure::usage(t!("user-name-empty")));
    }
    if length > NAME_LIMIT {
        return Err(Failure::usage(t!("user-name-long", length = length, limit = NAME_LIMIT)));
    }
    if name.chars().any(char::is_control) {
        return Err(Failure::usage(t!("user-name-control")));
    }
    if let Some(letter) = hidden(&name) {
        let code = format!("{:04X}", u32::from(letter));
        return Err(Failure::usage(t!("user-name-hidden", code = code)).hint(t!("user-name-hidden-hint")));
    }
    Ok(name.into_owned())
}

/// Tags as they are kept. What separates tags in a CSV file is in none.
fn tags(raw: &[String]) -> Result<Vec<String>, Failure> {
    raw.iter().map(|tag| self::tag(tag)).collect()
}

/// Says of a tag that looks like several that it is one.
fn warn_of_odd_tags(ui: &mut Ui, tags: &[String]) {
    for tag in tags.iter().filter(|tag| tag.contains(ODD_IN_TAG)) {
        let parts = tag.split(ODD_IN_TAG).map(str::trim).filter(|part| !part.is_empty());
        ui.warn(&t!("user-tag-one", tag = tag, options = options(parts)));
    }
}

/// The options that give those tags.
fn options<'a>(tags: impl IntoIterator<Item = &'a str>) -> String {
    tags.into_iter().map(|tag| format!("--tag {}", shell_words::quote(tag))).collect::<Vec<_>>().join(" ")
}

fn tag(raw: &str) -> Result<String, Failure> {
    let tag = composed(raw.trim());
    let is_fine = !tag.is_empty()
        && tag.chars().count() <= NAME_LIMIT
        && !tag.contains(|c: char| c.is_control() || TAG_SEPARATORS.contains(&c))
        && hidden(&tag).is_none();
    if is_fine {
        return Ok(tag.into_owned());
    }
    let parts: Vec<&str> = tag.split(TAG_SEPARATORS).map(str::trim).collect();
    let hint = (parts.len() > 1 && parts.iter().all(|part| !part.is_empty()))
        .then(|| t!("user-tag-several", options = options(parts)));
    Err(Failure::usage(t!("user-tag-unusable", tag = &*tag, limit = NAME_LIMIT)).hint(hint))
}

/// The uid of a person added under that name: lower-case hex MD5 of its UTF-8 bytes.
fn uid(name: &str) -> String {
    Md5::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uid_is_the_md5_of_the_name() {
        assert_eq!(uid("路飞"), "963c7da1ae5dde1a98320ec528deaff1");
        assert_eq!(uid(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(uid("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn names_are_trimmed_and_checked() {
        assert_eq!(name("  路飞 ").unwrap(), "路飞");
        assert_eq!(name(&"路".repeat(64)).unwrap().chars().count(), 64);
        assert_eq!(name("cafe\u{301}").unwrap(), "café");
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{7f}", "\u{200b}", "a\u{202e}b", &"x".repeat(65)] {
            assert_eq!(name(bad).unwrap_err().exit, Exit::Usage, "{bad:?}");
        }
    }

    #[test]
    fn tags_cannot_hold_the_separator() {
        assert_eq!(tags(&[" ops ".into()]).unwrap(), ["ops"]);
        for bad in ["a;b", "a；b", "a\u{200b}", "a\tb"] {
            assert!(tag(bad).is_err(), "{bad}");
        }
        for odd in ["a,b", "a，b", "a、b", "a|b"] {
            assert_eq!(tag(odd).unwrap(), odd);
        }
        assert!(tags(&["".into()]).is_err());
    }
}
