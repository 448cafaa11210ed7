//! Checks the write-ahead log before SQLite opens it. SQLite silently treats a log with a damaged
//! header as empty and a damaged frame as the end of the log, removes a log beside an empty file,
//! and applies a log that belongs to another file. The last commits would be lost, and sent
//! messages would be sent again.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::generation::UserVersion;
use super::{Error, Result};
use crate::files::sibling_path;

/// Bytes of a log's header: <https://www.sqlite.org/fileformat2.html#walformat>.
const WAL_HEADER_LEN: usize = 32;

/// Bytes of the header of a frame, which precedes each page in the log.
const FRAME_HEADER_LEN: usize = 24;

/// The offset of `user_version` in the first page of the database.
pub(super) const USER_VERSION_OFFSET: usize = 60;

/// After this many checks with different results, the log counts as in use by other processes.
const MAX_CHECKS: usize = 100;

/// A problem, with data by which a second check recognizes it.
#[derive(PartialEq, Eq)]
enum WalProblem {
    InvalidHeader([u8; WAL_HEADER_LEN]),
    /// The log's header and the number of the damaged frame.
    DamagedFrame([u8; WAL_HEADER_LEN], u64),
    /// The log's header, the `user_version` of the file, and the first one in the log.
    ForeignDatabase([u8; WAL_HEADER_LEN], UserVersion, UserVersion),
    /// The log's header; there is no database file.
    MissingDatabase([u8; WAL_HEADER_LEN]),
}

/// Checks the log beside the database at `path`.
///
/// # Errors
///
/// [`Error::CorruptLog`]; [`Error::ForeignLog`]; [`Error::Corrupt`] if the log is beside an empty
/// file.
pub(super) fn check_wal(path: &Path) -> Result<()> {
    let log = sibling_path(path, "-wal");
    // SQLite would treat other file types as an empty log. It does not follow links.
    if fs::symlink_metadata(&log).is_ok_and(|it| !it.is_file() && !it.is_symlink()) {
        return Err(Error::CorruptLog { path: log });
    }
    let mut previous = None;
    // Check until two results agree, since another process may be writing or checkpointing the log.
    for _ in 0..MAX_CHECKS {
        let problem = find_problem(path, &log)?;
        match problem {
            None => break,
            Some(WalProblem::ForeignDatabase(..) | WalProblem::MissingDatabase(_)) if previous == problem => {
                return Err(Error::ForeignLog { path: log, database: path.to_owned() });
            }
            Some(_) if previous == problem => return Err(Error::CorruptLog { path: log }),
            Some(_) => previous = problem,
        }
    }
    Ok(())
}

