//! Temporary media: files that WeChat keeps for three days, for this account only.
//!
//! Page: doc/service/api/material/temporary/api_uploadtempmedia.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::multipart::{Form, Part};
use serde::{Deserialize, Serialize};

use super::client::{Call, Idempotency};
use super::lenient_json::as_text;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};
use crate::variant_names::variant_names;

/// How long WeChat keeps a file.
pub const MEDIA_TTL: Duration = Duration::from_secs(3 * 24 * 3600);

/// A media_id that expires within this time is not used again, because its message may still be in
/// flight then.
pub const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// The type that a file is uploaded as. WeChat itself checks that a voice file lasts at most 60
/// seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    Image,
    Voice,
    Video,
    /// The thumbnail of a video, a piece of music or a mini-program page.
    Thumb,
}

/// A file format that WeChat accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaFormat {
    Png,
    Jpeg,
    Gif,
    Amr,
    Mp3,
    Mp4,
}

variant_names!(MediaType { Image = "image", Voice = "voice", Video = "video", Thumb = "thumb" });

impl MediaType {
    /// Returns the formats that WeChat accepts for the type.
    pub fn formats(self) -> &'static [MediaFormat] {
        match self {
            Self::Image => &[MediaFormat::Png, MediaFormat::Jpeg, MediaFormat::Gif],
            Self::Voice => &[MediaFormat::Amr, MediaFormat::Mp3],
            Self::Video => &[MediaFormat::Mp4],
            Self::Thumb => &[MediaFormat::Jpeg],
        }
    }

    /// Returns the maximum size in bytes.
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 << 20,
            Self::Voice => 2 << 20,
            Self::Thumb => 64 << 10,
        }
    }
}

impl MediaFormat {
    /// Detects the format from the first bytes of a file.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        Some(match detect_mime(bytes)? {
            "image/png" => Self::Png,
            "image/jpeg" => Self::Jpeg,
            "image/gif" => Self::Gif,
            "audio/amr" => Self::Amr,
            "audio/mpeg" => Self::Mp3,
            "video/mp4" => Self::Mp4,
            _ => return None,
        })
    }

    /// Returns the type that a file of this format is uploaded as by default.
    pub fn media_type(self) -> MediaType {
        match self {
            Self::Png | Self::Jpeg | Self::Gif => MediaType::Image,
            Self::Amr | Self::Mp3 => MediaType::Voice,
            Self::Mp4 => MediaType::Video,
        }
    }

    /// Returns the file name and the content type for the upload. WeChat relies on the extension,
    /// so the local name is not used.
    fn file_name_and_mime(self) -> (&'static str, &'static str) {
        match self {
            Self::Png => ("media.png", "image/png"),
            Self::Jpeg => ("media.jpg", "image/jpeg"),
            Self::Gif => ("media.gif", "image/gif"),
            Self::Amr => ("media.amr", "audio/amr"),
            Self::Mp3 => ("media.mp3", "audio/mpeg"),
            Self::Mp4 => ("media.mp4", "video/mp4"),
        }
    }
}

impl fmt::Display for MediaFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Amr => "AMR",
            Self::Mp3 => "MP3",
            Self::Mp4 => "MP4",
        })
    }
}

/// Returns the content type that the first bytes of a file imply, even if WeChat does not accept
/// it.
pub fn detect_mime(bytes: &[u8]) -> Option<&'static str> {
    Some(infer::get(bytes)?.mime_type())
}

/// Receives the number of bytes of a file that were sent so far.
pub type ProgressFn = Arc<dyn Fn(u64) + Send + Sync>;

/// Reads a file for an upload and reports progress.
struct ProgressReader {
    bytes: Arc<[u8]>,
    position: usize,
    on_progress: ProgressFn,
}

impl Read for ProgressReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.get(self.position..).unwrap_or_default().read(buffer)?;
        self.position += read;
        (self.on_progress)(self.position as u64);
        Ok(read)
    }
}

/// The assumed minimum upload rate in bytes per second; it extends the timeout for large files.
const MIN_UPLOAD_RATE: u64 = 64 << 10;

impl Client {
    /// Uploads a file and returns its media_id. Repeating an upload is harmless: it only makes a
    /// second copy.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 40004 to 40006, 40009 to 40012, 45001, 48001, among
    /// others.
    pub fn upload(
        &self,
        token: &Secret,
        kind: MediaType,
        format: MediaFormat,
        bytes: &Arc<[u8]>,
        on_progress: &ProgressFn,
    ) -> Result<String> {
        let size = bytes.len() as u64;
        let query = [("access_token", token.expose_secret()), ("type", kind.as_str())];
        let timeout = self.timeout + Duration::from_secs(size / MIN_UPLOAD_RATE);
        let call =
            Call { api: "/cgi-bin/media/upload", query: &query, secret: None, idempotency: Idempotency::Safe, timeout };
        let response = self.call(&call, |http, url| {
            let (name, mime) = format.file_name_and_mime();
            let leaving = ProgressReader { bytes: bytes.clone(), position: 0, on_progress: on_progress.clone() };
            let part = Part::reader_with_length(leaving, size).file_name(name);
            // An invalid content type would send an empty form; the constant ones above are valid.
            let form = part.mime_str(mime).map(|part| Form::new().part("media", part)).unwrap_or_default();
            http.post(url).multipart(form)
        })?;
        // WeChat has used another field name for thumbnails.
        let id = ["media_id", "thumb_media_id"].iter().find_map(|name| response.get(name).and_then(as_text));
        id.map(str::to_owned).ok_or_else(|| self.missing_field("media_id"))
    }
}

/// Returns whether the text can be a media_id rather than a file name: no whitespace, no path, no
/// extension. WeChat does not document the form; those seen so far have letters, digits, `-` and
/// `_`.
pub fn is_media_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"./\\@".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_format_is_detected_from_first_bytes() {
        let mp4 = |brand: &str| [b"\0\0\0\x18ftyp", brand.as_bytes(), b"\0\0\0\0"].concat();
        let cases: &[(&[u8], Option<MediaFormat>)] = &[
            (b"\x89PNG\r\n\x1a\n....", Some(MediaFormat::Png)),
            (b"\xff\xd8\xff\xe0..JFIF", Some(MediaFormat::Jpeg)),
            (b"GIF89a....", Some(MediaFormat::Gif)),
            (b"#!AMR\n........", Some(MediaFormat::Amr)),
            (b"ID3\x03........", Some(MediaFormat::Mp3)),
            (b"\xff\xfb\x90\x44", Some(MediaFormat::Mp3)),
            (&mp4("isom"), Some(MediaFormat::Mp4)),
            (&mp4("mp42"), Some(MediaFormat::Mp4)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", None),
            (b"BM......", None),
            (b"%PDF-1.7", None),
            (b"hello, this is text", None),
            (b"", None),
        ];
        for (bytes, format) in cases {
            assert_eq!(MediaFormat::detect(bytes), *format, "{bytes:?}");
        }
        for format in [
            MediaFormat::Png,
            MediaFormat::Jpeg,
            MediaFormat::Gif,
            MediaFormat::Amr,
            MediaFormat::Mp3,
            MediaFormat::Mp4,
        ] {
            assert!(format.media_type().formats().contains(&format));
        }
    }

    #[test]
    fn media_id_is_distinguished_from_path() {
        for id in ["zS3aBqJ-4_x", "1", "a+b=:~"] {
            assert!(is_media_id(id), "{id}");
        }
        for text in ["", "a b", "photo.png", "/tmp/a", "@a", "图"] {
            assert!(!is_media_id(text), "{text}");
        }
    }
}
