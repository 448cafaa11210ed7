//! The callback behind its HTTP server: the responses to a phone while other clients send requests.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use wxbox::callback::{CallbackEvent, CodeExchange, ExchangeError, OAuthIdentity, OAuthState, PendingBinding};
use wxbox::http_server::{HttpServer, Limits};
use wxbox::secret::Secret;

use crate::support::TEST_TIMEOUT;

/// A code exchange that reports each call, and returns only when the test releases it.
struct PausedExchange {
    started: Sender<()>,
    release: Receiver<()>,
}

impl CodeExchange for PausedExchange {
    fn exchange(&self, _: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.started.send(()).unwrap();
        let _ = self.release.recv();
        Ok(OAuthIdentity { openid: "oOpenid".into(), nickname: None, snapshot: false })
    }
}

fn get(addr: SocketAddr, target: &str) -> String {
    let mut socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    write!(socket, "GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn concurrent_calls_share_exchange_and_response() {
    let (asked, asks) = bounded(8);
    let (let_go, held) = bounded(8);
    let state = OAuthState::new("0123456789abcdef").unwrap();
    let right = format!("/callback/?code=right&state={}", state.as_str());
    let keep = Box::new(|_: &OAuthIdentity| Ok("luffy".to_owned()));
    let (callback, events) =
        PendingBinding::new(state, "/callback/", Arc::new(PausedExchange { started: asked, release: held }), keep);
    let server =
        HttpServer::bind("127.0.0.1:0", Limits::callback()).unwrap().start(move |call| callback.handle(&call)).unwrap();
    let addr = server.local_addr();
    let phones: Vec<_> = (0..2)
        .map(|_| {
            let right = right.clone();
            thread::spawn(move || get(addr, &right))
        })
        .collect();
    asks.recv_timeout(TEST_TIMEOUT).unwrap();
    // While WeChat is queried, other requests are rejected without waiting.
    assert!(get(addr, "/callback/?code=x&state=y").starts_with("HTTP/1.1 403 "));
    assert!(matches!(events.recv_timeout(TEST_TIMEOUT).unwrap(), CallbackEvent::Rejected(_)));
    let_go.send(()).unwrap();
    assert!(matches!(events.recv_timeout(TEST_TIMEOUT).unwrap(), CallbackEvent::Bound(_)));
    let replies: Vec<String> = phones.into_iter().map(|phone| phone.join().unwrap()).collect();
    for reply in &replies {
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("luffy"), "{reply}");
    }
    assert!(asks.try_recv().is_err());
}

#[test]
fn stop_after_outcome_still_answers_phone() {
    let (asked, _asks) = bounded(8);
    let (let_go, held) = bounded(8);
    let_go.send(()).unwrap();
    let state = OAuthState::new("u").unwrap();
    let right = format!("/?code=right&state={}", state.as_str());
    let keep = Box::new(|_: &OAuthIdentity| Ok("luffy".to_owned()));
    let (callback, events) =
        PendingBinding::new(state, "/", Arc::new(PausedExchange { started: asked, release: held }), keep);
    let server =
        HttpServer::bind("127.0.0.1:0", Limits::callback()).unwrap().start(move |call| callback.handle(&call)).unwrap();
    let addr = server.local_addr();
    let phone = thread::spawn(move || get(addr, &right));
    assert!(matches!(events.recv_timeout(TEST_TIMEOUT).unwrap(), CallbackEvent::Bound(_)));
    server.stop();
    assert!(phone.join().unwrap().ends_with("</html>"));
}
