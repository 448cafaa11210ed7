//! What the door refuses before a handler sees it, and why: counted by kind, and told as events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use rustls::{AlertDescription, Error as TlsError, InvalidMessage};

/// Events that may wait to be taken; under a flood, what comes beyond them is only counted.
const EVENT_CAPACITY: usize = 64;

/// Why a request never came to a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalReason {
    /// The bytes are no request of HTTP/1.
    NotHttp,
    /// TLS came to a door that speaks plain HTTP.
    TlsToHttp,
    /// Plain HTTP came to a door that speaks TLS.
    HttpToTls,
    /// No `Host`, or more than one.
    BadHost,
    /// Lengths of the body that contradict each other, or chunks that are none.
    BadFraming,
    /// A coding of the body that is not read: anything but `chunked`.
    UnsupportedCoding,
    /// Something else was expected than `100-continue`.
    UnsupportedExpectation,
    /// The request line and the headers have more bytes than [`super::Limits::head_bytes`].
    HeadTooLarge,
    /// More header lines than are taken.
    TooManyHeaders,
    /// The body has more bytes than [`super::Limits::body_bytes`].
    BodyTooLarge,
    /// Too many large bodies at a time.
    BodyBudgetExhausted,
    /// More requests at a time than the handlers can take.
    Busy,
    /// The request was not complete in time.
    Timeout,
    /// All places were taken, and this connection could best be spared.
    AtCapacity,
    /// The client does not trust the certificate.
    UntrustedCertificate,
    /// TLS failed for another reason.
    TlsFailure,
}

impl RefusalReason {
    /// The HTTP status of the answer; `None` where the connection ends without one.
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

    /// What an error of TLS means; `None` where the client only leaves.
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

/// All that a door refused. Clones share it.
#[derive(Clone, Debug)]
pub struct Refusals {
    counts: Arc<Mutex<BTreeMap<RefusalReason, usize>>>,
    events: Sender<RefusalReason>,
    receiver: Receiver<RefusalReason>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        let (events, heard) = bounded(EVENT_CAPACITY);
        Self { counts: Arc::default(), events, receiver: heard }
    }

    pub(super) fn record(&self, why: RefusalReason) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
        let _ = self.events.try_send(why);
    }

    /// Each as it happens; under a flood not all of them.
    pub fn events(&self) -> &Receiver<RefusalReason> {
        &self.receiver
    }

    /// How many of each kind there were since the last call.
    pub fn take_counts(&self) -> BTreeMap<RefusalReason, usize> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
