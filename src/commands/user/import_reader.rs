//! The people of a file, one by one: CSV with a header, or JSON Lines; what is wrong is named by line and
//! column.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use anyhow::Context as _;
use csv::ByteRecord;
use serde_json::{Map, Value};

use super::csv_dialect::{CsvDialect, column_name, wrong_separator};
use super::csv_formula::unescape_formula;
use super::csv_quotes::{QuoteChecker, QuoteError};
use crate::exit::CommandError;
use crate::i18n::{closest_match, json_error_without_position};
use crate::names::{AMBIGUOUS_TAG_SEPARATORS, TAG_SEPARATORS, find_invisible};
use crate::t;
use crate::text_line::looks_like_app_secret;

/// What a file says of a person, in this order.
pub(super) const COLUMNS: [&str; 6] = ["username", "uid", "password", "openid", "tags", "note"];

/// Where the tags stand among [`COLUMNS`].
const TAGS_COLUMN: usize = 4;
/// Columns whose values are taken as they are: what somebody chose for a password is not looked into.
const UNESCAPED_COLUMNS: [&str; 2] = ["uid", "password"];

/// A person as the file has it, unchecked.
pub(super) struct RawRecord {
    pub(super) line: u64,
    /// In the order of [`COLUMNS`]; the place of the tags is empty.
    pub(super) fields: [String; COLUMNS.len()],
    pub(super) tags: Vec<String>,
}

type ImportInput = Chain<Cursor<Vec<u8>>, Box<dyn Read>>;

enum FileFormat {
    Csv(Box<CsvInput>),
    Json(BufReader<ImportInput>, u64),
}

struct CsvInput {
    reader: csv::Reader<QuoteChecker<ImportInput>>,
    dialect: CsvDialect,
    /// The place in [`COLUMNS`] of each of the file's columns; a column without a name has none.
    columns: Vec<Option<usize>>,
}

/// A file being read.
pub(super) struct RecordReader {
    name: String,
    format: FileFormat,
}

/// Enough to tell encodings and forms apart.
const SNIFF_BYTES: u64 = 1024;

