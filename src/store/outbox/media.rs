//! Uploaded media, which WeChat keeps for three days, and the files that messages still need.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Error, Result, Store};
use super::OutboxTx;
use crate::clock::Timestamp;

/// A file that WeChat keeps for the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedMedia {
    /// WeChat's ID of the file.
    pub media_id: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Until when WeChat keeps it.
    pub expires_at: Timestamp,
}

/// A file and the type that it is uploaded as: `image`, `voice`, `video` or `thumb`.
#[derive(Clone, Copy, Debug)]
pub struct MediaKey<'a> {
    /// The SHA-256 of its content in hex digits.
    pub sha256: &'a str,
    /// The type.
    pub kind: &'a str,
}

/// A file that a message needs.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The SHA-256 of its content in hex digits.
    pub sha256: String,
    /// Its content.
    pub bytes: Arc<[u8]>,
}

fn find_media(
    conn: &Connection,
    app_id: &str,
    key: MediaKey<'_>,
    now: Timestamp,
) -> rusqlite::Result<Option<CachedMedia>> {
    let sql = "SELECT media_id, created_at, expires_at FROM media
               WHERE app_id = ?1 AND sha256 = ?2 AND type = ?3 AND expires_at > ?4";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(CachedMedia { media_id: row.get(0)?, created_at: row.get(1)?, expires_at: row.get(2)? })
    };
    conn.query_row(sql, params![app_id, key.sha256, key.kind, now], read).optional()
}

fn save_media(
    conn: &Connection,
    app_id: &str,
    key: MediaKey<'_>,
    media: &CachedMedia,
    now: Timestamp,
) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM media WHERE expires_at <= ?1", [now])?;
    let sql = "INSERT OR REPLACE INTO media (app_id, sha256, type, media_id, created_at, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let CachedMedia { media_id, created_at, expires_at } = media;
    conn.execute(sql, params![app_id, key.sha256, key.kind, media_id, created_at, expires_at]).map(drop)
}

impl Store {
    /// Returns the media ID of a file for the account, if it is valid at this time.
    pub fn find_media(&self, app_id: &str, key: MediaKey<'_>, now: Timestamp) -> Result<Option<CachedMedia>> {
        self.map_err(find_media(&self.conn, app_id, key, now))
    }

    /// Stores the media ID of a file in place of an earlier one.
    pub fn save_media(&mut self, app_id: &str, key: MediaKey<'_>, media: &CachedMedia, now: Timestamp) -> Result<()> {
        self.without_fsync(|store| {
            let path = store.path.clone();
            let at = |e| Error::from_sqlite(&path, e);
            let tx = store.begin_write()?;
            save_media(&tx, app_id, key, media, now).map_err(at)?;
            tx.commit().map_err(at)
        })
    }

    /// Returns the content of a file that a message needs.
    pub fn read_file(&self, sha256: &str) -> Result<Option<Arc<[u8]>>> {
        let sql = "SELECT bytes FROM files WHERE sha256 = ?1";
        let found = self.conn.query_row(sql, [sha256], |row| row.get::<_, Vec<u8>>(0)).optional();
        Ok(self.map_err(found)?.map(Into::into))
    }

    /// Deletes files that only sent messages refer to.
    pub fn delete_sent_files(&mut self) -> Result<()> {
        let sql = "DELETE FROM files WHERE NOT EXISTS (SELECT 1 FROM payload_files f JOIN messages m
                   ON m.payload_id = f.payload_id WHERE f.sha256 = files.sha256 AND m.state <> 'sent')";
        self.without_fsync(|store| store.map_err(store.conn.execute(sql, [])).map(drop))
    }
}

impl OutboxTx<'_> {
    /// Does the same as [`Store::find_media`].
    pub fn find_media(&self, key: MediaKey<'_>) -> Result<Option<CachedMedia>> {
        self.map_err(find_media(&self.tx, self.app_id, key, self.now.wall))
    }

    /// Does the same as [`Store::save_media`].
    pub fn save_media(&self, key: MediaKey<'_>, media: &CachedMedia) -> Result<()> {
        self.map_err(save_media(&self.tx, self.app_id, key, media, self.now.wall))
    }

    /// Deletes a media ID that WeChat no longer accepts; a newer one stays.
    pub fn delete_media(&self, key: MediaKey<'_>, media_id: &str) -> Result<()> {
        let sql = "DELETE FROM media WHERE app_id = ?1 AND sha256 = ?2 AND type = ?3 AND media_id = ?4";
        self.map_err(self.tx.execute(sql, params![self.app_id, key.sha256, key.kind, media_id])).map(drop)
    }

    /// Stores the files of a payload.
    pub(super) fn attach_files(&self, payload_id: i64, files: &[Attachment]) -> Result<()> {
        for file in files {
            let sql = "INSERT OR IGNORE INTO files (sha256, bytes) VALUES (?1, ?2)";
            self.map_err(self.tx.execute(sql, params![file.sha256, &file.bytes[..]]))?;
            let sql = "INSERT OR IGNORE INTO payload_files (payload_id, sha256) VALUES (?1, ?2)";
            self.map_err(self.tx.execute(sql, params![payload_id, file.sha256]))?;
        }
        Ok(())
    }
}
