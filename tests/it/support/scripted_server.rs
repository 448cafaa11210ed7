//! A server that acts as WeChat; the test sends each response.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::support::TEST_TIMEOUT;
use crate::support::env::TestEnv;

/// The server; it serves one request at a time.
pub struct ScriptedServer {
    /// Its URL without a trailing slash.
    pub url: String,
    requests: Receiver<String>,
    responses: Sender<String>,
}

impl ScriptedServer {
    /// Starts a server on a free port.
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
                // The program may have disconnected, which the server ignores.
                let _ = (&socket).write_all(answer.as_bytes());
            }
        });
        Self { url, requests: asked, responses: answers }
    }

    /// Waits for the next request and returns its path; the request is not answered yet.
    pub fn expect_request(&self) -> String {
        self.requests.recv_timeout(TEST_TIMEOUT).expect("a request")
    }

    /// Returns the number of requests that the test did not expect.
    pub fn unexpected_requests(&self) -> usize {
        self.requests.len()
    }

    /// Closes the connection of this request, or the next, without a response.
    pub fn drop_connection(&self) {
        self.responses.send(String::new()).unwrap();
    }

    /// Responds to this request, or the next.
    pub fn respond(&self, status: u16, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} .\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        self.responses.send(head + body).unwrap();
    }
}

/// Points the config at the scripted WeChat; links still open at the sandbox.
pub fn use_in(env: &mut TestEnv, wechat: &ScriptedServer, more: &str) {
    let sandbox = env.sandbox().url.clone();
    let text = env.read_config();
    let api = format!("api_base = \"{sandbox}\"");
    assert!(text.contains(&api));
    env.write_config(&text.replace(&api, &format!("api_base = \"{}\"\n{more}", wechat.url)));
}
