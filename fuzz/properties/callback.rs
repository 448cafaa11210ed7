//! Calls of the redirect address: whatever is asked, the answer is one of a few pages that know nothing of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use wxbox::callback::{CodeExchange, ExchangeError, OAuthIdentity, OAuthState, PendingBinding};
use wxbox::http_server::{HttpResponse, Request};
use wxbox::secret::{ExposeSecret, Secret};

/// What stands for the right state in an input.
const STATE: &str = "$S";
const PATH: &str = "/cb/";

/// Answers by the first letter of the code, and looks at what it is asked.
struct FakeExchange(AtomicUsize);

impl CodeExchange for FakeExchange {
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let code = code.expose_secret().as_bytes();
        assert!((1..=512).contains(&code.len()) && code.iter().all(u8::is_ascii_graphic));
        let person =
            |snapshot| OAuthIdentity { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code[0] {
            b'0' => Ok(person(false)),
            b's' => Ok(person(true)),
            b'u' => Err(ExchangeError::Unreachable(anyhow::anyhow!("no route"))),
            b'f' => Err(ExchangeError::Account(anyhow::anyhow!("40125"))),
            b'2' => Err(ExchangeError::Code { errcode: 40163 }),
            _ => Err(ExchangeError::Code { errcode: 40029 }),
        }
    }
}

struct BindingFixture {
    callback: PendingBinding,
    exchange: Arc<FakeExchange>,
    saved_count: Arc<AtomicUsize>,
    state: String,
    /// Held, or nobody would hear.
    _events: crossbeam_channel::Receiver<wxbox::callback::CallbackEvent>,
}

fn new_binding(can_save: bool) -> BindingFixture {
    let state = OAuthState::new("0123456789abcdef").unwrap();
    let text = state.as_str().to_owned();
    let (exchange, saved_count) = (Arc::new(FakeExchange(AtomicUsize::new(0))), Arc::new(AtomicUsize::new(0)));
    let saved_counter = Arc::clone(&saved_count);
    let keep = Box::new(move |_: &OAuthIdentity| {
        saved_counter.fetch_add(1, Ordering::Relaxed);
        if can_save { Ok("luffy".to_owned()) } else { Err(anyhow::anyhow!("disk full")) }
    });
    let (callback, events) = PendingBinding::new(state, PATH, exchange.clone() as Arc<dyn CodeExchange>, keep);
    BindingFixture { callback, exchange, saved_count, state: text, _events: events }
}

impl BindingFixture {
    /// A call: method, path, languages and query, a line each.
    fn send_call(&self, text: &str) -> HttpResponse {
        let text = text.replace(STATE, &self.state);
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let (method, path, languages, query) = (next(), next(), next(), next());
        let headers = vec![("accept-language".to_owned(), languages)];
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        self.callback.handle(&Request { method, path, query, headers, body: Vec::new(), peer })
    }
}

/// Every page that there is, by calls that bring it about.
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
                .map(|it| get(language, &format!("state=$S&code={it}")))
                .collect(),
            vec![get(language, "state=$S&code=f")],
        ];
        for calls in all {
            let wait = new_binding(true);
            pages.extend(
                calls.iter().map(|call| wait.send_call(call)).map(|page| (page.status(), page.body().to_vec())),
            );
        }
        let page = new_binding(false).send_call(&get(language, "state=$S&code=0"));
        pages.insert((page.status(), page.body().to_vec()));
    }
    pages
});

/// Calls of one binding, an empty line between two.
pub fn check_callback(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let wait = new_binding(!text.starts_with('!'));
    for call in text.trim_start_matches('!').split("\n\n").take(16) {
        let (asked, kept) = (wait.exchange.0.load(Ordering::Relaxed), wait.saved_count.load(Ordering::Relaxed));
        let page = wait.send_call(call);
        assert!(PAGES.contains(&(page.status(), page.body().to_vec())), "a page that is made of the call: {call:?}");
        assert!(
            page.status() / 100 != 2 || wait.saved_count.load(Ordering::Relaxed) == 1,
            "a success without a binding"
        );
        assert!(kept == 0 || asked == wait.exchange.0.load(Ordering::Relaxed), "asked after the end");
        assert!(call.contains(STATE) || asked == wait.exchange.0.load(Ordering::Relaxed), "asked without the state");
    }
}
