//! Where a file belongs that is not there yet.

use std::io;
use std::path::Path;

/// The directory of the file, or the nearest above it that is there.
pub(super) fn nearest_existing_dir(path: &Path) -> &Path {
    let dirs = path.ancestors().skip(1);
    dirs.filter(|dir| !dir.as_os_str().is_empty()).find(|dir| dir.exists()).unwrap_or(Path::new("."))
}

/// Whether the file can be made, with the directories that it lacks; nothing is made.
///
/// # Errors
/// The system's: a mode, or a file system that is mounted read-only.
pub(super) fn check_creatable(path: &Path) -> io::Result<()> {
    let dir = nearest_existing_dir(path);
    if !dir.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    use rustix::fs::{Access, access};
    access(dir, Access::WRITE_OK | Access::EXEC_OK)?;
    Ok(())
}
