//! A local server in the place of WeChat, for tests of the threads of a run and of a service. The
//! test answers each request when it wants to.

use std::time::Duration;

use tiny_http::{Request, Response, Server};
use url::Url;

use crate::wechat::{Client, ClientSettings};

/// The time after which a test fails instead of waiting; a client waits as long for a response.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// WeChat's answer to a message that it accepts. All messages get the same msgid.
pub const ACCEPTED: &str = r#"{"errcode": 0, "errmsg": "ok", "msgid": 100}"#;

/// A local HTTP server that answers as WeChat.
pub struct Platform(Server);

impl Platform {
    /// Starts a server on a free port.
    pub fn start() -> Self {
        Self(Server::http("127.0.0.1:0").unwrap())
    }

    /// Returns a client of this server.
    pub fn client(&self) -> Client {
        let address = self.0.server_addr().to_ip().unwrap();
        let api_base = vec![Url::parse(&format!("http://{address}/")).unwrap()];
        Client::new(&ClientSettings { api_base, timeout: TEST_TIMEOUT, ..ClientSettings::without_host() }).unwrap()
    }

    /// Waits for the next request, which must be for this path.
    #[track_caller]
    pub fn expect_request(&self, path: &str) -> Request {
        let request = self.0.recv_timeout(TEST_TIMEOUT).unwrap().expect("a request");
        assert_eq!(request.url().split('?').next(), Some(path));
        request
    }

    /// Waits for the next text message; the answer is up to the test.
    #[track_caller]
    pub fn expect_message(&self) -> Request {
        self.expect_request("/cgi-bin/message/custom/send")
    }

    /// Waits for a fetch of a token, and answers it.
    #[track_caller]
    pub fn answer_token_fetch(&self) {
        answer(self.expect_request("/cgi-bin/stable_token"), r#"{"access_token": "T2", "expires_in": 7200}"#);
    }
}

/// Answers a request.
pub fn answer(request: Request, body: &str) {
    request.respond(Response::from_string(body)).unwrap();
}
