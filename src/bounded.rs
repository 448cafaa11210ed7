//! What is read from outside, and must not be more than memory is for.

use std::io::{self, Read};

/// All that there is to read, if that is no more than `limit` bytes: of a device by mistake, no more is taken in.
///
/// # Errors
/// The input's; [`io::ErrorKind::FileTooLarge`].
pub fn read_limited(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit() {
        assert_eq!(read_limited(&b"1234"[..], 4).unwrap(), b"1234");
        assert_eq!(read_limited(io::repeat(0), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
