//! Reads people from a file: CSV with a header, or JSON Lines. Errors name the line and the column.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

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
use crate::text_line::may_contain_app_secret;

/// The columns of a file, in the order of an export.
pub(super) const COLUMNS: [&str; 6] = ["username", "uid", "password", "openid", "tags", "note"];

/// The index of the tags in [`COLUMNS`].
const TAGS_COLUMN: usize = 4;
/// The columns without formula escapes; a password is taken literally.
const UNESCAPED_COLUMNS: [&str; 2] = ["uid", "password"];

/// A person of the file, not validated yet.
pub(super) struct RawRecord {
    pub(super) line: u64,
    /// The fields in the order of [`COLUMNS`]; the one of the tags is empty.
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
    /// The index in [`COLUMNS`] of each column of the file; `None` for a column whose name is
    /// empty.
    columns: Vec<Option<usize>>,
}

/// Reads the records of a file.
pub(super) struct RecordReader {
    name: String,
    /// The path of the file, quoted for a shell; `None` for standard input.
    quoted_path: Option<String>,
    format: FileFormat,
}

/// The number of bytes that are enough to detect the encoding and the format.
const SNIFF_BYTES: u64 = 1024;

/// The first bytes of a ZIP archive, which an Excel or LibreOffice workbook is.
const ZIP_HEADER: &[u8] = b"PK\x03\x04";

impl RecordReader {
    /// Detects the encoding and the format, and reads the header.
    pub(super) fn open(
        mut input: Box<dyn Read>,
        name: String,
        path: Option<&Path>,
        json: bool,
    ) -> anyhow::Result<Self> {
        let quoted_path = path.map(|path| shell_words::quote(&path.to_string_lossy()).into_owned());
        let mut head = Vec::new();
        input.by_ref().take(SNIFF_BYTES).read_to_end(&mut head).with_context(|| t!("import-read", file = name))?;
        if head.starts_with(&[0xff, 0xfe])
            || head.starts_with(&[0xfe, 0xff])
            || head.iter().take(4).any(|byte| *byte == 0)
        {
            return Err(CommandError::usage(t!("import-utf16", file = name)).hint(t!("import-utf16-hint")).into());
        }
        if head.starts_with(ZIP_HEADER) {
            return Err(CommandError::usage(t!("import-workbook", file = name)).hint(t!("import-utf8-hint")).into());
        }
        if head.starts_with("\u{feff}".as_bytes()) {
            head.drain(..3);
        }
        let start = head.trim_ascii_start();
        if start.starts_with(b"[") {
            let error = CommandError::usage(t!("import-json-array", file = name));
            return Err(error.hint(t!("import-json-array-hint")).into());
        }
        let json = json || start.starts_with(b"{");
        let dialect =
            if json { CsvDialect { delimiter: b',', skipped_lines: 0 } } else { CsvDialect::detect(&mut head) };
        let input = Cursor::new(head).chain(input);
        if json {
            return Ok(Self { name, quoted_path, format: FileFormat::Json(BufReader::new(input), 0) });
        }
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .from_reader(QuoteChecker::new(input, dialect.delimiter));
        let format = FileFormat::Csv(Box::new(CsvInput { reader, dialect, columns: Vec::new() }));
        let mut reader = Self { name, quoted_path, format };
        reader.read_header()?;
        Ok(reader)
    }

