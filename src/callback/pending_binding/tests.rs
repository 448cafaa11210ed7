//! Tests of the calls that a pending binding may get, and of the responses.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::callback::FollowQrCode;

pub(in crate::callback) const CODE: &str = "051Ael0w3b2aX03Y0n1w3xYdPD3Ael0X";

/// An exchange whose result depends on the first letter of the code.
#[derive(Default)]
pub(in crate::callback) struct FakeExchange {
    exchange_count: AtomicUsize,
}

impl CodeExchange for FakeExchange {
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.exchange_count.fetch_add(1, Ordering::Relaxed);
        let identity =
            |snapshot| OAuthIdentity { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code.expose_secret().as_bytes().first() {
            Some(b'0') => Ok(identity(false)),
            Some(b's') => Ok(identity(true)),
            Some(b'u') => Err(ExchangeError::Unreachable(anyhow::anyhow!("no route"))),
            Some(b'f') => Err(ExchangeError::Account(anyhow::anyhow!("40125"))),
            Some(b'2') => Err(ExchangeError::Code { errcode: 40163 }),
            Some(b'p') => panic!("a bug in the exchange"),
            _ => Err(ExchangeError::Code { errcode: 40029 }),
        }
    }
}

pub(in crate::callback) struct BindingFixture {
    pub(in crate::callback) binding: Arc<PendingBinding>,
    pub(in crate::callback) events: Receiver<CallbackEvent>,
    pub(in crate::callback) state: String,
    exchange: Arc<FakeExchange>,
    save_count: Arc<AtomicUsize>,
}

fn fixture_with_save(save: impl Fn() -> anyhow::Result<()> + Send + 'static) -> BindingFixture {
    let state = OAuthState::new("0123456789abcdef").unwrap();
    let state_text = state.as_str().to_owned();
    let exchange = Arc::new(FakeExchange::default());
    let save_count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&save_count);
    let save_binding = Box::new(move |_: &OAuthIdentity| {
        counter.fetch_add(1, Ordering::Relaxed);
        save().map(|()| "luffy".to_owned())
    });
    let (binding, events) =
        PendingBinding::new(state, "/回调/", Arc::clone(&exchange) as Arc<dyn CodeExchange>, save_binding);
    BindingFixture { binding: Arc::new(binding), events, state: state_text, exchange, save_count }
}

pub(in crate::callback) fn new_fixture() -> BindingFixture {
    fixture_with_save(|| Ok(()))
}

pub(in crate::callback) fn request(method: &str, path: &str, query: &str) -> Request {
    Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("accept-language".into(), "en".into())],
        body: Vec::new(),
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
    }
}

impl BindingFixture {
    fn get(&self, query: &str) -> HttpResponse {
        self.binding.handle(&request("GET", "/%E5%9B%9e%E8%B0%83/", query))
    }

    fn get_code(&self, code: &str) -> HttpResponse {
        self.get(&format!("code={code}&state={}", self.state))
    }

    pub(in crate::callback) fn exchange_count(&self) -> usize {
        self.exchange.exchange_count.load(Ordering::Relaxed)
    }

    fn reasons(&self) -> Vec<CallbackRejection> {
        let reason = |event| match event {
            CallbackEvent::Rejected(reason) => Some(reason),
            _ => None,
        };
        self.events.try_iter().filter_map(reason).collect()
    }
}

fn body_text(response: &HttpResponse) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn valid_call_binds_and_repeated_call_gets_same_page() {
    let fixture = new_fixture();
    let first = fixture.get_code(CODE);
    assert_eq!(first.status(), 200);
    assert!(
        body_text(&first).contains("luffy") && body_text(&first).contains("路飞&lt;b&gt;"),
        "{}",
        body_text(&first)
    );
    assert_eq!(fixture.get_code(CODE), first);
    assert_eq!((fixture.exchange_count(), fixture.save_count.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<CallbackEvent> = fixture.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Bound(bound)] if bound.identity.openid == "oOpenid"), "{events:?}");

    assert_eq!(fixture.get_code("0another").status(), 409);
    assert_eq!(fixture.get_code("xbad").status(), 409);
    assert_eq!(fixture.get(&format!("state={}", fixture.state)).status(), 400);
    assert_eq!(
        fixture.reasons(),
        [CallbackRejection::AlreadyBound, CallbackRejection::AlreadyBound, CallbackRejection::NoCode]
    );
    assert_eq!(fixture.exchange_count(), 1);
}

