//! The certificate and the private key of an HTTPS server.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::{Error, ServerConfig};

use crate::pem::{self, PemError};

/// The TLS configuration of a server. Clones share it.
#[derive(Clone)]
pub struct ServerTls(Arc<RwLock<Arc<ServerConfig>>>);

/// Why a certificate and a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsConfigError {
    /// The certificate file is not valid PEM.
    Certificate(PemError),
    /// The key file is not valid PEM.
    Key(PemError),
    /// The key is encrypted with a password.
    EncryptedKey,
    /// The type of the key is not supported.
    BadKey,
    /// The key belongs to another certificate.
    KeyMismatch,
}

impl ServerTls {
    /// Reads a certificate, followed by its chain, and its key, both in PEM format. No error holds
    /// a part of either file.
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
        Ok(ServerTls(Arc::new(RwLock::new(Arc::new(config)))))
    }

    /// Uses the certificate and the key of `other` for new connections.
    pub fn replace_with(&self, other: &ServerTls) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = other.current();
    }

    /// Returns the configuration for a new connection.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for ServerTls {
    /// Hides the content, which holds the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}
