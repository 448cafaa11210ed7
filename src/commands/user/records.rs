//! The people of a file, one by one: CSV with a header, or JSON Lines; what is wrong is named by line and
//! column.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use anyhow::Context as _;
use csv::ByteRecord;
use serde_json::{Map, Value};

use super::cell::unmarked;
use super::dialect::{Dialect, column, wrong_separator};
use super::strict::{Fault, Strict};
use crate::error::Failure;
use crate::line::looks_secret;
use crate::names::{ODD_IN_TAG, TAG_SEPARATORS, hidden};
use crate::t;
use crate::words::{json_fault, nearest};

/// What a file says of a person, in this order.
pub(super) const COLUMNS: [&str; 6] = ["username", "uid", "password", "openid", "tags", "note"];

/// Where the tags stand among [`COLUMNS`].
const TAGS: usize = 4;
/// Columns whose values are taken as they are: what somebody chose for a password is not looked into.
const UNMARKED: [&str; 2] = ["uid", "password"];

/// A person as the file has it, unchecked.
pub(super) struct Raw {
    pub(super) line: u64,
    /// In the order of [`COLUMNS`]; the place of the tags is empty.
    pub(super) fields: [String; COLUMNS.len()],
    pub(super) tags: Vec<String>,
}

type Input = Chain<Cursor<Vec<u8>>, Box<dyn Read>>;

enum Form {
    Csv(Box<Csv>),
    Json(BufReader<Input>, u64),
}

struct Csv {
    reader: csv::Reader<Strict<Input>>,
    dialect: Dialect,
    /// The place in [`COLUMNS`] of each of the file's columns; a column without a name has none.
    columns: Vec<Option<usize>>,
}

/// A file being read.
pub(super) struct Records {
    name: String,
    form: Form,
}

/// Enough to tell encodings and forms apart.
const HEAD: u64 = 1024;