#[test]
fn rejected_code_is_exchanged_once_and_binding_stays_pending() {
    let fixture = new_fixture();
    for (code, status, reason) in [
        ("xbad", 410, CallbackRejection::CodeRefused(40029)),
        ("2used", 409, CallbackRejection::CodeUsed),
        ("snap", 403, CallbackRejection::SnapshotUser),
    ] {
        let before = fixture.exchange_count();
        let first = fixture.get_code(code);
        assert_eq!(first.status(), status);
        assert_eq!(fixture.get_code(code), first);
        assert_eq!(fixture.exchange_count(), before + 1);
        assert_eq!(fixture.reasons(), [reason, reason]);
    }
    assert_eq!(fixture.save_count.load(Ordering::Relaxed), 0);
    assert_eq!(fixture.get_code(CODE).status(), 200);
}

#[test]
fn number_of_remembered_codes_is_limited() {
    let fixture = new_fixture();
    for n in 0..100 {
        fixture.get_code(&format!("x{n}"));
    }
    assert_eq!(fixture.binding.exchange_state.lock().unwrap().rejected_codes.len(), MAX_REJECTED_CODES);
}

#[test]
fn code_is_exchanged_again_after_wechat_was_unreachable() {
    let fixture = new_fixture();
    assert_eq!(fixture.get_code("u").status(), 502);
    assert_eq!(fixture.get_code("u").status(), 502);
    assert_eq!(fixture.exchange_count(), 2);
    assert!(fixture.events.try_iter().all(|event| matches!(event, CallbackEvent::Unreachable(_))));
    assert_eq!(fixture.get_code(CODE).status(), 200);
}

#[test]
fn rejected_account_fails_the_binding_once() {
    let fixture = new_fixture();
    assert_eq!(fixture.get_code("f").status(), 500);
    assert_eq!(fixture.get_code(CODE).status(), 500);
    assert_eq!(fixture.exchange_count(), 1);
    let events: Vec<CallbackEvent> = fixture.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Failed(error)] if error.to_string() == "40125"), "{events:?}");
}

#[test]
fn failed_save_fails_the_binding() {
    let fixture = fixture_with_save(|| anyhow::bail!("disk full"));
    assert_eq!(fixture.get_code(CODE).status(), 500);
    assert_eq!(fixture.get_code(CODE).status(), 500);
    assert_eq!((fixture.exchange_count(), fixture.save_count.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<CallbackEvent> = fixture.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Failed(error)] if error.to_string() == "disk full"), "{events:?}");
}

#[test]
fn binding_survives_panic_in_exchange() {
    let fixture = new_fixture();
    assert_eq!(fixture.get_code("p").status(), 502);
    assert_eq!(fixture.get_code(CODE).status(), 200);
}

#[test]
fn outcome_is_sent_after_a_flood() {
    let fixture = new_fixture();
    for _ in 0..10_000 {
        fixture.get("state=wrong&code=x");
    }
    fixture.get_code(CODE);
    assert!(fixture.events.try_iter().any(|event| matches!(event, CallbackEvent::Bound(_))));
}

