//! Checks the quotes of a CSV file while it is read.
//!
//! The csv crate accepts any quotes, so one surplus quote would turn all following rows into a
//! single note.

use std::collections::VecDeque;
use std::io::{self, Read};

#[derive(Clone, Copy, PartialEq, Eq)]
enum QuoteState {
    Start,
    Plain,
    Quoted,
    /// After a quote that ends the field, unless another quote follows.
    Closing,
}

/// The problem with a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteError {
    Unclosed,
    /// Text follows the closing quote.
    TrailingText,
}

/// A reader that fails at the first wrong quote.
pub(super) struct QuoteChecker<R> {
    inner: R,
    delimiter: u8,
    state: QuoteState,
    line: u64,
    quote_line: u64,
    /// The number of bytes read.
    offset: u64,
    /// The offset and the number of each line that is not empty and was not passed yet.
    line_starts: VecDeque<(u64, u64)>,
    is_line_start: bool,
    /// The problem and its line.
    pub(super) fault: Option<(u64, QuoteError)>,
}

impl<R: Read> QuoteChecker<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self {
            inner,
            delimiter,
            state: QuoteState::Start,
            line: 1,
            quote_line: 1,
            offset: 0,
            line_starts: VecDeque::new(),
            is_line_start: true,
            fault: None,
        }
    }

    /// Returns the line of the record that csv places at this offset. Its own line number counts
    /// neither the end of the record before, which it reads later, nor empty lines between them.
    /// Offsets must not decrease from call to call.
    pub(super) fn line_at(&mut self, offset: u64) -> u64 {
        while self.line_starts.front().is_some_and(|(start, _)| *start < offset) {
            self.line_starts.pop_front();
        }
        self.line_starts.front().map_or(self.line, |(_, line)| *line)
    }

    fn advance(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (QuoteState::Start, b'"') => {
                self.quote_line = self.line;
                QuoteState::Quoted
            }
            (QuoteState::Quoted, b'"') => QuoteState::Closing,
            (QuoteState::Quoted, _) | (QuoteState::Closing, b'"') => QuoteState::Quoted,
            (_, byte) if matches!(byte, b'\r' | b'\n') || byte == self.delimiter => QuoteState::Start,
            (QuoteState::Closing, _) => {
                self.fault.get_or_insert((self.line, QuoteError::TrailingText));
                QuoteState::Plain
            }
            _ => QuoteState::Plain,
        };
        let ends_line = matches!(byte, b'\r' | b'\n');
        if self.is_line_start && !ends_line {
            self.line_starts.push_back((self.offset, self.line));
        }
        self.is_line_start = ends_line;
        self.offset += 1;
        self.line += u64::from(byte == b'\n');
    }
}

impl<R: Read> Read for QuoteChecker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        for &byte in buffer.iter().take(length) {
            self.advance(byte);
        }
        if length == 0 && !buffer.is_empty() && self.state == QuoteState::Quoted {
            self.fault.get_or_insert((self.quote_line, QuoteError::Unclosed));
        }
        if self.fault.is_some() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(u64, QuoteError)> {
        let mut checker = QuoteChecker::new(text.as_bytes(), b',');
        let _ = checker.read_to_end(&mut Vec::new());
        checker.fault
    }

    #[test]
    fn unclosed_and_misplaced_quotes_are_reported_with_line() {
        for good in ["", "a,b\n", "\"a\",\"\"\r\n\"\"\"x\"\"\",\"1\n2\"", "5\" disk,a \"b\" c\n", "\"a\"\r\"b\""] {
            assert_eq!(fault(good), None, "{good:?}");
        }
        for (bad, expected) in [
            ("a\n\"b\nc\n", (2, QuoteError::Unclosed)),
            ("\"", (1, QuoteError::Unclosed)),
            ("a\n\"b\nc\"d\n", (3, QuoteError::TrailingText)),
            ("\"a\" ,b", (1, QuoteError::TrailingText)),
        ] {
            assert_eq!(fault(bad), Some(expected), "{bad:?}");
        }
    }
}
