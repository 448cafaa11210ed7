//! Why a connection could not be made, and the remedy.

use std::error::Error as StdError;
use std::io;
use std::time::SystemTime;

use anyhow::Chain;
use rustix::io::Errno;
use rustls::CertificateError;

use super::cause::Cause;
use crate::t;

/// The cause of a failed connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The network or the host.
    #[default]
    Network,
    /// The proxy configured by this name: an environment variable or `network.proxy`.
    Proxy(&'static str),
    /// The issuer of the certificate is not trusted.
    UntrustedIssuer,
    /// The certificate is not valid at the time that this machine's clock shows.
    ClockSkew,
    /// The process or the system cannot open more files.
    FileLimit,
    /// The system cannot create more threads.
    ThreadLimit,
}

impl ConnectFailure {
    /// Returns what the user can do about the failure.
    pub fn hint(self) -> String {
        match self {
            Self::Network => t!("wechat-not-sent-hint"),
            Self::Proxy(name) => t!("wechat-proxy-hint", name = name),
            Self::UntrustedIssuer => t!("wechat-certificate-hint"),
            Self::ClockSkew => t!("wechat-clock-hint"),
            Self::FileLimit => t!("wechat-files-hint"),
            Self::ThreadLimit => t!("wechat-threads-hint"),
        }
    }
}

/// Returns the cause and the kind of a failed connection, if the error itself determines them;
/// `None` if the proxy or the network must be at fault.
pub(super) fn classify(error: &reqwest::Error) -> Option<(Cause, ConnectFailure)> {
    if Chain::new(error).any(is_out_of_files) {
        return Some((innermost_cause(error), ConnectFailure::FileLimit));
    }
    let (cause, failure) = match find_tls_error(error)? {
        rustls::Error::InvalidCertificate(fault) => classify_certificate(fault),
        _ => (None, ConnectFailure::Network),
    };
    Some((cause.unwrap_or_else(|| innermost_cause(error)), failure))
}

fn classify_certificate(fault: &CertificateError) -> (Option<Cause>, ConnectFailure) {
    let now = || humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Some(Cause::CertificateExpired { now: now() }), ConnectFailure::ClockSkew)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Some(Cause::CertificateNotYetValid { now: now() }), ConnectFailure::ClockSkew)
        }
        CertificateError::UnknownIssuer => (Some(Cause::UnknownIssuer), ConnectFailure::UntrustedIssuer),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Some(Cause::WrongHostName), ConnectFailure::Network)
        }
        _ => (None, ConnectFailure::UntrustedIssuer),
    }
}

/// Returns why a request that used no proxy failed.
pub fn request_failure(error: reqwest::Error) -> Cause {
    let (is_timeout, error) = (error.is_timeout(), error.without_url());
    match is_timeout {
        true => Cause::TimedOut,
        false => classify(&error).map_or_else(|| innermost_cause(&error), |(cause, _)| cause),
    }
}

/// Returns why the response to such a request could not be read.
pub fn response_failure(error: io::Error) -> Cause {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => request_failure(error),
        Err(error) => Cause::from_error(&io::Error::from(error.kind())),
    }
}

/// Returns the innermost cause; the layers above it only repeat each other.
pub(super) fn innermost_cause(error: &(dyn StdError + 'static)) -> Cause {
    Cause::from_error(Chain::new(error).last().unwrap_or(error))
}

/// Returns whether the user, the container or the systemd unit has reached its limit of threads.
pub fn is_out_of_threads(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Returns whether the process or the system cannot open more files.
pub fn is_out_of_files(error: &(dyn StdError + 'static)) -> bool {
    let code = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    code.is_some_and(|code| [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error).contains(&code))
}

/// Finds the TLS error behind a failed connection. An I/O error does not list the error that it
/// wraps among its sources, so `get_ref` is followed as well.
pub fn find_tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    Chain::new(error).find_map(|mut error| {
        loop {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            error = error.downcast_ref::<io::Error>()?.get_ref()?;
        }
    })
}
