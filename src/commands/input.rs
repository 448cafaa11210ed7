//! Text that a command line names: a file's, or that of standard input.

use std::fs::File;
use std::io;

use anyhow::Context as _;

use crate::bounded;
use crate::error::{Exit, Failure};
use crate::t;

/// More than any message, in bytes; a file by mistake is not read whole.
pub(super) const LIMIT: u64 = 4 << 20;

/// The text of a file, or of standard input where it is `-`, without a byte order mark.
///
/// # Errors
/// It cannot be read, is too long, or is not UTF-8.
pub(super) fn text(file: &str) -> anyhow::Result<String> {
    let bytes = if file == "-" { stdin()? } else { read(file)? };
    let text = String::from_utf8(bytes).map_err(|_| {
        let what = if file == "-" { t!("ui-stdin-utf8") } else { t!("send-data-utf8", path = file) };
        Failure::usage(what).hint(t!("ui-stdin-utf8-hint"))
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// What people call it.
pub(super) fn name(file: &str) -> String {
    if file == "-" { t!("ui-stdin-name") } else { file.to_owned() }
}

fn stdin() -> anyhow::Result<Vec<u8>> {
    match bounded::read(io::stdin(), LIMIT) {
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            Err(Failure::usage(t!("ui-stdin-long", limit = LIMIT)).into())
        }
        read => read.with_context(|| t!("ui-stdin")),
    }
}

fn read(file: &str) -> Result<Vec<u8>, Failure> {
    File::open(file).and_then(|file| bounded::read(file, LIMIT)).map_err(|cause| {
        let what = t!("media-unreadable", file = file, cause = cause);
        Failure { exit: Exit::Unexpected, what, hint: Some(t!("send-file-hint")) }
    })
}
