//! Files and directories that only this user can read, regardless of the umask; reading with a size
//! limit; and the check whether a file could be created.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Opens or creates a file for writing, with mode 0600. Symbolic links are not followed: in a
/// directory that other users can write to, a link could redirect the file to any place.
pub fn open_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Creates a file with mode 0600.
///
/// # Errors
/// `AlreadyExists` if the file or a dangling link exists.
pub fn create_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true).create_new(true))
}

/// Opens an existing file for writing. Symbolic links are not followed.
pub fn open_existing_private(path: &Path) -> io::Result<File> {
    open_private_with(path, OpenOptions::new().write(true))
}

/// Gives a file that is still empty the owner, the group and the group permissions of `reference`:
/// a file beside the database must be usable by every user who may use the database. This is best
/// effort, because only root can change the owner.
///
/// # Errors
/// The metadata of one of the two files cannot be read.
pub fn copy_ownership(file: &File, reference: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (metadata, reference) = (file.metadata()?, std::fs::metadata(reference)?);
    // A file with content or with several links may be another file by a different name.
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
    // Without NONBLOCK, opening a pipe in place of the file would block.
    options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = options.open(path)?;
    ensure_owner_access(&file)?;
    Ok(file)
}

/// Creates a temporary file with mode 0600, which is deleted unless it is persisted.
pub fn private_temp_file(dir: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    // The temporary name is not part of the error.
    let file = tempfile::Builder::new().prefix(prefix).tempfile_in(dir).map_err(|e| io::Error::from(e.kind()))?;
    ensure_owner_access(file.as_file())?;
    Ok(file)
}

/// Restores the owner's access, which a restrictive umask may have removed: no process could open
/// the file again.
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

/// Returns the path of the file beside another one that has its name and this suffix.
pub fn sibling_path(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Returns the directory of a path; `.` for a bare name.
pub fn parent_dir(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a directory and its missing parents, with mode 0700.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    for dir in missing.into_iter().rev() {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(dir) {
            // Another process created it.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        }
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    // If the path is not a directory, creating a file in it will fail with the right error.
    Ok(())
}

/// Returns the directory of the file, or its nearest existing parent.
pub(crate) fn nearest_existing_dir(path: &Path) -> &Path {
    let dirs = path.ancestors().skip(1);
    dirs.filter(|dir| !dir.as_os_str().is_empty()).find(|dir| dir.exists()).unwrap_or(Path::new("."))
}

/// Checks that a file and its missing directories could be created. Creates nothing.
///
/// # Errors
/// The permissions do not allow it, or the file system is mounted read-only.
pub(crate) fn check_creatable(path: &Path) -> io::Result<()> {
    let dir = nearest_existing_dir(path);
    if !dir.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    use rustix::fs::{Access, access};
    access(dir, Access::WRITE_OK | Access::EXEC_OK)?;
    Ok(())
}

/// Reads the whole input, at most `limit` bytes, in case a device is named by mistake.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] if the input is longer.
pub fn read_limited(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_above_limit_is_rejected() {
        assert_eq!(read_limited(&b"1234"[..], 4).unwrap(), b"1234");
        assert_eq!(read_limited(io::repeat(0), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
