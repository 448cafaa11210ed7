//! What a file is, by its content, and how long a voice message lasts.
//!
//! Five formats, and none of a library's guesses would do: `infer` takes three bytes for a JPEG and knows one of the
//! many beginnings of an MP3, and the crates that measure an MP3 trust its lengths.

use super::Kind;

/// A format that may be uploaded as something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    Gif,
    Amr,
    Mp3,
    Mp4,
}

impl Format {
    /// The format of a file with that content.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Some(match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'#', b'!', b'A', b'M', b'R', b'\n', _, ..] => Self::Amr,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if is_mp4(brand) => Self::Mp4,
            _ if frames(bytes).next().is_some() => Self::Mp3,
            _ => return None,
        })
    }

    /// The format that a file name's extension stands for.
    pub(super) fn named(name: &str) -> Option<Self> {
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

    /// Whether it may be uploaded as that.
    pub(super) fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::Image => matches!(self, Self::Png | Self::Jpeg | Self::Gif),
            Kind::Voice => matches!(self, Self::Amr | Self::Mp3),
            Kind::Video => self == Self::Mp4,
            Kind::Thumb => self == Self::Jpeg,
        }
    }

    /// What it is served as.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Amr => "audio/amr",
            Self::Mp3 => "audio/mpeg",
            Self::Mp4 => "video/mp4",
        }
    }

    /// The extension that it is saved with.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Amr => "amr",
            Self::Mp3 => "mp3",
            Self::Mp4 => "mp4",
        }
    }

    /// How long a sound lasts, in milliseconds; nothing for other files.
    pub(super) fn lasts_ms(self, bytes: &[u8]) -> Option<u64> {
        match self {
            Self::Amr => Some(amr_ms(bytes)),
            Self::Mp3 => Some(frames(bytes).map(|frame| frame.micros).sum::<u64>() / 1000),
            _ => None,
        }
    }
}

/// A film, and not a still picture or a sound in the same wrapping, nor QuickTime.
fn is_mp4(brand: &[u8]) -> bool {
    matches!(brand.get(..3), Some(b"iso" | b"mp4" | b"mp7" | b"avc" | b"M4V" | b"MSN" | b"das"))
}

/// Frames of 20 ms, each as long as its first byte says.
fn amr_ms(bytes: &[u8]) -> u64 {
    const LENGTHS: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
    let (mut at, mut ms) = ("#!AMR\n".len(), 0);
    while let Some(head) = bytes.get(at) {
        at += LENGTHS[usize::from(head >> 3 & 0xf)];
        ms += 20;
    }
    ms
}

/// A frame of an MP3.
struct Frame {
    length: usize,
    micros: u64,
}

/// The frames of an MP3 that follow each other, behind its ID3v2 tag; none where it is none.
fn frames(bytes: &[u8]) -> impl Iterator<Item = Frame> {
    let mut at = match bytes {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].iter().fold(0, |sum, byte| sum << 7 | usize::from(**byte & 0x7f))
        }
        _ => 0,
    };
    std::iter::from_fn(move || {
        let frame = frame(bytes.get(at..at.checked_add(4)?)?)?;
        at += frame.length;
        Some(frame)
    })
}

/// Reads the four bytes at the head of a frame of layer III.
fn frame(head: &[u8]) -> Option<Frame> {
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    const V1: [u32; 16] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    const V2: [u32; 16] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    let &[0xff, second, third, _] = head else { return None };
    if second & 0xe0 != 0xe0 || second >> 1 & 3 != 1 {
        return None;
    }
    // MPEG 1, 2 and 2.5; each halves the sample rate of the one before.
    let (halved, kbits, samples) = match second >> 3 & 3 {
        3 => (0, V1, 1152),
        2 => (1, V2, 576),
        0 => (2, V2, 576),
        _ => return None,
    };
    let rate = RATES.get(usize::from(third >> 2 & 3))? >> halved;
    let bits = kbits[usize::from(third >> 4)] * 1000;
    if bits == 0 {
        return None;
    }
    let padding = u32::from(third >> 1 & 1);
    let length = usize::try_from(samples / 8 * bits / rate + padding).ok()?;
    Some(Frame { length, micros: u64::from(samples) * 1_000_000 / u64::from(rate) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many frames of 44.1 kHz and 128 kbit/s, behind a tag of 20 bytes.
    fn mp3(frames: usize) -> Vec<u8> {
        let mut bytes = b"ID3\x04\0\0\0\0\0\x14".to_vec();
        bytes.extend([0; 20]);
        for _ in 0..frames {
            bytes.extend([0xff, 0xfb, 0x90, 0x64]);
            bytes.extend([0; 413]);
        }
        bytes
    }

    #[test]
    fn content_decides() {
        let cases: &[(&[u8], Option<Format>)] = &[
            (b"\x89PNG\r\n\x1a\n....", Some(Format::Png)),
            (b"\x89PNG", None),
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"GIF89a", Some(Format::Gif)),
            (b"GIF", None),
            (b"#!AMR\n\x04", Some(Format::Amr)),
            (b"#!AMR\n", None),
            (b"\0\0\0\x18ftypisom....", Some(Format::Mp4)),
            (b"\0\0\0\x18ftypmp42....", Some(Format::Mp4)),
            (b"\0\0\0\x18ftypqt  ....", None),
            (b"\0\0\0\x18ftypheic....", None),
            (b"\xff\xf3\x40\xc4", Some(Format::Mp3)),
            (b"\xff\xf1\x40\xc4", None),
            (b"ID3\x04\0\0\x7f\x7f\x7f\x7f", None),
            (b"hello", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Format::of(bytes), *expected, "{bytes:?}");
        }
        assert_eq!(Format::of(&mp3(1)), Some(Format::Mp3));
    }

    #[test]
    fn no_file_is_too_strange() {
        let good = [mp3(4), [b"#!AMR\n".as_slice(), &[0x3c; 99]].concat(), b"\0\0\0\x18ftypmp42".to_vec()];
        let mut seed: u32 = 20_261_127;
        for round in 0..30_000 {
            let mut bytes = good[round % good.len()].clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (seed >> 8) as usize % bytes.len();
                bytes[at] = seed.to_be_bytes()[0];
            }
            bytes.truncate((seed >> 3) as usize % (bytes.len() + 1));
            if let Some(format) = Format::of(&bytes) {
                // A frame is a byte at least.
                assert!(format.lasts_ms(&bytes).unwrap_or_default() <= bytes.len() as u64 * 144);
            }
        }
    }

    #[test]
    fn names_stand_for_formats() {
        for (name, expected) in [
            ("a.JPG", Some(Format::Jpeg)),
            ("a.b.png", Some(Format::Png)),
            ("png", None),
            ("a.", None),
            ("a.bmp", None),
        ] {
            assert_eq!(Format::named(name), expected, "{name}");
        }
    }

    #[test]
    fn sounds_are_measured() {
        assert_eq!(Format::Mp3.lasts_ms(&mp3(2297)), Some(60_002));
        let mut amr = b"#!AMR\n".to_vec();
        (0..150).for_each(|_| {
            amr.extend([
                0x3c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
        });
        assert_eq!(Format::Amr.lasts_ms(&amr), Some(3_000));
        assert_eq!(Format::Png.lasts_ms(b""), None);
    }
}
