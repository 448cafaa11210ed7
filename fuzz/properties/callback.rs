//! Calls of the redirect address: whatever is asked, the answer is one of a few pages that know nothing of it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use wxbox::callback::{Callback, Exchange, Person, Refusal, State};
use wxbox::http::{Reply, Request};
use wxbox::secret::{ExposeSecret, Secret};

/// What stands for the right state in an input.
const STATE: &str = "$S";
const PATH: &str = "/cb/";

/// Answers by the first letter of the code, and looks at what it is asked.
struct WeChat(AtomicUsize);

impl Exchange for WeChat {
    fn person(&self, code: &Secret) -> Result<Person, Refusal> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let code = code.expose_secret().as_bytes();
        assert!((1..=512).contains(&code.len()) && code.iter().all(u8::is_ascii_graphic));
        let person = |snapshot| Person { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code[0] {
            b'0' => Ok(person(false)),
            b's' => Ok(person(true)),
            b'u' => Err(Refusal::Unreachable(anyhow::anyhow!("no route"))),
            b'f' => Err(Refusal::Fatal(anyhow::anyhow!("40125"))),
            b'2' => Err(Refusal::Code { errcode: 40163 }),
            _ => Err(Refusal::Code { errcode: 40029 }),
        }
    }
}

struct Wait {
    callback: Callback,
    asked: Arc<WeChat>,
    kept: Arc<AtomicUsize>,
    state: String,
    /// Held, or nobody would hear.
    _events: crossbeam_channel::Receiver<wxbox::callback::Event>,
}

fn wait(can_keep: bool) -> Wait {
    let state = State::new("0123456789abcdef").unwrap();
    let text = state.as_str().to_owned();
    let (asked, kept) = (Arc::new(WeChat(AtomicUsize::new(0))), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&kept);
    let keep = Box::new(move |_: &Person| {
        counted.fetch_add(1, Ordering::Relaxed);
        if can_keep { Ok("luffy".to_owned()) } else { Err(anyhow::anyhow!("disk full")) }
    });
    let (callback, events) = Callback::new(state, PATH, asked.clone() as Arc<dyn Exchange>, keep);
    Wait { callback, asked, kept, state: text, _events: events }
}

impl Wait {
    /// A call: method, path, languages and query, a line each.
    fn call(&self, text: &str) -> Reply {
        let text = text.replace(STATE, &self.state);
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let (method, path, languages, query) = (next(), next(), next(), next());
        let headers = vec![("accept-language".to_owned(), languages)];
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        self.callback.answer(&Request { method, path, query, headers, body: Vec::new(), peer })
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
            let wait = wait(true);
            pages.extend(calls.iter().map(|call| wait.call(call)).map(|page| (page.status(), page.body().to_vec())));
        }
        let page = wait(false).call(&get(language, "state=$S&code=0"));
        pages.insert((page.status(), page.body().to_vec()));
    }
    pages
});

/// Calls of one binding, an empty line between two.
pub fn callback(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let wait = wait(!text.starts_with('!'));
    for call in text.trim_start_matches('!').split("\n\n").take(16) {
        let (asked, kept) = (wait.asked.0.load(Ordering::Relaxed), wait.kept.load(Ordering::Relaxed));
        let page = wait.call(call);
        assert!(PAGES.contains(&(page.status(), page.body().to_vec())), "a page that is made of the call: {call:?}");
        assert!(page.status() / 100 != 2 || wait.kept.load(Ordering::Relaxed) == 1, "a success without a binding");
        assert!(kept == 0 || asked == wait.asked.0.load(Ordering::Relaxed), "asked after the end");
        assert!(call.contains(STATE) || asked == wait.asked.0.load(Ordering::Relaxed), "asked without the state");
    }
}
