//! What a door speaks HTTPS with: a certificate and its key.

use std::fmt;
use std::sync::Arc;

use rustls::{Error, ServerConfig};

use crate::pem::{self, PemError};

/// A certificate with its chain and its key. Clones share them.
#[derive(Clone)]
pub struct ServerTls(pub(super) Arc<ServerConfig>);

/// Why there is no HTTPS with a certificate and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsConfigError {
    /// The file of the certificate cannot be read as PEM.
    Certificate(PemError),
    /// The file of the key cannot be read as PEM.
    Key(PemError),
    /// The key can only be read with a password.
    EncryptedKey,
    /// The key is of a kind that there is no way to sign with.
    BadKey,
    /// The key is another certificate's.
    KeyMismatch,
}

impl ServerTls {
    /// Reads a certificate, with those of its chain behind it, and its key, all PEM.
    ///
    /// # Errors
    /// What they cannot be used for; no error holds a part of either file.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<ServerTls, TlsConfigError> {
        let chain = pem::parse_certificates(certificate).map_err(TlsConfigError::Certificate)?;
        if pem::is_encrypted(key) {
            return Err(TlsConfigError::EncryptedKey);
        }
        let key = pem::parse_private_key(key).map_err(TlsConfigError::Key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsConfigError::BadKey)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => TlsConfigError::KeyMismatch,
                Error::InvalidCertificate(_) => {
                    TlsConfigError::Certificate(PemError::Damaged(pem::first_section_line(certificate)))
                }
                _ => TlsConfigError::BadKey,
            })?;
        Ok(ServerTls(Arc::new(config)))
    }
}

impl fmt::Debug for ServerTls {
    /// Shows nothing: the key is in there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
