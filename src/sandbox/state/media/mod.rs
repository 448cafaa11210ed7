//! Temporary media: the files that the account uploads, which are valid for three days.
//!
//! developers.weixin.qq.com: doc/service/api/material/temporary/{api_uploadtempmedia, api_getmedia}

pub(in crate::sandbox) mod format;

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use crate::sandbox::ids;
use format::{MediaFormat, MediaKind};

/// The path under which the sandbox's pages load the files, followed by the id.
pub(in crate::sandbox) const MEDIA_PATH: &str = "/sandbox/media/";

const TTL_MS: i64 = 3 * 86_400_000;
/// The number of bytes that are kept. Beyond it the oldest files are removed, regardless of their
/// age.
const MAX_STORED_BYTES: usize = 64 << 20;
/// The memory that a file takes besides its bytes.
const ENTRY_OVERHEAD_BYTES: usize = 1 << 10;

/// An uploaded file.
#[derive(Debug)]
pub(in crate::sandbox) struct UploadedFile {
    pub(in crate::sandbox) kind: MediaKind,
    pub(in crate::sandbox) format: MediaFormat,
    pub(in crate::sandbox) bytes: Vec<u8>,
    /// Only of a voice message.
    pub(in crate::sandbox) seconds: Option<u32>,
    pub(in crate::sandbox) at_ms: i64,
}

/// A file of a message, as `/sandbox/inbox.json` shows it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::sandbox) struct AttachmentView {
    pub(in crate::sandbox) media_id: String,
    #[serde(rename = "type")]
    pub(in crate::sandbox) kind: MediaKind,
    content_type: &'static str,
    bytes: usize,
    /// The duration of a voice message.
    pub(in crate::sandbox) seconds: Option<u32>,
    /// The path under which the sandbox serves the file, as long as it is kept.
    pub(in crate::sandbox) path: String,
}

/// The uploaded files that are kept.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct MediaStore {
    files: HashMap<String, UploadedFile>,
    /// The ids of the files, oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl UploadedFile {
    /// Returns the description of this file in a message; `id` is the id of the file.
    pub(in crate::sandbox) fn view(&self, id: &str) -> AttachmentView {
        AttachmentView {
            media_id: id.to_owned(),
            kind: self.kind,
            content_type: self.format.content_type(),
            bytes: self.bytes.len(),
            seconds: self.seconds,
            path: format!("{MEDIA_PATH}{id}"),
        }
    }
}

impl MediaStore {
    /// Returns the file of that id if it was uploaded in the last three days.
    pub(in crate::sandbox) fn get_unexpired(&self, id: &str, now_ms: i64) -> Option<&UploadedFile> {
        self.files.get(id).filter(|file| now_ms - file.at_ms < TTL_MS)
    }

    /// Returns the file of that id, regardless of its age, as long as it is kept.
    pub(in crate::sandbox) fn get(&self, id: &str) -> Option<&UploadedFile> {
        self.files.get(id)
    }

    /// Adds a file, and returns its new id.
    pub(in crate::sandbox) fn add(&mut self, file: UploadedFile) -> String {
        let id = ids::media_id();
        self.bytes += file.bytes.len() + ENTRY_OVERHEAD_BYTES;
        self.order.push_back(id.clone());
        self.files.insert(id.clone(), file);
        while self.bytes > MAX_STORED_BYTES
            && let Some(oldest) = self.order.pop_front()
            && let Some(file) = self.files.remove(&oldest)
        {
            self.bytes -= file.bytes.len() + ENTRY_OVERHEAD_BYTES;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_files_are_removed_above_limit() {
        let mut store = MediaStore::default();
        let file = |size| UploadedFile {
            kind: MediaKind::Video,
            format: MediaFormat::Mp4,
            bytes: vec![0; size],
            seconds: None,
            at_ms: 0,
        };
        let ids: Vec<String> = (0..30).map(|_| store.add(file(10 << 20))).collect();
        let kept: Vec<bool> = ids.iter().map(|id| store.get_unexpired(id, TTL_MS - 1).is_some()).collect();
        assert_eq!(kept.iter().filter(|kept| **kept).count(), 6);
        assert!(!kept[23] && kept[24]);
        assert!(store.get_unexpired(&ids[29], TTL_MS).is_none());
        assert!(store.bytes <= MAX_STORED_BYTES && store.files.len() == store.order.len());
    }
}
