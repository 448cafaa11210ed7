//! A terminal with a program in it: a real one for the program, a grid of cells for the test.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;

use crossbeam_channel::{Receiver, unbounded};
use pty_process::Size;
use pty_process::blocking::{Command as InPty, Pts, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::TEST_TIMEOUT;

/// A sequence that changes nothing on the screen.
const END_MARKER: &[u8] = b"\x1b]9;end\x07";

/// The terminal; the program in it is the leader of a session, as under a shell.
pub struct Terminal {
    pty: Arc<Pty>,
    /// Open until the end, so that modes and output outlive the program.
    pts: Pts,
    chunks: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    child: Child,
}

/// The state of a terminal after its program has ended.
pub struct TerminalOutput {
    /// The program's exit status.
    pub status: ExitStatus,
    /// The text on the screen.
    pub screen: vt100::Screen,
    /// Whether typed characters are echoed.
    pub is_echo_on: bool,
    /// All bytes that were written to the terminal.
    pub raw: Vec<u8>,
}

impl TerminalOutput {
    /// Fails unless the program ended with this exit status.
    #[track_caller]
    pub fn assert_status(self, status: i32) -> Self {
        assert_eq!(self.status.code(), Some(status), "{}", self.text());
        self
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.screen.contents()
    }
}

impl Terminal {
    /// Starts a program in a window of that size; the terminal type is a common one unless the
    /// command sets another.
    pub fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        if command.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        // The terminal is the standard input of the command.
        let child = InPty::from(command).spawn_borrowed(&pts).unwrap();
        let pty = Arc::new(pty);
        let (tell, chunks) = unbounded();
        let reader = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut chunk = vec![0; 4096];
            // Reading fails once the last writer has closed the terminal.
            while let Ok(count @ 1..) = (&*reader).read(&mut chunk) {
                if tell.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { pty, pts, chunks, parser: vt100::Parser::new(rows, columns, 0), raw: Vec::new(), child }
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &vt100::Screen {
        self.wait_for_count(text, 1)
    }

    /// Waits until the screen shows a text twice.
    #[track_caller]
    pub fn wait_for_twice(&mut self, text: &str) -> &vt100::Screen {
        self.wait_for_count(text, 2)
    }

    /// Waits until the screen shows a text that many times.
    #[track_caller]
    pub fn wait_for_count(&mut self, text: &str, times: usize) -> &vt100::Screen {
        while self.parser.screen().contents().matches(text).count() < times {
            match self.chunks.recv_timeout(TEST_TIMEOUT) {
                Ok(chunk) => self.process_chunk(&chunk),
                Err(_) => panic!("no {text:?} on the screen:\n{}", self.parser.screen().contents()),
            }
        }
        self.parser.screen()
    }

    /// Waits until the screen fulfils a condition.
    #[track_caller]
    pub fn until_screen(&mut self, so: impl Fn(&vt100::Screen) -> bool) {
        while !so(self.parser.screen()) {
            match self.chunks.recv_timeout(TEST_TIMEOUT) {
                Ok(chunk) => self.process_chunk(&chunk),
                Err(_) => panic!("another screen:\n{}", self.parser.screen().contents()),
            }
        }
    }

    fn process_chunk(&mut self, chunk: &[u8]) {
        self.parser.process(chunk);
        self.raw.extend(chunk);
    }

    /// Waits for a question and answers it.
    #[track_caller]
    pub fn answer(&mut self, question: &str, keys: &str) {
        self.wait_for(question);
        self.type_keys(keys);
    }

    /// Waits for a question and answers it by [`Self::type_hidden`].
    #[track_caller]
    pub fn answer_hidden(&mut self, question: &str, keys: &str) {
        self.wait_for(question);
        self.type_hidden(keys);
    }

    /// Types text that the terminal must not echo, once the program is ready for it: at a hidden
    /// prompt the program discards earlier input, and at a visible one the text would appear twice.
    pub fn type_hidden(&mut self, keys: &str) {
        while self.is_echo_on() {
            assert_eq!(self.child.try_wait().unwrap(), None, "the program has ended");
            std::thread::yield_now();
        }
        self.type_keys(keys);
    }

    /// Types keys.
    pub fn type_keys(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Sends a signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Returns whether typed characters are echoed.
    pub fn is_echo_on(&self) -> bool {
        let modes = tcgetattr(&self.pts).unwrap();
        modes.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits until the program ends.
    pub fn wait(mut self) -> TerminalOutput {
        let status = self.child.wait().unwrap();
        let echo = self.is_echo_on();
        // The last output may still be in transit; the marker comes after it.
        rustix::io::write(&self.pts, END_MARKER).unwrap();
        let mut tail = Vec::new();
        while !tail.ends_with(END_MARKER) {
            let chunk = self.chunks.recv_timeout(TEST_TIMEOUT).expect("the end");
            self.process_chunk(&chunk);
            tail.extend(chunk);
        }
        let mut raw = std::mem::take(&mut self.raw);
        raw.truncate(raw.len() - END_MARKER.len());
        TerminalOutput { status, screen: self.parser.screen().clone(), is_echo_on: echo, raw }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
