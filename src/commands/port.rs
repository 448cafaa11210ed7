//! Taking the port that was asked for.

use std::io::{Error, ErrorKind};

use anyhow::Context as _;

use crate::config::ListenAddress;
use crate::error::Failure;
use crate::http::{Door, Limits};
use crate::t;

/// An address to listen on, as it was typed.
pub(super) fn address(text: &str) -> Result<ListenAddress, Failure> {
    text.parse().map_err(|_| Failure::usage(t!("bind-listen", address = text)).hint(t!("bind-listen-hint")))
}

/// The first of the addresses that can be taken.
pub(super) fn take(listen: &ListenAddress, limits: &Limits) -> anyhow::Result<Door> {
    let failed = || t!("bind-port", address = listen.to_string());
    let mut last = None;
    for address in listen.resolve().with_context(failed)? {
        match Door::bind(address, limits.clone()) {
            Ok(door) => return Ok(door),
            // The next one is for a system without IPv6; a port in use stays in use.
            Err(e) if e.kind() == ErrorKind::AddrInUse => return Err(e).with_context(failed),
            Err(e) => last = Some(e),
        }
    }
    Err(last.unwrap_or_else(|| Error::from(ErrorKind::AddrNotAvailable))).with_context(failed)
}
