//! The server of an account that receives the pushes of a sandbox, with responses that a test
//! chooses.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use wxbox::clock::Timestamp;
use wxbox::secret::Secret;
use wxbox::wechat::push::{AesKey, PushQuery, PushSettings};

use crate::support::TEST_TIMEOUT;

/// A token of push settings.
pub const PUSH_TOKEN: &str = "pushtokenA1";
/// An EncodingAESKey whose last character has spare bits.
pub const PUSH_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The response to one request.
#[derive(Clone, Debug)]
pub enum PushResponse {
    /// Status 200 with this body.
    Body(String),
    /// Status 200 with the echostr of the check in quotes.
    QuotedEchostr,
    /// That status with an empty body.
    Status(u16),
    /// No response, and the connection stays open.
    Hang,
    /// The connection is closed without a response.
    Close,
}

/// A request of the sandbox.
#[derive(Clone, Debug)]
pub struct ReceivedPush {
    /// GET for the check of the URL, else POST.
    pub method: String,
    /// The query string.
    pub query: String,
    /// The header `Host`.
    pub host: String,
    /// The body.
    pub body: String,
}

/// A server that receives pushes. It accepts each with `success`, and returns the echostr of a
/// check, unless the test queued another response.
pub struct PushReceiver {
    url: String,
    responses: Arc<Mutex<VecDeque<PushResponse>>>,
    received: Receiver<ReceivedPush>,
}

impl PushReceiver {
    /// Starts a receiver on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/push", listener.local_addr().unwrap());
        let responses = Arc::new(Mutex::new(VecDeque::new()));
        let (sender, received) = channel();
        let queued = Arc::clone(&responses);
        // The thread ends with the test that started it.
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                open.extend(serve(stream.unwrap(), &queued, &sender));
            }
        });
        Self { url, responses, received }
    }

    /// Returns the URL for the push settings.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the table `[push]` of a scenario that pushes to this receiver; `rest` is added to
    /// it.
    pub fn scenario(&self, mode: &str, rest: &str) -> String {
        let key = if mode == "plain" { String::new() } else { format!("aes_key = \"{PUSH_KEY}\"\n") };
        format!("[push]\nurl = \"{}\"\ntoken = \"{PUSH_TOKEN}\"\n{key}mode = \"{mode}\"\n{rest}\n", self.url)
    }

    /// Queues the response to the next request that has none yet.
    pub fn respond(&self, response: PushResponse) {
        self.responses.lock().unwrap().push_back(response);
    }

    /// Waits for the next request.
    pub fn next(&self) -> ReceivedPush {
        self.received.recv_timeout(TEST_TIMEOUT).expect("a request of the sandbox")
    }

    /// Returns the next request, if it has already arrived.
    pub fn try_next(&self) -> Option<ReceivedPush> {
        self.received.try_recv().ok()
    }
}

impl ReceivedPush {
    /// Checks the signatures as the program does, and returns the elements of the message.
    ///
    /// An encrypted push is checked against [`PUSH_TOKEN`] and [`PUSH_KEY`].
    #[track_caller]
    pub fn open(&self, app_id: &str) -> Value {
        let is_encrypted = self.query.contains("encrypt_type=aes");
        let key = is_encrypted.then(|| AesKey::decode(&Secret::from(PUSH_KEY.to_owned())).unwrap());
        let settings = PushSettings {
            app_id: app_id.into(),
            token: Secret::from(PUSH_TOKEN.to_owned()),
            aes_keys: key.into_iter().collect(),
        };
        let message = settings.open(&PushQuery::parse(&self.query), self.body.as_bytes(), Timestamp::now());
        Value::Object(message.unwrap().fields)
    }

    /// Returns a parameter of the query string.
    pub fn param(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// Answers a request. Returns the connection if it stays open.
fn serve(
    mut stream: TcpStream,
    responses: &Mutex<VecDeque<PushResponse>>,
    sender: &Sender<ReceivedPush>,
) -> Option<TcpStream> {
    let request = read_request(&stream)?;
    let default = request.param("echostr").unwrap_or_else(|| "success".to_owned());
    let response = responses.lock().unwrap().pop_front().unwrap_or(PushResponse::Body(default));
    let is_open = matches!(response, PushResponse::Hang);
    let (status, body) = match response {
        PushResponse::Body(body) => (200, body),
        PushResponse::QuotedEchostr => (200, format!("\"{}\"", request.param("echostr").unwrap())),
        PushResponse::Status(status) => (status, String::new()),
        PushResponse::Close | PushResponse::Hang => (0, String::new()),
    };
    // The test may have ended.
    let _ = sender.send(request);
    if status != 0 {
        let head = format!("HTTP/1.1 {status} OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    }
    is_open.then_some(stream)
}

/// Returns `None` if the connection ends before its request does.
fn read_request(stream: &TcpStream) -> Option<ReceivedPush> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let (method, target) = lines.first()?.split_once(' ')?;
    let (_, query) = target.split_once(' ')?.0.split_once('?').unwrap_or_default();
    let length = lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let host = lines.iter().find_map(|line| Some(line.split_once("ost: ")?.1.to_owned())).unwrap_or_default();
    Some(ReceivedPush { method: method.to_owned(), query: query.to_owned(), host, body })
}
