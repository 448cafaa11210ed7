//! Reads and checks a media file before anything is sent, for `media upload` and `send`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_clauses, join_list};
use crate::t;
use crate::wechat::media::{MediaFormat, MediaType, detect_mime};

/// The maximum number of bytes to read: one more than the largest limit of any type, so that a
/// larger file is noticed.
const MAX_FILE_BYTES: u64 = MediaType::Video.max_bytes() as u64 + 1;

/// A media file that WeChat would accept.
pub(crate) struct MediaFile {
    /// The file name without its directory.
    pub(crate) name: String,
    /// The SHA-256 of the content in hex digits.
    pub(crate) sha256: String,
    pub(crate) kind: MediaType,
    pub(crate) format: MediaFormat,
    pub(crate) bytes: Arc<[u8]>,
}

/// Reads a file, or standard input for `-`. Without a type, the content decides it.
///
/// # Errors
/// The file cannot be read, is empty or too large, or has a format that WeChat does not accept.
pub(crate) fn open(path: &str, kind: Option<MediaType>) -> Result<MediaFile, CommandError> {
    let name = match path {
        "-" => t!("ui-stdin-name"),
        "" => "\"\"".to_owned(),
        path => file_name(path),
    };
    let (bytes, size) = read_content(path).map_err(|error| unreadable_error(&name, &error))?;
    if bytes.is_empty() {
        return Err(CommandError::usage(t!("media-empty", file = name)).hint(t!("media-file-hint")));
    }
    let format = MediaFormat::detect(&bytes).filter(|format| kind.is_none_or(|kind| kind.formats().contains(format)));
    let Some(format) = format else { return Err(unsupported_format(&name, kind, &bytes)) };
    let kind = kind.unwrap_or(format.media_type());
    if size > kind.max_bytes() as u64 {
        let message = t!("media-large", file = name, size = size, limit = kind.max_bytes(), kind = kind.as_str());
        return Err(CommandError::usage(message).hint(t!("media-large-hint")));
    }
    let sha256 = hex::encode(digest(&SHA256, &bytes));
    Ok(MediaFile { name, sha256, kind, format, bytes: bytes.into() })
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Returns at most [`MAX_FILE_BYTES`] of the content, and the size of the whole file.
fn read_content(path: &str) -> io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        let size = bytes.len() as u64;
        return Ok((bytes, size));
    }
    // A device or a pipe may never end.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    let size = metadata.len().max(bytes.len() as u64);
    Ok((bytes, size))
}

fn unreadable_error(name: &str, error: &io::Error) -> CommandError {
    let message = match error.kind() {
        io::ErrorKind::IsADirectory => t!("media-directory", file = name),
        io::ErrorKind::InvalidInput => t!("media-no-file", file = name),
        _ => {
            let message = t!("media-unreadable", file = name, cause = *error);
            return CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("media-file-hint")) };
        }
    };
    CommandError::usage(message).hint(t!("media-file-hint"))
}

/// Reports a format that WeChat does not accept, at all or for this type.
fn unsupported_format(name: &str, kind: Option<MediaType>, bytes: &[u8]) -> CommandError {
    let formats = |kind: MediaType| {
        let names = kind.formats().iter().map(ToString::to_string);
        t!("media-formats", kind = kind.as_str(), formats = join_list(names))
    };
    let accepted = MediaType::ALL.into_iter().filter(|other| kind.is_none_or(|kind| kind == *other)).map(formats);
    let found =
        MediaFormat::detect(bytes).map(|format| format.to_string()).or_else(|| detect_mime(bytes).map(str::to_owned));
    let message = match (found, kind) {
        (Some(found), Some(kind)) => t!("media-format-kind", file = name, found = found, kind = kind.as_str()),
        (Some(found), None) => t!("media-format", file = name, found = found),
        (None, _) => t!("media-format-none", file = name),
    };
    CommandError::usage(message).hint(t!("media-formats-hint", formats = join_clauses(accepted)))
}
