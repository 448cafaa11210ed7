//! A relay between wxbox and the sandbox that holds back what comes through it, so that a run can be looked at, or
//! killed, at one exact point of a request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::harness::World;

/// Generous: it only keeps a broken program from hanging the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What wxbox sends.
    Request,
    /// What the sandbox answers.
    Answer,
}

/// A request whose path has `what` in it is held back, or its answer.
#[derive(Default)]
struct Gate {
    held: Mutex<Vec<(Side, &'static str)>>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self, side: Side, path: &str, come: &Sender<()>) {
        let mut held = self.held.lock().unwrap();
        let is_held = |held: &[(Side, &str)]| held.iter().any(|(it, what)| *it == side && path.contains(what));
        if is_held(&held) {
            let _ = come.send(());
        }
        while is_held(&held) {
            held = self.changed.wait(held).unwrap();
        }
    }
}

/// The relay.
pub struct Relay {
    gate: Arc<Gate>,
    come: Receiver<()>,
}

impl Relay {
    /// Stands between the world's wxbox and its sandbox from now on.
    pub fn between(world: &mut World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (here, sandbox) = (format!("http://{}", listener.local_addr().unwrap()), world.sandbox().url.clone());
        world.reconfigure(&[(&format!("api_base = \"{sandbox}\""), &format!("api_base = \"{here}\""))]);
        let (gate, (come, comes)) = (Arc::new(Gate::default()), unbounded());
        let relay = Self { gate: Arc::clone(&gate), come: comes };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(sandbox.trim_start_matches("http://")).unwrap();
                let (gate, come) = (Arc::clone(&gate), come.clone());
                std::thread::spawn(move || carry(&client, &server, &gate, &come));
            }
        });
        relay
    }

    /// From now on, requests to such a path are held back, or their answers; and nothing else.
    pub fn hold(&self, side: Side, what: &'static str) {
        self.set(|held| *held = vec![(side, what)]);
    }

    /// The same for those to another path, too.
    pub fn hold_too(&self, side: Side, what: &'static str) {
        self.set(|held| held.push((side, what)));
    }

    /// Lets go of what is held back of such a path.
    pub fn let_pass(&self, what: &'static str) {
        self.set(|held| held.retain(|(_, it)| *it != what));
    }

    /// Waits until something is held back.
    pub fn holds(&self) {
        self.come.recv_timeout(PATIENCE).expect("something to hold back");
    }

    /// Lets go of it, and of all that comes.
    pub fn release(&self) {
        self.set(Vec::clear);
    }

    fn set(&self, change: impl FnOnce(&mut Vec<(Side, &'static str)>)) {
        change(&mut self.gate.held.lock().unwrap());
        self.gate.changed.notify_all();
    }
}

/// Requests of wxbox come in one piece each: small heads and small bodies, one at a time on a connection.
fn carry(mut client: &TcpStream, mut server: &TcpStream, gate: &Gate, come: &Sender<()>) {
    let mut bytes = [0; 64 << 10];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
        let path = head.split(['?', ' ']).nth(1).unwrap_or_default();
        gate.pass(Side::Request, path, come);
        if server.write_all(&bytes[..count]).is_err() || !more(client, server, &head) {
            break;
        }
        let Ok(count @ 1..) = server.read(&mut bytes) else { break };
        gate.pass(Side::Answer, path, come);
        if client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Passes on the rest of a body that did not come with its head.
fn more(mut client: &TcpStream, mut server: &TcpStream, head: &str) -> bool {
    let Some((lines, body)) = head.split_once("\r\n\r\n") else { return true };
    let length =
        lines.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut rest = vec![0; length.unwrap_or(0_usize).saturating_sub(body.len())];
    client.read_exact(&mut rest).and_then(|()| server.write_all(&rest)).is_ok()
}
