//! The candidates of values, and the marker of a kind that the shell completes.

use clap_complete::engine::CompletionCandidate;

/// Precedes the name of a kind that the shell itself completes, in place of a value.
pub(super) const MARKER: char = '\u{1}';

/// Returns the marker of a kind that the shell completes.
pub(super) fn by_shell(kind: &str) -> CompletionCandidate {
    CompletionCandidate::new(format!("{MARKER}{kind}"))
}

/// Returns a value with its description, which may be empty.
pub(super) fn described(value: &str, description: &str) -> CompletionCandidate {
    let help = Some(description.to_owned()).filter(|text| !text.is_empty());
    CompletionCandidate::new(value).help(help.map(Into::into))
}
