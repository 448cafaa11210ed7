//! One HTTP exchange with an API host, and the clock that measures it.

use std::fmt::Debug;
use std::io::Read;
use std::time::Instant;

use reqwest::blocking::Request;

use super::server_clock::date_header_timestamp;
use super::{ApiHost, Cause, Error, Result};
use crate::clock::Timestamp;

/// The maximum size of a response in bytes; the largest call of wxbox returns 310 KB (10,000
/// openids).
pub(super) const MAX_RESPONSE_BYTES: u64 = 8 << 20;

/// Sends requests to API hosts.
pub trait Transport: Debug + Send + Sync {
    /// Sends a request and reads the response.
    ///
    /// # Errors
    /// [`Error::Connect`] if no byte was sent, [`Error::NoResponse`] if no complete response came.
    fn exchange(&self, host: &ApiHost, request: Request) -> Result<HttpResponse>;

    /// Returns the time by the clock that measures pauses.
    fn now(&self) -> Instant;
}

/// A complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The `Date` header.
    pub date: Option<Timestamp>,
    /// The body, cut off after one byte more than is accepted.
    pub body: Vec<u8>,
}

/// The transport over the network.
#[derive(Debug)]
pub(super) struct Network;

impl Transport for Network {
    fn exchange(&self, host: &ApiHost, request: Request) -> Result<HttpResponse> {
        let response = host.http.execute(request).map_err(|e| host.transport_error(e))?;
        let (status, date) = (response.status().as_u16(), date_header_timestamp(response.headers()));
        let mut body = Vec::new();
        response.take(MAX_RESPONSE_BYTES + 1).read_to_end(&mut body).map_err(|e| {
            match e.downcast::<reqwest::Error>() {
                Ok(e) => host.transport_error(e),
                Err(e) => {
                    Error::NoResponse { host: host.name(), cause: Cause::from_error(&std::io::Error::from(e.kind())) }
                }
            }
        })?;
        Ok(HttpResponse { status, date, body })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}
