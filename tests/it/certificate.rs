//! A certificate of our own for this machine, and a client that trusts it.

use reqwest::blocking::Client;
use tempfile::NamedTempFile;

/// PEM.
pub struct Certificate {
    pub certificate: String,
    pub key: String,
}

impl Certificate {
    /// For the address that the door has in most tests.
    pub fn new() -> Self {
        Self::of("127.0.0.1")
    }

    /// For a name or an address.
    pub fn of(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    /// The settings of a client that trusts it.
    pub fn trusting(&self) -> rustls::ClientConfig {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.certificate).unwrap();
        wxbox::wechat::tls(Some(&file.path().to_owned())).unwrap()
    }

    /// A phone that trusts it, and follows no redirect.
    pub fn phone(&self) -> Client {
        Client::builder()
            .tls_backend_preconfigured(self.trusting())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
    }
}
