//! A file that WeChat is to keep, read and looked at before anything is sent: for `media upload` and `send`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use crate::error::{Exit, Failure};
use crate::t;
use crate::wechat::media::{Format, MediaType, mime_of};
use crate::words::{clauses, listed};

/// The largest of any type, and a byte more.
const MOST: u64 = MediaType::Video.limit() as u64 + 1;

/// A file that WeChat would take.
pub(super) struct MediaFile {
    /// Its name, without its directory.
    pub(super) name: String,
    /// The SHA-256 of its content, in hex digits.
    pub(super) sha256: String,
    pub(super) kind: MediaType,
    pub(super) format: Format,
    pub(super) bytes: Arc<[u8]>,
}

/// Reads a file (`-` is standard input); without a type, its content says what it is.
///
/// # Errors
/// It cannot be read, is empty or too large, or is not what WeChat takes.
pub(super) fn open(path: &str, kind: Option<MediaType>) -> Result<MediaFile, Failure> {
    let name = match path {
        "-" => t!("ui-stdin-name"),
        "" => "\"\"".to_owned(),
        path => name_of(path),
    };
    let (bytes, size) = read(path).map_err(|error| unreadable(&name, &error))?;
    if bytes.is_empty() {
        return Err(Failure::usage(t!("media-empty", file = name)).hint(t!("media-file-hint")));
    }
    let format = Format::of(&bytes).filter(|format| kind.is_none_or(|kind| kind.formats().contains(format)));
    let Some(format) = format else { return Err(of_no_use(&name, kind, &bytes)) };
    let kind = kind.unwrap_or(format.kind());
    if size > kind.limit() as u64 {
        let what = t!("media-large", file = name, size = size, limit = kind.limit(), kind = kind.as_str());
        return Err(Failure::usage(what).hint(t!("media-large-hint")));
    }
    let sha256 = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(MediaFile { name, sha256, kind, format, bytes: bytes.into() })
}

/// The last part of a path.
fn name_of(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The content, as far as it can be of use, and the size of the whole.
fn read(path: &str) -> io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().take(MOST).read_to_end(&mut bytes)?;
        let size = bytes.len() as u64;
        return Ok((bytes, size));
    }
    // A device or a pipe may never end.
    let found = fs::metadata(path)?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    let size = found.len().max(bytes.len() as u64);
    Ok((bytes, size))
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    let what = match error.kind() {
        io::ErrorKind::IsADirectory => t!("media-directory", file = name),
        io::ErrorKind::InvalidInput => t!("media-no-file", file = name),
        _ => {
            let what = t!("media-unreadable", file = name, cause = *error);
            return Failure { exit: Exit::Unexpected, what, hint: Some(t!("media-file-hint")) };
        }
    };
    Failure::usage(what).hint(t!("media-file-hint"))
}

/// It has a format that WeChat does not take, or not as that.
fn of_no_use(name: &str, kind: Option<MediaType>, bytes: &[u8]) -> Failure {
    let formats = |kind: MediaType| {
        let names = kind.formats().iter().map(ToString::to_string);
        t!("media-formats", kind = kind.as_str(), formats = listed(names))
    };
    let taken: Vec<_> =
        MediaType::ALL.into_iter().filter(|it| kind.is_none_or(|kind| kind == *it)).map(formats).collect();
    let found = Format::of(bytes).map(|format| format.to_string()).or_else(|| mime_of(bytes).map(str::to_owned));
    let what = match (found, kind) {
        (Some(found), Some(kind)) => t!("media-format-kind", file = name, found = found, kind = kind.as_str()),
        (Some(found), None) => t!("media-format", file = name, found = found),
        (None, _) => t!("media-format-none", file = name),
    };
    Failure::usage(what).hint(t!("media-formats-hint", formats = clauses(taken)))
}