#[test]
fn hostile_requests_are_rejected_and_not_echoed() {
    let fixture = new_fixture();
    let state = fixture.state.clone();
    let right = "/%E5%9B%9E%E8%B0%83/";
    let huge = "marker".repeat(100_000);
    let cases: Vec<(&str, &str, String, CallbackRejection)> = vec![
        ("GET", "", String::new(), CallbackRejection::WrongPath),
        ("GET", "*", String::new(), CallbackRejection::WrongPath),
        ("GET", "/", String::new(), CallbackRejection::WrongPath),
        ("GET", "/marker", String::new(), CallbackRejection::WrongPath),
        ("GET", "/%", String::new(), CallbackRejection::WrongPath),
        ("GET", "/%0", String::new(), CallbackRejection::WrongPath),
        ("GET", "/%00%ff%zz", String::new(), CallbackRejection::WrongPath),
        ("GET", &huge, String::new(), CallbackRejection::WrongPath),
        ("GET", "/%E5%9B%9E%E8%B0%83", format!("code={CODE}&state=x"), CallbackRejection::WrongState),
        (
            "GET",
            "/%25E5%259B%259E%25E8%25B0%2583/",
            format!("code={CODE}&state={state}"),
            CallbackRejection::RewrittenPath,
        ),
        ("GET", "/", format!("code={CODE}&amp;state={state}"), CallbackRejection::RewrittenPath),
        ("POST", "/", format!("code={CODE}&state={state}"), CallbackRejection::WrongPath),
        ("POST", right, format!("code={CODE}&state={state}"), CallbackRejection::WrongMethod),
        ("HEAD", right, format!("code={CODE}&state={state}"), CallbackRejection::WrongMethod),
        ("get", right, format!("code={CODE}&state={state}"), CallbackRejection::WrongMethod),
        ("", right, String::new(), CallbackRejection::WrongMethod),
        ("GET", right, String::new(), CallbackRejection::WrongState),
        ("GET", right, "&&&===&;".into(), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}"), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&state="), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&state={state}%00"), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&state={}", state.to_uppercase()), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&STATE={state}"), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&state=%ff%fe"), CallbackRejection::WrongState),
        ("GET", right, format!("code={CODE}&state={huge}"), CallbackRejection::WrongState),
        ("GET", right, format!("state={state}"), CallbackRejection::NoCode),
        ("GET", right, format!("state={state}&code="), CallbackRejection::NoCode),
        ("GET", right, format!("state={state}&state={state}&code={CODE}"), CallbackRejection::DuplicateParam),
        ("GET", right, format!("state=x&code={CODE}&state={state}"), CallbackRejection::DuplicateParam),
        ("GET", right, format!("state={state}&code={CODE}&code={CODE}"), CallbackRejection::DuplicateParam),
        ("GET", right, format!("state={state}&code={CODE}&%63ode="), CallbackRejection::DuplicateParam),
        ("GET", right, format!("state={state}&code=%00"), CallbackRejection::MalformedCode),
        ("GET", right, format!("state={state}&code=a+b"), CallbackRejection::MalformedCode),
        ("GET", right, format!("state={state}&code=a%0d%0aSet-Cookie:marker"), CallbackRejection::MalformedCode),
        ("GET", right, format!("state={state}&code=%ff"), CallbackRejection::MalformedCode),
        ("GET", right, format!("state={state}&code=绑"), CallbackRejection::MalformedCode),
        (
            "GET",
            right,
            format!("state={state}&code={}", "a".repeat(MAX_CODE_BYTES + 1)),
            CallbackRejection::MalformedCode,
        ),
        ("GET", right, format!("state={state}&code={huge}"), CallbackRejection::MalformedCode),
        ("GET", right, format!("state={state}&code=<script>marker</script>"), CallbackRejection::CodeRefused(40029)),
    ];
    for (method, path, query, reason) in cases {
        let response = fixture.binding.handle(&request(method, path, &query));
        assert_eq!(fixture.reasons(), [reason], "{method} {path:.40} {query:.80}");
        assert!((400..500).contains(&response.status()), "{reason:?}");
        let text = body_text(&response);
        for echoed in ["marker", &state, CODE] {
            assert!(!text.contains(echoed), "{reason:?} repeats {echoed:.20}");
        }
    }
    assert_eq!(fixture.get_code(CODE).status(), 200);
}