    /// Returns the next record.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<RawRecord>> {
        match self.format {
            FileFormat::Csv(..) => self.read_csv_row(),
            FileFormat::Json(..) => self.read_json_object(),
        }
    }

    /// Returns an error for a column of a line.
    pub(super) fn column_error(&self, line: u64, column: &str, what: &str) -> CommandError {
        CommandError::usage(self.location(line, column, what))
    }

    /// Adds the file, line and column to a text.
    pub(super) fn location(&self, line: u64, column: &str, what: &str) -> String {
        t!("import-column", file = self.name, line = line, column = column, what = what)
    }

    /// Returns an error for a whole line.
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
                    let error = self.line_error(line + skipped, &t!("import-quote-behind"));
                    Err(error.hint(t!("import-quote-behind-hint")).into())
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
        let mut columns = Vec::new();
        for (n, field) in record.iter().enumerate() {
            let raw_name = self.decode_field(field, line, &(n + 1).to_string())?;
            let name =
                raw_name.replace(|character: char| find_invisible(character.encode_utf8(&mut [0; 4])).is_some(), "");
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                columns.push(None);
                continue;
            }
            let index = self.column_index(column_name(&name), line)?;
            if columns.contains(&Some(index)) {
                return Err(self.line_error(line, &t!("import-column-twice", column = name)).into());
            }
            columns.push(Some(index));
        }
        if !columns.contains(&Some(0)) {
            return Err(self.line_error(line, &t!("import-no-username")).hint(columns_hint()).into());
        }
        if let FileFormat::Csv(csv) = &mut self.format {
            csv.columns = columns;
        }
        Ok(())
    }

    fn column_index(&self, name: &str, line: u64) -> Result<usize, CommandError> {
        COLUMNS.iter().position(|column| *column == name).ok_or_else(|| {
            // The user may have named a wrong file, whose first line is a secret.
            let name = if may_contain_app_secret(name) { "***" } else { name };
            let error = self.line_error(line, &t!("import-column-unknown", column = name));
            // The header uses another delimiter, so no single name is misspelled.
            if let Some(separator) = wrong_separator(name) {
                return error.hint(t!("import-separator-hint", found = separator.to_string()));
            }
            let suggestion = closest_match(name, COLUMNS).map(|suggestion| t!("did-you-mean", name = suggestion));
            error.hint(suggestion.unwrap_or_else(columns_hint))
        })
    }

    fn read_csv_row(&mut self) -> anyhow::Result<Option<RawRecord>> {
        let record = loop {
            match self.read_csv_record()? {
                // A spreadsheet writes the empty rows below a table as delimiters only.
                Some(record) if record.len() > 1 && record.iter().all(<[u8]>::is_empty) => {}
                Some(record) => break record,
                None => return Ok(None),
            }
        };
        let line = self.line_of(&record);
        let FileFormat::Csv(csv) = &self.format else { return Ok(None) };
        let (columns, delimiter) = (&csv.columns, char::from(csv.dialect.delimiter));
        // Spreadsheets also write empty fields after the last column.
        let has_surplus = record.iter().skip(columns.len()).any(|field| !field.is_empty());
        if record.len() < columns.len() || has_surplus {
            let error = t!("import-fields", found = record.len(), expected = columns.len());
            let hint = t!("import-fields-hint", separator = delimiter.to_string());
            return Err(self.line_error(line, &error).hint(hint).into());
        }
        let mut raw_record = RawRecord { line, fields: Default::default(), tags: Vec::new() };
        for (n, (field, index)) in record.iter().zip(columns).enumerate() {
            let Some((index, column)) = index.and_then(|index| Some((index, *COLUMNS.get(index)?))) else {
                if field.is_empty() {
                    continue;
                }
                let error = self.column_error(line, &(n + 1).to_string(), &t!("import-column-unnamed"));
                return Err(error.hint(columns_hint()).into());
            };
            let text = self.decode_field(field, line, column)?;
            if index == TAGS_COLUMN {
                // Without a semicolon, a comma or similar character separates two tags: `user
                // export` writes a semicolon after a single tag that contains one.
                let others: &[char] = if text.contains(TAG_SEPARATORS) { &[] } else { &AMBIGUOUS_TAG_SEPARATORS };
                let parts = text.split(|c| TAG_SEPARATORS.contains(&c) || others.contains(&c));
                let tags = parts.map(|tag| unescape_formula(tag.trim()).trim().to_owned());
                raw_record.tags.extend(tags.filter(|tag| !tag.is_empty()));
            } else if let Some(to) = raw_record.fields.get_mut(index) {
                *to = if UNESCAPED_COLUMNS.contains(&column) { text } else { unescape_formula(&text).to_owned() };
            }
        }
        Ok(Some(raw_record))
    }

    fn line_of(&mut self, record: &ByteRecord) -> u64 {
        let FileFormat::Csv(csv) = &mut self.format else { return 1 };
        let offset = record.position().map_or(0, csv::Position::byte);
        csv.reader.get_mut().line_at(offset) + csv.dialect.skipped_lines
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
            let index = self.column_index(&key, line)?;
            let error = |what: String| self.column_error(line, &key, &what);
            if index == TAGS_COLUMN {
                raw.tags = json_to_tags(&value).map_err(error)?;
            } else if let Some(to) = raw.fields.get_mut(index) {
                *to = json_to_field(&value).map_err(error)?;
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
        let (what, hint) = match (looks_like_gbk(bytes), &self.quoted_path) {
            (true, Some(file)) => (t!("import-gbk"), t!("import-gbk-hint", file = file)),
            (true, None) => (t!("import-gbk"), t!("ui-stdin-utf8-hint")),
            (false, _) => (t!("import-utf8"), t!("import-utf8-hint")),
        };
        let error =
            column.map_or_else(|| self.line_error(line, &what), |column| self.column_error(line, column, &what));
        error.hint(hint)
    }
}

fn columns_hint() -> String {
    t!("import-columns", columns = COLUMNS.join(","))
}

/// Returns the text of a JSON value.
fn json_to_field(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(t!("import-json-text")),
    }
}

/// Returns the tags of a JSON value.
fn json_to_tags(value: &Value) -> Result<Vec<String>, String> {
    let as_text = |tag: &Value| tag.as_str().map(str::to_owned);
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => list.iter().map(as_text).collect(),
        _ => None,
    }
    .ok_or_else(|| t!("import-json-tags"))
}

/// Returns whether every byte above ASCII starts a GBK character, as in files of a Chinese Windows.
fn looks_like_gbk(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        let is_lead_byte = !byte.is_ascii();
        if is_lead_byte && !((0x81..=0xfe).contains(byte) && matches!(bytes.next(), Some(0x40..=0x7e | 0x80..=0xfe))) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gbk_is_distinguished_from_other_bytes() {
        assert!(looks_like_gbk(b"\xc2\xb7\xb7\xc9")); // 路飞
        assert!(looks_like_gbk(b"a\xc2\xb7,"));
        assert!(!looks_like_gbk(b"Zo\xeb,"));
        assert!(!looks_like_gbk(b"caf\xe9"));
        assert!(!looks_like_gbk(b"\xff\xfe"));
    }
}
