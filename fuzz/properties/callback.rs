//! Calls of the redirect address: every response is one of a fixed set of pages, which repeat no
//! part of the call.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use wxbox::callback::{CodeExchange, ExchangeError, OAuthIdentity, OAuthState, PendingBinding};
use wxbox::http_server::{HttpResponse, Request};
use wxbox::secret::{ExposeSecret, Secret};

/// The placeholder for the right state in an input.
const STATE: &str = "$S";
const PATH: &str = "/cb/";

/// An exchange whose result depends on the first letter of the code, and which checks the code.
struct FakeExchange(AtomicUsize);

impl CodeExchange for FakeExchange {
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let code = code.expose_secret().as_bytes();
        assert!((1..=512).contains(&code.len()) && code.iter().all(u8::is_ascii_graphic));
        let identity =
            |snapshot| OAuthIdentity { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code[0] {
            b'0' => Ok(identity(false)),
            b's' => Ok(identity(true)),
            b'u' => Err(ExchangeError::Unreachable(anyhow::anyhow!("no route"))),
            b'f' => Err(ExchangeError::Account(anyhow::anyhow!("40125"))),
            b'2' => Err(ExchangeError::Code { errcode: 40163 }),
            _ => Err(ExchangeError::Code { errcode: 40029 }),
        }
    }
}

struct BindingFixture {
    binding: PendingBinding,
    exchange: Arc<FakeExchange>,
    save_count: Arc<AtomicUsize>,
    state: String,
    /// Connected, because events of a disconnected channel are lost.
    _events: crossbeam_channel::Receiver<wxbox::callback::CallbackEvent>,
}

fn new_binding(can_save: bool) -> BindingFixture {
    let state = OAuthState::new("0123456789abcdef").unwrap();
    let state_text = state.as_str().to_owned();
    let (exchange, save_count) = (Arc::new(FakeExchange(AtomicUsize::new(0))), Arc::new(AtomicUsize::new(0)));
    let save_counter = Arc::clone(&save_count);
    let save_binding = Box::new(move |_: &OAuthIdentity| {
        save_counter.fetch_add(1, Ordering::Relaxed);
        if can_save { Ok("luffy".to_owned()) } else { Err(anyhow::anyhow!("disk full")) }
    });
    let (binding, events) = PendingBinding::new(state, PATH, exchange.clone() as Arc<dyn CodeExchange>, save_binding);
    BindingFixture { binding, exchange, save_count, state: state_text, _events: events }
}

impl BindingFixture {
    /// Sends a call, which is given as lines: method, path, languages, query.
    fn send_call(&self, text: &str) -> HttpResponse {
        let text = text.replace(STATE, &self.state);
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let (method, path, languages, query) = (next(), next(), next(), next());
        let headers = vec![("accept-language".to_owned(), languages)];
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        self.binding.handle(&Request { method, path, query, headers, body: Vec::new(), peer })
    }
}

/// All pages, from calls that cause them.
static PAGES: LazyLock<BTreeSet<(u16, Vec<u8>)>> = LazyLock::new(|| {
    let get = |language: &str, query: &str| format!("GET\n{PATH}\n{language}\n{query}");
    let mut pages = BTreeSet::new();
    for language in ["en", "zh"] {
        let all = [
            vec![format!("GET\n/\n{language}\n")],
            vec![format!("POST\n{PATH}\n{language}\n")],
            vec![get(language, "state=x")],
            vec![get(language, "state=$S")],
            vec![get(language, "state=$S&state=$S")],
            vec![get(language, "state=$S&code=%0a")],
            ["x", "2", "s", "u", "0", "1", "0"]
                .iter()
                .map(|code| get(language, &format!("state=$S&code={code}")))
                .collect(),
            vec![get(language, "state=$S&code=f")],
        ];
        for calls in all {
            let fixture = new_binding(true);
            pages.extend(
                calls.iter().map(|call| fixture.send_call(call)).map(|page| (page.status(), page.body().to_vec())),
            );
        }
        let page = new_binding(false).send_call(&get(language, "state=$S&code=0"));
        pages.insert((page.status(), page.body().to_vec()));
    }
    pages
});

/// The input is a list of calls of one binding, separated by empty lines.
pub fn check_callback(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let fixture = new_binding(!text.starts_with('!'));
    for call in text.trim_start_matches('!').split("\n\n").take(16) {
        let exchanges_before = fixture.exchange.0.load(Ordering::Relaxed);
        let saves_before = fixture.save_count.load(Ordering::Relaxed);
        let page = fixture.send_call(call);
        assert!(
            PAGES.contains(&(page.status(), page.body().to_vec())),
            "a page that contains parts of the call: {call:?}"
        );
        assert!(
            page.status() / 100 != 2 || fixture.save_count.load(Ordering::Relaxed) == 1,
            "a success without a binding"
        );
        assert!(
            saves_before == 0 || exchanges_before == fixture.exchange.0.load(Ordering::Relaxed),
            "exchanged after the end"
        );
        assert!(
            call.contains(STATE) || exchanges_before == fixture.exchange.0.load(Ordering::Relaxed),
            "exchanged without the state"
        );
    }
}
