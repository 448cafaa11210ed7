//! Binds a listener of `bind`, `init`, `serve` or `doctor` to the first usable address, and loads the
//! files of the listener: certificate, key, domain verification file.

pub(crate) mod tls_files;

use std::io::{self, ErrorKind};

use anyhow::Context as _;

use crate::config::ListenAddress;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::{HttpServer, Limits};
use crate::t;

/// Parses the address of `--listen`.
pub(crate) fn parse_address(text: &str) -> Result<ListenAddress, CommandError> {
    text.parse().map_err(|_| CommandError::usage(t!("bind-listen", address = text)).hint(t!("bind-listen-hint")))
}

/// Binds the first usable address that `listen` resolves to. `in_use` is the hint if another
/// program uses the port.
pub(crate) fn bind_first(listen: &ListenAddress, limits: &Limits, in_use: &str) -> anyhow::Result<HttpServer> {
    let resolved = listen.resolve().with_context(|| t!("bind-port", address = listen.to_string()))?;
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in resolved {
        match HttpServer::bind(address, limits.clone()) {
            Ok(server) => return Ok(server),
            Err(e) => last = e,
        }
        // The next address is for a system without IPv6. If the port is in use, it does not help.
        if last.kind() == ErrorKind::AddrInUse {
            break;
        }
    }
    let hint = match last.kind() {
        ErrorKind::AddrInUse => Some(in_use.to_owned()),
        ErrorKind::PermissionDenied => Some(t!("bind-port-denied-hint")),
        ErrorKind::AddrNotAvailable => Some(t!("bind-port-elsewhere-hint", port = listen.port.to_string())),
        _ => None,
    };
    let what = t!("ui-cause", what = t!("bind-port", address = listen.to_string()), cause = last);
    Err(CommandError { exit: ExitStatus::Unexpected, message: what, hint }.into())
}
