//! The config file as TOML. Values are read by table and name, and every error names the line. No
//! error repeats the line itself, because it may hold the secret.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::environment::Environment;
use super::error::{Error, Expected};
use super::keys::{self, KeyKind};
use super::origin::{Origin, Setting};

/// A parsed config file in which every key is known.
pub(super) struct Document<'t> {
    path: PathBuf,
    text: &'t str,
    root: DeTable<'t>,
    environment: &'t Environment,
}

impl<'t> Document<'t> {
    /// Returns the document for a config file that does not exist.
    pub(super) fn empty(environment: &'t Environment) -> Self {
        Self { path: PathBuf::new(), text: "", root: DeTable::new(), environment }
    }

    /// Parses `text`, the content of the file `path`.
    pub(super) fn parse(path: &Path, text: &'t str, environment: &'t Environment) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let (line, column) = line_and_column(text, start);
            // The parser's message and excerpt may contain a part of the line, so neither is
            // repeated.
            Error::Syntax { path: path.to_owned(), line, column, is_duplicate: error.message().contains("duplicate") }
        })?;
        let document = Self { path: path.to_owned(), text, root: root.into_inner(), environment };
        document.check_keys(&document.root, &mut Vec::new())?;
        Ok(document)
    }

    /// Returns the keys outside of any table.
    pub(super) fn root(&self) -> Section<'_> {
        Section { document: self, parents: Vec::new(), table: Some(&self.root) }
    }

    /// Returns the line at which `span` begins.
    fn origin(&self, span: Range<usize>) -> Origin {
        Origin::File { path: self.path.clone(), line: line_and_column(self.text, span.start).0 }
    }

    /// Rejects the first key, in the order of the file, that is unknown or should be a table.
    fn check_keys<'d>(&'d self, table: &'d DeTable<'t>, parents: &mut Vec<&'d str>) -> Result<(), Error> {
        for (key, value) in in_file_order(table) {
            parents.push(key.get_ref());
            let known = keys::classify(parents);
            if matches!(known, KeyKind::Unknown) {
                return Err(Error::UnknownKey {
                    key: keys::dotted_key(parents),
                    origin: self.origin(key.span()),
                    nearest: keys::closest_key(parents),
                });
            }
            match (value.get_ref(), known) {
                (DeValue::Table(below), _) => self.check_keys(below, parents)?,
                (_, KeyKind::Table) => {
                    let (key, origin) = (keys::dotted_key(parents), self.origin(value.span()));
                    return Err(Error::InvalidValue { key, origin, expected: Expected::Table });
                }
                _ => {}
            }
            parents.pop();
        }
        Ok(())
    }
}

type TableEntry<'d, 't> = (&'d Spanned<DeString<'t>>, &'d Spanned<DeValue<'t>>);

/// Returns the entries in the order of the file; the table itself is sorted by name.
fn in_file_order<'d, 't>(table: &'d DeTable<'t>) -> Vec<TableEntry<'d, 't>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Returns the line and the column (in characters) of a byte, both from 1.
fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// One table of the file. A missing table is empty.
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    parents: Vec<&'d str>,
    table: Option<&'d DeTable<'d>>,
}

impl<'d> Section<'d> {
    /// Returns the table `name` within this one.
    pub(super) fn section(&self, name: &'d str) -> Section<'d> {
        let table = self.find(name).and_then(|value| value.get_ref().as_table());
        let mut parents = self.parents.clone();
        parents.push(name);
        Section { document: self.document, parents, table }
    }

    /// Returns the names in this table, in the order of the file.
    pub(super) fn names(&self) -> Vec<&'d str> {
        let entries = self.table.map(in_file_order).unwrap_or_default();
        entries.into_iter().map(|(key, _)| key.get_ref().as_ref()).collect()
    }

    /// Returns a value and its origin.
    pub(super) fn get(&self, name: &str) -> Option<(&'d DeValue<'d>, Origin)> {
        self.find(name).map(|value| (value.get_ref(), self.document.origin(value.span())))
    }

    /// Returns the origin of a value, [`Origin::Default`] if it is not set.
    pub(super) fn origin(&self, name: &str) -> Origin {
        self.find(name).map_or(Origin::Default, |value| self.document.origin(value.span()))
    }

    /// Returns the full name of a key in this table.
    pub(super) fn key(&self, name: &str) -> String {
        keys::dotted_key(&[self.parents.as_slice(), &[name]].concat())
    }

    /// Reads a string.
    pub(super) fn text<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        expected: Expected,
    ) -> Result<Option<Setting<T>>, Error> {
        self.value(name, |value| value.as_str().and_then(&parse), expected)
    }

    /// Reads a non-negative integer.
    pub(super) fn number<T>(
        &self,
        name: &str,
        parse: impl Fn(u64) -> Option<T>,
        expected: Expected,
    ) -> Result<Option<Setting<T>>, Error> {
        let read = |value: &DeValue<'_>| {
            let number = value.as_integer()?;
            u64::from_str_radix(number.as_str(), number.radix()).ok().and_then(&parse)
        };
        self.value(name, read, expected)
    }

    /// Reads a path. A leading `~/` is expanded; a relative path starts at the directory of the
    /// config file.
    pub(super) fn path(&self, name: &str) -> Result<Option<Setting<PathBuf>>, Error> {
        let text = self.text(name, |text| (!text.is_empty()).then(|| PathBuf::from(text)), Expected::Path)?;
        let Some(Setting { value, origin }) = text else { return Ok(None) };
        let path = self.document.environment.expand_path(&value, &origin)?;
        let config_dir = self.document.path.parent().unwrap_or(Path::new(""));
        Ok(Some(Setting::new(config_dir.join(path), origin)))
    }

    /// Reads a value of any type.
    pub(super) fn value<T>(
        &self,
        name: &str,
        read: impl Fn(&DeValue<'d>) -> Option<T>,
        expected: Expected,
    ) -> Result<Option<Setting<T>>, Error> {
        let Some((value, origin)) = self.get(name) else { return Ok(None) };
        match read(value) {
            Some(value) => Ok(Some(Setting::new(value, origin))),
            None => Err(Error::InvalidValue { key: self.key(name), origin, expected }),
        }
    }

    /// Returns the text of a value exactly as the file has it.
    pub(super) fn raw_text(&self, name: &str) -> Option<&'d str> {
        self.document.text.get(self.find(name)?.span())
    }

    fn find(&self, name: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table?.get(name)
    }
}
