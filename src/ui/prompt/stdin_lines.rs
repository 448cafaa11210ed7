//! Lines of standard input for somebody who waits for other things too.

use std::io::{self, BufRead, Read};

use crossbeam_channel::{Receiver, bounded};

use crate::secret::Secret;

/// More than any address or password; what never ends its line is not read for ever.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// What was read.
pub enum StdinLine {
    /// A line without its end; it may hold a code or a password.
    Text(Secret),
    /// Longer than anything that is asked for, or not UTF-8.
    Invalid,
    /// There is no more.
    Eof,
}

/// Reads standard input on a thread of its own from the first time that a line is wanted, and a line ahead.
#[derive(Default)]
pub struct StdinLines(Option<Receiver<io::Result<StdinLine>>>);

impl StdinLines {
    /// Where the next line arrives.
    ///
    /// # Errors
    /// The operating system's, where there is no thread to be had.
    pub fn receiver(&mut self) -> io::Result<&Receiver<io::Result<StdinLine>>> {
        if self.0.is_none() {
            let (tell, lines) = bounded(0);
            std::thread::Builder::new().name("lines".into()).spawn(move || {
                // Nobody listens any more where the command has left.
                while tell.send(read_line(&mut io::stdin().lock())).is_ok() {}
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
        // Its rest is no line of its own: what comes after it would be taken for somebody else's.
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
    fn the_rest_of_a_line_that_is_too_long_is_passed_over() {
        let limit = MAX_LINE_BYTES as usize;
        let fits = "x".repeat(limit - 1);
        let input = format!("{}\n{fits}\nsecond\r\n{}\nthird", "x".repeat(limit), "y".repeat(3 * limit));
        let mut input = input.as_bytes();
        let mut next = || match read_line(&mut input).unwrap() {
            StdinLine::Text(text) => text.expose_secret().to_owned(),
            StdinLine::Invalid => "unusable".into(),
            StdinLine::Eof => "end".into(),
        };
        let lines: Vec<_> = (0..6).map(|_| next()).collect();
        assert_eq!(lines, ["unusable", &fits, "second", "unusable", "third", "end"]);
    }
}
