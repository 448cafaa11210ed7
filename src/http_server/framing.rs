//! What the lines of a head say: where the body ends, whether the connection stays, what is asked for.

use super::RefusalReason;

/// Header lines a request may have: more than browsers and a chain of proxies send.
pub(super) const MAX_HEADERS: usize = 128;

/// What the headers say about the body and the connection.
pub(super) struct Framing {
    /// `None`: it comes in chunks.
    pub(super) content_length: Option<usize>,
    pub(super) keep_alive: bool,
    pub(super) expect_continue: bool,
}

impl Framing {
    pub(super) fn parse(http_minor: u8, headers: &[httparse::Header<'_>]) -> Result<Self, RefusalReason> {
        let (mut length, mut chunked) = (None, false);
        let (mut close, mut keep_alive, mut expects, mut hosts) = (false, false, false, 0);
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("transfer-encoding") {
                // A further coding would have to be undone first.
                if chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(RefusalReason::UnsupportedCoding);
                }
                chunked = true;
            } else if is("content-length") {
                let this = parse_content_length(header.value)?;
                // Two lengths are how requests are smuggled past a proxy.
                if length.is_some_and(|other| other != this) {
                    return Err(RefusalReason::BadFraming);
                }
                length = Some(this);
            } else if is("connection") {
                for word in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    close |= word.eq_ignore_ascii_case(b"close");
                    keep_alive |= word.eq_ignore_ascii_case(b"keep-alive");
                }
            } else if is("expect") {
                if !header.value.trim_ascii().eq_ignore_ascii_case(b"100-continue") {
                    return Err(RefusalReason::UnsupportedExpectation);
                }
                expects = http_minor > 0;
            } else if is("host") {
                hosts += 1;
            }
        }
        if hosts > 1 || (http_minor > 0 && hosts == 0) {
            return Err(RefusalReason::BadHost);
        }
        // Both, or chunks from a client that cannot know them: another way to smuggle.
        if chunked && (length.is_some() || http_minor == 0) {
            return Err(RefusalReason::BadFraming);
        }
        let length = if chunked { None } else { Some(length.unwrap_or(0)) };
        Ok(Framing {
            content_length: length,
            keep_alive: !close && (http_minor > 0 || keep_alive),
            expect_continue: expects,
        })
    }
}

/// A length, as the standard writes it: digits only.
fn parse_content_length(value: &[u8]) -> Result<usize, RefusalReason> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(RefusalReason::BadFraming);
    }
    // What does not fit into a number is over any limit.
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(RefusalReason::BodyTooLarge)
}

/// Path and query of a request target in origin, absolute or asterisk form.
pub(super) fn parse_target(method: &str, target: &str) -> Option<(String, String)> {
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = if path.starts_with('/') || (path == "*" && method == "OPTIONS") {
        path
    } else {
        let (scheme, rest) = path.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        rest.find('/').map_or("/", |slash| &rest[slash..])
    };
    Some((path.to_owned(), query.to_owned()))
}
