//! The TLS configuration: rustls with ring and the built-in Mozilla roots.
//!
//! No trust store is read at startup, and a container without `ca-certificates` works.
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the roots; `network.ca_file` adds a private
//! certificate authority.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_native_certs::{ErrorKind, load_certs_from_paths};

use super::{Error, Result};
use crate::{files, i18n, pem, t};

/// The maximum size of a CA file in bytes; the whole store of a system has 200 KB.
const MAX_CA_BYTES: u64 = 8 << 20;

/// Returns the TLS configuration of a client: the Mozilla roots, or those of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`, and the authorities in `ca_file`.
///
/// # Errors
/// [`Error::ClientInit`] if a file or directory has no usable certificate.
pub fn tls_config(ca_file: Option<&PathBuf>) -> Result<rustls::ClientConfig> {
    let mut roots = load_roots()?;
    if let Some(path) = ca_file {
        let failed = |cause| Error::client_init(t!("wechat-ca-file", path = path, cause = cause));
        add_file(&mut roots, path).map_err(failed)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::client_init(e.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Loads the roots that the environment variables name in place of the built-in ones, as other
/// programs do.
fn load_roots() -> Result<RootCertStore> {
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let [file, dirs] = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(path);
    let mut roots = RootCertStore::empty();
    let mut first_problem = None;
    let mut record = |name, path: &Path, added: std::result::Result<(), String>| {
        if let Err(cause) = added {
            let problem = || Error::client_init(t!("wechat-ca-variable", name = name, path = path, cause = cause));
            first_problem.get_or_insert_with(problem);
        }
    };
    if let Some(file) = &file {
        record("SSL_CERT_FILE", file, add_file(&mut roots, file));
    }
    for dir in dirs.iter().flat_map(std::env::split_paths) {
        record("SSL_CERT_DIR", &dir, add_dir(&mut roots, &dir));
    }
    match first_problem {
        Some(problem) if roots.is_empty() => Err(problem),
        _ if roots.is_empty() => Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }),
        _ => Ok(roots),
    }
}

/// Adds the certificates of a file. Skips invalid ones as long as at least one is valid.
fn add_file(roots: &mut RootCertStore, path: &Path) -> std::result::Result<(), String> {
    let faulty = |fault: pem::PemError| match fault.hint() {
        Some(hint) => t!("ui-clauses", first = fault.to_string(), rest = hint),
        None => fault.to_string(),
    };
    let bytes = File::open(path)
        .and_then(|file| files::read_limited(file, MAX_CA_BYTES))
        .map_err(|e| i18n::io_error_text(&e))?;
    let certificates = pem::parse_certificates(&bytes).map_err(faulty)?;
    match roots.add_parsable_certificates(certificates).0 {
        0 => Err(faulty(pem::PemError::Damaged(pem::first_section_line(&bytes)))),
        _ => Ok(()),
    }
}

/// Adds the certificates of a directory, whose files are named as by `openssl rehash`. Does not
/// repeat the parser's error, which may quote the file.
fn add_dir(roots: &mut RootCertStore, dir: &Path) -> std::result::Result<(), String> {
    let loaded = load_certs_from_paths(None, Some(dir));
    if roots.add_parsable_certificates(loaded.certs).0 > 0 {
        return Ok(());
    }
    let system = loaded.errors.iter().find_map(|error| match &error.kind {
        ErrorKind::Io { inner, .. } => Some(i18n::io_error_text(inner)),
        _ => None,
    });
    Err(system.unwrap_or_else(|| t!("wechat-ca-file-empty")))
}