#[test]
fn extra_slashes_and_escaped_ampersands_are_accepted() {
    for (path, between) in [
        ("/%E5%9B%9E%E8%B0%83", "&"),
        ("//%E5%9B%9E%E8%B0%83//", "&"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;amp;"),
    ] {
        let fixture = new_fixture();
        let query = format!("code={CODE}{between}state={}", fixture.state);
        assert_eq!(fixture.binding.handle(&request("GET", path, &query)).status(), 200, "{path} {between}");
    }
}

#[test]
fn rejected_calls_are_counted_when_events_are_not_read() {
    let fixture = new_fixture();
    for _ in 0..1_000 {
        fixture.get("state=wrong&code=x");
    }
    fixture.binding.handle(&request("GET", "/favicon.ico", ""));
    assert_eq!(
        fixture.binding.rejected_counts(),
        [(CallbackRejection::WrongPath, 1), (CallbackRejection::WrongState, 1_000)].into()
    );
}

#[test]
fn partial_state_differs_from_another_state() {
    let fixture = new_fixture();
    let (state, cut) = (&fixture.state, &fixture.state[..fixture.state.len() - 1]);
    for (query, is_match, is_partial) in [
        (format!("code=1&amp;state={state}"), true, false),
        (format!("code=1&state={cut}"), false, true),
        (format!("code=1&state={state}hello"), false, true),
        ("code=1&state=".into(), false, true),
        ("code=1".into(), false, true),
        (format!("code=1&state={cut}-"), false, false),
    ] {
        assert_eq!(
            (fixture.binding.has_matching_state(&query), fixture.binding.has_partial_state(&query)),
            (is_match, is_partial),
            "{query}"
        );
    }
}

/// Returns the page and the events after a binding with this result of the follow lookup.
fn page_after(look_up: impl Fn() -> FollowLookupResult + Send + Sync + 'static) -> (String, Vec<CallbackEvent>) {
    let BindingFixture { binding, events, state, .. } = new_fixture();
    let binding = Arc::into_inner(binding).unwrap().with_follow_lookup(Box::new(move |_, _| look_up()));
    let call = request("GET", "/%E5%9B%9E%E8%B0%83/", &format!("code={CODE}&state={state}"));
    let first = binding.handle(&call);
    assert_eq!((first.status(), binding.handle(&call)), (200, first.clone()));
    (body_text(&first), events.try_iter().collect())
}

#[test]
fn page_shows_how_to_follow_the_account() {
    let close = "close this page";
    let (page, events) = page_after(|| FollowLookupResult::Following);
    assert!(page.contains(close) && !page.contains("<img"), "{page}");
    assert!(
        matches!(&events[..], [CallbackEvent::Bound(_), CallbackEvent::FollowChecked(FollowLookupResult::Following)]),
        "{events:?}"
    );

    let (page, _) = page_after(|| {
        FollowLookupResult::NotFollowing(Ok(FollowQrCode { link: "http://q".into(), png: b"PNG".to_vec() }))
    });
    assert!(page.contains("<img class=\"code\" src=\"data:image/png;base64,UE5H\""), "{page}");
    assert!(page.contains("One step left") && !page.contains(close), "{page}");

    let (page, _) = page_after(|| FollowLookupResult::NotFollowing(Err(anyhow::anyhow!("48001"))));
    assert!(page.contains("Search for the account") && !page.contains(close) && !page.contains("48001"), "{page}");
    let (page, _) = page_after(|| FollowLookupResult::Unknown(anyhow::anyhow!("48001")));
    assert!(page.contains("Follow the account now") && !page.contains(close) && !page.contains("48001"), "{page}");
}

#[test]
fn close_ends_the_lookup_and_keeps_the_binding() {
    let BindingFixture { binding, events, state, save_count, .. } = new_fixture();
    let look_up: FollowLookupFn = Box::new(|_, closed| FollowLookupResult::Unknown(closed.recv().unwrap_err().into()));
    let binding = Arc::new(Arc::into_inner(binding).unwrap().with_follow_lookup(look_up));
    let query = format!("code={CODE}&state={state}");
    let phone = {
        let binding = Arc::clone(&binding);
        std::thread::spawn(move || binding.handle(&request("GET", "/%E5%9B%9E%E8%B0%83/", &query)))
    };
    assert!(matches!(events.recv().unwrap(), CallbackEvent::Bound(_)));
    binding.close();
    let page = phone.join().unwrap();
    assert!(page.status() == 200 && body_text(&page).contains("Follow the account now"), "{}", body_text(&page));
    assert!(matches!(events.recv().unwrap(), CallbackEvent::FollowChecked(FollowLookupResult::Unknown(_))));
    assert_eq!(save_count.load(Ordering::Relaxed), 1);
}

#[test]
fn pages_use_the_language_of_the_phone() {
    let fixture = new_fixture();
    let mut call = request("GET", "/", "");
    assert!(body_text(&fixture.binding.handle(&call)).contains("<html lang=\"en\">"));
    call.headers[0].1 = "zh-CN,zh;q=0.9,en-US;q=0.8".into();
    assert!(body_text(&fixture.binding.handle(&call)).contains("<html lang=\"zh-CN\">"));
    call.headers.clear();
    let text = body_text(&fixture.binding.handle(&call));
    assert!(text.contains("<html lang=\"zh-CN\">") && text.contains("页面不存在"), "{text}");
    assert!(!text.contains("[callback-"), "{text}");
}

/// An exchange that blocks until the test resumes it.
struct BlockingExchange {
    started: Sender<()>,
    resume: Receiver<()>,
}

impl CodeExchange for BlockingExchange {
    fn exchange(&self, _: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.started.send(()).unwrap();
        self.resume.recv().unwrap();
        Ok(OAuthIdentity { openid: "oOpenid".into(), nickname: None, snapshot: false })
    }
}

#[test]
fn close_during_exchange_saves_nothing() {
    let (started_sender, started) = bounded(1);
    let (resume, resume_receiver) = bounded(1);
    let save_binding: SaveBinding = Box::new(|_| panic!("saved"));
    let state = OAuthState::new("u").unwrap();
    let query = format!("code={CODE}&state={}", state.as_str());
    let (binding, events) = PendingBinding::new(
        state,
        "/",
        Arc::new(BlockingExchange { started: started_sender, resume: resume_receiver }),
        save_binding,
    );
    let binding = Arc::new(binding);
    assert!(!binding.is_exchanging());
    let phone = {
        let binding = Arc::clone(&binding);
        std::thread::spawn(move || binding.handle(&request("GET", "/", &query)))
    };
    started.recv().unwrap();
    assert!(binding.is_exchanging());
    binding.close();
    // The phone gets a response before WeChat has responded.
    assert_eq!(phone.join().unwrap().status(), 403);
    resume.send(()).unwrap();
    assert!(matches!(
        events.try_iter().collect::<Vec<_>>()[..],
        [CallbackEvent::Rejected(CallbackRejection::WrongState)]
    ));
}

#[test]
fn pasted_address_is_handled_like_a_call() {
    let fixture = new_fixture();
    for (query, reason) in [
        ("", CallbackRejection::WrongState),
        ("code=1&state=2", CallbackRejection::WrongState),
        (&*format!("state={}", fixture.state), CallbackRejection::NoCode),
        (&*format!("code=xbad&state={}", fixture.state), CallbackRejection::CodeRefused(40029)),
    ] {
        fixture.binding.submit_query(query);
        assert_eq!(fixture.reasons(), [reason], "{query}");
    }
    fixture.binding.submit_query(&format!("state={}&code={CODE}", fixture.state));
    assert!(matches!(fixture.events.try_iter().collect::<Vec<_>>()[..], [CallbackEvent::Bound(_)]));
}
