//! `wxbox completions`, `man` and `help`: the documentation in the program itself.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;

use crate::cli::{Completions, Global, HELP_TOPICS, Help, Man, help_text};
use crate::context::apply_config_language;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{current_language, join_list};
use crate::reference;
use crate::t;
use crate::ui::{Ui, terminal_width};

pub(super) fn print_completions(ui: &mut Ui, args: &Completions) -> anyhow::Result<ExitStatus> {
    ui.write_stdout(&reference::completions(args.shell))?;
    Ok(ExitStatus::Success)
}

pub(super) fn write_man_pages(ui: &mut Ui, global: &Global, args: &Man) -> anyhow::Result<ExitStatus> {
    apply_config_language(global.config.clone());
    let pages = reference::man_pages(args.lang.unwrap_or_else(current_language))?;
    let Some(dir) = &args.dir else {
        if let Some((_, main)) = pages.first() {
            ui.write_stdout(main)?;
        }
        return Ok(ExitStatus::Success);
    };
    if dir.exists() && !dir.is_dir() {
        return Err(CommandError {
            exit: ExitStatus::Unexpected,
            message: t!("man-no-directory", path = dir),
            hint: None,
        }
        .into());
    }
    std::fs::create_dir_all(dir).with_context(|| t!("man-write", path = dir))?;
    for (name, page) in &pages {
        let path = dir.join(name);
        write_page(dir, &path, page).with_context(|| t!("man-write", path = path))?;
    }
    ui.status(&t!("man-written", count = pages.len(), path = dir));
    Ok(ExitStatus::Success)
}

/// Writes a page atomically, so that no reader sees half a page.
fn write_page(dir: &Path, path: &Path, page: &str) -> anyhow::Result<()> {
    let mut builder = tempfile::Builder::new();
    // The umask applies, as to any new file.
    builder.permissions(std::fs::Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(page.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

pub(super) fn print_help(ui: &mut Ui, global: &Global, args: &Help) -> anyhow::Result<ExitStatus> {
    apply_config_language(global.config.clone());
    let lang = current_language();
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let topic = if let [word] = words.as_slice() { HELP_TOPICS.iter().find(|topic| topic.name == *word) } else { None };
    let text = match topic {
        Some(topic) => reference::topic_text(topic, lang, topic_width()),
        None => match help_text(lang, &words, true) {
            Ok(text) => text,
            Err(unknown) => return Err(unknown_topic(&words, unknown).into()),
        },
    };
    ui.write_document(&text)?;
    Ok(ExitStatus::Success)
}

/// Returns the width of a topic: that of the terminal, but not more than that of all other help.
fn topic_width() -> usize {
    terminal_width().map_or(MAX_TOPIC_WIDTH, |columns| columns.clamp(MIN_TOPIC_WIDTH, MAX_TOPIC_WIDTH))
}

const MIN_TOPIC_WIDTH: usize = 40;
const MAX_TOPIC_WIDTH: usize = 80;

/// Suggests subcommands or topics for the word at index `unknown`.
fn unknown_topic(words: &[&str], unknown: usize) -> CommandError {
    let (known, word) = (&words[..unknown], words[unknown]);
    let mut names = reference::subcommands_of(known);
    if known.is_empty() {
        // A topic may have the name of a command.
        let topics: Vec<_> =
            HELP_TOPICS.iter().map(|topic| topic.name.to_owned()).filter(|name| !names.contains(name)).collect();
        names.extend(topics);
    }
    let closest = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, word), name))
        .filter(|(distance, _)| *distance <= (word.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance);
    let hint = match closest {
        Some((_, name)) => t!("help-near", name = [known, &[name.as_str()]].concat().join(" ")),
        None if names.is_empty() => t!("help-whole", name = known.join(" ")),
        None if known.is_empty() => t!("help-topics", names = join_list(HELP_TOPICS.map(|topic| topic.name))),
        None => t!("help-names", names = join_list(names)),
    };
    CommandError::usage(t!("help-unknown", name = words.join(" "))).hint(hint)
}
