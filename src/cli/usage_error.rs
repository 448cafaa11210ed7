//! What clap has against a command line, in words of ours: its own cannot be translated, so they are made from
//! the kind of its error and what it is about.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::exit::{ErrorReport, ExitStatus};
use crate::i18n::join_list;
use crate::t;

/// What is wrong, and the nearest right word, else the usage.
pub(crate) fn from_clap(error: &clap::Error) -> ErrorReport {
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

/// `None` where nothing of ours fits.
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

/// clap's own first paragraph, in one line.
fn first_paragraph(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or(text);
    first.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    /// In English they are clap's own, so that who knows them from elsewhere reads them here.
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
