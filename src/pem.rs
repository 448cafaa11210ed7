//! The one reader of PEM: certificates, keys, and what else a certificate's file may hold.
//!
//! A parser's own error can carry the line that it stumbled over, and that line may be a private key whose line ends are
//! gone. So a [`Fault`] knows the number of a line and the kind of the mistake, never a byte of the text.

use std::fmt;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::t;

/// What is wrong with a text that should be PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The header, the data and the footer stand on this line, from 1, together.
    NoLineEnds(usize),
    /// What begins on this line has no end.
    NoEnd(usize),
    /// What begins on this line is no base64, or no DER within.
    Damaged(usize),
    /// There is no certificate, but a private key.
    KeyInstead,
    /// There is no private key, but a certificate.
    CertificateInstead,
    /// The text is in UTF-16.
    Utf16,
    /// There is nothing of PEM in it.
    Nothing,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::NoLineEnds(line) => t!("pem-no-line-ends", line = line.to_string()),
            Self::NoEnd(line) => t!("pem-no-end", line = line.to_string()),
            Self::Damaged(line) => t!("pem-damaged", line = line.to_string()),
            Self::KeyInstead => t!("pem-key-instead"),
            Self::CertificateInstead => t!("pem-certificate-instead"),
            Self::Utf16 => t!("pem-utf16"),
            Self::Nothing => t!("pem-nothing"),
        })
    }
}

impl Fault {
    /// What to do about it, where the kind of the mistake tells.
    pub fn hint(self) -> Option<String> {
        match self {
            Self::NoLineEnds(_) => Some(t!("pem-no-line-ends-hint")),
            Self::NoEnd(_) | Self::Damaged(_) => Some(t!("pem-damaged-hint")),
            Self::Utf16 => Some(t!("pem-utf16-hint")),
            Self::KeyInstead | Self::CertificateInstead | Self::Nothing => None,
        }
    }
}

/// All certificates of a PEM text, in its order: at least one.
///
/// # Errors
/// [`Fault`]
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let pem = text(pem)?;
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if found.is_empty() => Err(instead(pem, KEY, Fault::KeyInstead)),
        Ok(found) => Ok(found),
        Err(_) => Err(fault_in(pem)),
    }
}

/// The first private key of a PEM text.
///
/// # Errors
/// [`Fault`]
pub fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Fault> {
    let pem = text(pem)?;
    match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => Ok(key),
        Some(Err(_)) => Err(fault_in(pem)),
        None => Err(instead(pem, CERTIFICATE, Fault::CertificateInstead)),
    }
}

/// Whether a private key in it is encrypted: the newer form says so in its first line, the older one in its second.
pub fn is_encrypted(pem: &[u8]) -> bool {
    holds(pem, b"ENCRYPTED")
}

/// The line on which the first section begins, from 1.
pub fn first_line(pem: &[u8]) -> usize {
    lines(pem).position(|line| holds(line, BEGIN)).map_or(1, |at| at + 1)
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const KEY: &[u8] = b"PRIVATE KEY-----";
const CERTIFICATE: &[u8] = b"CERTIFICATE-----";

/// The text without a byte order mark, which editors on Windows leave before it.
fn text(pem: &[u8]) -> Result<&[u8], Fault> {
    if pem.starts_with(&[0xff, 0xfe]) || pem.starts_with(&[0xfe, 0xff]) {
        return Err(Fault::Utf16);
    }
    Ok(pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pem))
}

