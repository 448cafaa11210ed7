//! Reads the text of an argument, a file or standard input.
//!
//! Text that is not UTF-8 is accepted with a warning: a log cut inside a character must not prevent
//! an alert.

use std::fs::File;
use std::io;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::warnings::DraftWarnings;
use crate::cli::ArgText;
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::t;
use crate::wechat::lenient_json::{is_like_gbk, repair};

/// The maximum size of an input in bytes, more than any message needs, so that a wrong file is not
/// read completely.
pub(crate) const MAX_INPUT_BYTES: u64 = 4 << 20;

/// Reads a file, or standard input for `-`, and removes a byte order mark.
///
/// # Errors
/// The input cannot be read or is too long; with `--strict`, it is not UTF-8.
pub(crate) fn read_text(file: &str, warnings: &mut DraftWarnings) -> anyhow::Result<String> {
    let bytes = if file == "-" { read_stdin()? } else { read_file(file)? };
    let text = decode_lossy(bytes, || display_name(file), warnings)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Decodes bytes; replaces each sequence that is not UTF-8 with U+FFFD and adds a warning.
///
/// # Errors
/// With `--strict`, the bytes are not UTF-8.
pub(crate) fn decode_lossy(
    bytes: Vec<u8>,
    name: impl Fn() -> String,
    warnings: &mut DraftWarnings,
) -> Result<String, CommandError> {
    String::from_utf8(bytes).or_else(|error| {
        let bytes = error.as_bytes();
        let hint = is_like_gbk(bytes).then(|| t!("ui-stdin-utf8-hint"));
        let message = match hint {
            _ if warnings.is_strict() => t!("input-not-utf8", name = name()),
            // A phone would show nothing readable of a GBK text.
            Some(_) => t!("input-gbk", name = name()),
            None => t!("input-utf8", name = name()),
        };
        warnings.add_or_fail(message, hint)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    })
}

/// Returns the text of an argument; warnings call it `name`.
///
/// # Errors
/// With `--strict`, the argument is not UTF-8.
pub(crate) fn argument_text<'t>(
    argument: &'t ArgText,
    name: &str,
    warnings: &mut DraftWarnings,
) -> Result<&'t str, CommandError> {
    if let Some(raw) = &argument.raw {
        decode_lossy(raw.as_encoded_bytes().to_vec(), || name.to_owned(), warnings)?;
    }
    Ok(&argument.text)
}

/// Parses JSON that a program wrote. Repairs parts of strings that JSON does not allow, such as
/// half a surrogate pair or a control character, and adds a warning.
///
/// # Errors
/// `to_error` of serde's error if the JSON is invalid; with `--strict`, also if it needs a repair.
pub(crate) fn parse_json<T: DeserializeOwned>(
    text: &str,
    name: impl Fn() -> String,
    to_error: impl Fn(&serde_json::Error) -> CommandError,
    warnings: &mut DraftWarnings,
) -> Result<T, CommandError> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) if warnings.is_strict() => return Err(to_error(&error)),
        Err(error) => error,
    };
    let value = serde_json::from_str(&repair(text)).map_err(|_| to_error(&error))?;
    warnings.add_or_fail(t!("input-json", name = name()), None)?;
    Ok(value)
}

/// Returns the name of an input file for messages.
pub(crate) fn display_name(file: &str) -> String {
    if file == "-" { t!("ui-stdin-name") } else { file.to_owned() }
}

fn read_stdin() -> anyhow::Result<Vec<u8>> {
    match files::read_limited(io::stdin(), MAX_INPUT_BYTES) {
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            Err(CommandError::usage(t!("ui-stdin-long", limit = MAX_INPUT_BYTES)).into())
        }
        read => read.with_context(|| t!("ui-stdin")),
    }
}

fn read_file(file: &str) -> Result<Vec<u8>, CommandError> {
    File::open(file).and_then(|file| files::read_limited(file, MAX_INPUT_BYTES)).map_err(|cause| {
        let message = t!("media-unreadable", file = file, cause = cause);
        CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("send-file-hint")) }
    })
}
