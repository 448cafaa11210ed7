//! What a door speaks HTTPS with: a certificate and its key.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};

/// A certificate with its chain and its key. Clones share them.
#[derive(Clone)]
pub struct Tls(pub(super) Arc<ServerConfig>);

/// Why there is no HTTPS with a certificate and a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing in the file of the certificate is one.
    NoCertificate,
    /// The certificate cannot be read, with the parser's words.
    BadCertificate(String),
    /// Nothing in the file of the key is one.
    NoKey,
    /// The key can only be read with a password.
    EncryptedKey,
    /// The key is damaged, or of a kind that there is no way to sign with.
    BadKey,
    /// The key is another certificate's.
    Mismatch,
}

impl Tls {
    /// Reads a certificate, with those of its chain behind it, and its key, all PEM.
    ///
    /// # Errors
    /// What they cannot be used for; no error holds a part of the key.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Tls, Unusable> {
        let bad = |error: PemError| Unusable::BadCertificate(error.to_string());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(bad)?;
        if chain.is_empty() {
            return Err(Unusable::NoCertificate);
        }
        // Said in the first line of the newer form, and in the second of the older.
        if key.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
            return Err(Unusable::EncryptedKey);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            PemError::NoItemsFound => Unusable::NoKey,
            _ => Unusable::BadKey,
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable::BadCertificate(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => Unusable::Mismatch,
                Error::InvalidCertificate(why) => Unusable::BadCertificate(format!("{why:?}")),
                _ => Unusable::BadKey,
            })?;
        Ok(Tls(Arc::new(config)))
    }
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";

impl fmt::Debug for Tls {
    /// Shows nothing: the key is in there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
