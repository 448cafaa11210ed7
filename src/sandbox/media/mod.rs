//! Temporary media: files that the account uploads, for three days, and what they may be.
//!
//! developers.weixin.qq.com: doc/service/api/material/temporary/{api_uploadtempmedia, api_getmedia}

mod calls;
mod format;
mod multipart;

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

pub(super) use calls::SHOWN;
use format::Format;

use super::random;

const LIFE_MS: i64 = 3 * 86_400_000;
/// Bytes that are kept; beyond them the oldest files are forgotten, whatever their age.
const KEPT: usize = 64 << 20;
/// What a file takes besides its bytes.
const OVERHEAD: usize = 1 << 10;

/// What a file is uploaded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Image,
    Voice,
    Video,
    /// The picture of a video, a music card or a mini-program card.
    Thumb,
}

/// An uploaded file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) kind: Kind,
    format: Format,
    bytes: Vec<u8>,
    /// Of a voice message.
    seconds: Option<u32>,
    at_ms: i64,
}

/// A file of a message, as `/sandbox/inbox.json` shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Attached {
    pub(super) media_id: String,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    content_type: &'static str,
    bytes: usize,
    /// How long a voice message is.
    pub(super) seconds: Option<u32>,
    /// Where the sandbox shows it, as long as it keeps it.
    pub(super) path: String,
}

/// The uploaded files, as many as fit.
#[derive(Debug, Default)]
pub(super) struct Store {
    files: HashMap<String, File>,
    /// Their ids, oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl File {
    /// What a message says of it; `id` is its own.
    pub(super) fn attached(&self, id: &str) -> Attached {
        Attached {
            media_id: id.to_owned(),
            kind: self.kind,
            content_type: self.format.content_type(),
            bytes: self.bytes.len(),
            seconds: self.seconds,
            path: format!("{SHOWN}{id}"),
        }
    }
}

impl Store {
    /// The file of that id, if it was uploaded in the last three days.
    pub(super) fn valid(&self, id: &str, now_ms: i64) -> Option<&File> {
        self.files.get(id).filter(|file| now_ms - file.at_ms < LIFE_MS)
    }

    /// Keeps a file under an id of its own.
    fn add(&mut self, file: File) -> String {
        let id = random::media_id();
        self.bytes += file.bytes.len() + OVERHEAD;
        self.order.push_back(id.clone());
        self.files.insert(id.clone(), file);
        while self.bytes > KEPT
            && let Some(oldest) = self.order.pop_front()
            && let Some(file) = self.files.remove(&oldest)
        {
            self.bytes -= file.bytes.len() + OVERHEAD;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_make_room() {
        let mut store = Store::default();
        let file =
            |size| File { kind: Kind::Video, format: Format::Mp4, bytes: vec![0; size], seconds: None, at_ms: 0 };
        let ids: Vec<String> = (0..30).map(|_| store.add(file(10 << 20))).collect();
        let kept: Vec<bool> = ids.iter().map(|id| store.valid(id, LIFE_MS - 1).is_some()).collect();
        assert_eq!(kept.iter().filter(|kept| **kept).count(), 6);
        assert!(!kept[23] && kept[24]);
        assert!(store.valid(&ids[29], LIFE_MS).is_none());
        assert!(store.bytes <= KEPT && store.files.len() == store.order.len());
    }
}
