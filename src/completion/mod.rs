//! Completion in a shell: the scripts in `completions/` run wxbox with the line so far, and wxbox
//! prints the candidates for the word at the cursor.
//!
//! `clap_complete`'s engine finds the argument at the cursor, [`ValueKind`] is the kind of its
//! values, and [`ValueSource`] reads them: the config, and a few rows of the database, without a
//! lock or a change. WeChat is not asked. Any trouble, such as an invalid config or a locked
//! database, means fewer candidates, never an error.

mod answer;
mod candidate;
mod config_values;
mod shell_line;
mod typed_line;
mod value_kind;
mod value_source;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::cli::command_in;
use crate::i18n::{Lang, current_language, detect_locale, set_language};
use crate::time_zone::set_time_zone;
use answer::{Candidate, CompletionAnswer};
use candidate::MARKER;
pub use shell_line::CompletingShell;
use shell_line::ShellLine;
use typed_line::TypedLine;
use value_kind::{ValueKind, value_kind};
use value_source::ValueSource;

/// The variable with which a script asks for candidates; its value is the name of the shell.
const VARIABLE: &str = "_WXBOX_COMPLETE";

/// Returns the shell that asks for candidates. A normal command line never begins with `--`, so
/// that a variable that was left in the environment does no harm.
pub fn requesting_shell(args: &[OsString]) -> Option<CompletingShell> {
    if args.get(1).is_none_or(|first| first != "--") {
        return None;
    }
    match std::env::var_os(VARIABLE)?.to_str()? {
        "bash" => Some(CompletingShell::Bash),
        "zsh" => Some(CompletingShell::Zsh),
        "fish" => Some(CompletingShell::Fish),
        _ => None,
    }
}

/// Returns the answer to the request of a shell: a line with the kind of completion, and a line for
/// each candidate. `args` are those of the process.
pub fn respond(shell: CompletingShell, args: &[OsString]) -> String {
    set_language(detect_locale(|name| std::env::var(name).ok()).lang);
    set_time_zone(None);
    let args: Vec<String> = args.iter().skip(2).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let Some(line) = ShellLine::from_args(shell, &args) else { return String::new() };
    let answer = complete_words(&line.words);
    answer.render(&line)
}

/// Returns the completions of the last word.
fn complete_words(words: &[String]) -> CompletionAnswer {
    let typed = TypedLine::parse(words);
    let lang = current_language();
    let source = Arc::new(ValueSource::new(typed));
    let mut command = with_values(command_in(lang), "", lang, &source);
    let Some((current, before)) = words.split_last() else { return CompletionAnswer::default() };
    // The engine prefers the short options after a single hyphen, but the long ones are clearer.
    let is_hyphen = current == "-";
    let current = if is_hyphen { "" } else { current.as_str() };
    let args: Vec<OsString> = before.iter().map(String::as_str).chain([current]).map(OsString::from).collect();
    let mut found = complete(&mut command, args, before.len(), None).unwrap_or_default();
    if is_hyphen {
        found.retain(is_option);
    } else if !current.starts_with('-') && !found.iter().all(is_option) {
        found.retain(|candidate| !is_option(candidate));
    }
    to_answer(&found)
}

/// Sets for each argument of a tree of commands how its values are completed.
fn with_values(command: Command, path: &str, lang: Lang, source: &Arc<ValueSource>) -> Command {
    let command = command.mut_args(|arg| with_completer(arg, path, lang, source));
    command.mut_subcommands(|child| {
        let path = format!("{path}/{}", child.get_name());
        with_values(child, path.trim_start_matches('/'), lang, source)
    })
}

fn with_completer(arg: Arg, path: &str, lang: Lang, source: &Arc<ValueSource>) -> Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    let kind = value_kind(path, arg.get_id().as_str()).unwrap_or(ValueKind::Free);
    if kind == ValueKind::Listed {
        // The help does not show the meanings of these values, and its catalogue lacks them.
        let has_meanings = lang == Lang::En || !arg.is_hide_possible_values_set();
        if has_meanings {
            return arg;
        }
        let bare: Vec<_> = arg.get_possible_values().into_iter().map(|value| value.help(None)).collect();
        return arg.value_parser(bare);
    }
    let source = Arc::clone(source);
    arg.add(ArgValueCompleter::new(move |current: &OsStr| match current.to_str() {
        Some(current) => source.candidates(kind, current),
        None => Vec::new(),
    }))
}

fn is_option(candidate: &CompletionCandidate) -> bool {
    candidate.get_id().is_some_and(|id| id.starts_with("arg::"))
}

fn to_answer(found: &[CompletionCandidate]) -> CompletionAnswer {
    let mut candidates = Vec::new();
    for candidate in found {
        // A value that is not UTF-8, or that has control characters, cannot be typed.
        let Some(value) = candidate.get_value().to_str().filter(|value| !value.contains(is_untypable)) else {
            continue;
        };
        if let Some((prefix, kind)) = value.split_once(MARKER) {
            return CompletionAnswer::by_shell(kind, prefix);
        }
        let description = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        candidates.push(Candidate { value: value.to_owned(), description });
    }
    CompletionAnswer::of(candidates)
}

/// Returns whether a character is a control character, except the marker.
fn is_untypable(c: char) -> bool {
    c.is_control() && c != MARKER
}
