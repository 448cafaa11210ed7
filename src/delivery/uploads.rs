//! Uploads of files to WeChat. A message waits for its media IDs before its attempt starts, so that
//! a failed upload leaves it unsent; and each file is uploaded once, however many messages wait for
//! it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::error::TxError;
use super::thread::spawn_or_run_inline;
use super::{DeliveryEvent, EventSink};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::store::{CachedMedia, ClaimedMessage, MediaKey, OutboxTx};
use crate::wechat::media::{EXPIRY_MARGIN, MEDIA_TTL, MediaFormat, MediaType, ProgressFn};
use crate::wechat::message::Content;
use crate::wechat::{self, Client};

/// The number of concurrent uploads.
const MAX_CONCURRENT_UPLOADS: usize = 2;

/// The maximum number of progress events of an upload.
const PROGRESS_STEPS: u64 = 50;

/// A file by the SHA-256 of its content, and the type that it is uploaded as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadKey {
    pub(super) sha256: String,
    media_type: MediaType,
}

impl UploadKey {
    /// Returns the key in the database.
    pub(super) fn as_media_key(&self) -> MediaKey<'_> {
        MediaKey { sha256: &self.sha256, kind: self.media_type.as_str() }
    }
}

/// A message that waits for uploads.
pub(super) struct WaitingMessage {
    pub(super) claimed: ClaimedMessage,
    /// The [`message_class`](super::settlement::message_class) of the message.
    pub(super) message_class: String,
    missing: Vec<UploadKey>,
}

/// A file to upload, with the name that the user gave it.
pub struct PendingUpload {
    pub(super) key: UploadKey,
    pub(super) file_name: String,
}

/// Why an upload returned no media ID.
pub enum UploadError {
    /// The file is no longer stored.
    FileMissing,
    /// The file has none of the formats that this version of wxbox knows.
    UnknownFormat,
    /// WeChat refused the file, or the upload failed.
    Api(wechat::Error),
}

/// The result of an upload.
pub struct UploadResult {
    pub(super) key: UploadKey,
    pub(super) file_name: String,
    pub(super) token: Secret,
    pub(super) result: Result<CachedMedia, UploadError>,
}

/// The uploads of a run, and the messages that wait for them.
#[derive(Default)]
pub(super) struct UploadQueue {
    waiting: Vec<WaitingMessage>,
    cached_media: HashMap<UploadKey, CachedMedia>,
    /// The next ones to start.
    pending: VecDeque<PendingUpload>,
    in_flight: HashSet<UploadKey>,
    /// Whether a message with a file was seen.
    pub(super) saw_files: bool,
}

impl UploadQueue {
    /// Returns how many messages wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether the message waits.
    pub(super) fn contains(&self, id: i64) -> bool {
        self.waiting.iter().any(|waiting| waiting.claimed.message.id == id)
    }

    /// Returns whether no message waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the message with its content, in which media IDs are filled in. If one is missing,
    /// the message waits for the upload and `None` is returned.
    pub(super) fn resolve_media(
        &mut self,
        tx: &OutboxTx<'_>,
        claimed: ClaimedMessage,
        content: &Arc<Content>,
        message_class: String,
        now: Timestamp,
    ) -> Result<Option<(ClaimedMessage, Arc<Content>, MediaRefs)>, TxError> {
        let files = content.file_refs();
        if files.is_empty() {
            return Ok(Some((claimed, content.clone(), Vec::new())));
        }
        self.saw_files = true;
        let (mut media_refs, mut missing) = (Vec::new(), Vec::new());
        for (file, kind) in files {
            let key = UploadKey { sha256: file.sha256, media_type: kind };
            match self.find_media_id(tx, &key, now)? {
                Some(id) => media_refs.push((key, id)),
                None => missing.push(PendingUpload { key, file_name: file.file }),
            }
        }
        if missing.is_empty() {
            let id_of =
                |sha256: &str, kind| media_refs.iter().find(|(key, _)| key.sha256 == sha256 && key.media_type == kind);
            let resolved = content
                .with_media(|file, kind| id_of(&file.sha256, kind).map(|(_, id)| id.clone()).unwrap_or_default());
            return Ok(Some((claimed, Arc::new(resolved), media_refs)));
        }
        self.waiting.push(WaitingMessage {
            claimed,
            message_class,
            missing: missing.iter().map(|upload| upload.key.clone()).collect(),
        });
        for upload in missing {
            let is_requested =
                self.in_flight.contains(&upload.key) || self.pending.iter().any(|pending| pending.key == upload.key);
            if !is_requested {
                self.pending.push_back(upload);
            }
        }
        Ok(None)
    }

    fn find_media_id(&mut self, tx: &OutboxTx<'_>, key: &UploadKey, now: Timestamp) -> Result<Option<String>, TxError> {
        let is_usable = |media: &CachedMedia| media.expires_at > now.plus(EXPIRY_MARGIN);
        if !self.cached_media.get(key).is_some_and(is_usable)
            && let Some(media) = tx.find_media(key.as_media_key())?.filter(is_usable)
        {
            self.cached_media.insert(key.clone(), media);
        }
        Ok(self.cached_media.get(key).filter(|media| is_usable(media)).map(|media| media.media_id.clone()))
    }

    /// Starts the next upload if the limit allows one more, and returns it.
    pub(super) fn start_next(&mut self) -> Option<PendingUpload> {
        let upload = if self.in_flight.len() < MAX_CONCURRENT_UPLOADS { self.pending.pop_front() } else { None };
        self.in_flight.extend(upload.as_ref().map(|upload| upload.key.clone()));
        upload
    }

