//! `wxbox help`: the help of a command or of a topic.

use crate::cli::Help as Args;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::reference::{self, TOPICS};
use crate::t;
use crate::ui::Ui;

pub(super) fn print_help(ui: &mut Ui, args: &Args) -> anyhow::Result<ExitStatus> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let topic = if let [word] = words.as_slice() { TOPICS.iter().find(|topic| topic.name == *word) } else { None };
    let text = match topic {
        Some(topic) => (topic.text)(),
        None => match reference::help_text(&words) {
            Ok(text) => text,
            Err(unknown) => return Err(unknown_topic(&words, unknown).into()),
        },
    };
    ui.write_stdout(&text)?;
    Ok(ExitStatus::Success)
}

/// Names what there is instead of the word at this place.
fn unknown_topic(words: &[&str], unknown: usize) -> CommandError {
    let (known, word) = (&words[..unknown], words[unknown]);
    let mut names = reference::subcommands_of(known);
    if known.is_empty() {
        // A topic may have a command's name.
        let topics: Vec<_> =
            TOPICS.iter().map(|topic| topic.name.to_owned()).filter(|it| !names.contains(it)).collect();
        names.extend(topics);
    }
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, word), name))
        .filter(|(distance, _)| *distance <= (word.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance);
    let hint = match near {
        Some((_, name)) => t!("help-near", name = [known, &[name.as_str()]].concat().join(" ")),
        None if names.is_empty() => t!("help-whole", name = known.join(" ")),
        None => t!("help-names", names = join_list(names)),
    };
    CommandError::usage(t!("help-unknown", name = words.join(" "))).hint(hint)
}
