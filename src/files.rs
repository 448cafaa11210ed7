//! Files and directories that only this user can read, whatever the umask is; reading with a size
//! limit; and the check whether a file could be created.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use tempfile::NamedTempFile;

/// Opens a file for writing, making it where there is none: 0600. A link in its place is not followed: in a
/// directory that others can write to, it would have a file made or taken wherever they like.
///
/// # Errors
/// The system's.
pub fn open_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Makes a file that is not there yet: 0600.
///
/// # Errors
/// The system's; `AlreadyExists` also where a link is there that leads nowhere.
pub fn create_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true).create_new(true))
}

/// Opens a file that is there, for writing; a link in its place is not followed.
///
/// # Errors
/// The system's.
pub fn open_existing_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true))
}

/// Gives a file that is still empty to the owner and the group of another one, with the rights that its group has to
/// it: what is made beside the database is for all who may use the database, whoever makes it. Best effort: only root
/// may give files away.
///
/// # Errors
/// Those of looking at the two.
pub fn copy_ownership(file: &File, reference: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (metadata, reference) = (file.metadata()?, std::fs::metadata(reference)?);
    // Never one that may be something else by another name.
    if !metadata.is_file() || metadata.len() > 0 || metadata.nlink() != 1 {
        return Ok(());
    }
    if (metadata.uid(), metadata.gid()) != (reference.uid(), reference.gid()) {
        let user = rustix::process::geteuid().is_root().then(|| rustix::fs::Uid::from_raw(reference.uid()));
        let _ = rustix::fs::fchown(file, user, Some(rustix::fs::Gid::from_raw(reference.gid())));
    }
    let metadata = file.metadata()?;
    let group = if metadata.gid() == reference.gid() && reference.mode() & 0o060 == 0o060 { 0o060 } else { 0 };
    if metadata.mode() & 0o777 != 0o600 | group {
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600 | group));
    }
    Ok(())
}

fn open_private_with(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    // A pipe in its place must not be waited for.
    options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = options.open(path)?;
    ensure_owner_access(&file)?;
    Ok(file)
}

/// A file in that directory, 0600, that goes again unless it gets a name.
///
/// # Errors
/// The system's.
pub fn private_temp_file(dir: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    // Its own name is nobody's business.
    let file = tempfile::Builder::new().prefix(prefix).tempfile_in(dir).map_err(|e| io::Error::from(e.kind()))?;
    ensure_owner_access(file.as_file())?;
    Ok(file)
}

/// A umask can only take away; one that takes from the owner would leave a file that nobody can open again.
fn ensure_owner_access(file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = file.metadata()?;
    let mut permissions = metadata.permissions();
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    if permissions.mode() & 0o600 != 0o600 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}

/// The directory that a path is in, be it only a name.
pub fn parent_dir(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory and those above it that are missing: 0700.
///
/// # Errors
/// The system's.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    for dir in missing.into_iter().rev() {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(dir) {
            // Another process was first.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        }
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    // What is there and is no directory is told by what is made in it.
    Ok(())
}

/// The directory of the file, or the nearest above it that is there.
pub(crate) fn nearest_existing_dir(path: &Path) -> &Path {
    let dirs = path.ancestors().skip(1);
    dirs.filter(|dir| !dir.as_os_str().is_empty()).find(|dir| dir.exists()).unwrap_or(Path::new("."))
}

/// Whether the file can be made, with the directories that it lacks; nothing is made.
///
/// # Errors
/// The system's: a mode, or a file system that is mounted read-only.
pub(crate) fn check_creatable(path: &Path) -> io::Result<()> {
    let dir = nearest_existing_dir(path);
    if !dir.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    use rustix::fs::{Access, access};
    access(dir, Access::WRITE_OK | Access::EXEC_OK)?;
    Ok(())
}

/// All that there is to read, if that is no more than `limit` bytes: of a device by mistake, no more is taken in.
///
/// # Errors
/// The input's; [`io::ErrorKind::FileTooLarge`].
pub fn read_limited(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit() {
        assert_eq!(read_limited(&b"1234"[..], 4).unwrap(), b"1234");
        assert_eq!(read_limited(io::repeat(0), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
