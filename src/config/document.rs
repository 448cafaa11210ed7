//! The config file as TOML: every value can be asked for by table and name, and every error names the
//! line. A line itself is never repeated, for it may hold the secret.

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
    /// What stands in for a file that is not there.
    pub(super) fn empty(environment: &'t Environment) -> Self {
        Self { path: PathBuf::new(), text: "", root: DeTable::new(), environment }
    }

    /// Parses `text`, the content of the file `path`.
    pub(super) fn parse(path: &Path, text: &'t str, environment: &'t Environment) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let (line, column) = line_and_column(text, start);
            // Neither what the parser shows nor what it says is repeated: both may hold a piece of the line.
            Error::Syntax { path: path.to_owned(), line, column, is_duplicate: error.message().contains("duplicate") }
        })?;
        let document = Self { path: path.to_owned(), text, root: root.into_inner(), environment };
        document.check_keys(&document.root, &mut Vec::new())?;
        Ok(document)
    }

    /// The keys outside of any table.
    pub(super) fn root(&self) -> Section<'_> {
        Section { document: self, parents: Vec::new(), table: Some(&self.root) }
    }

    /// Where in the file that is.
    fn origin(&self, span: Range<usize>) -> Origin {
        Origin::File { path: self.path.clone(), line: line_and_column(self.text, span.start).0 }
    }

    /// Refuses the first key, in the order of the file, that does not exist or is no table but should be.
    fn check_keys<'d>(&'d self, table: &'d DeTable<'t>, parents: &mut Vec<&'d str>) -> Result<(), Error> {
        for (key, value) in in_file_order(table) {
            parents.push(key.get_ref());
            let known = keys::classify(parents);
            if matches!(known, KeyKind::Unknown) {
                return Err(Error::UnknownKey {
                    key: dotted_name(parents),
                    origin: self.origin(key.span()),
                    nearest: keys::closest_key(parents),
                });
            }
            match (value.get_ref(), known) {
                (DeValue::Table(below), _) => self.check_keys(below, parents)?,
                (_, KeyKind::Table) => {
                    let (key, origin) = (dotted_name(parents), self.origin(value.span()));
                    return Err(Error::InvalidValue { key, origin, expected: Expected::Table });
                }
                _ => {}
            }
            parents.pop();
        }
        Ok(())
    }
}

fn dotted_name(path: &[&str]) -> String {
    path.split_last().map_or_else(String::new, |(last, parents)| keys::dotted_key(parents, last))
}

type TableEntry<'d, 't> = (&'d Spanned<DeString<'t>>, &'d Spanned<DeValue<'t>>);

/// The entries as they stand in the file; the table itself is sorted by name.
fn in_file_order<'d, 't>(table: &'d DeTable<'t>) -> Vec<TableEntry<'d, 't>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Line and column (in characters) of a byte, both from 1.
fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// One table of the file; it may be missing, and then has nothing in it.
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    parents: Vec<&'d str>,
    table: Option<&'d DeTable<'d>>,
}

impl<'d> Section<'d> {
    /// The table `name` in this one.
    pub(super) fn section(&self, name: &'d str) -> Section<'d> {
        let table = self.find(name).and_then(|value| value.get_ref().as_table());
        let mut parents = self.parents.clone();
        parents.push(name);
        Section { document: self.document, parents, table }
    }

    /// The names in this table, in the order of the file.
    pub(super) fn names(&self) -> Vec<&'d str> {
        let entries = self.table.map(in_file_order).unwrap_or_default();
        entries.into_iter().map(|(key, _)| key.get_ref().as_ref()).collect()
    }

    /// The value of this name and where it stands.
    pub(super) fn get(&self, name: &str) -> Option<(&'d DeValue<'d>, Origin)> {
        self.find(name).map(|value| (value.get_ref(), self.document.origin(value.span())))
    }

    /// Where this name stands; the default's place where it does not.
    pub(super) fn origin(&self, name: &str) -> Origin {
        self.find(name).map_or(Origin::Default, |value| self.document.origin(value.span()))
    }

    /// The full name of a key in this table.
    pub(super) fn key(&self, name: &str) -> String {
        keys::dotted_key(&self.parents, name)
    }

    /// A value that is written as text.
    pub(super) fn text<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        expected: Expected,
    ) -> Result<Option<Setting<T>>, Error> {
        self.value(name, |value| value.as_str().and_then(&parse), expected)
    }

    /// A value that is written as a whole number from 0.
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

    /// A path: a leading `~/` is the home, a relative one starts at the directory of the config file.
    pub(super) fn path(&self, name: &str) -> Result<Option<Setting<PathBuf>>, Error> {
        let text = self.text(name, |text| (!text.is_empty()).then(|| PathBuf::from(text)), Expected::Path)?;
        let Some(Setting { value, origin }) = text else { return Ok(None) };
        let path = self.document.environment.expand_path(&value, &origin)?;
        let config_dir = self.document.path.parent().unwrap_or(Path::new(""));
        Ok(Some(Setting::new(config_dir.join(path), origin)))
    }

    /// A value of any kind.
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

    /// The text of the file for the value of this name, exactly as it was written.
    pub(super) fn raw_text(&self, name: &str) -> Option<&'d str> {
        self.document.text.get(self.find(name)?.span())
    }

    fn find(&self, name: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.table?.get(name)
    }
}
