//! Detects the format of a file by its content, and the duration of a voice message.
//!
//! All formats but MP3 have a signature, which takes one line each. The crate `infer` knows a
//! hundred more formats, but only one of the many ways an MP3 can start.

use mp3_metadata::Layer;
use serde::Serialize;

use crate::variant_names::variant_names;

const KB: usize = 1 << 10;
const MB: usize = 1 << 20;

/// The type that a file is uploaded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum MediaKind {
    Image,
    Voice,
    Video,
    /// The picture of a video, a music card or a mini-program card.
    Thumb,
}

variant_names!(MediaKind { Image = "image", Voice = "voice", Video = "video", Thumb = "thumb" });

impl MediaKind {
    /// Returns the maximum size of a file in bytes.
    pub(in crate::sandbox) fn max_bytes(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 * MB,
            Self::Voice => 2 * MB,
            Self::Thumb => 64 * KB,
        }
    }
}

/// A format that can be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum MediaFormat {
    Png,
    Jpeg,
    Gif,
    Amr,
    Mp3,
    Mp4,
}

impl MediaFormat {
    /// Detects the format of a file by its content.
    pub(in crate::sandbox) fn detect(bytes: &[u8]) -> Option<Self> {
        Some(match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'#', b'!', b'A', b'M', b'R', b'\n', _, ..] => Self::Amr,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if is_mp4_brand(brand) => Self::Mp4,
            _ if mp3_duration_ms(bytes).is_some() => Self::Mp3,
            _ => return None,
        })
    }

    /// Returns the format that the extension of a file name stands for.
    pub(in crate::sandbox) fn from_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "png" => Self::Png,
            "jpg" | "jpeg" => Self::Jpeg,
            "gif" => Self::Gif,
            "amr" => Self::Amr,
            "mp3" => Self::Mp3,
            "mp4" => Self::Mp4,
            _ => return None,
        })
    }

    /// Returns whether a file of this format may be uploaded as that type.
    pub(in crate::sandbox) fn is_allowed_as(self, kind: MediaKind) -> bool {
        match kind {
            MediaKind::Image => matches!(self, Self::Png | Self::Jpeg | Self::Gif),
            MediaKind::Voice => matches!(self, Self::Amr | Self::Mp3),
            MediaKind::Video => self == Self::Mp4,
            MediaKind::Thumb => self == Self::Jpeg,
        }
    }

    /// Returns the content type that the file is served with.
    pub(in crate::sandbox) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Amr => "audio/amr",
            Self::Mp3 => "audio/mpeg",
            Self::Mp4 => "video/mp4",
        }
    }

    /// Returns the file name extension.
    pub(in crate::sandbox) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Amr => "amr",
            Self::Mp3 => "mp3",
            Self::Mp4 => "mp4",
        }
    }

    /// Returns the duration of a sound in milliseconds; `None` for other files.
    pub(in crate::sandbox) fn duration_ms(self, bytes: &[u8]) -> Option<u64> {
        match self {
            Self::Amr => Some(amr_duration_ms(bytes)),
            Self::Mp3 => mp3_duration_ms(bytes),
            _ => None,
        }
    }
}

/// Returns whether the brand is a video, and not a still picture or a sound in the same container,
/// or QuickTime.
fn is_mp4_brand(brand: &[u8]) -> bool {
    matches!(brand.get(..3), Some(b"iso" | b"mp4" | b"mp7" | b"avc" | b"M4V" | b"MSN" | b"das"))
}

/// Adds up the frames: 20 ms each, with the length that the first byte of the frame encodes.
fn amr_duration_ms(bytes: &[u8]) -> u64 {
    const LENGTHS: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
    let (mut at, mut ms) = ("#!AMR\n".len(), 0);
    while let Some(header) = bytes.get(at) {
        at += LENGTHS[usize::from(header >> 3 & 0xf)];
        ms += 20;
    }
    ms
}

