//! Files on their way to WeChat. A message waits for its media_ids before its attempt begins, so that it has not been
//! sent where an upload breaks off; and each file is uploaded once, however many messages wait for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::thread::spawn;
use super::{Event, Teller, Trouble};
use crate::secret::Secret;
use crate::store::{Held, Media, Turn, Which};
use crate::time::Timestamp;
use crate::wechat::media::{Format, LIFE, MARGIN, MediaType, Told};
use crate::wechat::message::Content;
use crate::wechat::{self, Client};

/// Files on their way at a time.
const AT_A_TIME: usize = 2;

/// How often an upload says how far it is.
const STEPS: u64 = 50;

/// A file, by the SHA-256 of its content, and what it is uploaded as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) sha256: String,
    kind: MediaType,
}

impl Key {
    /// What the database calls it.
    pub(super) fn which(&self) -> Which<'_> {
        Which { sha256: &self.sha256, kind: self.kind.as_str() }
    }
}

/// A message that waits for files.
pub(super) struct Shelved {
    pub(super) held: Held,
    /// What a `stop_kind` refusal of it covers.
    pub(super) class: String,
    needs: Vec<Key>,
}

/// A file to upload, with the name that people know it by.
pub(super) struct Wanted {
    pub(super) key: Key,
    pub(super) name: String,
}

/// Why there is no media_id of a file.
pub(super) enum Missed {
    /// It is not kept any more.
    Gone,
    /// WeChat refused it, or it did not get there.
    Failed(wechat::Error),
}

/// How an upload ended.
pub(super) struct Uploaded {
    pub(super) key: Key,
    pub(super) name: String,
    pub(super) token: Secret,
    pub(super) result: Result<Media, Missed>,
}

/// What is known of the files of this run, and which messages wait for them.
#[derive(Default)]
pub(super) struct Shelf {
    shelved: Vec<Shelved>,
    known: HashMap<Key, Media>,
    wanted: Vec<Wanted>,
    under_way: HashSet<Key>,
    /// A message with a file was met.
    pub(super) used: bool,
}

impl Shelf {
    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.shelved.len()
    }

    /// Whether that message waits.
    pub(super) fn has(&self, id: i64) -> bool {
        self.shelved.iter().any(|it| it.held.message.id == id)
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.shelved.is_empty()
    }

    /// The content with the media_ids in place, and these. Where one is missing the message is shelved instead.
    pub(super) fn fill(
        &mut self,
        turn: &Turn<'_>,
        held: Held,
        content: &Arc<Content>,
        class: String,
        now: Timestamp,
    ) -> Result<Option<(Held, Arc<Content>, Named)>, Trouble> {
        let files = content.files();
        if files.is_empty() {
            return Ok(Some((held, content.clone(), Vec::new())));
        }
        self.used = true;
        let (mut named, mut missing) = (Vec::new(), Vec::new());
        for (file, kind) in files {
            let key = Key { sha256: file.sha256, kind };
            match self.media_id(turn, &key, now)? {
                Some(id) => named.push((key, id)),
                None => missing.push(Wanted { key, name: file.file }),
            }
        }
        if missing.is_empty() {
            let id_of = |sha256: &str, kind| named.iter().find(|(key, _)| key.sha256 == sha256 && key.kind == kind);
            let filled = content
                .with_media(|file, kind| id_of(&file.sha256, kind).map(|(_, id)| id.clone()).unwrap_or_default());
            return Ok(Some((held, Arc::new(filled), named)));
        }
        self.shelved.push(Shelved { held, class, needs: missing.iter().map(|it| it.key.clone()).collect() });
        for it in missing {
            let asked = self.under_way.contains(&it.key) || self.wanted.iter().any(|wanted| wanted.key == it.key);
            if !asked {
                self.wanted.push(it);
            }
        }
        Ok(None)
    }

    fn media_id(&mut self, turn: &Turn<'_>, key: &Key, now: Timestamp) -> Result<Option<String>, Trouble> {
        let good = |media: &Media| media.expires_at > now.after(MARGIN);
        if !self.known.get(key).is_some_and(good)
            && let Some(media) = turn.media(key.which())?.filter(good)
        {
            self.known.insert(key.clone(), media);
        }
        Ok(self.known.get(key).filter(|media| good(media)).map(|media| media.media_id.clone()))
    }

    /// The next file to upload, if there may be one more.
    pub(super) fn next(&mut self) -> Option<Wanted> {
        let wanted = if self.under_way.len() < AT_A_TIME { self.wanted.pop() } else { None };
        self.under_way.extend(wanted.as_ref().map(|it| it.key.clone()));
        wanted
    }

    /// Whether a file waits for its turn.
    pub(super) fn has_next(&self) -> bool {
        !self.wanted.is_empty() && self.under_way.len() < AT_A_TIME
    }

    /// An upload has ended: the messages that waited for it.
    pub(super) fn ended(&mut self, key: &Key) -> Vec<Shelved> {
        self.under_way.remove(key);
        self.shelved.extract_if(.., |it| it.needs.contains(key)).collect()
    }

    /// A file has that media_id now.
    pub(super) fn know(&mut self, key: Key, media: Media) {
        self.known.insert(key, media);
    }

    /// WeChat does not take these media_ids any more.
    pub(super) fn forget(&mut self, turn: &Turn<'_>, named: &Named) -> Result<(), Trouble> {
        for (key, id) in named {
            self.known.retain(|known, media| known != key || media.media_id != *id);
            turn.forget_media(key.which(), id)?;
        }
        Ok(())
    }

    /// Takes all messages off.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Held> + use<> {
        self.wanted.clear();
        std::mem::take(&mut self.shelved).into_iter().map(|it| it.held)
    }
}

