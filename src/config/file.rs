//! Finds the config file, reads it, and looks at who else may: a file that others can write would let
//! them send in the account's name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::environment::{Environment, Flags};
use super::error::Error;
use super::origin::Origin;
use crate::bounded;
use crate::words::system;

/// The config file as it was read.
pub(super) struct ConfigFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) text: String,
    /// Whether everybody on the machine may read it.
    pub(super) readable_by_all: bool,
}

/// Reads the file that `--config` or `WXBOX_CONFIG` names, else the first that is there of the user's own
/// and the system's. `None` where none is.
pub(super) fn find(flags: &Flags, environment: &Environment) -> Result<Option<ConfigFile>, Error> {
    let named = match (&flags.config, environment.path("WXBOX_CONFIG")) {
        (Some(path), _) => Some((path.clone(), Origin::Flag("--config"))),
        (None, Some(path)) => Some((path, Origin::Env("WXBOX_CONFIG"))),
        (None, None) => None,
    };
    if let Some((path, origin)) = named {
        return read(&path)?.map(Some).ok_or(Error::NoFile { path, origin });
    }
    for path in [environment.config_path().as_path(), environment.system_config()] {
        if let Some(found) = read(path)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The config file that is read; where there is none, the place where it belongs.
pub fn path_in_force(flags: &Flags, environment: &Environment) -> PathBuf {
    let named = flags.config.clone().or_else(|| environment.path("WXBOX_CONFIG"));
    named.unwrap_or_else(|| {
        let own = environment.config_path();
        let places = [own.as_path(), environment.system_config()];
        places.into_iter().find(|path| path.exists()).map(Path::to_owned).unwrap_or(own.clone())
    })
}

/// Where a new config belongs: the place that is named, else the user's own.
pub fn path_to_write(flags: &Flags, environment: &Environment) -> PathBuf {
    let named = flags.config.clone().or_else(|| environment.path("WXBOX_CONFIG"));
    named.unwrap_or_else(|| environment.config_path())
}

/// `None` where there is no such file.
fn read(path: &Path) -> Result<Option<ConfigFile>, Error> {
    let unreadable = |error: io::Error| Error::Unreadable { path: path.to_owned(), reason: system(&error) };
    if path.is_dir() {
        return Err(Error::Directory { path: path.to_owned() });
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    let readable_by_all = check_modes(path, &file, &metadata)?;
    let bytes = bounded::read(file, LIMIT).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::NotUtf8 { path: path.to_owned(), line }
    })?;
    Ok(Some(ConfigFile { path: path.to_owned(), text, readable_by_all }))
}

/// More than any config or secret; a device by mistake is not read for ever.
pub(super) const LIMIT: u64 = 1 << 20;

/// Refuses a file that others can write; tells whether everybody can read it.
fn check_modes(path: &Path, file: &File, metadata: &fs::Metadata) -> Result<bool, Error> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o777;
    // A pipe or a terminal is handed over by whoever started us.
    if mode & 0o026 == 0 || !metadata.is_file() || modes_mean_nothing(file) {
        return Ok(false);
    }
    if mode & 0o022 != 0 {
        return Err(Error::Writable { path: path.to_owned(), mode });
    }
    Ok(mode & 0o004 != 0)
}

/// The permission bits of a file or directory; `None` where it is none of these, or its file system makes them up.
pub fn modes(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(path).ok().filter(|it| it.is_file() || it.is_dir())?;
    // Never by opening it: to close a file drops the locks that SQLite has on it in this process.
    #[cfg(target_os = "linux")]
    if rustix::fs::statfs(path).is_ok_and(|system| is_without_modes(&system)) {
        return None;
    }
    Some(metadata.permissions().mode() & 0o7777)
}

/// Linux's numbers for file systems that make their modes up, as `statfs` gives them.
#[cfg(target_os = "linux")]
const WITHOUT_MODES: [(u32, &str); 11] = [
    (0x0000_4d44, "vfat"),
    (0x2011_bab0, "exfat"),
    (0x5346_544e, "ntfs"),
    (0x7366_746e, "ntfs3"),
    (0x0102_1997, "9p (Windows drives in WSL)"),
    (0x6573_5546, "fuse (ntfs-3g, Docker Desktop, virtiofs)"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

#[cfg(target_os = "linux")]
fn modes_mean_nothing(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|system| is_without_modes(&system))
}

#[cfg(target_os = "linux")]
fn is_without_modes(system: &rustix::fs::StatFs) -> bool {
    // The field's width differs between architectures; the numbers have 32 bits.
    WITHOUT_MODES.iter().any(|(number, _)| *number == system.f_type as u32)
}

#[cfg(not(target_os = "linux"))]
fn modes_mean_nothing(_: &File) -> bool {
    false
}
