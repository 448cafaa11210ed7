//! A WeChat that answers as it is told, request by request.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::harness::World;

/// Generous: it only keeps a broken program from hanging the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server; it serves one request at a time.
pub struct Scripted {
    /// Its address, without a slash at the end.
    pub url: String,
    asked: Receiver<String>,
    answers: Sender<String>,
}

impl Scripted {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (ask, asked) = unbounded();
        let (answers, next) = unbounded::<String>();
        std::thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                let mut lines = BufReader::new(&socket).lines().map_while(Result::ok);
                let Some(first) = lines.next() else { continue };
                lines.find(String::is_empty);
                let path = first.split(['?', ' ']).nth(1).unwrap_or_default().to_owned();
                if ask.send(path).is_err() {
                    return;
                }
                let Ok(answer) = next.recv() else { return };
                // The program may have given up; that is its business.
                let _ = (&socket).write_all(answer.as_bytes());
            }
        });
        Self { url, asked, answers }
    }

    /// Waits for the next request and gives its path; it is not answered yet.
    pub fn asked(&self) -> String {
        self.asked.recv_timeout(PATIENCE).expect("a request")
    }

    /// How many requests came that nobody looked at.
    pub fn more(&self) -> usize {
        self.asked.len()
    }

    /// Closes the connection of this request, or the next, without a word.
    pub fn silence(&self) {
        self.answers.send(String::new()).unwrap();
    }

    /// Answers this request, or the next.
    pub fn answer(&self, status: u16, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} .\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        self.answers.send(head + body).unwrap();
    }
}

/// Lets the config ask the scripted WeChat; links still open at the sandbox.
pub fn point_at(world: &mut World, wechat: &Scripted, more: &str) {
    let sandbox = world.sandbox().url.clone();
    let path = world.path(".config/wxbox/config.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let api = format!("api_base = \"{sandbox}\"");
    assert!(text.contains(&api));
    world.config(&text.replace(&api, &format!("api_base = \"{}\"\n{more}", wechat.url)));
}