impl RecordReader {
    /// Begins to read: looks at the encoding and the header.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn open(mut from: Box<dyn Read>, name: String, json: bool) -> anyhow::Result<Self> {
        let mut head = Vec::new();
        from.by_ref().take(SNIFF_BYTES).read_to_end(&mut head).with_context(|| t!("import-read", file = name))?;
        if head.starts_with(&[0xff, 0xfe])
            || head.starts_with(&[0xfe, 0xff])
            || head.iter().take(4).any(|byte| *byte == 0)
        {
            return Err(CommandError::usage(t!("import-utf16", file = name)).hint(t!("import-utf16-hint")).into());
        }
        if head.starts_with("\u{feff}".as_bytes()) {
            head.drain(..3);
        }
        let begin = head.trim_ascii_start();
        if begin.starts_with(b"[") {
            let wrong = CommandError::usage(t!("import-json-array", file = name));
            return Err(wrong.hint(t!("import-json-array-hint")).into());
        }
        let json = json || begin.starts_with(b"{");
        let dialect =
            if json { CsvDialect { delimiter: b',', skipped_lines: 0 } } else { CsvDialect::detect(&mut head) };
        let input = Cursor::new(head).chain(from);
        if json {
            return Ok(Self { name, format: FileFormat::Json(BufReader::new(input), 0) });
        }
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .from_reader(QuoteChecker::new(input, dialect.delimiter));
        let mut it =
            Self { name, format: FileFormat::Csv(Box::new(CsvInput { reader, dialect, columns: Vec::new() })) };
        it.read_header()?;
        Ok(it)
    }

    /// The next person.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RawRecord>> {
        match self.format {
            FileFormat::Csv(..) => self.read_csv_row(),
            FileFormat::Json(..) => self.read_json_object(),
        }
    }

    /// What is wrong in a column of a line.
    pub(super) fn column_error(&self, line: u64, column: &str, what: &str) -> CommandError {
        CommandError::usage(self.location(line, column, what))
    }

    /// The same as text.
    pub(super) fn location(&self, line: u64, column: &str, what: &str) -> String {
        t!("import-column", file = self.name, line = line, column = column, what = what)
    }

    /// What is wrong with a whole line.
    pub(super) fn line_error(&self, line: u64, what: &str) -> CommandError {
        CommandError::usage(t!("import-line", file = self.name, line = line, what = what))
    }

    fn read_csv_record(&mut self) -> anyhow::Result<Option<ByteRecord>> {
        let FileFormat::Csv(csv) = &mut self.format else { return Ok(None) };
        let skipped = csv.dialect.skipped_lines;
        let mut record = ByteRecord::new();
        match csv.reader.read_byte_record(&mut record) {
            Ok(more) => Ok(more.then_some(record)),
            Err(error) => match csv.reader.get_ref().fault {
                Some((line, QuoteError::Unclosed)) => {
                    Err(self.line_error(line + skipped, &t!("import-quote-open")).into())
                }
                Some((line, QuoteError::TrailingText)) => {
                    let wrong = self.line_error(line + skipped, &t!("import-quote-behind"));
                    Err(wrong.hint(t!("import-quote-behind-hint")).into())
                }
                None => Err(anyhow::Error::new(error).context(t!("import-read", file = self.name))),
            },
        }
    }

    fn read_header(&mut self) -> anyhow::Result<()> {
        let Some(record) = self.read_csv_record()? else {
            return Err(CommandError::usage(t!("import-empty", file = self.name)).hint(columns_hint()).into());
        };
        let line = self.line_of(&record);
        let mut places = Vec::new();
        for (n, field) in record.iter().enumerate() {
            let word = self.decode_field(field, line, &(n + 1).to_string())?;
            let name = word.replace(|letter: char| find_invisible(letter.encode_utf8(&mut [0; 4])).is_some(), "");
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                places.push(None);
                continue;
            }
            let place = self.column_index(column_name(&name), line)?;
            if places.contains(&Some(place)) {
                return Err(self.line_error(line, &t!("import-column-twice", column = name)).into());
            }
            places.push(Some(place));
        }
        if !places.contains(&Some(0)) {
            return Err(self.line_error(line, &t!("import-no-username")).hint(columns_hint()).into());
        }
        if let FileFormat::Csv(csv) = &mut self.format {
            csv.columns = places;
        }
        Ok(())
    }

    fn column_index(&self, name: &str, line: u64) -> Result<usize, CommandError> {
        COLUMNS.iter().position(|column| *column == name).ok_or_else(|| {
            // The first line of a file that is none of people.
            let name = if looks_like_app_secret(name) { "***" } else { name };
            let wrong = self.line_error(line, &t!("import-column-unknown", column = name));
            // Columns separated by something else are no slip of the finger, and one name of them is not meant.
            if let Some(found) = wrong_separator(name) {
                return wrong.hint(t!("import-separator-hint", found = found.to_string()));
            }
            let near = closest_match(name, COLUMNS).map(|near| t!("did-you-mean", name = near));
            wrong.hint(near.unwrap_or_else(columns_hint))
        })
    }

    fn read_csv_row(&mut self) -> anyhow::Result<Option<RawRecord>> {
        let record = loop {
            match self.read_csv_record()? {
                // A spreadsheet writes the empty rows below a table as separators alone.
                Some(record) if record.len() > 1 && record.iter().all(<[u8]>::is_empty) => {}
                Some(record) => break record,
                None => return Ok(None),
            }
        };
        let FileFormat::Csv(csv) = &self.format else { return Ok(None) };
        let (columns, delimiter) = (&csv.columns, char::from(csv.dialect.delimiter));
        let line = self.line_of(&record);
        // Empty fields behind the last column are a spreadsheet's, too.
        let surplus = record.iter().skip(columns.len()).any(|field| !field.is_empty());
        if record.len() < columns.len() || surplus {
            let what = t!("import-fields", found = record.len(), expected = columns.len());
            let hint = t!("import-fields-hint", separator = delimiter.to_string());
            return Err(self.line_error(line, &what).hint(hint).into());
        }
        let mut raw = RawRecord { line, fields: Default::default(), tags: Vec::new() };
        for (n, (field, place)) in record.iter().zip(columns).enumerate() {
            let Some((place, column)) = place.and_then(|place| Some((place, *COLUMNS.get(place)?))) else {
                if field.is_empty() {
                    continue;
                }
                let what = self.column_error(line, &(n + 1).to_string(), &t!("import-column-unnamed"));
                return Err(what.hint(columns_hint()).into());
            };
            let text = self.decode_field(field, line, column)?;
            if place == TAGS_COLUMN {
                // Without a semicolon a comma and its like can only mean to separate two tags: `user export` writes a
                // semicolon behind a tag that holds one.
                let others: &[char] = if text.contains(TAG_SEPARATORS) { &[] } else { &AMBIGUOUS_TAG_SEPARATORS };
                let parts = text.split(|c| TAG_SEPARATORS.contains(&c) || others.contains(&c));
                let tags = parts.map(|tag| unescape_formula(tag.trim()).trim().to_owned());
                raw.tags.extend(tags.filter(|tag| !tag.is_empty()));
            } else if let Some(to) = raw.fields.get_mut(place) {
                *to = if UNESCAPED_COLUMNS.contains(&column) { text } else { unescape_formula(&text).to_owned() };
            }
        }
        Ok(Some(raw))
    }

    fn line_of(&self, record: &ByteRecord) -> u64 {
        let skipped = if let FileFormat::Csv(csv) = &self.format { csv.dialect.skipped_lines } else { 0 };
        record.position().map_or(1, csv::Position::line) + skipped
    }

    fn read_json_object(&mut self) -> anyhow::Result<Option<RawRecord>> {
        let (bytes, line) = loop {
            let FileFormat::Json(reader, line) = &mut self.format else { return Ok(None) };
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
        let text = String::from_utf8(bytes).map_err(|e| self.encoding_error(e.as_bytes(), line, None))?;
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(|e| {
            self.column_error(line, &e.column().to_string(), &json_error_without_position(&e))
                .hint(t!("import-json-hint"))
        })?;
        let mut raw = RawRecord { line, fields: Default::default(), tags: Vec::new() };
        for (key, value) in object {
            let place = self.column_index(&key, line)?;
            let wrong = |what: String| self.column_error(line, &key, &what);
            if place == TAGS_COLUMN {
                raw.tags = json_to_tags(&value).map_err(wrong)?;
            } else if let Some(to) = raw.fields.get_mut(place) {
                *to = json_to_field(&value).map_err(wrong)?;
            }
        }
        Ok(Some(raw))
    }

    fn decode_field(&self, bytes: &[u8], line: u64, column: &str) -> Result<String, CommandError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.encoding_error(bytes, line, Some(column))),
        }
    }

    fn encoding_error(&self, bytes: &[u8], line: u64, column: Option<&str>) -> CommandError {
        let what = if looks_like_gbk(bytes) { t!("import-gbk") } else { t!("import-utf8") };
        let wrong =
            column.map_or_else(|| self.line_error(line, &what), |column| self.column_error(line, column, &what));
        wrong.hint(t!("ui-stdin-utf8-hint"))
    }
}

fn columns_hint() -> String {
    t!("import-columns", columns = COLUMNS.join(","))
}

/// A value of a JSON object that is a text.
fn json_to_field(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(t!("import-json-text")),
    }
}

/// The tags of a JSON object.
fn json_to_tags(value: &Value) -> Result<Vec<String>, String> {
    let one = |tag: &Value| tag.as_str().map(str::to_owned);
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => list.iter().map(one).collect(),
        _ => None,
    }
    .ok_or_else(|| t!("import-json-tags"))
}

/// Whether every byte above ASCII begins a character of GBK, as Chinese Windows writes it.
fn looks_like_gbk(bytes: &[u8]) -> bool {
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
        assert!(looks_like_gbk(b"\xc2\xb7\xb7\xc9")); // 路飞
        assert!(looks_like_gbk(b"a\xc2\xb7,"));
        assert!(!looks_like_gbk(b"Zo\xeb,"));
        assert!(!looks_like_gbk(b"caf\xe9"));
        assert!(!looks_like_gbk(b"\xff\xfe"));
    }
}
