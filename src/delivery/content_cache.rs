//! The parsed contents of a run's messages.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::TxError;
use crate::store::OutboxTx;
use crate::wechat::message::Content;

/// The maximum number of cached contents: a broadcast has one, a batch one per line.
const MAX_CACHED_CONTENTS: usize = 64;

/// Contents by payload ID, until another process changes the database.
#[derive(Default)]
pub(super) struct ContentCache {
    contents: HashMap<i64, Arc<Content>>,
    /// The version of the database that the contents were read from.
    version: Option<i64>,
}

impl ContentCache {
    /// Clears the cache if another process has changed the database: it may have deleted a payload,
    /// whose ID the next payload may get.
    pub(super) fn invalidate_if_changed(&mut self, tx: &OutboxTx<'_>) -> Result<(), TxError> {
        if !self.contents.is_empty() {
            let version = tx.data_version()?;
            if self.version.replace(version) != Some(version) {
                self.contents.clear();
            }
        }
        Ok(())
    }

    /// Returns a payload's content; `None` if the payload no longer exists.
    pub(super) fn load(&mut self, tx: &OutboxTx<'_>, payload_id: i64) -> Result<Option<Arc<Content>>, TxError> {
        if let Some(content) = self.contents.get(&payload_id) {
            return Ok(Some(content.clone()));
        }
        tx.payload(payload_id)?.map(|json| self.insert(payload_id, &json)).transpose()
    }

    /// Removes a payload that this process deletes, because the next payload may get its ID.
    pub(super) fn remove(&mut self, payload_id: i64) {
        self.contents.remove(&payload_id);
    }

    /// Parses and caches a payload.
    pub(super) fn insert(&mut self, payload_id: i64, json: &str) -> Result<Arc<Content>, TxError> {
        let content: Arc<Content> = Arc::new(serde_json::from_str(json)?);
        if self.contents.len() >= MAX_CACHED_CONTENTS {
            self.contents.clear();
        }
        self.contents.insert(payload_id, content.clone());
        Ok(content)
    }
}