/// Returns the duration of all frames together; `None` if the first one is not of layer III.
fn mp3_duration_ms(bytes: &[u8]) -> Option<u64> {
    let metadata = mp3_metadata::read_from_slice(bytes).ok()?;
    let is_layer_3 = metadata.frames.first().is_some_and(|frame| frame.layer == Layer::Layer3);
    is_layer_3.then(|| u64::try_from(metadata.duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns that many frames of 44.1 kHz and 128 kbit/s.
    fn mp3(frames: usize) -> Vec<u8> {
        [[0xff, 0xfb, 0x90, 0x64].as_slice(), &[0; 413]].concat().repeat(frames)
    }

    /// Returns the same frames after a tag of 20 bytes.
    fn tagged_mp3(frames: usize) -> Vec<u8> {
        [b"ID3\x04\0\0\0\0\0\x14".as_slice(), &[0; 20], &mp3(frames)].concat()
    }

    #[test]
    fn media_format_is_detected_from_content() {
        let cases: &[(&[u8], Option<MediaFormat>)] = &[
            (b"\x89PNG\r\n\x1a\n....", Some(MediaFormat::Png)),
            (b"\x89PNG", None),
            (b"\xff\xd8\xff\xe0", Some(MediaFormat::Jpeg)),
            (b"GIF89a", Some(MediaFormat::Gif)),
            (b"GIF", None),
            (b"#!AMR\n\x04", Some(MediaFormat::Amr)),
            (b"#!AMR\n", None),
            (b"\0\0\0\x18ftypisom....", Some(MediaFormat::Mp4)),
            (b"\0\0\0\x18ftypmp42....", Some(MediaFormat::Mp4)),
            (b"\0\0\0\x18ftypqt  ....", None),
            (b"\0\0\0\x18ftypheic....", None),
            (b"\xff\xfb\x90\x64", None),
            (b"ID3\x04\0\0\x7f\x7f\x7f\x7f", None),
            (b"hello", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(MediaFormat::detect(bytes), *expected, "{bytes:?}");
        }
        assert_eq!(MediaFormat::detect(&tagged_mp3(3)), Some(MediaFormat::Mp3));
        // MPEG 2 instead of 1, which is common for speech; then layer II.
        let low = [[0xff, 0xf3, 0x40, 0xc4].as_slice(), &[0; 100]].concat();
        assert_eq!(MediaFormat::detect(&low.repeat(3)), Some(MediaFormat::Mp3));
        let second = [[0xff, 0xfd, 0x90, 0x64].as_slice(), &[0; 500]].concat();
        assert_eq!(MediaFormat::detect(&second.repeat(3)), None);
    }

    #[test]
    fn damaged_files_cause_no_panic() {
        let good = [tagged_mp3(4), [b"#!AMR\n".as_slice(), &[0x3c; 99]].concat(), b"\0\0\0\x18ftypmp42".to_vec()];
        let mut seed: u32 = 20_261_127;
        for round in 0..30_000 {
            let mut bytes = good[round % good.len()].clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (seed >> 8) as usize % bytes.len();
                bytes[at] = seed.to_be_bytes()[0];
            }
            bytes.truncate((seed >> 3) as usize % (bytes.len() + 1));
            if let Some(format) = MediaFormat::detect(&bytes) {
                // A frame has at least one byte.
                assert!(format.duration_ms(&bytes).unwrap_or_default() <= bytes.len() as u64 * 144);
            }
        }
    }

    #[test]
    fn media_format_is_read_from_file_extension() {
        for (name, expected) in [
            ("a.JPG", Some(MediaFormat::Jpeg)),
            ("a.b.png", Some(MediaFormat::Png)),
            ("png", None),
            ("a.", None),
            ("a.bmp", None),
        ] {
            assert_eq!(MediaFormat::from_name(name), expected, "{name}");
        }
    }

    #[test]
    fn audio_duration_is_computed() {
        // 2297 frames of 1152 samples.
        assert_eq!(MediaFormat::Mp3.duration_ms(&mp3(2297)).map(|ms| ms / 100), Some(600));
        let mut amr = b"#!AMR\n".to_vec();
        (0..150).for_each(|_| {
            amr.extend([
                0x3c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
        });
        assert_eq!(MediaFormat::Amr.duration_ms(&amr), Some(3_000));
        assert_eq!(MediaFormat::Png.duration_ms(b""), None);
    }
}
