//! Loads the files that the listener of `bind` needs: its certificate and private key, and the file
//! by which WeChat verifies the domain.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::callback::{DomainVerificationFile, is_verification_file_name};
use crate::config::{self, Config, check_file_trust, file_mode};
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::http_server::{ServerTls, TlsConfigError};
use crate::pem::PemError;
use crate::t;

/// The limit for a file of certificates or keys; no chain of certificates is longer.
const MAX_PEM_BYTES: u64 = 1 << 20;
/// The limit for the verification file, which is far shorter.
const MAX_VERIFICATION_FILE_BYTES: u64 = 1 << 10;

/// The files that the config names.
pub(crate) struct ListenerFiles {
    /// The TLS configuration, if the listener serves HTTPS.
    pub(crate) tls: Option<ServerTls>,
    /// The file by which WeChat verifies the domain.
    pub(crate) verification_file: Option<DomainVerificationFile>,
    /// Problems that WeChat will reject although the listener works, each with a hint.
    pub(crate) warnings: Vec<(String, String)>,
}

/// Loads the files that the config names.
///
/// # Errors
/// A file cannot be read or is not usable.
pub(crate) fn load(config: &Config) -> Result<ListenerFiles, CommandError> {
    let listen = &config.listen;
    let mut warnings = Vec::new();
    let tls = match (&listen.tls_cert, &listen.tls_key) {
        (Some(certificate), Some(key)) => Some(load_tls(certificate, key)?),
        _ => None,
    };
    let proof = listen.domain_verify_file.as_ref().map(|path| load_verification_file(path)).transpose()?;
    if let (Some(proof), Some(path)) = (&proof, &listen.domain_verify_file)
        && !proof.content_matches_name()
    {
        warnings.push((
            t!("listen-file-verification-content", path = path.value),
            t!("listen-file-verification-content-hint"),
        ));
    }
    if let Ok(redirect) = config.require_redirect_uri()
        && redirect.scheme() == "http"
        && tls.is_some()
    {
        warnings.push((t!("listen-file-http", uri = redirect.as_str()), t!("listen-file-http-hint")));
    }
    Ok(ListenerFiles { tls, verification_file: proof, warnings })
}

/// Returns a warning and its hint if every user of the machine can read the private key.
pub(crate) fn readable_key_warning(config: &Config) -> Option<(String, String)> {
    let key = config.listen.tls_key.as_ref()?;
    let is_readable = file_mode(key).is_some_and(|mode| mode & 0o004 != 0);
    is_readable.then(|| (t!("config-readable", path = key.value), t!("config-readable-hint", path = key.value)))
}

fn load_tls(certificate: &Path, key: &Path) -> Result<ServerTls, CommandError> {
    let certificates = read_file(certificate, "listen.tls_cert", MAX_PEM_BYTES)?;
    let keys = read_trusted_file(key, "listen.tls_key", MAX_PEM_BYTES)?;
    ServerTls::new(&certificates, &keys).map_err(|why| match why {
        TlsConfigError::Certificate(fault) => {
            pem_error(certificate, "listen.tls_cert", fault, t!("listen-file-no-certificate-hint"))
        }
        TlsConfigError::Key(fault) => pem_error(key, "listen.tls_key", fault, t!("listen-file-no-key-hint")),
        TlsConfigError::BadKey => config_error(t!("listen-file-bad-key", path = key), t!("listen-file-no-key-hint")),
        TlsConfigError::EncryptedKey => {
            config_error(t!("listen-file-encrypted-key", path = key), t!("listen-file-encrypted-key-hint", path = key))
        }
        TlsConfigError::KeyMismatch => config_error(
            t!("listen-file-mismatch", key = key, certificate = certificate),
            t!("listen-file-mismatch-hint"),
        ),
    })
}

/// Returns the error for a file that is not PEM or holds the wrong item. `hint` is used if `fault`
/// has no hint of its own.
fn pem_error(path: &Path, key: &str, fault: PemError, hint: String) -> CommandError {
    let what = t!("listen-file-faulty", key = key, path = path, cause = fault.to_string());
    config_error(what, fault.hint().unwrap_or(hint))
}

fn load_verification_file(path: &Path) -> Result<DomainVerificationFile, CommandError> {
    let name = path.file_name().and_then(|name| name.to_str()).filter(|name| is_verification_file_name(name));
    let name = name.ok_or_else(|| {
        config_error(t!("listen-file-verification-name", path = path), t!("listen-file-verification-hint"))
    })?;
    Ok(DomainVerificationFile::new(name, read_file(path, "listen.domain_verify_file", MAX_VERIFICATION_FILE_BYTES)?))
}

/// Reads a file of at most `limit` bytes.
fn read_file(path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, CommandError> {
    read_opened(File::open(path), path, key, limit)
}

/// Reads a file like [`read_file`], and rejects one that another user can change.
fn read_trusted_file(path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, CommandError> {
    let file = File::open(path);
    if let Ok(file) = &file {
        let refused = |error: config::Error| CommandError {
            hint: error.hint(),
            ..config_error(error.to_string(), String::new())
        };
        check_file_trust(path, file).map_err(refused)?;
    }
    read_opened(file, path, key, limit)
}

fn read_opened(file: io::Result<File>, path: &Path, key: &str, limit: u64) -> Result<Vec<u8>, CommandError> {
    file.and_then(|file| files::read_limited(file, limit)).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::PermissionDenied => t!("listen-file-denied-hint", path = path),
            _ => t!("listen-file-unreadable-hint", key = key),
        };
        config_error(t!("listen-file-unreadable", path = path, key = key, cause = error), hint)
    })
}

fn config_error(what: String, hint: String) -> CommandError {
    CommandError { exit: ExitStatus::Config, message: what, hint: Some(hint) }
}
