//! The generation of the database: a number in its first page that grows with each durable commit.
//! Page and number are in the write-ahead log with the commit, so that `wal_check` can distinguish
//! a log from that of another file, and damage in it from the torn end that a power cut leaves.
//!
//! The generation is the upper 24 bits of `user_version`; the lower 8 are the schema version. It
//! starts at a random number, and so does that of a backup, so files that have diverged have
//! different numbers.

use std::path::Path;

use rusqlite::Connection;

use super::connect::connect_immutable;
use crate::random::random_bytes;

/// The number of bits of the schema version in `user_version`.
const SCHEMA_BITS: u32 = 8;

/// The bits of the schema version in `user_version`.
pub(super) const SCHEMA_MASK: i64 = (1 << SCHEMA_BITS) - 1;

/// The number of generations.
const GENERATION_COUNT: u32 = 1 << (32 - SCHEMA_BITS);

/// A `user_version` as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UserVersion(u32);

impl UserVersion {
    /// Parses the bytes in the file.
    pub(super) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    /// Returns a version with this schema and a random generation.
    pub(super) fn new(schema: i64) -> rusqlite::Result<Self> {
        let bytes = random_bytes().map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
        Ok(Self(0).with_parts(u32::from_be_bytes(bytes) % GENERATION_COUNT, schema))
    }

    fn with_parts(self, generation: u32, schema: i64) -> Self {
        let schema = u32::try_from(schema).unwrap_or(0) % (1 << SCHEMA_BITS);
        Self(generation << SCHEMA_BITS | schema)
    }

    /// Returns the bytes for the file.
    pub(super) fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// Reads the version from an open database.
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let found: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(Self(found.cast_unsigned()))
    }

    /// Reads the version from a file, without its log.
    pub(super) fn read_file(path: &Path) -> Option<Self> {
        connect_immutable(path).and_then(|conn| Self::read(&conn)).ok()
    }

    pub(super) fn write(self, conn: &Connection) -> rusqlite::Result<()> {
        conn.pragma_update(None, "user_version", self.0.cast_signed())
    }

    /// Returns the schema version.
    pub(super) fn schema(self) -> i64 {
        i64::from(self.0 % (1 << SCHEMA_BITS))
    }

    /// Returns this generation with another schema version.
    pub(super) fn with_schema(self, schema: i64) -> Self {
        self.with_parts(self.generation(), schema)
    }

    /// Returns whether no version was written yet.
    pub(super) fn is_unset(self) -> bool {
        self.0 == 0
    }

    fn generation(self) -> u32 {
        self.0 >> SCHEMA_BITS
    }

    /// Returns how many generations this version is behind a later one.
    pub(super) fn generations_behind(self, later: Self) -> u32 {
        later.generation().wrapping_sub(self.generation()) % GENERATION_COUNT
    }

    /// Returns the previous generation.
    pub(super) fn previous(self) -> Self {
        self.with_parts(self.generation().wrapping_sub(1) % GENERATION_COUNT, self.schema())
    }
}

/// Counts a durable commit, in its transaction.
pub(super) fn advance_generation(tx: &Connection) -> rusqlite::Result<()> {
    let UserVersion(now) = UserVersion::read(tx)?;
    UserVersion(now.wrapping_add(1 << SCHEMA_BITS)).write(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_advances_without_schema_and_wraps_around() {
        let conn = Connection::open_in_memory().unwrap();
        UserVersion(0xffff_fe05).write(&conn).unwrap();
        let read_version = |conn| UserVersion::read(conn).unwrap();
        assert_eq!((read_version(&conn).schema(), read_version(&conn).generation()), (5, 0x00ff_fffe));
        let before = read_version(&conn);
        advance_generation(&conn).unwrap();
        assert_eq!((read_version(&conn).schema(), read_version(&conn).generation()), (5, 0x00ff_ffff));
        advance_generation(&conn).unwrap();
        assert_eq!(
            (
                read_version(&conn).schema(),
                read_version(&conn).generation(),
                before.generations_behind(read_version(&conn))
            ),
            (5, 0, 2)
        );
        assert_eq!(read_version(&conn).previous().generation(), 0x00ff_ffff);
        assert_eq!(read_version(&conn).with_schema(7), UserVersion(7));
    }
}
