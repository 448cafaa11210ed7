//! A self-signed certificate for this machine, and a client that trusts it.

use reqwest::blocking::Client;
use tempfile::NamedTempFile;

/// A certificate and its key as PEM.
pub struct TestCertificate {
    pub certificate_pem: String,
    pub key_pem: String,
}

impl TestCertificate {
    /// Creates a certificate for the address that the server has in most tests.
    pub fn new() -> Self {
        Self::for_name("127.0.0.1")
    }

    /// Creates a certificate for a host name or an IP address.
    pub fn for_name(name: &str) -> Self {
        let generated = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        Self { certificate_pem: generated.cert.pem(), key_pem: generated.signing_key.serialize_pem() }
    }

    /// Returns the TLS settings of a client that trusts it.
    pub fn client_config(&self) -> rustls::ClientConfig {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.certificate_pem).unwrap();
        wxbox::wechat::tls_config(Some(&file.path().to_owned())).unwrap()
    }

    /// Returns an HTTP client that trusts it and follows no redirect.
    pub fn http_client(&self) -> Client {
        Client::builder()
            .tls_backend_preconfigured(self.client_config())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
    }
}
