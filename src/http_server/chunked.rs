//! Decodes chunked bodies. Some proxies send even an empty body in chunks.

use httparse::{EMPTY_HEADER, Status, parse_chunk_size, parse_headers};

use super::HttpRejection;
use super::framing::MAX_HEADERS;

/// The maximum length of a chunk-size line with its extensions.
const MAX_CHUNK_LINE_BYTES: usize = 256;
/// The maximum size of the trailers.
const MAX_TRAILER_BYTES: usize = 4 << 10;
const CRLF: &[u8] = b"\r\n";

/// The state of a chunked body.
#[derive(Debug, Default)]
pub(super) struct ChunkedDecoder {
    state: ChunkState,
    /// The number of bytes so far that do not belong to the content.
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

/// The progress of the decoder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeProgress {
    /// The body is complete.
    Complete,
    /// More input is needed.
    NeedsInput,
    /// The body becomes longer than the capacity.
    NeedsCapacity,
}

impl ChunkedDecoder {
    /// Moves content from `input` to `body`, which may grow to `capacity` bytes. A body of more
    /// than `max_bytes` is rejected.
    pub(super) fn decode(
        &mut self,
        input: &mut Vec<u8>,
        body: &mut Vec<u8>,
        capacity: usize,
        max_bytes: usize,
    ) -> Result<DecodeProgress, HttpRejection> {
        let mut consumed = 0;
        let progress = self.decode_from(input, &mut consumed, body, capacity, max_bytes);
        input.drain(..consumed);
        progress
    }

    fn decode_from(
        &mut self,
        input: &[u8],
        consumed: &mut usize,
        body: &mut Vec<u8>,
        capacity: usize,
        max_bytes: usize,
    ) -> Result<DecodeProgress, HttpRejection> {
        loop {
            let rest = input.get(*consumed..).unwrap_or_default();
            match self.state {
                ChunkState::Size => {
                    let Some((count, size)) = parse_size_line(rest)? else { return Ok(DecodeProgress::NeedsInput) };
                    let total = body.len().saturating_add(size);
                    if total > max_bytes {
                        return Err(HttpRejection::BodyTooLarge);
                    }
                    if total > capacity {
                        return Ok(DecodeProgress::NeedsCapacity);
                    }
                    *consumed += count;
                    self.overhead_bytes += count + CRLF.len();
                    // Chunks of one byte would make a small body expensive.
                    if self.overhead_bytes > max_bytes + MAX_TRAILER_BYTES {
                        return Err(HttpRejection::BodyTooLarge);
                    }
                    self.state = if size == 0 { ChunkState::Trailers } else { ChunkState::Data(size) };
                }
                ChunkState::Data(size) => {
                    let count = size.min(rest.len());
                    body.extend_from_slice(&rest[..count]);
                    *consumed += count;
                    self.state = if count == size { ChunkState::DataEnd } else { ChunkState::Data(size - count) };
                    if count < size {
                        return Ok(DecodeProgress::NeedsInput);
                    }
                }
                ChunkState::DataEnd => match rest.get(..CRLF.len()) {
                    None => return Ok(DecodeProgress::NeedsInput),
                    Some(CRLF) => {
                        *consumed += CRLF.len();
                        self.state = ChunkState::Size;
                    }
                    Some(_) => return Err(HttpRejection::BadFraming),
                },
                ChunkState::Trailers => {
                    let Some(count) = parse_trailers(rest)? else { return Ok(DecodeProgress::NeedsInput) };
                    *consumed += count;
                    return Ok(DecodeProgress::Complete);
                }
            }
        }
    }
}

/// Returns the length of a chunk-size line and the size of its chunk, or `None` if it is
/// incomplete.
fn parse_size_line(bytes: &[u8]) -> Result<Option<(usize, usize)>, HttpRejection> {
    let Some(first) = bytes.first() else { return Ok(None) };
    // httparse parses a line without a digit as 0.
    if !first.is_ascii_hexdigit() {
        return Err(HttpRejection::BadFraming);
    }
    match parse_chunk_size(bytes) {
        Ok(Status::Complete((count, _))) if count > MAX_CHUNK_LINE_BYTES => Err(HttpRejection::BadFraming),
        // A size that does not fit into `usize` exceeds any limit.
        Ok(Status::Complete((count, size))) => Ok(Some((count, usize::try_from(size).unwrap_or(usize::MAX)))),
        Ok(Status::Partial) if bytes.len() <= MAX_CHUNK_LINE_BYTES => Ok(None),
        Ok(Status::Partial) | Err(_) => Err(HttpRejection::BadFraming),
    }
}

/// Returns the length of the trailers with the empty line that ends them, or `None` if they are
/// incomplete. Their content is ignored.
fn parse_trailers(bytes: &[u8]) -> Result<Option<usize>, HttpRejection> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    match parse_headers(bytes, &mut headers) {
        Ok(Status::Complete((count, _))) if count <= MAX_TRAILER_BYTES => Ok(Some(count)),
        Ok(Status::Partial) if bytes.len() <= MAX_TRAILER_BYTES => Ok(None),
        _ => Err(HttpRejection::BadFraming),
    }
}
