//! Watches a CSV file's quotes while it is read: the csv crate takes whatever comes, so that one quote too
//! much would make a single note of all the people below it.

use std::io::{self, Read};

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first character of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Behind a quote that ends the field, unless another follows.
    Closing,
}

/// What is wrong with a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is never closed.
    Open,
    /// Something follows the closing one.
    Behind,
}

/// Passes bytes on until a quote is wrong.
pub(super) struct Strict<R> {
    inner: R,
    delimiter: u8,
    at: At,
    line: u64,
    opened: u64,
    /// What was wrong, and on which line.
    pub(super) fault: Option<(u64, Fault)>,
}

impl<R: Read> Strict<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, at: At::Start, line: 1, opened: 1, fault: None }
    }

    fn see(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Start, b'"') => {
                self.opened = self.line;
                At::Quoted
            }
            (At::Quoted, b'"') => At::Closing,
            (At::Quoted, _) | (At::Closing, b'"') => At::Quoted,
            (_, byte) if matches!(byte, b'\r' | b'\n') || byte == self.delimiter => At::Start,
            (At::Closing, _) => {
                self.fault.get_or_insert((self.line, Fault::Behind));
                At::Plain
            }
            _ => At::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }
}

impl<R: Read> Read for Strict<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        for &byte in buffer.iter().take(length) {
            self.see(byte);
        }
        if length == 0 && !buffer.is_empty() && self.at == At::Quoted {
            self.fault.get_or_insert((self.opened, Fault::Open));
        }
        if self.fault.is_some() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(u64, Fault)> {
        let mut strict = Strict::new(text.as_bytes(), b',');
        let _ = strict.read_to_end(&mut Vec::new());
        strict.fault
    }

    #[test]
    fn quotes_are_closed_and_doubled() {
        for good in ["", "a,b\n", "\"a\",\"\"\r\n\"\"\"x\"\"\",\"1\n2\"", "5\" disk,a \"b\" c\n", "\"a\"\r\"b\""] {
            assert_eq!(fault(good), None, "{good:?}");
        }
        for (bad, expected) in [
            ("a\n\"b\nc\n", (2, Fault::Open)),
            ("\"", (1, Fault::Open)),
            ("a\n\"b\nc\"d\n", (3, Fault::Behind)),
            ("\"a\" ,b", (1, Fault::Behind)),
        ] {
            assert_eq!(fault(bad), Some(expected), "{bad:?}");
        }
    }
}
