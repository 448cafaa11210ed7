//! Changes of the config file: read, changed as text, checked, and written atomically.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use toml_edit::{Array, Value};

use super::environment::Environment;
use super::error::Error;
use super::file::read_config_file;
use super::key_path::KeyPath;
use super::{Config, toml_text};
use crate::files;

/// A value for a key, in the type of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigValue {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A list of strings.
    List(Vec<String>),
}

impl ConfigValue {
    fn to_toml(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Integer(number) => (*number).into(),
            Self::List(texts) => Array::from_iter(texts.iter().map(String::as_str)).into(),
        }
    }
}

/// The config file while it is changed. Nothing is written before [`ConfigFileChange::write`].
/// The text may hold secrets, so there is no `Debug`.
#[derive(Clone)]
pub struct ConfigFileChange {
    path: PathBuf,
    original: Option<String>,
    text: String,
}

impl ConfigFileChange {
    /// Reads the file; one that does not exist is empty.
    ///
    /// # Errors
    /// As [`Config::load`], except that the content is not checked.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let original = read_config_file(path)?.map(|file| file.text);
        let text = original.clone().unwrap_or_default();
        Ok(Self { path: path.to_owned(), original, text })
    }

    /// Creates the change of a new file, which starts with this text. [`Self::write`] does not know
    /// its path.
    pub fn new_file(text: String) -> Self {
        Self { path: PathBuf::new(), original: None, text }
    }

    /// Replaces the whole text.
    pub fn with_text(mut self, text: String) -> Self {
        self.text = text;
        self
    }

    /// Returns whether the file exists.
    pub fn exists(&self) -> bool {
        self.original.is_some()
    }

    /// Returns the text with the changes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the text differs from that of the file.
    pub fn is_changed(&self) -> bool {
        self.original.as_deref() != Some(&self.text)
    }

    /// Returns whether the text has a value or a table at this path.
    pub fn contains(&self, key: &KeyPath) -> bool {
        toml_text::contains(&self.text, &key.segments())
    }

    /// Sets a value.
    ///
    /// # Errors
    /// The text is not TOML, or has a value in place of a table.
    pub fn set(&mut self, key: &KeyPath, value: &ConfigValue) -> Result<(), Error> {
        match toml_text::set_value(&self.text, &key.segments(), &value.to_toml()) {
            Some(text) => {
                self.text = text;
                Ok(())
            }
            None => Err(self.first_error(&Environment::from_process())),
        }
    }

    /// Removes a value or a table. Returns whether there was one.
    pub fn unset(&mut self, key: &KeyPath) -> bool {
        match toml_text::remove(&self.text, &key.segments()) {
            Some(text) => {
                self.text = text;
                true
            }
            None => false,
        }
    }

    /// Adds the table of a template: its ID with the title as a comment, and its fields as
    /// comments, so that `send` requires a value for each.
    pub fn add_template(&mut self, alias: &str, id: &str, title: &str, fields: &[&str]) {
        let quoted = |text: &str| Value::from(text).to_string();
        let title = title.replace(char::is_control, " ");
        let comment = if title.trim().is_empty() { String::new() } else { format!(" # {title}") };
        let header = toml_text::header(&["templates", alias]);
        let mut table = format!("\n[{header}]\nid = {}{comment}\n", quoted(id));
        if !fields.is_empty() {
            table += &format!("\n[{header}.data]\n");
            table.extend(fields.iter().map(|field| format!("# {} = \"\"\n", toml_text::header(&[field]))));
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text += &table;
        if self.original.is_none() {
            self.text = self.text.trim_start_matches('\n').to_owned();
        }
    }

    /// Returns the configuration that the changed text gives.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn check(&self, environment: &Environment) -> Result<Config, Error> {
        Config::from_text(&self.path, self.text.clone(), environment)
    }

    fn first_error(&self, environment: &Environment) -> Error {
        let not_toml = || Error::Syntax { path: self.path.clone(), line: 1, column: 1, is_duplicate: false };
        self.check(environment).err().unwrap_or_else(not_toml)
    }

    /// Writes the text. A file that exists keeps its mode and its owner; a new one is private. With
    /// `is_backed_up`, the previous file is kept beside it as `FILE.bak`, private; returns its
    /// path.
    ///
    /// # Errors
    /// [`io::ErrorKind::ResourceBusy`] if another program has changed the file since it was read;
    /// then nothing is written.
    pub fn write(&self, _lock: &ConfigLock, is_backed_up: bool) -> io::Result<Option<PathBuf>> {
        let target = link_target(&self.path);
        files::create_private_dir(files::parent_dir(&target))?;
        let existing = match fs::read(&target) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if existing.as_deref() != self.original.as_ref().map(String::as_bytes) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let reference = existing.as_ref().map(|_| fs::metadata(&target)).transpose()?;
        let previous = existing.filter(|_| is_backed_up);
        write_config_file(&target, &self.text, previous.as_deref(), reference.as_ref(), true)
    }
}

/// Keeps other processes from changing the config file while it exists.
pub struct ConfigLock {
    _dir: Option<File>,
}

impl ConfigLock {
    /// Waits until no other process holds the lock of this file.
    ///
    /// # Errors
    /// The directory cannot be created or opened.
    pub fn acquire(path: &Path) -> io::Result<Self> {
        let target = link_target(path);
        let dir = files::parent_dir(&target);
        files::create_private_dir(dir)?;
        let dir = File::open(dir)?;
        // The file itself is replaced, so the lock is on its directory. Without locks, as on some
        // network file systems, `write` still notices most changes.
        Ok(Self { _dir: dir.lock().is_ok().then_some(dir) })
    }
}

