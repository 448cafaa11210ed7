//! The write-ahead log, looked at before SQLite sees it. A log whose head is damaged SQLite takes for an empty one, a
//! damaged frame for the log's end, one beside an empty file it removes, and one that belongs to another file it applies,
//! each without a word: what was committed last would be gone, and messages that were sent would be sent again.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::generation::Version;
use super::open::beside;
use super::{Error, Result};

/// Bytes of a log's head: <https://www.sqlite.org/fileformat2.html#walformat>.
const HEAD: usize = 32;

/// Bytes of a frame's head, which is before each page in the log.
const FRAME_HEAD: usize = 24;

/// Where the first page of the database has its `user_version`.
pub(super) const VERSION_AT: usize = 60;

/// After so many looks that each found something else, others are at work on it.
const LOOKS: usize = 100;

/// What was found wrong, with what tells whether a second look finds the same.
#[derive(PartialEq, Eq)]
enum Wrong {
    Head([u8; HEAD]),
    /// The frame, and what it is a frame of.
    Frame([u8; HEAD], u64),
    /// The `user_version` of the file, and the first one in the log.
    Foreign([u8; HEAD], Version, Version),
    /// There is no file.
    Alone([u8; HEAD]),
}

/// Looks at what is beside the database at `path`.
///
/// # Errors
/// [`Error::CorruptLog`]; [`Error::ForeignLog`]; [`Error::Corrupt`] where a log is left of a file that is empty now.
pub(super) fn check(path: &Path) -> Result<()> {
    let log = beside(path, "-wal");
    // What else is there SQLite would take for an empty log. A link it does not follow.
    if fs::symlink_metadata(&log).is_ok_and(|it| !it.is_file() && !it.is_symlink()) {
        return Err(Error::CorruptLog { path: log });
    }
    let mut before = None;
    // Until two looks find the same, since another process may be writing the log, or moving it into the file.
    for _ in 0..LOOKS {
        let wrong = look(path, &log)?;
        match wrong {
            None => break,
            Some(Wrong::Foreign(..) | Wrong::Alone(_)) if before == wrong => {
                return Err(Error::ForeignLog { path: log, database: path.to_owned() });
            }
            Some(_) if before == wrong => return Err(Error::CorruptLog { path: log }),
            Some(_) => before = wrong,
        }
    }
    Ok(())
}

/// Looks once.
fn look(path: &Path, log: &Path) -> Result<Option<Wrong>> {
    let Some((mut log, head)) = read(log) else { return Ok(None) };
    // After the log: whoever makes a file has something in it before there is a log.
    match fs::metadata(path) {
        Ok(file) if file.len() == 0 => return Err(Error::Corrupt { path: path.to_owned() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some(Wrong::Alone(head))),
        _ => {}
    }
    if head.iter().all(|byte| *byte == 0) {
        // A power cut can leave it so: the head is written, and waited for, before anything else is.
        return Ok(None);
    }
    let Some(mut sum) = Sum::of_head(&head) else { return Ok(Some(Wrong::Head(head))) };
    let Some(file) = Version::of_file(path) else { return Ok(None) };
    let found = Frames::read(&mut log, &head, &mut sum, file);
    if let Some(damaged) = found.damaged {
        return Ok(Some(Wrong::Frame(head, damaged)));
    }
    let Some((first, last)) = found.versions else { return Ok(None) };
    // What is in the file was there before the log began, or has been moved there from it.
    let begin = first.before();
    let belongs = file.is_unset() || begin.behind(file) <= begin.behind(last);
    Ok((!belongs).then_some(Wrong::Foreign(head, file, first)))
}

/// The log and its head, where there is one.
fn read(log: &Path) -> Option<(BufReader<File>, [u8; HEAD])> {
    let mut head = [0; HEAD];
    // A pipe in its place must not be waited for.
    let kind = fs::metadata(log).ok()?.file_type();
    let mut log = kind.is_file().then(|| File::open(log).ok()).flatten().map(BufReader::new)?;
    log.read_exact(&mut head).ok()?;
    Some((log, head))
}

/// What the frames say.
#[derive(Default)]
struct Frames {
    /// A frame that is damaged, and not the torn end of the log.
    damaged: Option<u64>,
    /// The first and the last `user_version` among what was committed.
    versions: Option<(Version, Version)>,
}

impl Frames {
    /// Reads all frames. A log ends where a frame does not fit: a power cut leaves such an end, and what was behind it
    /// once is of an older log, or was never committed. But a commit that counts a generation waits for the disk, so
    /// that anything behind it proves that it, and all before it, had been written: then a frame that does not fit is
    /// damaged.
    fn read(log: &mut impl Read, head: &[u8; HEAD], sum: &mut Sum, file: Version) -> Self {
        let size = match word(head, 8, true) {
            size @ (512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536) => size as usize,
            _ => return Self::default(),
        };
        let mut frame = vec![0; FRAME_HEAD + size];
        let mut found = Self::default();
        let (mut broken, mut counts, mut proven) = (None, None, false);
        for n in 1.. {
            if log.read_exact(&mut frame).is_err() {
                break;
            }
            if frame[8..16] != head[16..24] {
                // The log ends before it, or it is damaged itself.
                (counts, proven) = (None, false);
                broken.get_or_insert(n);
                sum.known = false;
                continue;
            }
            let fits = sum.add_frame(&frame);
            if broken.is_some() && fits && proven {
                found.damaged = broken;
                break;
            }
            if !fits {
                proven = false;
                if broken.is_some() {
                    counts = None;
                }
                broken.get_or_insert(n);
            } else if word(&frame, 0, true) == 1 {
                let at = FRAME_HEAD + VERSION_AT;
                counts = Some(Version::of([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]));
            }
            if word(&frame, 4, true) != 0 {
                let last = found.versions.map_or(file, |(_, last)| last);
                if broken.is_none() {
                    found.versions =
                        counts.map(|it| (found.versions.map_or(it, |(first, _)| first), it)).or(found.versions);
                } else {
                    proven |= counts.is_some_and(|it| it != last);
                }
                counts = None;
            }
        }
        found
    }
}

/// The sum that SQLite keeps over a log, from frame to frame.
struct Sum {
    big: bool,
    a: u32,
    b: u32,
    /// Whether it is that of the frame before.
    known: bool,
}

impl Sum {
    /// That of a log's head; `None` if SQLite does not take it for one.
    fn of_head(head: &[u8; HEAD]) -> Option<Self> {
        let magic = word(head, 0, true);
        let mut sum = Self { big: magic & 1 == 1, a: 0, b: 0, known: true };
        sum.add(&head[..24]);
        (magic & !1 == 0x377f_0682 && sum.is_at(head, 24)).then_some(sum)
    }

    /// Goes on to the next frame; whether it fits the one before.
    fn add_frame(&mut self, frame: &[u8]) -> bool {
        let known = self.known;
        if known {
            self.add(&frame[..8]);
            self.add(&frame[FRAME_HEAD..]);
        }
        let fits = known && self.is_at(frame, 16) && word(frame, 0, true) != 0;
        (self.a, self.b, self.known) = (word(frame, 16, true), word(frame, 20, true), true);
        fits
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            self.a = self.a.wrapping_add(word(pair, 0, self.big)).wrapping_add(self.b);
            self.b = self.b.wrapping_add(word(pair, 4, self.big)).wrapping_add(self.a);
        }
    }

    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        (self.a, self.b) == (word(bytes, at, true), word(bytes, at + 4, true))
    }
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

#[cfg(test)]
#[path = "wal_tests.rs"]
mod tests;
