//! What the door refuses before a handler sees it, and why: counted by kind, and told as events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustls::{AlertDescription, Error as TlsError, InvalidMessage};

/// Events that may wait to be taken; under a flood, what comes beyond them is only counted.
const EVENTS: usize = 64;

/// Why a request never came to a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// The bytes are no request of HTTP/1.
    NotHttp,
    /// TLS came to a door that speaks plain HTTP.
    TlsToHttp,
    /// Plain HTTP came to a door that speaks TLS.
    HttpToTls,
    /// No `Host`, or more than one.
    Host,
    /// Lengths of the body that contradict each other, or chunks that are none.
    Framing,
    /// A coding of the body that is not read: anything but `chunked`.
    Coding,
    /// Something else was expected than `100-continue`.
    Expectation,
    /// The request line and the headers have more bytes than [`super::Limits::head_bytes`].
    HeadTooLarge,
    /// More header lines than are taken.
    TooManyLines,
    /// The body has more bytes than [`super::Limits::body_bytes`].
    BodyTooLarge,
    /// Too many large bodies at a time.
    Memory,
    /// More requests at a time than the handlers can take.
    Busy,
    /// The request was not complete in time.
    Slow,
    /// All places were taken, and this connection could best be spared.
    Full,
    /// The client does not trust the certificate.
    Certificate,
    /// TLS failed for another reason.
    Tls,
}

impl Refused {
    /// The HTTP status of the answer; `None` where the connection ends without one.
    pub fn status(self) -> Option<u16> {
        Some(match self {
            Self::NotHttp | Self::TlsToHttp | Self::Host | Self::Framing => 400,
            Self::BodyTooLarge => 413,
            Self::Expectation => 417,
            Self::HeadTooLarge | Self::TooManyLines => 431,
            Self::Coding => 501,
            Self::Memory | Self::Busy => 503,
            Self::HttpToTls | Self::Slow | Self::Full | Self::Certificate | Self::Tls => return None,
        })
    }

    /// What an error of TLS means; `None` where the client only leaves.
    pub(super) fn of_tls(error: &TlsError) -> Option<Self> {
        Some(match error {
            TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Self::HttpToTls,
            TlsError::AlertReceived(alert) => match alert {
                AlertDescription::CloseNotify | AlertDescription::UserCanceled => return None,
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::UnsupportedCertificate => Self::Certificate,
                _ => Self::Tls,
            },
            _ => Self::Tls,
        })
    }
}

/// All that a door refused. Clones share it.
#[derive(Clone, Debug)]
pub struct Refusals {
    counts: Arc<Mutex<BTreeMap<Refused, usize>>>,
    events: Sender<Refused>,
    heard: Receiver<Refused>,
}

impl Refusals {
    pub(super) fn none() -> Self {
        let (events, heard) = bounded(EVENTS);
        Self { counts: Arc::default(), events, heard }
    }

    pub(super) fn note(&self, why: Refused) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
        let _ = self.events.try_send(why);
    }

    /// Each as it happens; under a flood not all of them.
    pub fn events(&self) -> &Receiver<Refused> {
        &self.heard
    }

    /// How many of each kind there were since the last call.
    pub fn take(&self) -> BTreeMap<Refused, usize> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