/// Files with the media_ids that a request names them by.
pub(super) type Named = Vec<(Key, String)>;

/// Carries files, each on a thread of its own.
pub(super) struct Porter {
    client: Client,
    done: (Sender<Uploaded>, Receiver<Uploaded>),
}

impl Porter {
    pub(super) fn new(client: Client) -> Self {
        Self { client, done: unbounded() }
    }

    /// What has ended.
    pub(super) fn done(&self) -> &Receiver<Uploaded> {
        &self.done.1
    }

    /// Uploads a file; `bytes` is `None` where it is not kept any more.
    pub(super) fn take(&self, it: Wanted, bytes: Option<Arc<[u8]>>, token: Secret, tell: &Arc<Teller>) {
        let Wanted { key, name } = it;
        let file = bytes.and_then(|bytes| Some((Format::of(&bytes)?, bytes)));
        let Some((format, bytes)) = file else {
            // The other end is here.
            let _ = self.done.0.send(Uploaded { key, name, token, result: Err(Missed::Gone) });
            return;
        };
        let (client, done, tell) = (self.client.clone(), self.done.0.clone(), tell.clone());
        let told = told(&tell, &name, bytes.len() as u64);
        spawn("upload", move || {
            let created_at = Timestamp::now();
            let media = |media_id| Media { media_id, created_at, expires_at: created_at.after(LIFE) };
            let result = client.upload(&token, key.kind, format, &bytes, &told).map(media).map_err(Missed::Failed);
            tell.tell(Event::Uploaded(name.clone()));
            // Nobody listens where the run has ended meanwhile.
            let _ = done.send(Uploaded { key, name, token, result });
        });
    }
}

/// Tells how far a file is, now and then.
fn told(tell: &Arc<Teller>, name: &str, whole: u64) -> Told {
    let (tell, file, last) = (tell.clone(), name.to_owned(), AtomicU64::new(0));
    Arc::new(move |done| {
        let before = last.load(Ordering::Relaxed);
        if done == whole || done < before || (done - before) * STEPS >= whole {
            last.store(done, Ordering::Relaxed);
            tell.tell(Event::Uploading { file: file.clone(), done, whole });
        }
    })
}
