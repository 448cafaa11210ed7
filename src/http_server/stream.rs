//! The bytes of a connection: the socket's own, or what TLS makes of them. Neither reading nor writing ever blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
use rustls::ServerConnection;

use super::tls::ServerTls;

/// Bytes that are encrypted at a time: a record of TLS.
const TLS_RECORD_BYTES: usize = 16 << 10;

/// One connection's bytes.
pub(super) struct TransportStream {
    socket: TcpStream,
    tls: Option<TlsSession>,
    /// Something came from the other end.
    received_any: bool,
}

/// TLS on one connection.
struct TlsSession {
    connection: Box<ServerConnection>,
    /// Bytes that were taken to be written; their records are not all out yet.
    unflushed: usize,
    /// Bytes of the socket's that may still come, whatever they mean.
    read_budget: usize,
}

impl TransportStream {
    /// The bytes of `socket`, with `tls` what that makes of them. Without leave no more than `most` bytes are taken
    /// from the socket then, so that neither a handshake nor empty records go on for ever.
    pub(super) fn new(socket: TcpStream, tls: Option<&ServerTls>, read_budget: usize) -> io::Result<Self> {
        let session = |tls: &ServerTls| {
            let tls = ServerConnection::new(tls.0.clone()).map_err(io::Error::other)?;
            Ok::<_, io::Error>(TlsSession { connection: Box::new(tls), unflushed: 0, read_budget: read_budget })
        };
        Ok(TransportStream { socket, tls: tls.map(session).transpose()?, received_any: false })
    }

    /// The socket.
    pub(super) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Gives leave to take so many bytes more from the socket.
    pub(super) fn extend_read_budget(&mut self, more: usize) {
        if let Some(session) = &mut self.tls {
            session.read_budget = session.read_budget.saturating_add(more);
        }
    }

    /// Reads what has come; 0 bytes are the end, `WouldBlock` says that nothing has come.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(into).inspect(|count| self.received_any |= *count > 0),
            Some(session) => session.read(&mut self.socket, into, &mut self.received_any),
        }
    }

    /// Whether anything has come yet, if only of a handshake.
    pub(super) fn has_received(&self) -> bool {
        self.received_any
    }

    /// Writes as many of the bytes as can go now; `WouldBlock` where none can. After that, the next call must begin
    /// with the same bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(session) => session.write(&mut self.socket, bytes),
        }
    }

    /// Says that no more is coming.
    pub(super) fn shutdown_write(&mut self) -> io::Result<()> {
        if let Some(session) = &mut self.tls {
            session.connection.send_close_notify();
            // Who does not take it knows the end by the length of the reply.
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
                // Many leave without a word.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            // What a handshake has to say must be out before its answer can come.
            self.flush(socket)?;
            let count = self.connection.read_tls(socket)?;
            if count == 0 {
                return Ok(0);
            }
            *received_any = true;
            self.read_budget = self.read_budget.checked_sub(count).ok_or(ErrorKind::FileTooLarge)?;
            if let Err(error) = self.connection.process_new_packets() {
                // The alert that says why.
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
