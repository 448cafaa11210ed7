//! Errors in the command line. clap's own messages cannot be translated and list options instead of
//! saying what is missing, so all of them are built here, from the kind of clap's error and its
//! context.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory as _, ValueEnum as _};

use super::help::{ParseProbe, option_value, usage_text, words_before_escape};
use super::{Cli, Send};
use crate::exit::CommandError;
use crate::i18n::{closest_match, join_clauses, join_list};
use crate::t;
use crate::ui::ColorMode;

/// Words that other programs use for a command.
const SYNONYMS: [(&str, &str); 12] = [
    ("create", "add"),
    ("new", "add"),
    ("delete", "remove"),
    ("del", "remove"),
    ("rm", "remove"),
    ("ls", "list"),
    ("get", "show"),
    ("info", "show"),
    ("check", "doctor"),
    ("set", "edit"),
    ("tag", "edit"),
    ("rename", "edit"),
];

/// Returns `--json` and `--color` of a command line that clap could not parse.
pub(crate) fn output_options(args: &[OsString]) -> (bool, ColorMode) {
    let color = option_value(args, "--color", None);
    let color = color.and_then(|name| ColorMode::from_str(name, false).ok()).unwrap_or_default();
    (words_before_escape(args).any(|word| word == "--json"), color)
}

/// Describes what clap rejects in the command line `args`.
pub(crate) fn usage_error(args: &[OsString], probe: &ParseProbe) -> CommandError {
    let root = Cli::command();
    let mut rejected = RejectedLine { root, words: &probe.words, error: &probe.error };
    rejected.root.build();
    let error = match probe.error.kind() {
        ErrorKind::UnknownArgument => rejected.unknown_argument(args),
        ErrorKind::InvalidSubcommand => rejected.unknown_command(),
        ErrorKind::MissingRequiredArgument => rejected.missing_arguments(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            CommandError::usage(t!("cli-no-command")).hint(t!("cli-no-command-hint", command = rejected.path()))
        }
        _ => rejected.invalid_value().unwrap_or_else(|| CommandError::usage(t!("cli-invalid"))),
    };
    let hint = error.hint.clone().or_else(|| rejected.usage_hint());
    error.hint(hint)
}

/// Returns the error for a text that looks like `--this`: the user meant an option.
pub(crate) fn mistyped_option_error(option: &str) -> CommandError {
    let name = option.split('=').next().unwrap_or(option);
    let hint = match closest_match(name, Send::long_option_names()) {
        Some(near) => t!("send-mistyped-option-near", near = near),
        None => t!("send-mistyped-option-hint"),
    };
    CommandError::usage(t!("send-mistyped-option", option = name)).hint(hint)
}

/// Returns the error for a command of `template` that has an option in place of the template.
pub(crate) fn mistyped_template_error(command: &str, option: &str) -> CommandError {
    let mut root = Cli::command();
    root.build();
    let command = root.find_subcommand("template").and_then(|template| template.find_subcommand(command));
    unknown_option_error(command, option)
}

/// Returns the error for an option that the command does not have.
fn unknown_option_error(command: Option<&Command>, option: &str) -> CommandError {
    let known = command.into_iter().flat_map(Command::get_arguments).filter_map(Arg::get_long);
    let known: Vec<String> = known.map(|name| format!("--{name}")).collect();
    let limit = known.iter().find(|name| option == "-n" && *name == "--limit").cloned();
    let near = limit.or_else(|| closest_match(option.split('=').next().unwrap_or(option), known));
    CommandError::usage(t!("cli-unknown-option", arg = option)).hint(near.map(did_you_mean))
}

/// Returns the error for a `send` that lacks a recipient, a message or both. clap cannot detect
/// this, because the config can have default recipients.
pub(crate) fn incomplete_send_error(lacks_recipient: bool, lacks_content: bool) -> CommandError {
    let missing =
        [lacks_recipient.then(|| t!("cli-missing-recipient")), lacks_content.then(|| t!("cli-missing-content"))];
    CommandError::usage(join_clauses(missing.into_iter().flatten())).hint(t!("cli-send-hint"))
}

/// Returns the error for a `run` without recipient, if the config has none either.
pub(crate) fn missing_report_recipient_error() -> CommandError {
    let mut root = Cli::command();
    root.build();
    let usage = root.find_subcommand("run").map(usage_text);
    CommandError::usage(t!("cli-missing-report-recipient")).hint(usage.map(|usage| t!("cli-usage", usage = usage)))
}

/// Finds an unknown option of `send`. clap parsed it as the text, and rejects the real text.
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

/// Returns the hint with the usage, or with the command for help if the usage has several forms.
pub(super) fn usage_hint(command: &Command, path: &str) -> String {
    let usage = usage_text(command);
    match usage.lines().count() {
        1 => t!("cli-usage", usage = usage),
        _ => t!("cli-help-hint", command = path),
    }
}

/// A command line that clap rejects.
struct RejectedLine<'e> {
    root: Command,
    /// The words of the command, as far as clap understood them.
    words: &'e [String],
    error: &'e clap::Error,
}

