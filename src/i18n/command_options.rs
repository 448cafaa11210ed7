//! The global options of this run in the commands that texts suggest: without them, a suggested
//! command would use another config or another database.

use std::sync::{PoisonError, RwLock};

/// The options, quoted for a shell, each followed by a space; empty if none were given.
static OPTIONS: RwLock<String> = RwLock::new(String::new());

/// The commands that use neither the config nor the database.
const WITHOUT_CONFIG: [&str; 6] = ["completions", "demo", "explain", "help", "man", "sandbox"];

/// The commands whose name alone usually names a running process, unless a verb precedes it.
const PROCESS_NAMES: [&str; 4] = ["bind", "event", "init", "serve"];

/// The verbs that precede a command to run.
const VERBS: [&str; 4] = ["run", "start", "运行", "启动"];

/// A text that is written into a file, where the options of one run are of no use.
const FILE_HEADER: &str = "init-file-header";

/// Sets the options of the run, such as `-c` and `sandbox.toml`, which suggested commands repeat.
pub fn set_command_options(words: &[String]) {
    let options = words.iter().map(|word| format!("{} ", shell_words::quote(word))).collect();
    *OPTIONS.write().unwrap_or_else(PoisonError::into_inner) = options;
}

/// Returns a message with the options of the run in its commands.
pub(super) fn add_command_options(id: &str, text: String) -> String {
    let options = OPTIONS.read().unwrap_or_else(PoisonError::into_inner);
    if options.is_empty() || id == FILE_HEADER || !text.contains("wxbox ") { text } else { insert(&text, &options) }
}

/// Inserts the options after each `wxbox` that begins a command between backticks.
fn insert(text: &str, options: &str) -> String {
    let mut result = String::with_capacity(text.len() + options.len());
    let mut before = "";
    for (number, part) in text.split('`').enumerate() {
        if number > 0 {
            result.push('`');
        }
        if number % 2 == 0 {
            result += part;
            before = part;
            continue;
        }
        for (place, command) in part.split("| ").enumerate() {
            if place > 0 {
                result += "| ";
            }
            match command.strip_prefix("wxbox ") {
                // A text that was inserted into this one has the options already.
                Some(rest) if !rest.starts_with(options) && uses_config(rest, before) => {
                    result += &format!("wxbox {options}{rest}")
                }
                _ => result += command,
            }
        }
    }
    result
}

fn uses_config(arguments: &str, before: &str) -> bool {
    let mut words = arguments.split(' ');
    let command = words.next().unwrap_or_default();
    let is_bare = words.next().is_none();
    let asks_for_help = arguments.split(' ').any(|word| word == "-h" || word == "--help");
    let last_word = before.trim_end().rsplit([' ', ',', '，', '；', '：']).next().unwrap_or_default();
    let follows_verb = VERBS.iter().any(|verb| last_word.to_ascii_lowercase() == *verb)
        || VERBS.iter().any(|verb| !verb.is_ascii() && last_word.ends_with(verb));
    !WITHOUT_CONFIG.contains(&command)
        && !asks_for_help
        && (!is_bare || !PROCESS_NAMES.contains(&command) || follows_verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_run_get_the_options() {
        for (text, expected) in [
            ("run `wxbox outbox show 2` later", "run `wxbox -c a outbox show 2` later"),
            ("the next `wxbox outbox flush`", "the next `wxbox -c a outbox flush`"),
            ("run `tail -n +2 f | wxbox send --batch -`", "run `tail -n +2 f | wxbox -c a send --batch -`"),
            ("请运行 `wxbox serve`，或 `wxbox doctor`", "请运行 `wxbox -c a serve`，或 `wxbox -c a doctor`"),
            ("Start `wxbox serve`, then", "Start `wxbox -c a serve`, then"),
            ("run `wxbox init` to create a", "run `wxbox -c a init` to create a"),
            ("run `wxbox -c a outbox show 2`", "run `wxbox -c a outbox show 2`"),
        ] {
            assert_eq!(insert(text, "-c a "), expected);
        }
    }

    #[test]
    fn names_of_processes_and_commands_without_config_stay() {
        for text in [
            "`wxbox serve` is not running",
            "restart `wxbox serve`",
            "请重启 `wxbox serve`",
            "may be another `wxbox bind`",
            "run `wxbox help recovery`, or `wxbox send --help`",
            "wxbox serve runs",
            "run `systemctl reload wxbox-serve`",
            "an odd ` and wxbox send",
        ] {
            assert_eq!(insert(text, "-c a "), text);
        }
    }
}
