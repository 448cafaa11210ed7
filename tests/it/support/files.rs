//! The files of a home and their contents.

use std::path::{Path, PathBuf};

use crate::support::env::TestEnv;

/// Returns all files in a directory and its subdirectories.
pub fn list_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(list_files(&path)) } else { found.push(path) }
    }
    found
}

/// Returns whether a file contains this text.
pub fn contains(file: &Path, text: &str) -> bool {
    bytes_contain(&std::fs::read(file).unwrap(), text)
}

/// Returns whether these bytes contain this text.
pub fn bytes_contain(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// Returns whether a file of the database (the file, its write-ahead log, copies) contains this
/// text.
pub fn database_contains(env: &TestEnv, text: &str) -> bool {
    list_files(env.database_path().parent().unwrap()).iter().any(|file| contains(file, text))
}

/// Sets a file's mode.
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns a committed file of the project.
pub fn read_project_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}
