//! A body in chunks: some proxies send even an empty one so.

use httparse::{EMPTY_HEADER, Status, parse_chunk_size, parse_headers};

use super::RefusalReason;
use super::framing::MAX_HEADERS;

/// Bytes of the line that says how long a chunk is, with its extensions.
const MAX_CHUNK_LINE_BYTES: usize = 256;
/// Bytes of the header lines behind the last chunk.
const MAX_TRAILER_BYTES: usize = 4 << 10;
/// What a chunk takes beside its line and its bytes: the line end behind them.
const CRLF: &[u8] = b"\r\n";

/// Where in such a body its reader stands.
#[derive(Debug, Default)]
pub(super) struct ChunkedDecoder {
    state: ChunkState,
    /// Bytes so far that are none of the body's own.
    overhead_bytes: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum ChunkState {
    #[default]
    Size,
    Data(usize),
    DataEnd,
    Trailers,
}

/// How far the reader came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeProgress {
    /// The body is whole.
    Complete,
    /// More bytes must come.
    NeedsInput,
    /// The body becomes longer than the room for it.
    NeedsRoom,
}

impl ChunkedDecoder {
    /// Moves what `input` has of the body to `body`, which may take `room` bytes, and `most` where room is made.
    pub(super) fn decode(
        &mut self,
        input: &mut Vec<u8>,
        body: &mut Vec<u8>,
        capacity: usize,
        max_bytes: usize,
    ) -> Result<DecodeProgress, RefusalReason> {
        let mut at = 0;
        let progress = self.decode_from(input, &mut at, body, capacity, max_bytes);
        input.drain(..at);
        progress
    }

    fn decode_from(
        &mut self,
        input: &[u8],
        at: &mut usize,
        body: &mut Vec<u8>,
        capacity: usize,
        max_bytes: usize,
    ) -> Result<DecodeProgress, RefusalReason> {
        loop {
            let rest = input.get(*at..).unwrap_or_default();
            match self.state {
                ChunkState::Size => {
                    let Some((count, size)) = parse_size_line(rest)? else { return Ok(DecodeProgress::NeedsInput) };
                    let total = body.len().saturating_add(size);
                    if total > max_bytes {
                        return Err(RefusalReason::BodyTooLarge);
                    }
                    if total > capacity {
                        return Ok(DecodeProgress::NeedsRoom);
                    }
                    *at += count;
                    self.overhead_bytes += count + CRLF.len();
                    // Chunks of a byte each would make much work of a small body.
                    if self.overhead_bytes > max_bytes + MAX_TRAILER_BYTES {
                        return Err(RefusalReason::BodyTooLarge);
                    }
                    self.state = if size == 0 { ChunkState::Trailers } else { ChunkState::Data(size) };
                }
                ChunkState::Data(size) => {
                    let count = size.min(rest.len());
                    body.extend_from_slice(&rest[..count]);
                    *at += count;
                    self.state = if count == size { ChunkState::DataEnd } else { ChunkState::Data(size - count) };
                    if count < size {
                        return Ok(DecodeProgress::NeedsInput);
                    }
                }
                ChunkState::DataEnd => match rest.get(..CRLF.len()) {
                    None => return Ok(DecodeProgress::NeedsInput),
                    Some(CRLF) => {
                        *at += CRLF.len();
                        self.state = ChunkState::Size;
                    }
                    Some(_) => return Err(RefusalReason::BadFraming),
                },
                ChunkState::Trailers => {
                    let Some(count) = parse_trailers(rest)? else { return Ok(DecodeProgress::NeedsInput) };
                    *at += count;
                    return Ok(DecodeProgress::Complete);
                }
            }
        }
    }
}

/// The length of the line that begins a chunk, and that of the chunk.
fn parse_size_line(bytes: &[u8]) -> Result<Option<(usize, usize)>, RefusalReason> {
    let Some(first) = bytes.first() else { return Ok(None) };
    // httparse takes a line without a digit for 0.
    if !first.is_ascii_hexdigit() {
        return Err(RefusalReason::BadFraming);
    }
    match parse_chunk_size(bytes) {
        Ok(Status::Complete((count, _))) if count > MAX_CHUNK_LINE_BYTES => Err(RefusalReason::BadFraming),
        // What does not fit into a number is over any limit.
        Ok(Status::Complete((count, size))) => Ok(Some((count, usize::try_from(size).unwrap_or(usize::MAX)))),
        Ok(Status::Partial) if bytes.len() <= MAX_CHUNK_LINE_BYTES => Ok(None),
        Ok(Status::Partial) | Err(_) => Err(RefusalReason::BadFraming),
    }
}

/// The length of the header lines behind the last chunk, with the empty line that ends them. Nobody asks for them.
fn parse_trailers(bytes: &[u8]) -> Result<Option<usize>, RefusalReason> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    match parse_headers(bytes, &mut headers) {
        Ok(Status::Complete((count, _))) if count <= MAX_TRAILER_BYTES => Ok(Some(count)),
        Ok(Status::Partial) if bytes.len() <= MAX_TRAILER_BYTES => Ok(None),
        _ => Err(RefusalReason::BadFraming),
    }
}