/// Checks once.
fn find_problem(path: &Path, log: &Path) -> Result<Option<WalProblem>> {
    let Some((mut log, head)) = read_header(log) else { return Ok(None) };
    // Check the file after the log: a process that creates a file writes to it before there is a
    // log.
    match fs::metadata(path) {
        Ok(file) if file.len() == 0 => return Err(Error::Corrupt { path: path.to_owned() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some(WalProblem::MissingDatabase(head))),
        _ => {}
    }
    if head.iter().all(|byte| *byte == 0) {
        // A power cut can leave this: the header is written and synced before anything else.
        return Ok(None);
    }
    let Some(mut sum) = WalChecksum::from_header(&head) else { return Ok(Some(WalProblem::InvalidHeader(head))) };
    let Some(file) = UserVersion::read_file(path) else { return Ok(None) };
    let found = FrameScan::scan(&mut log, &head, &mut sum, file);
    if let Some(damaged) = found.damaged_frame {
        return Ok(Some(WalProblem::DamagedFrame(head, damaged)));
    }
    let Some((first, last)) = found.committed_versions else { return Ok(None) };
    // The content of the file existed before the log, or has been moved there from it.
    let begin = first.previous();
    let belongs = file.is_unset() || begin.generations_behind(file) <= begin.generations_behind(last);
    Ok((!belongs).then_some(WalProblem::ForeignDatabase(head, file, first)))
}

/// Opens the log and reads its header, if it has one.
fn read_header(log: &Path) -> Option<(BufReader<File>, [u8; WAL_HEADER_LEN])> {
    let mut head = [0; WAL_HEADER_LEN];
    // Do not wait for the other end of a pipe.
    let kind = fs::metadata(log).ok()?.file_type();
    let mut log = kind.is_file().then(|| File::open(log).ok()).flatten().map(BufReader::new)?;
    log.read_exact(&mut head).ok()?;
    Some((log, head))
}

/// The result of scanning all frames.
#[derive(Default)]
struct FrameScan {
    /// The number of a frame that is damaged, and is not the torn end of the log.
    damaged_frame: Option<u64>,
    /// The first and the last `user_version` among the commits.
    committed_versions: Option<(UserVersion, UserVersion)>,
}

impl FrameScan {
    /// Scans all frames. A log ends at a frame that does not fit: a power cut leaves such an end,
    /// and what follows is from an older log or was never committed. But a commit with a new
    /// generation waits for the disk, so anything after it proves that it and everything before it
    /// was written: then a frame that does not fit is damaged.
    fn scan(log: &mut impl Read, head: &[u8; WAL_HEADER_LEN], sum: &mut WalChecksum, file: UserVersion) -> Self {
        let size = match read_u32(head, 8, true) {
            size @ (512 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536) => size as usize,
            _ => return Self::default(),
        };
        let mut frame = vec![0; FRAME_HEADER_LEN + size];
        let mut scan = Self::default();
        let (mut first_mismatch, mut page_version, mut is_durable) = (None, None, false);
        for n in 1.. {
            if log.read_exact(&mut frame).is_err() {
                break;
            }
            if frame[8..16] != head[16..24] {
                // The log ends before this frame, or the frame is damaged.
                (page_version, is_durable) = (None, false);
                first_mismatch.get_or_insert(n);
                sum.is_continuous = false;
                continue;
            }
            let fits = sum.add_frame(&frame);
            if first_mismatch.is_some() && fits && is_durable {
                scan.damaged_frame = first_mismatch;
                break;
            }
            if !fits {
                is_durable = false;
                if first_mismatch.is_some() {
                    page_version = None;
                }
                first_mismatch.get_or_insert(n);
            } else if read_u32(&frame, 0, true) == 1 {
                let at = FRAME_HEADER_LEN + USER_VERSION_OFFSET;
                page_version = Some(UserVersion::from_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]));
            }
            if read_u32(&frame, 4, true) != 0 {
                let last = scan.committed_versions.map_or(file, |(_, last)| last);
                if first_mismatch.is_none() {
                    scan.committed_versions = page_version
                        .map(|it| (scan.committed_versions.map_or(it, |(first, _)| first), it))
                        .or(scan.committed_versions);
                } else {
                    is_durable |= page_version.is_some_and(|it| it != last);
                }
                page_version = None;
            }
        }
        scan
    }
}

/// SQLite's checksum of a log, from frame to frame.
struct WalChecksum {
    is_big_endian: bool,
    s0: u32,
    s1: u32,
    /// Whether it is the checksum of the previous frame.
    is_continuous: bool,
}

impl WalChecksum {
    /// Returns the checksum of a log's header; `None` if SQLite would not accept it.
    fn from_header(head: &[u8; WAL_HEADER_LEN]) -> Option<Self> {
        let magic = read_u32(head, 0, true);
        let mut sum = Self { is_big_endian: magic & 1 == 1, s0: 0, s1: 0, is_continuous: true };
        sum.add(&head[..24]);
        (magic & !1 == 0x377f_0682 && sum.matches_at(head, 24)).then_some(sum)
    }

    /// Advances to the next frame and returns whether it fits the previous one.
    fn add_frame(&mut self, frame: &[u8]) -> bool {
        let known = self.is_continuous;
        if known {
            self.add(&frame[..8]);
            self.add(&frame[FRAME_HEADER_LEN..]);
        }
        let fits = known && self.matches_at(frame, 16) && read_u32(frame, 0, true) != 0;
        (self.s0, self.s1, self.is_continuous) = (read_u32(frame, 16, true), read_u32(frame, 20, true), true);
        fits
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            self.s0 = self.s0.wrapping_add(read_u32(pair, 0, self.is_big_endian)).wrapping_add(self.s1);
            self.s1 = self.s1.wrapping_add(read_u32(pair, 4, self.is_big_endian)).wrapping_add(self.s0);
        }
    }

    fn matches_at(&self, bytes: &[u8], at: usize) -> bool {
        (self.s0, self.s1) == (read_u32(bytes, at, true), read_u32(bytes, at + 4, true))
    }
}

fn read_u32(bytes: &[u8], at: usize, is_big_endian: bool) -> u32 {
    let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

#[cfg(test)]
#[path = "wal_check_tests.rs"]
mod tests;
