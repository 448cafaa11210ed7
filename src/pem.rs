//! The only parser of PEM files, which hold certificates and private keys.
//!
//! The error of a parser may contain the line that it could not parse, and a private key without
//! line breaks is one line. A [`PemError`] therefore has the number of a line and the kind of the
//! error, but never a byte of the text.

use std::fmt;

use memchr::memmem;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::t;

/// An error in a text that should be PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemError {
    /// Header, data and footer are all on this line, from 1.
    NoLineEnds(usize),
    /// The section that begins on this line has no end.
    MissingEnd(usize),
    /// The section that begins on this line is not base64, or does not contain DER.
    Damaged(usize),
    /// The file has a private key instead of a certificate.
    KeyInstead,
    /// The file has a certificate instead of a private key.
    CertificateInstead,
    /// The text is in UTF-16.
    Utf16,
    /// The text has no PEM section.
    NotPem,
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::NoLineEnds(line) => t!("pem-no-line-ends", line = line.to_string()),
            Self::MissingEnd(line) => t!("pem-no-end", line = line.to_string()),
            Self::Damaged(line) => t!("pem-damaged", line = line.to_string()),
            Self::KeyInstead => t!("pem-key-instead"),
            Self::CertificateInstead => t!("pem-certificate-instead"),
            Self::Utf16 => t!("pem-utf16"),
            Self::NotPem => t!("pem-nothing"),
        })
    }
}

impl PemError {
    /// Returns the remedy, if it follows from the kind of the error.
    pub fn hint(self) -> Option<String> {
        match self {
            Self::NoLineEnds(_) => Some(t!("pem-no-line-ends-hint")),
            Self::MissingEnd(_) | Self::Damaged(_) => Some(t!("pem-damaged-hint")),
            Self::Utf16 => Some(t!("pem-utf16-hint")),
            Self::KeyInstead | Self::CertificateInstead | Self::NotPem => None,
        }
    }
}

/// Returns all certificates of a PEM text in their order, at least one.
pub fn parse_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let pem = strip_bom(pem)?;
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if found.is_empty() => Err(missing_item_error(pem, PRIVATE_KEY_LABEL, PemError::KeyInstead)),
        Ok(found) => Ok(found),
        Err(_) => Err(find_error(pem)),
    }
}

/// Returns the first private key of a PEM text.
pub fn parse_private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    let pem = strip_bom(pem)?;
    match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => Ok(key),
        Some(Err(_)) => Err(find_error(pem)),
        None => Err(missing_item_error(pem, CERTIFICATE_LABEL, PemError::CertificateInstead)),
    }
}

/// Returns whether the text has an encrypted private key. The newer format has the word in the
/// first line of the section, the older one in the second.
pub fn is_encrypted(pem: &[u8]) -> bool {
    contains(pem, b"ENCRYPTED")
}

/// Returns the line on which the first section begins, from 1.
pub fn first_section_line(pem: &[u8]) -> usize {
    lines(pem).position(|line| contains(line, BEGIN_MARKER)).map_or(1, |at| at + 1)
}

const BEGIN_MARKER: &[u8] = b"-----BEGIN ";
const END_MARKER: &[u8] = b"-----END ";
const PRIVATE_KEY_LABEL: &[u8] = b"PRIVATE KEY-----";
const CERTIFICATE_LABEL: &[u8] = b"CERTIFICATE-----";

/// Removes a byte order mark, which editors on Windows add.
fn strip_bom(pem: &[u8]) -> Result<&[u8], PemError> {
    if pem.starts_with(&[0xff, 0xfe]) || pem.starts_with(&[0xfe, 0xff]) {
        return Err(PemError::Utf16);
    }
    Ok(pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pem))
}

fn lines(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    pem.split(|byte| *byte == b'\n')
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memmem::find(text, part).is_some()
}

/// Returns why the text has no section of the required kind. `wrong_kind` is the error if it has
/// one with the label `other`.
fn missing_item_error(pem: &[u8], other: &[u8], wrong_kind: PemError) -> PemError {
    match find_error(pem) {
        PemError::Damaged(_) if contains(pem, other) => wrong_kind,
        PemError::Damaged(_) => PemError::NotPem,
        error => error,
    }
}

