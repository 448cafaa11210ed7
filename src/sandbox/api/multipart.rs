//! A strict parser of `multipart/form-data` (RFC 7578), as uploads use it.
//!
//! The bodies are already in memory. The maintained library for this, `multer`, works on streams:
//! it would add eight crates and an async interface, and is more lenient than a platform needs to
//! be. `httparse` reads the headers of the parts and `memchr` finds their ends; wxbox depends on
//! both anyway.

use memchr::memmem;

/// The maximum number of parts of a form, and of header lines of a part.
const MAX_PARTS: usize = 16;

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormPart<'a> {
    /// The name of the field.
    pub(super) name: String,
    /// The file name, if the part has one.
    ///
    /// `filename*` is not a parameter of forms (RFC 7578, 4.2), and WeChat is known to reject
    /// uploads that use it.
    pub(super) file_name: Option<String>,
    pub(super) bytes: &'a [u8],
}

/// Returns the parts of a body of that content type, in order; `None` if the form is malformed.
pub(super) fn parse_parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<FormPart<'a>>> {
    let (media_type, parameters) = content_type.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = find_parameter(parameters, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()))?;
    let delimiter = format!("\r\n--{boundary}");
    let end = memmem::Finder::new(&delimiter);
    let mut rest = body.strip_prefix(&delimiter.as_bytes()["\r\n".len()..])?;
    let mut parts = Vec::new();
    loop {
        match rest {
            [b'-', b'-'] | [b'-', b'-', b'\r', b'\n', ..] => return Some(parts),
            [b'\r', b'\n', after @ ..] if parts.len() < MAX_PARTS => {
                let length = end.find(after)?;
                parts.push(parse_part(&after[..length])?);
                rest = &after[length + delimiter.len()..];
            }
            _ => return None,
        }
    }
}

fn parse_part(bytes: &[u8]) -> Option<FormPart<'_>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_PARTS];
    let Ok(httparse::Status::Complete((content_start, headers))) = httparse::parse_headers(bytes, &mut headers) else {
        return None;
    };
    let mut dispositions = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-disposition"));
    let (disposition, None) = (dispositions.next()?, dispositions.next()) else { return None };
    let (kind, parameters) = std::str::from_utf8(disposition.value).ok()?.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (name, file_name) = (find_parameter(parameters, "name")?, find_parameter(parameters, "filename"));
    Some(FormPart { name, file_name, bytes: &bytes[content_start..] })
}

/// Returns the value of a parameter: a token, or a quoted string with its `\"` and `\\` unescaped.
fn find_parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, tail) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => parse_quoted_string(quoted)?,
            None => {
                let (token, tail) = after.split_once(';').unwrap_or((after, ""));
                (token.trim().to_owned(), tail)
            }
        };
        if key.trim_matches([';', ' ', '\t']).eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = tail;
    }
}

/// Returns the text before the closing quote, unescaped, and the text after it.
fn parse_quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";

    fn form(body: &str) -> Option<Vec<FormPart<'_>>> {
        parse_parts(TYPE, body.as_bytes())
    }

    #[test]
    fn form_is_split_into_parts() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX\r\n\
                    content-disposition: form-data; filename=\"x; \\\"y\\\".png\"; name=media\r\n\
                    Content-Type: image/png\r\n\r\n--X\r\n\r\n\0\r\n--XX--\r\n";
        let expected = [
            FormPart { name: "a".into(), file_name: None, bytes: b"1" },
            FormPart { name: "media".into(), file_name: Some("x; \"y\".png".into()), bytes: b"--X\r\n\r\n\0" },
        ];
        assert_eq!(form(body).unwrap(), expected);
        let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"a b\"";
        let body = b"--a b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--a b--";
        assert_eq!(parse_parts(quoted, body).unwrap()[0].bytes, b"");
        assert_eq!(form("--XX--").unwrap(), []);
    }

    #[test]
    fn malformed_forms_are_rejected() {
        let head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
        for body in [
            String::new(),
            "--XX".into(),
            "--XX\r\n".into(),
            format!("{head}1\r\n--XX--"),
            format!("\r\n--XX\r\n{head}1\r\n--XX--"),
            format!("--XX\r\n{head}1"),
            format!("--XX\r\n{head}1\r\n--XX"),
            format!("--XX\r\n{head}1\r\n--XXX--"),
            format!("--XX\r\n{head}1\n--XX--"),
            "--XX\r\n\r\n1\r\n--XX--".into(),
            "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--".into(),
            "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--XX--".into(),
            "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--XX--".into(),
            format!("--XX\r\n{}1\r\n--XX--", head.trim_end().to_owned() + "\r\n" + head),
            format!("--XX{}--", format!("\r\n{head}1\r\n--XX").repeat(MAX_PARTS + 1)),
        ] {
            assert_eq!(form(&body), None, "{body:?}");
        }
        for kind in ["", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=XX"] {
            assert_eq!(parse_parts(kind, b"--XX--"), None, "{kind}");
        }
    }

    #[test]
    fn encoded_file_name_is_ignored() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"media\"; filename*=utf-8''a.png\r\n\r\n\r\n--XX--";
        assert_eq!(form(body).unwrap()[0].file_name, None);
    }
}
