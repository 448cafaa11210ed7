//! A body in chunks: some proxies send even an empty one so.

use httparse::{EMPTY_HEADER, Status, parse_chunk_size, parse_headers};

use super::Refused;
use super::framing::HEADERS;

/// Bytes of the line that says how long a chunk is, with its extensions.
const LINE: usize = 256;
/// Bytes of the header lines behind the last chunk.
const TRAILERS: usize = 4 << 10;
/// What a chunk takes beside its line and its bytes: the line end behind them.
const END: &[u8] = b"\r\n";

/// Where in such a body its reader stands.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    part: Part,
    /// Bytes so far that are none of the body's own.
    beside: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum Part {
    #[default]
    Size,
    Data(usize),
    End,
    Trailers,
}

/// How far the reader came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The body is whole.
    Whole,
    /// More bytes must come.
    Short,
    /// The body becomes longer than the room for it.
    Full,
}

impl Chunks {
    /// Moves what `input` has of the body to `body`, which may take `room` bytes, and `most` where room is made.
    pub(super) fn read(
        &mut self,
        input: &mut Vec<u8>,
        body: &mut Vec<u8>,
        room: usize,
        most: usize,
    ) -> Result<Came, Refused> {
        let mut at = 0;
        let came = self.read_from(input, &mut at, body, room, most);
        input.drain(..at);
        came
    }

    fn read_from(
        &mut self,
        input: &[u8],
        at: &mut usize,
        body: &mut Vec<u8>,
        room: usize,
        most: usize,
    ) -> Result<Came, Refused> {
        loop {
            let left = input.get(*at..).unwrap_or_default();
            match self.part {
                Part::Size => {
                    let Some((count, size)) = size(left)? else { return Ok(Came::Short) };
                    let whole = body.len().saturating_add(size);
                    if whole > most {
                        return Err(Refused::BodyTooLarge);
                    }
                    if whole > room {
                        return Ok(Came::Full);
                    }
                    *at += count;
                    self.beside += count + END.len();
                    // Chunks of a byte each would make much work of a small body.
                    if self.beside > most + TRAILERS {
                        return Err(Refused::BodyTooLarge);
                    }
                    self.part = if size == 0 { Part::Trailers } else { Part::Data(size) };
                }
                Part::Data(size) => {
                    let count = size.min(left.len());
                    body.extend_from_slice(&left[..count]);
                    *at += count;
                    self.part = if count == size { Part::End } else { Part::Data(size - count) };
                    if count < size {
                        return Ok(Came::Short);
                    }
                }
                Part::End => match left.get(..END.len()) {
                    None => return Ok(Came::Short),
                    Some(END) => {
                        *at += END.len();
                        self.part = Part::Size;
                    }
                    Some(_) => return Err(Refused::Framing),
                },
                Part::Trailers => {
                    let Some(count) = trailers(left)? else { return Ok(Came::Short) };
                    *at += count;
                    return Ok(Came::Whole);
                }
            }
        }
    }
}

/// The length of the line that begins a chunk, and that of the chunk.
fn size(bytes: &[u8]) -> Result<Option<(usize, usize)>, Refused> {
    let Some(first) = bytes.first() else { return Ok(None) };
    // httparse takes a line without a digit for 0.
    if !first.is_ascii_hexdigit() {
        return Err(Refused::Framing);
    }
    match parse_chunk_size(bytes) {
        Ok(Status::Complete((count, _))) if count > LINE => Err(Refused::Framing),
        // What does not fit into a number is over any limit.
        Ok(Status::Complete((count, size))) => Ok(Some((count, usize::try_from(size).unwrap_or(usize::MAX)))),
        Ok(Status::Partial) if bytes.len() <= LINE => Ok(None),
        Ok(Status::Partial) | Err(_) => Err(Refused::Framing),
    }
}

/// The length of the header lines behind the last chunk, with the empty line that ends them. Nobody asks for them.
fn trailers(bytes: &[u8]) -> Result<Option<usize>, Refused> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    match parse_headers(bytes, &mut headers) {
        Ok(Status::Complete((count, _))) if count <= TRAILERS => Ok(Some(count)),
        Ok(Status::Partial) if bytes.len() <= TRAILERS => Ok(None),
        _ => Err(Refused::Framing),
    }
}
