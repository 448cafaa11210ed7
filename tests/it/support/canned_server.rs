//! A server that sends prepared responses in order, byte by byte, and records the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::env::{LUFFY, TestEnv};

/// A response of the API with a token.
pub const TOKEN_BODY: &str = r#"{"access_token":"canned-token-1","expires_in":7200}"#;
/// A success, with an id that a 64-bit float cannot represent.
pub const ACCEPTED_BODY: &str = r#"{"errcode":0,"errmsg":"ok","msgid":9007199254740993}"#;

/// The response to one request.
pub enum CannedResponse {
    /// These bytes are sent, then the connection is closed.
    Bytes(Vec<u8>),
    /// Nothing is sent until the client disconnects.
    Stall,
    /// A valid head is sent, then a space now and then until the client disconnects.
    Throttle,
    /// The first text is sent, then the second repeatedly until the client disconnects.
    Flood(&'static str, &'static str),
}

/// Returns a response with a JSON body, as WeChat sends it.
pub fn json_response(body: &str) -> CannedResponse {
    http_response("200 OK", "application/json; encoding=utf-8", body)
}

/// Returns a response with that status line and content type.
pub fn http_response(status: &str, content_type: &str, body: &str) -> CannedResponse {
    CannedResponse::Bytes(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// The request line.
    pub line: String,
    /// The headers, with their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; invalid UTF-8 is replaced.
    pub body: String,
}

impl RecordedRequest {
    /// Returns the value of the header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The server. Dropping it fails the test if a response was not used, or if there were more
/// requests.
pub struct CannedServer {
    address: SocketAddr,
    host: String,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
    stalled: Receiver<()>,
    /// Returns the number of responses that were not used.
    thread: Option<JoinHandle<usize>>,
    response_count: usize,
}

impl CannedServer {
    /// Starts a server on a free port of this machine.
    pub fn new(answers: Vec<CannedResponse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (stalled_sender, held) = channel();
        let (count, recorded) = (answers.len(), requests.clone());
        let thread = std::thread::spawn(move || serve(&listener, answers, &recorded, &stalled_sender));
        Self {
            address,
            host: address.to_string(),
            requests,
            stalled: held,
            thread: Some(thread),
            response_count: count,
        }
    }

    /// Returns its URL without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Returns its address, as the header `Host` has it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Waits until a request is stalled.
    pub fn stalled(&self) {
        self.stalled.recv().unwrap();
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns an environment with luffy bound whose config points at this server (plus `path`);
    /// `network` is added to that table.
    pub fn env(&self, path: &str, network: &str) -> TestEnv {
        let env = TestEnv::without_config();
        env.write_config(&format!(
            "app_id = \"wx0123456789abcdef\"\napp_secret = \"canned-secret\"\n\
             [send]\nwait = \"0s\"\nconcurrency = 1\n[network]\napi_base = \"{}{path}\"\n{network}\n",
            self.url()
        ));
        env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
        env
    }
}

impl Drop for CannedServer {
    fn drop(&mut self) {
        // A line that is not a request makes the server end.
        TcpStream::connect(self.address).unwrap().write_all(b"end\n").unwrap();
        let unused = self.thread.take().unwrap().join().unwrap();
        if !std::thread::panicking() {
            assert_eq!((unused, self.requests().len()), (0, self.response_count), "answers left, requests");
        }
    }
}

fn serve(
    listener: &TcpListener,
    answers: Vec<CannedResponse>,
    recorded: &Mutex<Vec<RecordedRequest>>,
    stalled: &Sender<()>,
) -> usize {
    let mut answers = answers.into_iter();
    loop {
        let mut stream = listener.accept().unwrap().0;
        let Some(request) = read_request(&stream) else { return answers.len() };
        recorded.lock().unwrap().push(request);
        match answers.next() {
            // The client may have disconnected before the last byte.
            Some(CannedResponse::Bytes(bytes)) => drop(stream.write_all(&bytes)),
            Some(CannedResponse::Stall) => {
                stalled.send(()).unwrap();
                let _ = stream.read(&mut [0]);
            }
            Some(CannedResponse::Throttle) => {
                stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").unwrap();
                while stream.write_all(b" ").is_ok() && stream.read(&mut [0]).is_err() {}
            }
            Some(CannedResponse::Flood(first, again)) => {
                let again = again.repeat(1000);
                let _ = stream.write_all(first.as_bytes());
                while stream.write_all(again.as_bytes()).is_ok() {}
            }
            None => {}
        }
    }
}

fn read_request(stream: &TcpStream) -> Option<RecordedRequest> {
    let mut reader = BufReader::new(stream);
    let mut next = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let line = Some(next()).filter(|line| line.ends_with("HTTP/1.1"))?;
    let mut headers = Vec::new();
    while let Some((name, value)) = next().split_once(": ") {
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(RecordedRequest { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