impl Records {
    /// Begins to read: looks at the encoding and the header.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn open(mut from: Box<dyn Read>, name: String, json: bool) -> anyhow::Result<Self> {
        let mut head = Vec::new();
        from.by_ref().take(HEAD).read_to_end(&mut head).with_context(|| t!("import-read", file = name))?;
        if head.starts_with(&[0xff, 0xfe])
            || head.starts_with(&[0xfe, 0xff])
            || head.iter().take(4).any(|byte| *byte == 0)
        {
            return Err(Failure::usage(t!("import-utf16", file = name)).hint(t!("import-utf16-hint")).into());
        }
        if head.starts_with("\u{feff}".as_bytes()) {
            head.drain(..3);
        }
        let begin = head.trim_ascii_start();
        if begin.starts_with(b"[") {
            let wrong = Failure::usage(t!("import-json-array", file = name));
            return Err(wrong.hint(t!("import-json-array-hint")).into());
        }
        let json = json || begin.starts_with(b"{");
        let dialect = if json { Dialect { delimiter: b',', skipped: 0 } } else { Dialect::of(&mut head) };
        let input = Cursor::new(head).chain(from);
        if json {
            return Ok(Self { name, form: Form::Json(BufReader::new(input), 0) });
        }
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .from_reader(Strict::new(input, dialect.delimiter));
        let mut it = Self { name, form: Form::Csv(Box::new(Csv { reader, dialect, columns: Vec::new() })) };
        it.header()?;
        Ok(it)
    }

    /// The next person.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Raw>> {
        match self.form {
            Form::Csv(..) => self.row(),
            Form::Json(..) => self.object(),
        }
    }

    /// What is wrong in a column of a line.
    pub(super) fn wrong(&self, line: u64, column: &str, what: &str) -> Failure {
        Failure::usage(self.place(line, column, what))
    }

    /// The same as text.
    pub(super) fn place(&self, line: u64, column: &str, what: &str) -> String {
        t!("import-column", file = self.name, line = line, column = column, what = what)
    }

    /// What is wrong with a whole line.
    pub(super) fn wrong_line(&self, line: u64, what: &str) -> Failure {
        Failure::usage(t!("import-line", file = self.name, line = line, what = what))
    }

    fn record(&mut self) -> anyhow::Result<Option<ByteRecord>> {
        let Form::Csv(csv) = &mut self.form else { return Ok(None) };
        let skipped = csv.dialect.skipped;
        let mut record = ByteRecord::new();
        match csv.reader.read_byte_record(&mut record) {
            Ok(more) => Ok(more.then_some(record)),
            Err(error) => match csv.reader.get_ref().fault {
                Some((line, Fault::Open)) => Err(self.wrong_line(line + skipped, &t!("import-quote-open")).into()),
                Some((line, Fault::Behind)) => {
                    let wrong = self.wrong_line(line + skipped, &t!("import-quote-behind"));
                    Err(wrong.hint(t!("import-quote-behind-hint")).into())
                }
                None => Err(anyhow::Error::new(error).context(t!("import-read", file = self.name))),
            },
        }
    }

    fn header(&mut self) -> anyhow::Result<()> {
        let Some(record) = self.record()? else {
            return Err(Failure::usage(t!("import-empty", file = self.name)).hint(columns_hint()).into());
        };
        let line = self.line_of(&record);
        let mut places = Vec::new();
        for (n, field) in record.iter().enumerate() {
            let word = self.text(field, line, &(n + 1).to_string())?;
            let name = word.replace(|letter: char| hidden(letter.encode_utf8(&mut [0; 4])).is_some(), "");
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                places.push(None);
                continue;
            }
            let place = self.place_of(column(&name), line)?;
            if places.contains(&Some(place)) {
                return Err(self.wrong_line(line, &t!("import-column-twice", column = name)).into());
            }
            places.push(Some(place));
        }
        if !places.contains(&Some(0)) {
            return Err(self.wrong_line(line, &t!("import-no-username")).hint(columns_hint()).into());
        }
        if let Form::Csv(csv) = &mut self.form {
            csv.columns = places;
        }
        Ok(())
    }

    fn place_of(&self, name: &str, line: u64) -> Result<usize, Failure> {
        COLUMNS.iter().position(|column| *column == name).ok_or_else(|| {
            // The first line of a file that is none of people.
            let name = if looks_secret(name) { "***" } else { name };
            let wrong = self.wrong_line(line, &t!("import-column-unknown", column = name));
            // Columns separated by something else are no slip of the finger, and one name of them is not meant.
            if let Some(found) = wrong_separator(name) {
                return wrong.hint(t!("import-separator-hint", found = found.to_string()));
            }
            let near = nearest(name, COLUMNS).map(|near| t!("did-you-mean", name = near));
            wrong.hint(near.unwrap_or_else(columns_hint))
        })
    }

    fn row(&mut self) -> anyhow::Result<Option<Raw>> {
        let record = loop {
            match self.record()? {
                // A spreadsheet writes the empty rows below a table as separators alone.
                Some(record) if record.len() > 1 && record.iter().all(<[u8]>::is_empty) => {}
                Some(record) => break record,
                None => return Ok(None),
            }
        };
        let Form::Csv(csv) = &self.form else { return Ok(None) };
        let (columns, delimiter) = (&csv.columns, char::from(csv.dialect.delimiter));
        let line = self.line_of(&record);
        // Empty fields behind the last column are a spreadsheet's, too.
        let surplus = record.iter().skip(columns.len()).any(|field| !field.is_empty());
        if record.len() < columns.len() || surplus {
            let what = t!("import-fields", found = record.len(), expected = columns.len());
            let hint = t!("import-fields-hint", separator = delimiter.to_string());
            return Err(self.wrong_line(line, &what).hint(hint).into());
        }
        let mut raw = Raw { line, fields: Default::default(), tags: Vec::new() };
        for (n, (field, place)) in record.iter().zip(columns).enumerate() {
            let Some((place, column)) = place.and_then(|place| Some((place, *COLUMNS.get(place)?))) else {
                if field.is_empty() {
                    continue;
                }
                let what = self.wrong(line, &(n + 1).to_string(), &t!("import-column-unnamed"));
                return Err(what.hint(columns_hint()).into());
            };
            let text = self.text(field, line, column)?;
            if place == TAGS {
                // Without a semicolon a comma and its like can only mean to separate two tags: `user export` writes a
                // semicolon behind a tag that holds one.
                let others: &[char] = if text.contains(TAG_SEPARATORS) { &[] } else { &ODD_IN_TAG };
                let parts = text.split(|c| TAG_SEPARATORS.contains(&c) || others.contains(&c));
                let tags = parts.map(|tag| unmarked(tag.trim()).trim().to_owned());
                raw.tags.extend(tags.filter(|tag| !tag.is_empty()));
            } else if let Some(to) = raw.fields.get_mut(place) {
                *to = if UNMARKED.contains(&column) { text } else { unmarked(&text).to_owned() };
            }
        }
        Ok(Some(raw))
    }

    fn line_of(&self, record: &ByteRecord) -> u64 {
        let skipped = if let Form::Csv(csv) = &self.form { csv.dialect.skipped } else { 0 };
        record.position().map_or(1, csv::Position::line) + skipped
    }

    fn object(&mut self) -> anyhow::Result<Option<Raw>> {
        let (bytes, line) = loop {
            let Form::Json(reader, line) = &mut self.form else { return Ok(None) };
            let mut bytes = Vec::new();
            *line += 1;
            let length = reader.read_until(b'\n', &mut bytes).with_context(|| t!("import-read", file = self.name))?;
            if length == 0 {
                return Ok(None);
            }
            if !bytes.trim_ascii().is_empty() {
                break (bytes, *line);
            }
        };
        let text = String::from_utf8(bytes).map_err(|e| self.not_utf8(e.as_bytes(), line, None))?;
        let object: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|e| self.wrong(line, &e.column().to_string(), &json_fault(&e)).hint(t!("import-json-hint")))?;
        let mut raw = Raw { line, fields: Default::default(), tags: Vec::new() };
        for (key, value) in object {
            let place = self.place_of(&key, line)?;
            let wrong = |what: String| self.wrong(line, &key, &what);
            if place == TAGS {
                raw.tags = tags(&value).map_err(wrong)?;
            } else if let Some(to) = raw.fields.get_mut(place) {
                *to = word(&value).map_err(wrong)?;
            }
        }
        Ok(Some(raw))
    }

    fn text(&self, bytes: &[u8], line: u64, column: &str) -> Result<String, Failure> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.not_utf8(bytes, line, Some(column))),
        }
    }

    fn not_utf8(&self, bytes: &[u8], line: u64, column: Option<&str>) -> Failure {
        let what = if like_gbk(bytes) { t!("import-gbk") } else { t!("import-utf8") };
        let wrong = column.map_or_else(|| self.wrong_line(line, &what), |column| self.wrong(line, column, &what));
        wrong.hint(t!("ui-stdin-utf8-hint"))
    }
}

fn columns_hint() -> String {
    t!("import-columns", columns = COLUMNS.join(","))
}

/// A value of a JSON object that is a text.
fn word(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(t!("import-json-text")),
    }
}

/// The tags of a JSON object.
fn tags(value: &Value) -> Result<Vec<String>, String> {
    let one = |tag: &Value| tag.as_str().map(str::to_owned);
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => list.iter().map(one).collect(),
        _ => None,
    }
    .ok_or_else(|| t!("import-json-tags"))
}

/// Whether every byte above ASCII begins a character of GBK, as Chinese Windows writes it.
fn like_gbk(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        let pair = !byte.is_ascii();
        if pair && !((0x81..=0xfe).contains(byte) && matches!(bytes.next(), Some(0x40..=0x7e | 0x80..=0xfe))) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gbk_is_told_from_other_bytes() {
        assert!(like_gbk(b"\xc2\xb7\xb7\xc9")); // 路飞
        assert!(like_gbk(b"a\xc2\xb7,"));
        assert!(!like_gbk(b"Zo\xeb,"));
        assert!(!like_gbk(b"caf\xe9"));
        assert!(!like_gbk(b"\xff\xfe"));
    }
}
