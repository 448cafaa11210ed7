//! Errors in the command line, worded by wxbox: clap's own messages cannot be translated, so these are
//! built from the kind of clap's error and its context.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory as _, ValueEnum as _};

use super::{Cli, Send};
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n::{closest_match, join_list};
use crate::t;
use crate::ui::ColorMode;

/// Returns `--json` and `--color` of a command line that clap could not parse.
pub(crate) fn output_options(args: &[OsString]) -> (bool, ColorMode) {
    let words: Vec<&str> = words_before_escape(args).collect();
    let color = words.iter().rposition(|word| *word == "--color" || word.starts_with("--color="));
    let color = color.and_then(|at| words[at].strip_prefix("--color=").or_else(|| words.get(at + 1).copied()));
    let color = color.and_then(|name| ColorMode::from_str(name, false).ok()).unwrap_or_default();
    (words.contains(&"--json"), color)
}

/// Describes what clap rejects in the command line `args`. The hint is the closest match, else the usage.
pub(crate) fn usage_error(args: &[OsString], error: &clap::Error) -> ErrorReport {
    match error.kind() {
        ErrorKind::UnknownArgument => {
            find_mistyped_option(args).map_or_else(|| from_clap(error), |option| mistyped_option_error(&option).into())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let word = args.iter().filter_map(|arg| arg.to_str()).skip(1).find(|arg| !arg.starts_with('-'));
            let command = ["wxbox"].into_iter().chain(word).collect::<Vec<_>>().join(" ");
            CommandError::usage(t!("cli-no-command")).hint(t!("cli-no-command-hint", command = command)).into()
        }
        _ => from_clap(error),
    }
}

/// The error for a text that looks like `--this`: the user meant an option.
pub(crate) fn mistyped_option_error(option: &str) -> CommandError {
    let name = option.split('=').next().unwrap_or(option);
    let hint = match closest_match(name, Send::long_option_names()) {
        Some(near) => t!("send-mistyped-option-near", near = near),
        None => t!("send-mistyped-option-hint"),
    };
    CommandError::usage(t!("send-mistyped-option", option = name)).hint(hint)
}

/// Finds an unknown option of `send`. clap took it for the text and then complains about the real text.
fn find_mistyped_option(args: &[OsString]) -> Option<String> {
    let send_args = words_before_escape(args).skip_while(|arg| *arg != "send");
    let known_options: Vec<String> = Cli::command()
        .get_arguments()
        .filter_map(Arg::get_long)
        .map(|name| format!("--{name}"))
        .chain(Send::long_option_names())
        .collect();
    let mut options = send_args.filter(|arg| arg.starts_with("--"));
    options.find(|arg| !known_options.iter().any(|name| arg.split('=').next() == Some(name))).map(str::to_owned)
}

/// Returns the arguments after the program name, before `--` and before the first one that is not UTF-8.
fn words_before_escape(args: &[OsString]) -> impl Iterator<Item = &str> {
    args.iter().skip(1).map_while(|arg| arg.to_str()).take_while(|arg| *arg != "--")
}

fn from_clap(error: &clap::Error) -> ErrorReport {
    let suggestion = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| context_strings(error, kind).pop());
    let text = error.render().to_string();
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let hint = suggestion
        .map(|name| t!("did-you-mean", name = name))
        .or_else(|| usage.map(|usage| t!("cli-usage", usage = usage)));
    ErrorReport { exit: ExitStatus::Usage, message: message_for(error).unwrap_or_else(|| first_paragraph(&text)), hint }
}

/// Returns the message, or `None` for a kind of error that has no message in the catalogue.
fn message_for(error: &clap::Error) -> Option<String> {
    let args = context_strings(error, ContextKind::InvalidArg);
    let arg = args.first();
    let value = || context_strings(error, ContextKind::InvalidValue).pop();
    Some(match error.kind() {
        ErrorKind::UnknownArgument => t!("cli-unknown-argument", arg = arg?),
        ErrorKind::InvalidSubcommand => {
            t!("cli-unknown-command", name = context_strings(error, ContextKind::InvalidSubcommand).pop()?)
        }
        ErrorKind::InvalidValue => {
            let (arg, value) = (arg?, value()?);
            let message = match value.as_str() {
                "" => t!("cli-value-missing", arg = arg),
                value => t!("cli-value-invalid", arg = arg, value = value),
            };
            match context_strings(error, ContextKind::ValidValue) {
                values if values.is_empty() => message,
                values => t!("cli-value-possible", what = message, values = join_list(&values)),
            }
        }
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            t!("cli-value-refused", arg = arg?, value = value()?, cause = cause)
        }
        ErrorKind::TooManyValues => t!("cli-value-surplus", arg = arg?, value = value()?),
        ErrorKind::MissingRequiredArgument => t!("cli-required", args = args.join(" ")),
        ErrorKind::ArgumentConflict => match (arg?, &context_strings(error, ContextKind::PriorArg)[..]) {
            (arg, [prior]) if arg == prior => t!("cli-argument-twice", arg = arg),
            (arg, [prior]) => t!("cli-conflict", arg = arg, other = prior),
            (arg, others) => t!("cli-conflict-several", arg = arg, others = others.join(" ")),
        },
        ErrorKind::InvalidUtf8 => t!("cli-not-unicode"),
        _ => return None,
    })
}

fn context_strings(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Returns the first paragraph of clap's own message, in one line.
fn first_paragraph(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or(text);
    first.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The English messages are those of clap, which users know from other programs.
    #[test]
    fn english_messages_match_clap() {
        for line in [
            "sned",
            "user lst",
            "user list --tagg x",
            "user list --tag",
            "user list now",
            "user show",
            "send",
            "send --user a --text b c",
            "send --user a --user b --all c",
            "send --batch - --user a --tag b --all --key x",
            "user passwd a --remove --password-stdin",
            "bind --user a --listen :1 --listen :2",
            "bind --timeout 5m",
            "bind --unbound --user a",
            "completions tcsh",
            "--color",
            "bind --user a --timeout soon",
            "outbox prune --older-than=",
        ] {
            let words = ["wxbox"].into_iter().chain(line.split(' '));
            let error = Cli::try_parse_from(words).unwrap_err();
            assert_eq!(message_for(&error), Some(first_paragraph(&error.render().to_string())), "{line}");
        }
    }
}
