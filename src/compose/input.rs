//! Text that a command line names: an argument's, a file's, or that of standard input. Text that is not UTF-8 is
//! read all the same: a log that was cut inside a character must not keep an alert from being sent.

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

/// More than any message, in bytes; a file by mistake is not read whole.
pub(crate) const MAX_INPUT_BYTES: u64 = 4 << 20;

/// The text of a file, or of standard input where it is `-`, without a byte order mark.
///
/// # Errors
/// It cannot be read, or is too long; with `--strict` it is not UTF-8.
pub(crate) fn read_text(file: &str, notes: &mut DraftWarnings) -> anyhow::Result<String> {
    let bytes = if file == "-" { read_stdin()? } else { read_file(file)? };
    let text = decode_lossy(bytes, || display_name(file), notes)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Bytes as text, with U+FFFD for each sequence that is not UTF-8, and a warning.
///
/// # Errors
/// With `--strict` it is not UTF-8.
pub(crate) fn decode_lossy(
    bytes: Vec<u8>,
    name: impl Fn() -> String,
    notes: &mut DraftWarnings,
) -> Result<String, CommandError> {
    String::from_utf8(bytes).or_else(|error| {
        let bytes = error.as_bytes();
        let hint = is_like_gbk(bytes).then(|| t!("ui-stdin-utf8-hint"));
        let what = match hint {
            _ if notes.is_strict() => t!("input-not-utf8", name = name()),
            // Of such a text nothing can be read on the phone.
            Some(_) => t!("input-gbk", name = name()),
            None => t!("input-utf8", name = name()),
        };
        notes.add_or_fail(what, hint)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    })
}

/// The text of an argument, called `name` in a warning.
///
/// # Errors
/// With `--strict` it is not UTF-8.
pub(crate) fn argument_text<'t>(
    typed: &'t ArgText,
    name: &str,
    notes: &mut DraftWarnings,
) -> Result<&'t str, CommandError> {
    if let Some(raw) = &typed.raw {
        decode_lossy(raw.as_encoded_bytes().to_vec(), || name.to_owned(), notes)?;
    }
    Ok(&typed.text)
}

/// JSON that a program wrote. What JSON does not allow in a text, such as half of a surrogate pair or a control
/// character, is replaced or escaped, with a warning.
///
/// # Errors
/// `unusable` of serde's complaint where it is no such JSON; with `--strict` also where it needs repair.
pub(crate) fn parse_json<T: DeserializeOwned>(
    text: &str,
    name: impl Fn() -> String,
    unusable: impl Fn(&serde_json::Error) -> CommandError,
    notes: &mut DraftWarnings,
) -> Result<T, CommandError> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) if notes.is_strict() => return Err(unusable(&error)),
        Err(error) => error,
    };
    let value = serde_json::from_str(&repair(text)).map_err(|_| unusable(&error))?;
    notes.add_or_fail(t!("input-json", name = name()), None)?;
    Ok(value)
}

/// What people call it.
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
        let what = t!("media-unreadable", file = file, cause = cause);
        CommandError { exit: ExitStatus::Unexpected, message: what, hint: Some(t!("send-file-hint")) }
    })
}
