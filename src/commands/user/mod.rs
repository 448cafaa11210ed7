//! `wxbox user …`: the registry of people.

mod change;
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

/// A name as it is kept: trimmed, 1 to 64 characters, none of them a control character.
fn name(raw: &str) -> Result<&str, Failure> {
    let name = raw.trim();
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
    Ok(name)
}

/// A tag as it is kept. `;` separates tags in a CSV file.
fn tags(raw: &[String]) -> Result<Vec<String>, Failure> {
    let usable = |tag: &&str| {
        !tag.is_empty() && tag.chars().count() <= NAME_LIMIT && !tag.chars().any(|c| c.is_control() || c == ';')
    };
    let one = |tag: &String| match Some(tag.trim()).filter(usable) {
        Some(tag) => Ok(tag.to_owned()),
        None => Err(Failure::usage(t!("user-tag-unusable", tag = tag, limit = NAME_LIMIT))),
    };
    raw.iter().map(one).collect()
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
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{7f}", &"x".repeat(65)] {
            assert_eq!(name(bad).unwrap_err().exit, Exit::Usage, "{bad:?}");
        }
    }

    #[test]
    fn tags_cannot_hold_the_separator() {
        assert_eq!(tags(&[" ops ".into()]).unwrap(), ["ops"]);
        assert!(tags(&["a;b".into()]).is_err());
        assert!(tags(&["".into()]).is_err());
    }
}
