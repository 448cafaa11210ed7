//! Temporary media: files that WeChat keeps for three days, for the account alone.
//! Page: doc/service/api/material/temporary/api_uploadtempmedia.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::multipart::{Form, Part};
use serde::{Deserialize, Serialize};

use super::client::{Call, Twice};
use super::token::word;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// How long WeChat keeps a file.
pub const LIFE: Duration = Duration::from_secs(3 * 24 * 3600);

/// A media_id that ends so soon is not used any more: a message may be under way for a while.
pub const MARGIN: Duration = Duration::from_secs(60);

/// What a file is uploaded as. How long a voice plays (60 seconds at most) is for WeChat to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    /// A picture.
    Image,
    /// Something to listen to.
    Voice,
    /// A film.
    Video,
    /// The small picture of a film, a piece of music or a mini-program's page.
    Thumb,
}

/// A format that WeChat takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// AMR.
    Amr,
    /// MP3.
    Mp3,
    /// MP4.
    Mp4,
}

impl MediaType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Image, Self::Voice, Self::Video, Self::Thumb];

    /// The word for it in the call, in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Thumb => "thumb",
        }
    }

    /// The formats that it may have.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Self::Image => &[Format::Png, Format::Jpeg, Format::Gif],
            Self::Voice => &[Format::Amr, Format::Mp3],
            Self::Video => &[Format::Mp4],
            Self::Thumb => &[Format::Jpeg],
        }
    }

    /// The most that it may have, in bytes.
    pub const fn limit(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 << 20,
            Self::Voice => 2 << 20,
            Self::Thumb => 64 << 10,
        }
    }
}

impl FromStr for MediaType {
    type Err = ();

    fn from_str(word: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(())
    }
}

impl Format {
    /// Of a file that begins so.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Some(match mime_of(bytes)? {
            "image/png" => Self::Png,
            "image/jpeg" => Self::Jpeg,
            "image/gif" => Self::Gif,
            "audio/amr" => Self::Amr,
            "audio/mpeg" => Self::Mp3,
            "video/mp4" => Self::Mp4,
            _ => return None,
        })
    }

    /// What it is uploaded as if nothing else is said.
    pub fn kind(self) -> MediaType {
        match self {
            Self::Png | Self::Jpeg | Self::Gif => MediaType::Image,
            Self::Amr | Self::Mp3 => MediaType::Voice,
            Self::Mp4 => MediaType::Video,
        }
    }

    /// The name and the content type that it is sent with: WeChat goes by the ending, whatever the file is called here.
    fn sent_as(self) -> (&'static str, &'static str) {
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

impl fmt::Display for Format {
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

/// The content type of a file that begins so, be it one that WeChat takes or not.
pub fn mime_of(bytes: &[u8]) -> Option<&'static str> {
    Some(infer::get(bytes)?.mime_type())
}

/// Hears how many bytes of a file have left.
pub type Told = Arc<dyn Fn(u64) + Send + Sync>;

/// A file on its way.
struct Leaving {
    bytes: Arc<[u8]>,
    at: usize,
    told: Told,
}

impl Read for Leaving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += read;
        (self.told)(self.at as u64);
        Ok(read)
    }
}

/// Bytes a second that a slow line carries: a large file is given the time.
const SLOW: u64 = 64 << 10;

impl Client {
    /// Uploads a file of that format; WeChat's name for it. Twice is a second copy, and harmless.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); refusals 40004 to 40006, 40009 to 40012, 45001, 48001 among others.
    pub fn upload(
        &self,
        token: &Secret,
        kind: MediaType,
        format: Format,
        bytes: &Arc<[u8]>,
        told: &Told,
    ) -> Result<String> {
        let size = bytes.len() as u64;
        let query = [("access_token", token.expose_secret()), ("type", kind.as_str())];
        let timeout = self.timeout + Duration::from_secs(size / SLOW);
        let call = Call { api: "/cgi-bin/media/upload", query: &query, secret: None, twice: Twice::Harmless, timeout };
        let answer = self.call(&call, |http, url| {
            let (name, mime) = format.sent_as();
            let leaving = Leaving { bytes: bytes.clone(), at: 0, told: told.clone() };
            let part = Part::reader_with_length(leaving, size).file_name(name);
            // A content type that could not be read would be left out; these can.
            let form = part.mime_str(mime).map(|part| Form::new().part("media", part)).unwrap_or_default();
            http.post(url).multipart(form)
        })?;
        // For a thumb the name has been another.
        let id = ["media_id", "thumb_media_id"].iter().find_map(|name| answer.get(name).and_then(word));
        id.map(str::to_owned).ok_or_else(|| self.lacks("media_id"))
    }
}

/// Whether that can be WeChat's name for a file, and no name of ours: no blank, no path, no ending. More is not
/// promised; those that were seen have letters, digits, `-` and `_`.
pub fn is_media_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"./\\@".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_how_a_file_begins() {
        let mp4 = |brand: &str| [b"\0\0\0\x18ftyp", brand.as_bytes(), b"\0\0\0\0"].concat();
        let cases: &[(&[u8], Option<Format>)] = &[
            (b"\x89PNG\r\n\x1a\n....", Some(Format::Png)),
            (b"\xff\xd8\xff\xe0..JFIF", Some(Format::Jpeg)),
            (b"GIF89a....", Some(Format::Gif)),
            (b"#!AMR\n........", Some(Format::Amr)),
            (b"ID3\x03........", Some(Format::Mp3)),
            (b"\xff\xfb\x90\x44", Some(Format::Mp3)),
            (&mp4("isom"), Some(Format::Mp4)),
            (&mp4("mp42"), Some(Format::Mp4)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", None),
            (b"BM......", None),
            (b"%PDF-1.7", None),
            (b"hello, this is text", None),
            (b"", None),
        ];
        for (bytes, format) in cases {
            assert_eq!(Format::of(bytes), *format, "{bytes:?}");
        }
        for format in [Format::Png, Format::Jpeg, Format::Gif, Format::Amr, Format::Mp3, Format::Mp4] {
            assert!(format.kind().formats().contains(&format));
        }
    }

    #[test]
    fn a_media_id_is_no_path() {
        for id in ["zS3aBqJ-4_x", "1", "a+b=:~"] {
            assert!(is_media_id(id), "{id}");
        }
        for text in ["", "a b", "photo.png", "/tmp/a", "@a", "图"] {
            assert!(!is_media_id(text), "{text}");
        }
    }
}