/// Finds the first error by the form of the lines, as the parser does.
fn find_error(pem: &[u8]) -> PemError {
    let mut open = None;
    for (at, line) in lines(pem).enumerate() {
        let number = at + 1;
        let line = line.trim_ascii();
        if !contains(line, BEGIN_MARKER) {
            match contains(line, END_MARKER) {
                // The footer must be on its own line.
                true if line.starts_with(END_MARKER) => open = None,
                true => return PemError::NoLineEnds(number),
                false => {}
            }
            continue;
        }
        if !is_header(line) {
            return PemError::NoLineEnds(number);
        }
        if let Some(before) = open.replace(number) {
            return PemError::MissingEnd(before);
        }
    }
    match open {
        Some(number) => PemError::MissingEnd(number),
        None if contains(pem, BEGIN_MARKER) => PemError::Damaged(damaged_section_line(pem)),
        None => PemError::NotPem,
    }
}

/// Returns whether the line is only the header of a section, without base64 in its label.
fn is_header(line: &[u8]) -> bool {
    let label = line.strip_prefix(BEGIN_MARKER).and_then(|rest| rest.strip_suffix(b"-----"));
    label.is_some_and(|label| label.iter().all(|byte| byte.is_ascii_uppercase() || b" 0123456789".contains(byte)))
}

/// Returns the first line of the first section whose content is not base64.
fn damaged_section_line(pem: &[u8]) -> usize {
    let mut begin = 1;
    for (at, line) in lines(pem).enumerate() {
        let line = line.trim_ascii();
        if line.starts_with(BEGIN_MARKER) {
            begin = at + 1;
        } else if !line.starts_with(END_MARKER)
            && !line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        {
            return begin;
        }
    }
    first_section_line(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn pem_errors_are_reported_with_line() {
        let key = pem("PRIVATE KEY", "c2VjcmV0\nc2VjcmV0");
        let certificate = pem("CERTIFICATE", "c2VjcmV0");
        assert!(parse_certificates(format!("\u{feff}{certificate}").as_bytes()).is_ok());
        assert!(
            parse_certificates(format!("words before\r\n{}", certificate.replace('\n', "\r\n")).as_bytes()).is_ok()
        );
        let cases = [
            (key.replace('\n', ""), PemError::NoLineEnds(1)),
            (key.replace('\n', " "), PemError::NoLineEnds(1)),
            (key.replace('\n', "\\n"), PemError::NoLineEnds(1)),
            (format!("\n{}", certificate.replace('\n', " ")), PemError::NoLineEnds(2)),
            (key.replace("\n-----END", "-----END"), PemError::NoLineEnds(3)),
            ("\n-----BEGIN CERTIFICATE-----\nc2VjcmV0\n".into(), PemError::MissingEnd(2)),
            (format!("{certificate}{}", pem("CERTIFICATE", "c2?j")), PemError::Damaged(4)),
            (pem("CERTIFICATE", "c"), PemError::Damaged(1)),
            (key.clone(), PemError::KeyInstead),
            ("nonsense".into(), PemError::NotPem),
            (String::new(), PemError::NotPem),
            (pem("PUBLIC KEY", "c2Vj"), PemError::NotPem),
        ];
        for (text, fault) in cases {
            assert_eq!(parse_certificates(text.as_bytes()).unwrap_err(), fault, "{text}");
        }
        assert_eq!(parse_private_key(certificate.as_bytes()).unwrap_err(), PemError::CertificateInstead);
        assert_eq!(parse_private_key(&[0xff, 0xfe, 0x2d, 0]).unwrap_err(), PemError::Utf16);
        assert!(parse_private_key(format!("\u{feff}{key}").as_bytes()).is_ok());
        assert!(parse_private_key(format!("{certificate}{key}").as_bytes()).is_ok(), "one file for both");
    }

    #[test]
    fn pem_error_contains_no_key_material() {
        let secret = "c2VjcmV0c2VjcmV0";
        let key = pem("PRIVATE KEY", secret);
        for text in [key.replace('\n', " "), key.replace('\n', "\\n"), key.replace("-----END", "-----"), key] {
            let fault = parse_certificates(text.as_bytes()).unwrap_err();
            let message = format!("{fault} {fault:?} {:?}", fault.hint());
            assert!(!message.contains(secret) && !message.contains("99, 50"), "{message}");
        }
    }
}