    /// Returns whether an upload can be started.
    pub(super) fn can_start_next(&self) -> bool {
        !self.pending.is_empty() && self.in_flight.len() < MAX_CONCURRENT_UPLOADS
    }

    /// Returns whether an upload is in progress.
    pub(super) fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Ends an upload and returns the messages that waited for it.
    pub(super) fn finish(&mut self, key: &UploadKey) -> Vec<WaitingMessage> {
        self.in_flight.remove(key);
        self.waiting.extract_if(.., |waiting| waiting.missing.contains(key)).collect()
    }

    /// Caches the media ID of a file.
    pub(super) fn remember(&mut self, key: UploadKey, media: CachedMedia) {
        self.cached_media.insert(key, media);
    }

    /// Forgets media IDs that WeChat no longer accepts.
    pub(super) fn invalidate(&mut self, tx: &OutboxTx<'_>, media_refs: &MediaRefs) -> Result<(), TxError> {
        for (key, id) in media_refs {
            // A newer one is found in the database.
            self.cached_media.remove(key);
            tx.delete_media(key.as_media_key(), id)?;
        }
        Ok(())
    }

    /// Removes and returns all waiting messages.
    pub(super) fn drain_waiting(&mut self) -> impl Iterator<Item = ClaimedMessage> + use<> {
        self.pending.clear();
        std::mem::take(&mut self.waiting).into_iter().map(|waiting| waiting.claimed)
    }
}

/// Files with the media IDs that a request uses for them.
pub(super) type MediaRefs = Vec<(UploadKey, String)>;

/// Uploads files, each on a thread of its own.
pub(super) struct Uploader {
    client: Client,
    results: (Sender<UploadResult>, Receiver<UploadResult>),
}

impl Uploader {
    pub(super) fn new(client: Client) -> Self {
        Self { client, results: unbounded() }
    }

    pub(super) fn results(&self) -> &Receiver<UploadResult> {
        &self.results.1
    }

    /// Uploads a file; `bytes` is `None` if the file is no longer stored.
    pub(super) fn start(
        &self,
        upload: PendingUpload,
        bytes: Option<Arc<[u8]>>,
        token: Secret,
        events: &Arc<EventSink>,
    ) {
        let PendingUpload { key, file_name } = upload;
        let file = bytes.ok_or(UploadError::FileMissing).and_then(|bytes| {
            let format = MediaFormat::detect(&bytes).ok_or(UploadError::UnknownFormat)?;
            Ok((format, bytes))
        });
        let (format, bytes) = match file {
            Ok(file) => file,
            Err(error) => {
                // `self` owns the receiver, so this cannot fail.
                let _ = self.results.0.send(UploadResult { key, file_name, token, result: Err(error) });
                return;
            }
        };
        let (client, done, events) = (self.client.clone(), self.results.0.clone(), events.clone());
        let progress = progress_fn(&events, &file_name, bytes.len() as u64);
        spawn_or_run_inline("upload", move || {
            let created_at = Timestamp::now();
            let media = |media_id| CachedMedia { media_id, created_at, expires_at: created_at.plus(MEDIA_TTL) };
            let result =
                client.upload(&token, key.media_type, format, &bytes, &progress).map(media).map_err(UploadError::Api);
            events.send(DeliveryEvent::Uploaded(file_name.clone()));
            // The run may have ended in the meantime.
            let _ = done.send(UploadResult { key, file_name, token, result });
        });
    }
}

/// Returns a callback that reports the progress of an upload in steps.
fn progress_fn(events: &Arc<EventSink>, name: &str, total_bytes: u64) -> ProgressFn {
    let (events, file_name, last_reported) = (events.clone(), name.to_owned(), AtomicU64::new(0));
    Arc::new(move |sent_bytes| {
        let last_sent = last_reported.load(Ordering::Relaxed);
        if sent_bytes == total_bytes
            || sent_bytes < last_sent
            || (sent_bytes - last_sent) * PROGRESS_STEPS >= total_bytes
        {
            last_reported.store(sent_bytes, Ordering::Relaxed);
            events.send(DeliveryEvent::Uploading { file_name: file_name.clone(), sent_bytes, total_bytes });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_uploaded_has_its_own_reason() {
        let uploader = Uploader::new(Client::new(&wechat::ClientSettings::without_host()).unwrap());
        let events = Arc::new(EventSink::new(unbounded().0, || {}));
        let error_for = |bytes: Option<&[u8]>| {
            let key = UploadKey { sha256: String::new(), media_type: MediaType::Image };
            let upload = PendingUpload { key, file_name: "a.png".to_owned() };
            uploader.start(upload, bytes.map(Arc::from), Secret::from("t".to_owned()), &events);
            uploader.results().try_recv().unwrap().result.err()
        };
        assert!(matches!(error_for(None), Some(UploadError::FileMissing)));
        assert!(matches!(error_for(Some(b"no picture")), Some(UploadError::UnknownFormat)));
    }
    #[test]
    fn progress_is_reported_in_steps_from_the_start_to_the_end() {
        let (sender, events) = unbounded();
        let progress = progress_fn(&Arc::new(EventSink::new(sender, || {})), "a.png", 1000);
        // A request that is repeated begins again.
        [19, 20, 39, 41, 60, 999, 1000, 10, 29, 30].into_iter().for_each(|sent_bytes| progress(sent_bytes));
        let reported: Vec<u64> = events
            .try_iter()
            .map(|event| match event {
                DeliveryEvent::Uploading { sent_bytes, total_bytes: 1000, .. } => sent_bytes,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(reported, [20, 41, 999, 1000, 10, 30]);
    }
}
