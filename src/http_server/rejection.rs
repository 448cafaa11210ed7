//! Requests that the server rejects before a handler sees them: counted by reason, and sent as
//! events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustls::{AlertDescription, Error as TlsError, InvalidMessage};

/// The number of events that can be queued. Under a flood, further rejections are only counted.
const EVENT_CAPACITY: usize = 64;

/// Why the server rejected a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HttpRejection {
    /// The bytes are not an HTTP/1 request.
    NotHttp,
    /// A client sent TLS to an HTTP server.
    TlsToHttp,
    /// A client sent plain HTTP to an HTTPS server.
    HttpToTls,
    /// There is no `Host` header, or more than one.
    BadHost,
    /// The lengths of the body contradict each other, or a chunk is malformed.
    BadFraming,
    /// The body has a transfer coding other than `chunked`.
    UnsupportedCoding,
    /// The `Expect` header is not `100-continue`.
    UnsupportedExpectation,
    /// The request line and the headers have more bytes than [`super::Limits::head_bytes`].
    HeadTooLarge,
    /// The request has too many header lines.
    TooManyHeaders,
    /// The body has more bytes than [`super::Limits::body_bytes`].
    BodyTooLarge,
    /// [`super::Limits::body_budget`] is exhausted.
    BodyBudgetExhausted,
    /// The queue of the handler threads is full.
    Busy,
    /// The request was not complete within the time limit.
    Timeout,
    /// The server was at capacity, and this connection was evicted or not accepted.
    AtCapacity,
    /// The client does not trust the certificate.
    UntrustedCertificate,
    /// TLS failed for a different reason.
    TlsFailure,
}

impl HttpRejection {
    /// Returns the status of the response, or `None` if the connection is closed without one.
    pub fn status(self) -> Option<u16> {
        Some(match self {
            Self::NotHttp | Self::TlsToHttp | Self::BadHost | Self::BadFraming => 400,
            Self::BodyTooLarge => 413,
            Self::UnsupportedExpectation => 417,
            Self::HeadTooLarge | Self::TooManyHeaders => 431,
            Self::UnsupportedCoding => 501,
            Self::BodyBudgetExhausted | Self::Busy => 503,
            Self::HttpToTls | Self::Timeout | Self::AtCapacity | Self::UntrustedCertificate | Self::TlsFailure => {
                return None;
            }
        })
    }

    /// Returns the reason for a TLS error, or `None` if the client merely closed the connection.
    pub(super) fn from_tls_error(error: &TlsError) -> Option<Self> {
        Some(match error {
            TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Self::HttpToTls,
            TlsError::AlertReceived(alert) => match alert {
                AlertDescription::CloseNotify | AlertDescription::UserCanceled => return None,
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::UnsupportedCertificate => Self::UntrustedCertificate,
                _ => Self::TlsFailure,
            },
            _ => Self::TlsFailure,
        })
    }
}

/// The rejections of a server. Clones share them.
#[derive(Clone, Debug)]
pub struct HttpRejections {
    counts: Arc<Mutex<BTreeMap<HttpRejection, usize>>>,
    events: Sender<HttpRejection>,
    receiver: Receiver<HttpRejection>,
}

impl HttpRejections {
    pub(super) fn new() -> Self {
        let (events, receiver) = bounded(EVENT_CAPACITY);
        Self { counts: Arc::default(), events, receiver }
    }

    pub(super) fn record(&self, reason: HttpRejection) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        let _ = self.events.try_send(reason);
    }

    /// Returns the rejections as they happen. Under a flood some are missing.
    pub fn events(&self) -> &Receiver<HttpRejection> {
        &self.receiver
    }

    /// Returns the number of rejections by reason since the last call.
    pub fn take_counts(&self) -> BTreeMap<HttpRejection, usize> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
