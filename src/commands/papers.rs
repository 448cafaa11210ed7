//! What the listener of `bind` shows of itself: its certificate, and the file that proves whose the domain is.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::bounded;
use crate::callback::{Proof, is_name_of_proof};
use crate::config::{self, Config, guard, modes};
use crate::error::{Exit, Failure};
use crate::http::{Tls, Unusable};
use crate::pem::Fault;
use crate::t;

/// More than any chain of certificates.
const PEM_LIMIT: u64 = 1 << 20;
/// More than WeChat's file holds.
const PROOF_LIMIT: u64 = 1 << 10;

/// As the config names them; nothing where it names none.
pub(super) struct Papers {
    /// What the listener speaks HTTPS with.
    pub(super) tls: Option<Tls>,
    /// The file for WeChat.
    pub(super) proof: Option<Proof>,
    /// What will not do, each with its remedy, though the listener works.
    pub(super) warnings: Vec<(String, String)>,
}

/// Reads the papers.
///
/// # Errors
/// A failure of the configuration: what cannot be read or used, and what to do.
pub(super) fn read(config: &Config) -> Result<Papers, Failure> {
    let listen = &config.listen;
    let mut warnings = Vec::new();
    let tls = match (&listen.tls_cert, &listen.tls_key) {
        (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
        _ => None,
    };
    let proof = listen.domain_verify_file.as_ref().map(|path| proof(path)).transpose()?;
    if let (Some(proof), Some(path)) = (&proof, &listen.domain_verify_file)
        && !proof.is_whole()
    {
        warnings.push((t!("papers-proof-content", path = path.value), t!("papers-proof-content-hint")));
    }
    if let Ok(redirect) = config.redirect()
        && redirect.scheme() == "http"
        && tls.is_some()
    {
        warnings.push((t!("papers-http", uri = redirect.as_str()), t!("papers-http-hint")));
    }
    Ok(Papers { tls, proof, warnings })
}

/// The key, where everybody on the machine can read it.
pub(super) fn open_key(config: &Config) -> Option<&Path> {
    let key = config.listen.tls_key.as_ref()?;
    modes(key).is_some_and(|mode| mode & 0o004 != 0).then_some(key.value.as_path())
}

fn tls(certificate: &Path, key: &Path) -> Result<Tls, Failure> {
    let certificates = bytes(certificate, "listen.tls_cert", PEM_LIMIT)?;
    let keys = trusted_bytes(key, "listen.tls_key", PEM_LIMIT)?;
    Tls::new(&certificates, &keys).map_err(|why| match why {
        Unusable::Certificate(fault) => faulty(certificate, "listen.tls_cert", fault, t!("papers-no-certificate-hint")),
        Unusable::Key(fault) => faulty(key, "listen.tls_key", fault, t!("papers-no-key-hint")),
        Unusable::BadKey => failure(t!("papers-bad-key", path = key), t!("papers-no-key-hint")),
        Unusable::EncryptedKey => {
            failure(t!("papers-encrypted-key", path = key), t!("papers-encrypted-key-hint", path = key))
        }
        Unusable::Mismatch => {
            failure(t!("papers-mismatch", key = key, certificate = certificate), t!("papers-mismatch-hint"))
        }
    })
}

/// A file that is no PEM, or not the one that is meant; `hint` is said where the mistake itself does not tell what to do.
fn faulty(path: &Path, key: &str, fault: Fault, hint: String) -> Failure {
    let what = t!("papers-faulty", key = key, path = path, cause = fault.to_string());
    failure(what, fault.hint().unwrap_or(hint))
}

fn proof(path: &Path) -> Result<Proof, Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| is_name_of_proof(name));
    let name = name.ok_or_else(|| failure(t!("papers-proof-name", path = path), t!("papers-proof-hint")))?;
    Ok(Proof::new(name, bytes(path, "listen.domain_verify_file", PROOF_LIMIT)?))
}

/// All that is in a file, if it is not too much.
fn bytes(path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    read_from(File::open(path), path, key, limit)
}

/// The same for a file that nobody else may change.
fn trusted_bytes(path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path);
    if let Ok(file) = &file {
        let refused =
            |error: config::Error| Failure { hint: error.hint(), ..failure(error.to_string(), String::new()) };
        guard(path, file).map_err(refused)?;
    }
    read_from(file, path, key, limit)
}

fn read_from(file: io::Result<File>, path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    file.and_then(|file| bounded::read(file, limit)).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::PermissionDenied => t!("papers-denied-hint", path = path),
            _ => t!("papers-unreadable-hint", key = key),
        };
        failure(t!("papers-unreadable", path = path, key = key, cause = error), hint)
    })
}

fn failure(what: String, hint: String) -> Failure {
    Failure { exit: Exit::Config, what, hint: Some(hint) }
}
