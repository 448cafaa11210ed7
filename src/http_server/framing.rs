//! Message framing: the length of the body, keep-alive, and the request target.

use super::HttpRejection;

/// The maximum number of header lines: more than browsers and a chain of proxies send.
pub(super) const MAX_HEADERS: usize = 128;

/// The meaning of the headers for the body and the connection.
pub(super) struct Framing {
    /// The length of the body, or `None` if it is chunked.
    pub(super) content_length: Option<usize>,
    pub(super) keep_alive: bool,
    pub(super) expect_continue: bool,
}

impl Framing {
    /// Interprets the headers of a request of HTTP/1.`http_minor`.
    pub(super) fn parse(http_minor: u8, headers: &[httparse::Header<'_>]) -> Result<Self, HttpRejection> {
        let mut content_length = None;
        let mut chunked = false;
        let mut close = false;
        let mut keep_alive = false;
        let mut expect_continue = false;
        let mut host_count = 0;
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("transfer-encoding") {
                // Another coding would have to be decoded first.
                if chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(HttpRejection::UnsupportedCoding);
                }
                chunked = true;
            } else if is("content-length") {
                let length = parse_content_length(header.value)?;
                // Two lengths allow requests to be smuggled past a proxy.
                if content_length.is_some_and(|other| other != length) {
                    return Err(HttpRejection::BadFraming);
                }
                content_length = Some(length);
            } else if is("connection") {
                for word in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    close |= word.eq_ignore_ascii_case(b"close");
                    keep_alive |= word.eq_ignore_ascii_case(b"keep-alive");
                }
            } else if is("expect") {
                if !header.value.trim_ascii().eq_ignore_ascii_case(b"100-continue") {
                    return Err(HttpRejection::UnsupportedExpectation);
                }
                expect_continue = http_minor > 0;
            } else if is("host") {
                host_count += 1;
            }
        }
        if host_count > 1 || (http_minor > 0 && host_count == 0) {
            return Err(HttpRejection::BadHost);
        }
        // Both headers, or chunks in HTTP/1.0, allow requests to be smuggled, too.
        if chunked && (content_length.is_some() || http_minor == 0) {
            return Err(HttpRejection::BadFraming);
        }
        Ok(Framing {
            content_length: if chunked { None } else { Some(content_length.unwrap_or(0)) },
            keep_alive: !close && (http_minor > 0 || keep_alive),
            expect_continue,
        })
    }
}

/// Parses a length, which must consist of digits only.
fn parse_content_length(value: &[u8]) -> Result<usize, HttpRejection> {
    let value = value.trim_ascii();
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(HttpRejection::BadFraming);
    }
    // A length that does not fit into `usize` exceeds any limit.
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(HttpRejection::BodyTooLarge)
}

/// Returns the path and the query of a request target in origin, absolute or asterisk form.
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
