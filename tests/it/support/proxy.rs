//! A proxy between wxbox and the sandbox that pauses requests and responses, so that a test can
//! inspect or kill a run at one exact point of a request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::support::TEST_TIMEOUT;
use crate::support::env::TestEnv;

/// The direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From wxbox to the sandbox.
    Request,
    /// From the sandbox to wxbox.
    Response,
}

/// Pauses a request whose path contains a text, or its response.
#[derive(Default)]
struct Gate {
    paused: Mutex<Vec<(Direction, &'static str)>>,
    changed: Condvar,
}

impl Gate {
    fn wait_until_open(&self, side: Direction, path: &str, arrivals: &Sender<()>) {
        let mut paused = self.paused.lock().unwrap();
        let is_held = |paused: &[(Direction, &str)]| {
            paused.iter().any(|(direction, what)| *direction == side && path.contains(what))
        };
        if is_held(&paused) {
            let _ = arrivals.send(());
        }
        while is_held(&paused) {
            paused = self.changed.wait(paused).unwrap();
        }
    }
}

/// The proxy.
pub struct InterceptingProxy {
    gate: Arc<Gate>,
    arrivals: Receiver<()>,
}

impl InterceptingProxy {
    /// Starts a proxy between the environment's wxbox and its sandbox.
    pub fn in_front_of(env: &mut TestEnv) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (here, sandbox) = (format!("http://{}", listener.local_addr().unwrap()), env.sandbox().url.clone());
        env.replace_in_config(&[(&format!("api_base = \"{sandbox}\""), &format!("api_base = \"{here}\""))]);
        let (gate, (come, comes)) = (Arc::new(Gate::default()), unbounded());
        let relay = Self { gate: Arc::clone(&gate), arrivals: comes };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(sandbox.trim_start_matches("http://")).unwrap();
                let (gate, come) = (Arc::clone(&gate), come.clone());
                std::thread::spawn(move || forward(&client, &server, &gate, &come));
            }
        });
        relay
    }

    /// From now on, pauses requests to a path that contains this text, or their responses, and
    /// nothing else.
    pub fn pause_at(&self, side: Direction, what: &'static str) {
        self.update_gate(|held| *held = vec![(side, what)]);
    }

    /// Also pauses requests or responses of another path.
    pub fn also_pause_at(&self, side: Direction, what: &'static str) {
        self.update_gate(|held| held.push((side, what)));
    }

    /// Lets everything of such a path continue.
    pub fn resume(&self, what: &'static str) {
        self.update_gate(|held| held.retain(|(_, text)| *text != what));
    }

    /// Waits until a request or a response is paused.
    pub fn expect_arrival(&self) {
        self.arrivals.recv_timeout(TEST_TIMEOUT).expect("something to hold back");
    }

    /// Lets everything continue, now and later.
    pub fn resume_all(&self) {
        self.update_gate(Vec::clear);
    }

    fn update_gate(&self, change: impl FnOnce(&mut Vec<(Direction, &'static str)>)) {
        change(&mut self.gate.paused.lock().unwrap());
        self.gate.changed.notify_all();
    }
}

/// Forwards requests and responses. A request of wxbox arrives in one piece: small heads and small
/// bodies, one at a time on a connection.
fn forward(mut client: &TcpStream, mut server: &TcpStream, gate: &Gate, arrivals: &Sender<()>) {
    let mut bytes = [0; 64 << 10];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
        let path = head.split(['?', ' ']).nth(1).unwrap_or_default();
        gate.wait_until_open(Direction::Request, path, arrivals);
        if server.write_all(&bytes[..count]).is_err() || !forward_body(client, server, &head) {
            break;
        }
        let Ok(count @ 1..) = server.read(&mut bytes) else { break };
        gate.wait_until_open(Direction::Response, path, arrivals);
        if client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Forwards the rest of a body that did not arrive with its head.
fn forward_body(mut client: &TcpStream, mut server: &TcpStream, head: &str) -> bool {
    let Some((lines, body)) = head.split_once("\r\n\r\n") else { return true };
    let length =
        lines.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut rest = vec![0; length.unwrap_or(0_usize).saturating_sub(body.len())];
    client.read_exact(&mut rest).and_then(|()| server.write_all(&rest)).is_ok()
}
