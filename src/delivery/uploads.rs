//! Files on their way to WeChat. A message waits for its media_ids before its attempt begins, so that it has not been
//! sent where an upload breaks off; and each file is uploaded once, however many messages wait for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::thread::spawn_or_run_inline;
use super::{DeliveryEvent, EventSink, TxError};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::store::{CachedMedia, ClaimedMessage, MediaKey, OutboxTx};
use crate::wechat::media::{EXPIRY_MARGIN, MEDIA_TTL, MediaFormat, MediaType, ProgressFn};
use crate::wechat::message::Content;
use crate::wechat::{self, Client};

/// Files on their way at a time.
const MAX_CONCURRENT_UPLOADS: usize = 2;

/// How often an upload says how far it is.
const PROGRESS_STEPS: u64 = 50;

/// A file, by the SHA-256 of its content, and what it is uploaded as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct UploadKey {
    pub(super) sha256: String,
    media_type: MediaType,
}

impl UploadKey {
    /// What the database calls it.
    pub(super) fn as_media_key(&self) -> MediaKey<'_> {
        MediaKey { sha256: &self.sha256, kind: self.media_type.as_str() }
    }
}

/// A message that waits for files.
pub(super) struct WaitingMessage {
    pub(super) claimed: ClaimedMessage,
    /// What a `stop_kind` refusal of it covers.
    pub(super) suspension_class: String,
    missing: Vec<UploadKey>,
}

/// A file to upload, with the name that people know it by.
pub(super) struct PendingUpload {
    pub(super) key: UploadKey,
    pub(super) file_name: String,
}

/// Why there is no media_id of a file.
pub(super) enum UploadError {
    /// It is not kept any more.
    FileMissing,
    /// WeChat refused it, or it did not get there.
    Api(wechat::Error),
}

/// How an upload ended.
pub(super) struct UploadResult {
    pub(super) key: UploadKey,
    pub(super) file_name: String,
    pub(super) token: Secret,
    pub(super) result: Result<CachedMedia, UploadError>,
}

/// What is known of the files of this run, and which messages wait for them.
#[derive(Default)]
pub(super) struct UploadQueue {
    waiting: Vec<WaitingMessage>,
    cached_media: HashMap<UploadKey, CachedMedia>,
    pending: Vec<PendingUpload>,
    in_flight: HashSet<UploadKey>,
    /// A message with a file was met.
    pub(super) saw_files: bool,
}

impl UploadQueue {
    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether that message waits.
    pub(super) fn contains(&self, id: i64) -> bool {
        self.waiting.iter().any(|waiting| waiting.claimed.message.id == id)
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The content with the media_ids in place, and these. Where one is missing the message is shelved instead.
    pub(super) fn resolve_media(
        &mut self,
        tx: &OutboxTx<'_>,
        claimed: ClaimedMessage,
        content: &Arc<Content>,
        suspension_class: String,
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
            suspension_class,
            missing: missing.iter().map(|upload| upload.key.clone()).collect(),
        });
        for upload in missing {
            let is_requested =
                self.in_flight.contains(&upload.key) || self.pending.iter().any(|pending| pending.key == upload.key);
            if !is_requested {
                self.pending.push(upload);
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

    /// The next file to upload, if there may be one more.
    pub(super) fn start_next(&mut self) -> Option<PendingUpload> {
        let upload = if self.in_flight.len() < MAX_CONCURRENT_UPLOADS { self.pending.pop() } else { None };
        self.in_flight.extend(upload.as_ref().map(|upload| upload.key.clone()));
        upload
    }

    /// Whether a file waits for its turn.
    pub(super) fn can_start_next(&self) -> bool {
        !self.pending.is_empty() && self.in_flight.len() < MAX_CONCURRENT_UPLOADS
    }

    /// An upload has ended: the messages that waited for it.
    pub(super) fn finish(&mut self, key: &UploadKey) -> Vec<WaitingMessage> {
        self.in_flight.remove(key);
        self.waiting.extract_if(.., |waiting| waiting.missing.contains(key)).collect()
    }

    /// A file has that media_id now.
    pub(super) fn remember(&mut self, key: UploadKey, media: CachedMedia) {
        self.cached_media.insert(key, media);
    }

    /// WeChat does not take these media_ids any more.
    pub(super) fn invalidate(&mut self, tx: &OutboxTx<'_>, media_refs: &MediaRefs) -> Result<(), TxError> {
        for (key, id) in media_refs {
            self.cached_media.retain(|cached, media| cached != key || media.media_id != *id);
            tx.delete_media(key.as_media_key(), id)?;
        }
        Ok(())
    }

    /// Takes all messages off.
    pub(super) fn drain_waiting(&mut self) -> impl Iterator<Item = ClaimedMessage> + use<> {
        self.pending.clear();
        std::mem::take(&mut self.waiting).into_iter().map(|waiting| waiting.claimed)
    }
}

/// Files with the media_ids that a request names them by.
pub(super) type MediaRefs = Vec<(UploadKey, String)>;

/// Carries files, each on a thread of its own.
pub(super) struct Uploader {
    client: Client,
    results: (Sender<UploadResult>, Receiver<UploadResult>),
}

impl Uploader {
    pub(super) fn new(client: Client) -> Self {
        Self { client, results: unbounded() }
    }

    /// What has ended.
    pub(super) fn results(&self) -> &Receiver<UploadResult> {
        &self.results.1
    }

    /// Uploads a file; `bytes` is `None` where it is not kept any more.
    pub(super) fn start(
        &self,
        upload: PendingUpload,
        bytes: Option<Arc<[u8]>>,
        token: Secret,
        events: &Arc<EventSink>,
    ) {
        let PendingUpload { key, file_name } = upload;
        let file = bytes.and_then(|bytes| Some((MediaFormat::detect(&bytes)?, bytes)));
        let Some((format, bytes)) = file else {
            // The other end is here.
            let _ = self.results.0.send(UploadResult { key, file_name, token, result: Err(UploadError::FileMissing) });
            return;
        };
        let (client, done, events) = (self.client.clone(), self.results.0.clone(), events.clone());
        let progress = progress_fn(&events, &file_name, bytes.len() as u64);
        spawn_or_run_inline("upload", move || {
            let created_at = Timestamp::now();
            let media = |media_id| CachedMedia { media_id, created_at, expires_at: created_at.plus(MEDIA_TTL) };
            let result =
                client.upload(&token, key.media_type, format, &bytes, &progress).map(media).map_err(UploadError::Api);
            events.send(DeliveryEvent::Uploaded(file_name.clone()));
            // Nobody listens where the run has ended meanwhile.
            let _ = done.send(UploadResult { key, file_name, token, result });
        });
    }
}

/// Tells how far a file is, now and then.
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