/// Returns the file that a symbolic link refers to, also one that does not exist yet.
pub(crate) fn link_target(path: &Path) -> PathBuf {
    if let Ok(target) = fs::canonicalize(path) {
        return target;
    }
    match fs::read_link(path) {
        Ok(target) => files::parent_dir(path).join(target),
        Err(_) => path.to_owned(),
    }
}

/// Writes a config file atomically: private, or with the owner and the mode of `reference`. Saves
/// `previous` beside it as `FILE.bak`, private, and returns the path of that backup.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if the file exists and `replace` is not set.
pub(crate) fn write_config_file(
    target: &Path,
    text: &str,
    previous: Option<&[u8]>,
    reference: Option<&Metadata>,
    replace: bool,
) -> io::Result<Option<PathBuf>> {
    let dir = files::parent_dir(target);
    let file = write_temp(dir, text.as_bytes())?;
    if let Some(reference) = reference {
        copy_owner_and_mode(file.as_file(), reference)?;
        file.as_file().sync_all()?;
    }
    let backup_path = previous.map(|_| files::sibling_path(target, ".bak"));
    if let (Some(bytes), Some(backup)) = (previous, &backup_path) {
        write_temp(dir, bytes)?.persist(backup)?;
    }
    if replace {
        file.persist(target)?;
    } else {
        file.persist_noclobber(target)?;
    }
    // Sync the directory, so that the name survives a power failure too. Not every file system can
    // open one.
    let _ = File::open(dir).and_then(|dir| dir.sync_all());
    Ok(backup_path)
}

/// Creates a file in `dir` with mode 0600 that is deleted unless it is persisted.
fn write_temp(dir: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let file = files::private_temp_file(dir, ".wxbox-config-")?;
    // The error of the temporary file would name its path.
    file.as_file().write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Gives a file the owner, the group and the mode of another one.
fn copy_owner_and_mode(file: &File, reference: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    let user = (own.uid() != reference.uid()).then(|| rustix::fs::Uid::from_raw(reference.uid()));
    let group = (own.gid() != reference.gid()).then(|| rustix::fs::Gid::from_raw(reference.gid()));
    if user.is_some() || group.is_some() {
        rustix::fs::fchown(file, user, group)?;
    }
    file.set_permissions(Permissions::from_mode(reference.mode() & 0o777))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> KeyPath {
        KeyPath::parse(text).unwrap()
    }

    fn write(change: &ConfigFileChange, path: &Path, is_backed_up: bool) -> io::Result<Option<PathBuf>> {
        change.write(&ConfigLock::acquire(path).unwrap(), is_backed_up)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_file_is_private_and_changed_file_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/config.toml");
        let mut change = ConfigFileChange::read(&path).unwrap();
        assert!(!change.exists());
        change.set(&key("app_id"), &ConfigValue::Text("wx1".into())).unwrap();
        assert_eq!(write(&change, &path, true).unwrap(), None);
        assert_eq!([mode(&path), mode(path.parent().unwrap())], [0o600, 0o700]);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let mut change = ConfigFileChange::read(&path).unwrap();
        change.set(&key("send.rate"), &ConfigValue::Integer(5)).unwrap();
        let bases = ConfigValue::List(vec!["https://a".into(), "https://b".into()]);
        change.set(&key("network.api_base"), &bases).unwrap();
        let backup = write(&change, &path, true).unwrap().unwrap();
        assert_eq!(backup, path.with_file_name("config.toml.bak"));
        assert_eq!([mode(&path), mode(&backup)], [0o640, 0o600]);
        assert_eq!(fs::read_to_string(&backup).unwrap(), "app_id = \"wx1\"\n");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("rate = 5") && text.contains("api_base = [\"https://a\", \"https://b\"]"), "{text}");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "no temporary file remains");
    }

    #[test]
    fn change_of_another_program_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let created = ConfigFileChange::read(&path).unwrap().with_text("app_id = \"a\"\n".into());
        write(&created, &path, false).unwrap();
        for current in ["app_id = \"b\"\n", ""] {
            fs::write(&path, current).unwrap();
            let error = write(&created, &path, false).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
            assert_eq!(fs::read_to_string(&path).unwrap(), current);
        }
    }

    #[test]
    fn symbolic_link_stays_and_its_target_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("dotfiles/own.toml"), dir.path().join("config.toml"));
        fs::create_dir(dir.path().join("dotfiles")).unwrap();
        std::os::unix::fs::symlink("dotfiles/own.toml", &link).unwrap();
        for text in ["app_id = \"a\"\n", "app_id = \"b\"\n"] {
            let change = ConfigFileChange::read(&link).unwrap().with_text(text.into());
            write(&change, &link, false).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
        }
    }

    #[test]
    fn alias_has_its_fields_as_comments() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let mut change = ConfigFileChange::read(&path).unwrap();
        change.add_template("备份", "T-1", "Backup\nfinished", &["host", "size"]);
        assert_eq!(
            change.text(),
            "[templates.\"备份\"]\nid = \"T-1\" # Backup finished\n\n\
             [templates.\"备份\".data]\n# host = \"\"\n# size = \"\"\n"
        );
        change.set(&key("templates.备份.data.size"), &ConfigValue::Text("1".into())).unwrap();
        assert!(change.text().ends_with("# host = \"\"\nsize = \"1\"\n"), "{}", change.text());
        let config = change.check(&Environment::from_pairs([("HOME", "/nowhere")])).unwrap();
        assert_eq!(config.templates["备份"].data.len(), 1);
        assert!(change.unset(&key("templates.备份")) && change.text().is_empty(), "{}", change.text());
    }
}