impl RejectedLine<'_> {
    /// Returns the words of the command after `wxbox`.
    fn path(&self) -> String {
        ["wxbox"].into_iter().chain(self.words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }

    fn command(&self) -> Option<&Command> {
        self.words.iter().try_fold(&self.root, |command, word| command.find_subcommand(word))
    }

    fn strings(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the hint about the usage, if clap reports one.
    fn usage_hint(&self) -> Option<String> {
        // clap reports no command with an invalid value, and the usage would not help.
        self.error.get(ContextKind::Usage)?;
        Some(usage_hint(self.command()?, &self.path()))
    }

    fn unknown_argument(&self, args: &[OsString]) -> CommandError {
        let is_send = self.words == ["send"];
        if is_send && let Some(option) = find_mistyped_option(args) {
            return mistyped_option_error(&option);
        }
        let arg = self.strings(ContextKind::InvalidArg).pop().unwrap_or_default();
        if arg.starts_with('-') {
            return unknown_option_error(self.command(), &arg);
        }
        let error = CommandError::usage(t!("cli-unknown-argument", arg = arg));
        // The user is named without `--user`.
        let name = match self.words.last().map(String::as_str) {
            Some("send") => words_before_escape(args).skip_while(|word| *word != "send").nth(1),
            Some("bind" | "unbind") => Some(arg.as_str()),
            _ => None,
        };
        match name.filter(|name| !name.starts_with('-')) {
            Some(name) => {
                let text = if is_send { vec![name, &arg] } else { vec![name] };
                let line = format!("wxbox {} --user {}", self.words.join(" "), shell_words::join(text));
                error.hint(t!("cli-user-option-hint", line = line))
            }
            None => error,
        }
    }

    fn unknown_command(&self) -> CommandError {
        let name = self.strings(ContextKind::InvalidSubcommand).pop().unwrap_or_default();
        let parent = self.command().unwrap_or(&self.root);
        let siblings: Vec<&str> = parent.get_subcommands().map(Command::get_name).collect();
        let synonym = SYNONYMS.iter().find(|(word, known)| *word == name && siblings.contains(known));
        let nested = || {
            let nouns = parent.get_subcommands().filter(|noun| noun.find_subcommand(&name).is_some());
            let nouns: Vec<&str> = nouns.map(Command::get_name).collect();
            if let [noun] = nouns[..] { Some(format!("`wxbox {noun} {name}`")) } else { None }
        };
        let near = synonym
            .map(|(_, known)| (*known).to_owned())
            .or_else(|| closest_match(&name, siblings).map(str::to_owned))
            .or_else(nested);
        let hint = near.map_or_else(|| t!("cli-no-command-hint", command = self.path()), did_you_mean);
        CommandError::usage(t!("cli-unknown-command", name = name)).hint(hint)
    }

    fn missing_arguments(&self) -> CommandError {
        let missing = self.strings(ContextKind::InvalidArg);
        CommandError::usage(join_clauses(missing.iter().map(|arg| missing_argument(arg))))
    }

    fn invalid_value(&self) -> Option<CommandError> {
        let args = self.strings(ContextKind::InvalidArg);
        let arg = args.first().map(|arg| plain_argument(arg));
        let value = || self.strings(ContextKind::InvalidValue).pop();
        let near = self.strings(ContextKind::SuggestedValue).pop();
        let message = match self.error.kind() {
            ErrorKind::InvalidValue => {
                let (arg, value) = (arg?, value()?);
                let message = match value.as_str() {
                    "" => t!("cli-value-missing", arg = arg),
                    value => t!("cli-value-invalid", arg = arg, value = value),
                };
                match self.strings(ContextKind::ValidValue) {
                    values if values.is_empty() => message,
                    values => t!("cli-value-possible", what = message, values = join_list(&values)),
                }
            }
            ErrorKind::ValueValidation => {
                let cause = std::error::Error::source(self.error).map(ToString::to_string).unwrap_or_default();
                t!("cli-value-refused", arg = arg?, value = value()?, cause = cause)
            }
            ErrorKind::TooManyValues => t!("cli-value-surplus", arg = arg?, value = value()?),
            ErrorKind::ArgumentConflict => {
                let others: Vec<String> =
                    self.strings(ContextKind::PriorArg).iter().map(|arg| plain_argument(arg)).collect();
                match (arg?, &others[..]) {
                    (arg, [other]) if arg == *other => t!("cli-argument-twice", arg = arg),
                    (arg, [other]) => t!("cli-conflict", arg = arg, other = other),
                    (arg, others) => t!("cli-conflict-several", arg = arg, others = join_list(others)),
                }
            }
            ErrorKind::InvalidUtf8 => t!("cli-not-unicode"),
            _ => return None,
        };
        Some(CommandError::usage(message).hint(near.map(did_you_mean)))
    }
}

fn did_you_mean(name: String) -> String {
    match name.starts_with('`') {
        true => t!("did-you-mean-command", command = name),
        false => t!("did-you-mean", name = name),
    }
}

/// Describes a missing argument in words. `arg` is clap's `<NAME>`, `--older-than <AGE>` or
/// `<--user <NAME>|--tag <TAG>>`.
fn missing_argument(arg: &str) -> String {
    let Some(alternatives) = arg.strip_prefix('<').and_then(|arg| arg.strip_suffix('>')) else {
        return t!("cli-missing", arg = arg.replace(['<', '>'], "").trim_end_matches("..."));
    };
    let names: Vec<String> = alternatives.split('|').map(|arg| arg.replace(['<', '>'], "")).collect();
    match names.iter().map(|name| name.split(' ').next().unwrap_or(name)).collect::<Vec<_>>()[..] {
        ["--template", "--subscribe"] => t!("cli-missing-template"),
        [_] => t!("cli-missing", arg = names.join(" ")),
        _ => t!("cli-missing-one-of", args = join_list(names)),
    }
}

/// Returns the name of an argument: `--tag` of `--tag <TAG>`, `NAME` of `<NAME>`.
fn plain_argument(arg: &str) -> String {
    let name = if arg.starts_with('-') { arg.split([' ', '=', '[']).next().unwrap_or(arg) } else { arg };
    name.trim_end_matches("...").trim_matches(['<', '>', '[', ']']).to_owned()
}
