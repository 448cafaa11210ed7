//! The byte stream of a connection: a socket, with or without TLS. Reads and writes never block.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
use rustls::ServerConnection;

use super::tls::ServerTls;

/// The number of bytes that are encrypted together: one TLS record.
const TLS_RECORD_BYTES: usize = 16 << 10;

/// The byte stream of one connection.
pub(super) struct TransportStream {
    socket: TcpStream,
    tls: Option<TlsSession>,
    /// Whether the client has sent any byte.
    received_any: bool,
}

/// The TLS state of one connection.
struct TlsSession {
    connection: Box<ServerConnection>,
    /// The number of plaintext bytes that TLS has accepted and whose records are not all written.
    unflushed: usize,
    /// The number of bytes that may still be read from the socket.
    read_budget: usize,
}

impl TransportStream {
    /// Creates the stream of `socket`. With TLS, at most `read_budget` bytes are read from the
    /// socket until the budget is extended, so that neither a handshake nor empty records go on
    /// forever.
    pub(super) fn new(socket: TcpStream, tls: Option<&ServerTls>, read_budget: usize) -> io::Result<Self> {
        let session = |tls: &ServerTls| {
            let connection = ServerConnection::new(tls.current()).map_err(io::Error::other)?;
            Ok::<_, io::Error>(TlsSession { connection: Box::new(connection), unflushed: 0, read_budget })
        };
        Ok(TransportStream { socket, tls: tls.map(session).transpose()?, received_any: false })
    }

    /// Returns the socket.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Allows TLS to read `bytes` more from the socket.
    pub(super) fn extend_read_budget(&mut self, bytes: usize) {
        if let Some(session) = &mut self.tls {
            session.read_budget = session.read_budget.saturating_add(bytes);
        }
    }

    /// Reads into `into`. Returns 0 at the end of the stream, and `WouldBlock` if nothing has
    /// arrived.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(into).inspect(|count| self.received_any |= *count > 0),
            Some(session) => session.read(&mut self.socket, into, &mut self.received_any),
        }
    }

    /// Returns `true` if the client has sent any byte, if only of a handshake.
    pub(super) fn has_received(&self) -> bool {
        self.received_any
    }

    /// Writes as many bytes as the socket accepts. Returns `WouldBlock` if it accepts none; the
    /// next call must then start with the same bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(session) => session.write(&mut self.socket, bytes),
        }
    }

    /// Closes the write side of the connection.
    pub(super) fn shutdown_write(&mut self) -> io::Result<()> {
        if let Some(session) = &mut self.tls {
            session.connection.send_close_notify();
            // A client that does not read this flush knows the end by the length of the response.
            let _ = session.flush(&mut self.socket);
        }
        self.socket.shutdown(Shutdown::Write)
    }
}

impl TlsSession {
    fn read(&mut self, socket: &mut TcpStream, into: &mut [u8], received_any: &mut bool) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Many clients close without a close_notify.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            // The records of a handshake must be written before the client can respond to them.
            self.flush(socket)?;
            let count = self.connection.read_tls(socket)?;
            if count == 0 {
                return Ok(0);
            }
            *received_any = true;
            self.read_budget = self.read_budget.checked_sub(count).ok_or(ErrorKind::FileTooLarge)?;
            if let Err(error) = self.connection.process_new_packets() {
                // Send the alert with the reason.
                let _ = self.flush(socket);
                return Err(io::Error::new(ErrorKind::InvalidData, error));
            }
        }
    }

    fn write(&mut self, socket: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
        if self.unflushed == 0 {
            self.unflushed = self.connection.writer().write(&bytes[..bytes.len().min(TLS_RECORD_BYTES)])?;
        }
        self.flush(socket)?;
        Ok(std::mem::take(&mut self.unflushed))
    }

    fn flush(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}
