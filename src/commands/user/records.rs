//! The people of a file, one by one: CSV with a header, or JSON Lines; what is wrong is named by line and
//! column.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use anyhow::Context as _;
use csv::ByteRecord;
use serde_json::{Map, Value};

use super::strict::{Fault, Strict};
use crate::error::Failure;
use crate::line::looks_secret;
use crate::t;
use crate::words::{json_fault, nearest};

/// What a file says of a person, in this order.
pub(super) const COLUMNS: [&str; 6] = ["username", "uid", "password", "openid", "tags", "note"];

/// A person as the file has it, unchecked; tags are separated by `;`.
pub(super) struct Raw {
    pub(super) line: u64,
    /// In the order of [`COLUMNS`].
    pub(super) fields: [String; COLUMNS.len()],
}

type Input = Chain<Cursor<Vec<u8>>, Box<dyn Read>>;

enum Form {
    /// With the place in [`COLUMNS`] of each of the file's columns.
    Csv(Box<csv::Reader<Strict<Input>>>, Vec<usize>),
    Json(BufReader<Input>, u64),
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
        let json = json || head.trim_ascii_start().starts_with(b"{");
        let input = Cursor::new(head).chain(from);
        if json {
            return Ok(Self { name, form: Form::Json(BufReader::new(input), 0) });
        }
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Strict::new(input));
        let mut it = Self { name, form: Form::Csv(Box::new(reader), Vec::new()) };
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
        let Form::Csv(reader, _) = &mut self.form else { return Ok(None) };
        let mut record = ByteRecord::new();
        match reader.read_byte_record(&mut record) {
            Ok(more) => Ok(more.then_some(record)),
            Err(error) => match reader.get_ref().fault {
                Some((line, Fault::Open)) => Err(self.wrong_line(line, &t!("import-quote-open")).into()),
                Some((line, Fault::Behind)) => {
                    let wrong = self.wrong_line(line, &t!("import-quote-behind"));
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
        let line = line_of(&record);
        let mut places = Vec::new();
        for (n, field) in record.iter().enumerate() {
            let name = self.text(field, line, &(n + 1).to_string())?.trim().to_ascii_lowercase();
            let place = self.place_of(&name, line)?;
            if places.contains(&place) {
                return Err(self.wrong_line(line, &t!("import-column-twice", column = name)).into());
            }
            places.push(place);
        }
        if !places.contains(&0) {
            return Err(self.wrong_line(line, &t!("import-no-username")).hint(columns_hint()).into());
        }
        if let Form::Csv(_, columns) = &mut self.form {
            *columns = places;
        }
        Ok(())
    }

    fn place_of(&self, name: &str, line: u64) -> Result<usize, Failure> {
        COLUMNS.iter().position(|column| *column == name).ok_or_else(|| {
            // Columns separated by something else are no slip of the finger.
            let near = if name.contains([';', '\t']) { None } else { nearest(name, COLUMNS) };
            let near = near.map(|near| t!("did-you-mean", name = near));
            // The first line of a file that is none of people.
            let name = if looks_secret(name) { "***" } else { name };
            let wrong = self.wrong_line(line, &t!("import-column-unknown", column = name));
            wrong.hint(near.unwrap_or_else(columns_hint))
        })
    }

    fn row(&mut self) -> anyhow::Result<Option<Raw>> {
        let Some(record) = self.record()? else { return Ok(None) };
        let Form::Csv(_, columns) = &self.form else { return Ok(None) };
        let line = line_of(&record);
        if record.len() != columns.len() {
            let what = t!("import-fields", found = record.len(), expected = columns.len());
            return Err(self.wrong_line(line, &what).hint(t!("import-fields-hint")).into());
        }
        let mut fields = <[String; COLUMNS.len()]>::default();
        for (field, &place) in record.iter().zip(columns) {
            if let (Some(to), Some(column)) = (fields.get_mut(place), COLUMNS.get(place)) {
                *to = self.text(field, line, column)?;
            }
        }
        Ok(Some(Raw { line, fields }))
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
        let mut fields = <[String; COLUMNS.len()]>::default();
        for (key, value) in object {
            let place = self.place_of(&key, line)?;
            let text = words(&key, &value).map_err(|what| self.wrong(line, &key, &what))?;
            if let Some(to) = fields.get_mut(place) {
                *to = text;
            }
        }
        Ok(Some(Raw { line, fields }))
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

fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(1, csv::Position::line)
}

/// A value of a JSON object as the field of a CSV file.
fn words(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) if key != "tags" => Ok(text.clone()),
        Value::Array(list) if key == "tags" => {
            let one = |tag: &Value| match tag.as_str() {
                Some(tag) if !tag.contains(';') => Ok(tag.to_owned()),
                Some(tag) => Err(t!("user-tag-unusable", tag = tag, limit = super::NAME_LIMIT)),
                None => Err(t!("import-json-tags")),
            };
            list.iter().map(one).collect::<Result<Vec<_>, _>>().map(|tags| tags.join(";"))
        }
        _ if key == "tags" => Err(t!("import-json-tags")),
        _ => Err(t!("import-json-text")),
    }
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
