//! Lines of standard input as a channel, for a command that waits for other events, too.

use std::io::{self, BufRead, Read};

use crossbeam_channel::{Receiver, bounded};

use crate::secret::Secret;

/// The maximum length of a line: longer than any address or password, so that endless input is not
/// read forever.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// The result of reading a line.
pub enum StdinLine {
    /// A line without its line end. It may hold a code or a password.
    Text(Secret),
    /// A line that is too long or not UTF-8.
    Invalid,
    /// The end of the input.
    Eof,
}

/// Reads standard input on a thread, which starts at the first use and reads one line ahead.
#[derive(Default)]
pub struct StdinLines(Option<Receiver<io::Result<StdinLine>>>);

impl StdinLines {
    /// Returns the channel of the lines.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn receiver(&mut self) -> io::Result<&Receiver<io::Result<StdinLine>>> {
        if self.0.is_none() {
            let (sender, lines) = bounded(0);
            std::thread::Builder::new().name("lines".into()).spawn(move || {
                // The channel is closed when the command no longer reads lines.
                while sender.send(read_line(&mut io::stdin().lock())).is_ok() {}
            })?;
            self.0 = Some(lines);
        }
        self.0.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<StdinLine> {
    let mut bytes = Vec::new();
    let count = input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
    if count == 0 {
        return Ok(StdinLine::Eof);
    }
    if count as u64 == MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
        // The rest must not be returned as another line.
        input.skip_until(b'\n')?;
        return Ok(StdinLine::Invalid);
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            StdinLine::Text(line.strip_suffix('\r').unwrap_or(line).into())
        }
        Err(_) => StdinLine::Invalid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret;

    #[test]
    fn rest_of_long_line_is_skipped() {
        let limit = MAX_LINE_BYTES as usize;
        let fits = "x".repeat(limit - 1);
        let input = format!("{}\n{fits}\nsecond\r\n{}\nthird", "x".repeat(limit), "y".repeat(3 * limit));
        let mut input = input.as_bytes();
        let mut next = || match read_line(&mut input).unwrap() {
            StdinLine::Text(text) => text.expose_secret().to_owned(),
            StdinLine::Invalid => "invalid".into(),
            StdinLine::Eof => "end".into(),
        };
        let lines: Vec<_> = (0..6).map(|_| next()).collect();
        assert_eq!(lines, ["invalid", &fits, "second", "invalid", "third", "end"]);
    }
}
