//! What a door speaks HTTPS with: a certificate and its key.

use std::fmt;
use std::sync::Arc;

use rustls::{Error, ServerConfig};

use crate::pem::{self, Fault};

/// A certificate with its chain and its key. Clones share them.
#[derive(Clone)]
pub struct Tls(pub(super) Arc<ServerConfig>);

/// Why there is no HTTPS with a certificate and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The file of the certificate cannot be read as PEM.
    Certificate(Fault),
    /// The file of the key cannot be read as PEM.
    Key(Fault),
    /// The key can only be read with a password.
    EncryptedKey,
    /// The key is of a kind that there is no way to sign with.
    BadKey,
    /// The key is another certificate's.
    Mismatch,
}

impl Tls {
    /// Reads a certificate, with those of its chain behind it, and its key, all PEM.
    ///
    /// # Errors
    /// What they cannot be used for; no error holds a part of either file.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Tls, Unusable> {
        let chain = pem::certificates(certificate).map_err(Unusable::Certificate)?;
        if pem::is_encrypted(key) {
            return Err(Unusable::EncryptedKey);
        }
        let key = pem::private_key(key).map_err(Unusable::Key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Unusable::BadKey)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => Unusable::Mismatch,
                Error::InvalidCertificate(_) => Unusable::Certificate(Fault::Damaged(pem::first_line(certificate))),
                _ => Unusable::BadKey,
            })?;
        Ok(Tls(Arc::new(config)))
    }
}

impl fmt::Debug for Tls {
    /// Shows nothing: the key is in there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