fn lines(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    pem.split(|byte| *byte == b'\n')
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Why nothing of the kind that was wanted was found: there may be a thing of another kind, or one that cannot be read.
fn instead(pem: &[u8], other: &[u8], fault: Fault) -> Fault {
    match fault_in(pem) {
        Fault::Damaged(_) if holds(pem, other) => fault,
        Fault::Damaged(_) => Fault::Nothing,
        fault => fault,
    }
}

/// Where the first mistake is. This looks at the shape of the lines alone, in the way that the parser does.
fn fault_in(pem: &[u8]) -> Fault {
    let mut open = None;
    for (at, line) in lines(pem).enumerate() {
        let number = at + 1;
        let line = line.trim_ascii();
        if !holds(line, BEGIN) {
            match holds(line, END) {
                // The end of a section has a line of its own.
                true if line.starts_with(END) => open = None,
                true => return Fault::NoLineEnds(number),
                false => {}
            }
            continue;
        }
        if !is_header(line) {
            return Fault::NoLineEnds(number);
        }
        if let Some(before) = open.replace(number) {
            return Fault::NoEnd(before);
        }
    }
    match open {
        Some(number) => Fault::NoEnd(number),
        None if holds(pem, BEGIN) => Fault::Damaged(damaged_section(pem)),
        None => Fault::Nothing,
    }
}

/// Whether the line is the header of a section and nothing else: its label has no base64 in it.
fn is_header(line: &[u8]) -> bool {
    let label = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(b"-----"));
    label.is_some_and(|label| label.iter().all(|byte| byte.is_ascii_uppercase() || b" 0123456789".contains(byte)))
}

/// The first line of the first section that holds something else than base64 and the fields of an old header.
fn damaged_section(pem: &[u8]) -> usize {
    let mut begin = 1;
    for (at, line) in lines(pem).enumerate() {
        let line = line.trim_ascii();
        if line.starts_with(BEGIN) {
            begin = at + 1;
        } else if !line.starts_with(END)
            && !line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        {
            return begin;
        }
    }
    first_line(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn each_mistake_is_told_by_its_line() {
        let key = pem("PRIVATE KEY", "c2VjcmV0\nc2VjcmV0");
        let certificate = pem("CERTIFICATE", "c2VjcmV0");
        assert!(certificates(format!("\u{feff}{certificate}").as_bytes()).is_ok());
        assert!(certificates(format!("words before\r\n{}", certificate.replace('\n', "\r\n")).as_bytes()).is_ok());
        let cases = [
            (key.replace('\n', ""), Fault::NoLineEnds(1)),
            (key.replace('\n', " "), Fault::NoLineEnds(1)),
            (key.replace('\n', "\\n"), Fault::NoLineEnds(1)),
            (format!("\n{}", certificate.replace('\n', " ")), Fault::NoLineEnds(2)),
            (key.replace("\n-----END", "-----END"), Fault::NoLineEnds(3)),
            ("\n-----BEGIN CERTIFICATE-----\nc2VjcmV0\n".into(), Fault::NoEnd(2)),
            (format!("{certificate}{}", pem("CERTIFICATE", "c2?j")), Fault::Damaged(4)),
            (pem("CERTIFICATE", "c"), Fault::Damaged(1)),
            (key.clone(), Fault::KeyInstead),
            ("nonsense".into(), Fault::Nothing),
            (String::new(), Fault::Nothing),
            (pem("PUBLIC KEY", "c2Vj"), Fault::Nothing),
        ];
        for (text, fault) in cases {
            assert_eq!(certificates(text.as_bytes()).unwrap_err(), fault, "{text}");
        }
        assert_eq!(private_key(certificate.as_bytes()).unwrap_err(), Fault::CertificateInstead);
        assert_eq!(private_key(&[0xff, 0xfe, 0x2d, 0]).unwrap_err(), Fault::Utf16);
        assert!(private_key(format!("\u{feff}{key}").as_bytes()).is_ok());
        assert!(private_key(format!("{certificate}{key}").as_bytes()).is_ok(), "one file for both");
    }

    #[test]
    fn no_text_of_a_fault_has_a_byte_of_the_file() {
        let secret = "c2VjcmV0c2VjcmV0";
        let key = pem("PRIVATE KEY", secret);
        for text in [key.replace('\n', " "), key.replace('\n', "\\n"), key.replace("-----END", "-----"), key] {
            let fault = certificates(text.as_bytes()).unwrap_err();
            let said = format!("{fault} {fault:?} {:?}", fault.hint());
            assert!(!said.contains(secret) && !said.contains("99, 50"), "{said}");
        }
    }
}
