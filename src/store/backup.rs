//! A copy of the whole database while others use it.

use std::io;
use std::path::Path;

use super::draft::Draft;
use super::{Error, Result, Store};
use crate::private;
use crate::words::system;

impl Store {
    /// Copies the database, with what is still in its write-ahead log, to `to`, 0600. It is written under
    /// another name first, so that it is whole or not there. `false`: there is something at `to` already,
    /// and `replace` does not say that it may go.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Open`] and the like name `to`.
    pub fn backup(&self, to: &Path, replace: bool) -> Result<bool> {
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::StorageFull => Error::Full { path: to.to_owned() },
            _ => Error::Open { path: to.to_owned(), cause: system(&e) },
        };
        let dir = private::directory_of(to);
        std::fs::metadata(dir).map_err(failed)?;
        let fresh = Draft::begin(dir).map_err(failed)?;
        if is_same(dir, private::directory_of(&self.path)) {
            private::share(fresh.file(), &self.path).map_err(failed)?;
        }
        let copied = fresh.fill(&self.conn).map_err(|e| Error::at(to, e))?;
        copied.ok_or_else(|| Error::Busy { path: self.path.clone() })?;
        fresh.place(to, replace).map_err(failed)
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}
