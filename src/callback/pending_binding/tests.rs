//! Every call that a listener may get, and what it is answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::callback::FollowQrCode;

pub(in crate::callback) const CODE: &str = "051Ael0w3b2aX03Y0n1w3xYdPD3Ael0X";

/// Answers by the first letter of the code.
#[derive(Default)]
pub(in crate::callback) struct FakeExchange {
    exchange_count: AtomicUsize,
}

impl CodeExchange for FakeExchange {
    fn exchange(&self, code: &Secret) -> Result<OAuthIdentity, ExchangeError> {
        self.exchange_count.fetch_add(1, Ordering::Relaxed);
        let person =
            |snapshot| OAuthIdentity { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code.expose_secret().as_bytes().first() {
            Some(b'0') => Ok(person(false)),
            Some(b's') => Ok(person(true)),
            Some(b'u') => Err(ExchangeError::Unreachable(anyhow::anyhow!("no route"))),
            Some(b'f') => Err(ExchangeError::Account(anyhow::anyhow!("40125"))),
            Some(b'2') => Err(ExchangeError::Code { errcode: 40163 }),
            Some(b'p') => panic!("an exchange's own fault"),
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

fn fixture_with_save(keep: impl Fn() -> anyhow::Result<()> + Send + 'static) -> BindingFixture {
    let state = OAuthState::new("0123456789abcdef").unwrap();
    let text = state.as_str().to_owned();
    let (fake, kept) = (Arc::new(FakeExchange::default()), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&kept);
    let keep = Box::new(move |_: &OAuthIdentity| {
        counted.fetch_add(1, Ordering::Relaxed);
        keep().map(|()| "luffy".to_owned())
    });
    let (callback, events) = PendingBinding::new(state, "/回调/", Arc::clone(&fake) as Arc<dyn CodeExchange>, keep);
    BindingFixture { binding: Arc::new(callback), events, state: text, exchange: fake, save_count: kept }
}

pub(in crate::callback) fn fixture() -> BindingFixture {
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

    fn reasons(&self) -> Vec<RejectReason> {
        let reason = |event| match event {
            CallbackEvent::Rejected(reason) => Some(reason),
            _ => None,
        };
        self.events.try_iter().filter_map(reason).collect()
    }
}

fn body_text(reply: &HttpResponse) -> String {
    String::from_utf8(reply.body().to_vec()).unwrap()
}

#[test]
fn the_right_call_binds_and_its_repeat_sees_the_same() {
    let bench = fixture();
    let first = bench.get_code(CODE);
    assert_eq!(first.status(), 200);
    assert!(
        body_text(&first).contains("luffy") && body_text(&first).contains("路飞&lt;b&gt;"),
        "{}",
        body_text(&first)
    );
    assert_eq!(bench.get_code(CODE), first);
    assert_eq!((bench.exchange_count(), bench.save_count.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<CallbackEvent> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Bound(bound)] if bound.identity.openid == "oOpenid"), "{events:?}");

    assert_eq!(bench.get_code("0another").status(), 409);
    assert_eq!(bench.get_code("xbad").status(), 409);
    assert_eq!(bench.get(&format!("state={}", bench.state)).status(), 400);
    assert_eq!(bench.reasons(), [RejectReason::AlreadyBound, RejectReason::AlreadyBound, RejectReason::NoCode]);
    assert_eq!(bench.exchange_count(), 1);
}

#[test]
fn a_refused_code_is_not_shown_to_wechat_again_and_the_wait_goes_on() {
    let bench = fixture();
    for (code, status, reason) in [
        ("xbad", 410, RejectReason::CodeRefused(40029)),
        ("2used", 409, RejectReason::CodeUsed),
        ("snap", 403, RejectReason::SnapshotUser),
    ] {
        let before = bench.exchange_count();
        let first = bench.get_code(code);
        assert_eq!(first.status(), status);
        assert_eq!(bench.get_code(code), first);
        assert_eq!(bench.exchange_count(), before + 1);
        assert_eq!(bench.reasons(), [reason, reason]);
    }
    assert_eq!(bench.save_count.load(Ordering::Relaxed), 0);
    assert_eq!(bench.get_code(CODE).status(), 200);
}

#[test]
fn refused_codes_do_not_pile_up() {
    let bench = fixture();
    for n in 0..100 {
        bench.get_code(&format!("x{n}"));
    }
    assert_eq!(bench.binding.exchange_state.lock().unwrap().rejected_codes.len(), MAX_REJECTED_CODES);
}

#[test]
fn an_unreachable_wechat_is_asked_again_at_the_next_load() {
    let bench = fixture();
    assert_eq!(bench.get_code("u").status(), 502);
    assert_eq!(bench.get_code("u").status(), 502);
    assert_eq!(bench.exchange_count(), 2);
    assert!(bench.events.try_iter().all(|event| matches!(event, CallbackEvent::Unreachable(_))));
    assert_eq!(bench.get_code(CODE).status(), 200);
}

#[test]
fn a_refused_account_ends_the_wait_once() {
    let bench = fixture();
    assert_eq!(bench.get_code("f").status(), 500);
    assert_eq!(bench.get_code(CODE).status(), 500);
    assert_eq!(bench.exchange_count(), 1);
    let events: Vec<CallbackEvent> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Failed(error)] if error.to_string() == "40125"), "{events:?}");
}

#[test]
fn what_could_not_be_kept_is_no_success() {
    let bench = fixture_with_save(|| anyhow::bail!("disk full"));
    assert_eq!(bench.get_code(CODE).status(), 500);
    assert_eq!(bench.get_code(CODE).status(), 500);
    assert_eq!((bench.exchange_count(), bench.save_count.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<CallbackEvent> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [CallbackEvent::Failed(error)] if error.to_string() == "disk full"), "{events:?}");
}

#[test]
fn a_panic_in_the_exchange_does_not_end_the_wait() {
    let bench = fixture();
    assert_eq!(bench.get_code("p").status(), 502);
    assert_eq!(bench.get_code(CODE).status(), 200);
}

#[test]
fn the_outcome_is_heard_though_nobody_took_the_events_of_a_flood() {
    let bench = fixture();
    for _ in 0..10_000 {
        bench.get("state=wrong&code=x");
    }
    bench.get_code(CODE);
    assert!(bench.events.try_iter().any(|event| matches!(event, CallbackEvent::Bound(_))));
}

#[test]
fn hostile_requests_are_turned_away_and_not_repeated() {
    let bench = fixture();
    let state = bench.state.clone();
    let right = "/%E5%9B%9E%E8%B0%83/";
    let huge = "marker".repeat(100_000);
    let table: Vec<(&str, &str, String, RejectReason)> = vec![
        ("GET", "", String::new(), RejectReason::WrongPath),
        ("GET", "*", String::new(), RejectReason::WrongPath),
        ("GET", "/", String::new(), RejectReason::WrongPath),
        ("GET", "/marker", String::new(), RejectReason::WrongPath),
        ("GET", "/%", String::new(), RejectReason::WrongPath),
        ("GET", "/%0", String::new(), RejectReason::WrongPath),
        ("GET", "/%00%ff%zz", String::new(), RejectReason::WrongPath),
        ("GET", &huge, String::new(), RejectReason::WrongPath),
        ("GET", "/%E5%9B%9E%E8%B0%83", format!("code={CODE}&state=x"), RejectReason::WrongState),
        ("GET", "/%25E5%259B%259E%25E8%25B0%2583/", format!("code={CODE}&state={state}"), RejectReason::RewrittenPath),
        ("GET", "/", format!("code={CODE}&amp;state={state}"), RejectReason::RewrittenPath),
        ("POST", "/", format!("code={CODE}&state={state}"), RejectReason::WrongPath),
        ("POST", right, format!("code={CODE}&state={state}"), RejectReason::WrongMethod),
        ("HEAD", right, format!("code={CODE}&state={state}"), RejectReason::WrongMethod),
        ("get", right, format!("code={CODE}&state={state}"), RejectReason::WrongMethod),
        ("", right, String::new(), RejectReason::WrongMethod),
        ("GET", right, String::new(), RejectReason::WrongState),
        ("GET", right, "&&&===&;".into(), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}"), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&state="), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&state={state}%00"), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&state={}", state.to_uppercase()), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&STATE={state}"), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&state=%ff%fe"), RejectReason::WrongState),
        ("GET", right, format!("code={CODE}&state={huge}"), RejectReason::WrongState),
        ("GET", right, format!("state={state}"), RejectReason::NoCode),
        ("GET", right, format!("state={state}&code="), RejectReason::NoCode),
        ("GET", right, format!("state={state}&state={state}&code={CODE}"), RejectReason::DuplicateParam),
        ("GET", right, format!("state=x&code={CODE}&state={state}"), RejectReason::DuplicateParam),
        ("GET", right, format!("state={state}&code={CODE}&code={CODE}"), RejectReason::DuplicateParam),
        ("GET", right, format!("state={state}&code={CODE}&%63ode="), RejectReason::DuplicateParam),
        ("GET", right, format!("state={state}&code=%00"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code=a+b"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code=a%0d%0aSet-Cookie:marker"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code=%ff"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code=绑"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code={}", "a".repeat(MAX_CODE_BYTES + 1)), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code={huge}"), RejectReason::MalformedCode),
        ("GET", right, format!("state={state}&code=<script>marker</script>"), RejectReason::CodeRefused(40029)),
    ];
    for (method, path, query, reason) in table {
        let reply = bench.binding.handle(&request(method, path, &query));
        assert_eq!(bench.reasons(), [reason], "{method} {path:.40} {query:.80}");
        assert!((400..500).contains(&reply.status()), "{reason:?}");
        let text = body_text(&reply);
        for echoed in ["marker", &state, CODE] {
            assert!(!text.contains(echoed), "{reason:?} repeats {echoed:.20}");
        }
    }
    assert_eq!(bench.get_code(CODE).status(), 200);
}

#[test]
fn slashes_and_the_ampersand_of_a_page_keep_nobody_from_it() {
    for (path, between) in [
        ("/%E5%9B%9E%E8%B0%83", "&"),
        ("//%E5%9B%9E%E8%B0%83//", "&"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;amp;"),
    ] {
        let bench = fixture();
        let query = format!("code={CODE}{between}state={}", bench.state);
        assert_eq!(bench.binding.handle(&request("GET", path, &query)).status(), 200, "{path} {between}");
    }
}

#[test]
fn what_was_turned_away_is_counted_though_nobody_took_the_events() {
    let bench = fixture();
    for _ in 0..1_000 {
        bench.get("state=wrong&code=x");
    }
    bench.binding.handle(&request("GET", "/favicon.ico", ""));
    assert_eq!(
        bench.binding.rejected_counts(),
        [(RejectReason::WrongPath, 1), (RejectReason::WrongState, 1_000)].into()
    );
}

#[test]
fn a_state_that_was_cut_off_is_told_from_another() {
    let bench = fixture();
    let (state, cut) = (&bench.state, &bench.state[..bench.state.len() - 1]);
    for (query, mine, torn) in [
        (format!("code=1&amp;state={state}"), true, false),
        (format!("code=1&state={cut}"), false, true),
        (format!("code=1&state={state}hello"), false, true),
        ("code=1&state=".into(), false, true),
        ("code=1".into(), false, true),
        (format!("code=1&state={cut}-"), false, false),
    ] {
        assert_eq!(
            (bench.binding.has_matching_state(&query), bench.binding.has_partial_state(&query)),
            (mine, torn),
            "{query}"
        );
    }
}

/// The page after a binding, where looking up whether the person follows gives this.
fn page_after(follow: impl Fn() -> FollowLookupResult + Send + Sync + 'static) -> (String, Vec<CallbackEvent>) {
    let BindingFixture { binding: callback, events, state, .. } = fixture();
    let callback = Arc::into_inner(callback).unwrap().with_follow_lookup(Box::new(move |_, _| follow()));
    let call = request("GET", "/%E5%9B%9E%E8%B0%83/", &format!("code={CODE}&state={state}"));
    let first = callback.handle(&call);
    assert_eq!((first.status(), callback.handle(&call)), (200, first.clone()));
    (body_text(&first), events.try_iter().collect())
}

#[test]
fn who_does_not_follow_sees_the_next_step_and_is_not_told_to_close_the_page() {
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
    assert!(page.contains("by its name") && !page.contains(close) && !page.contains("48001"), "{page}");
    let (page, _) = page_after(|| FollowLookupResult::Unknown(anyhow::anyhow!("48001")));
    assert!(page.contains("If you do not follow") && !page.contains(close) && !page.contains("48001"), "{page}");
}

#[test]
fn the_end_of_the_wait_ends_the_look_up_and_the_binding_stands() {
    let BindingFixture { binding: callback, events, state, save_count: kept, .. } = fixture();
    let look_up: FollowLookupFn = Box::new(|_, closed| FollowLookupResult::Unknown(closed.recv().unwrap_err().into()));
    let callback = Arc::new(Arc::into_inner(callback).unwrap().with_follow_lookup(look_up));
    let query = format!("code={CODE}&state={state}");
    let phone = {
        let callback = Arc::clone(&callback);
        std::thread::spawn(move || callback.handle(&request("GET", "/%E5%9B%9E%E8%B0%83/", &query)))
    };
    assert!(matches!(events.recv().unwrap(), CallbackEvent::Bound(_)));
    callback.close();
    let page = phone.join().unwrap();
    assert!(page.status() == 200 && body_text(&page).contains("If you do not follow"), "{}", body_text(&page));
    assert!(matches!(events.recv().unwrap(), CallbackEvent::FollowChecked(FollowLookupResult::Unknown(_))));
    assert_eq!(kept.load(Ordering::Relaxed), 1);
}

#[test]
fn pages_speak_the_phones_language() {
    let bench = fixture();
    let mut call = request("GET", "/", "");
    assert!(body_text(&bench.binding.handle(&call)).contains("<html lang=\"en\">"));
    call.headers[0].1 = "zh-CN,zh;q=0.9,en-US;q=0.8".into();
    assert!(body_text(&bench.binding.handle(&call)).contains("<html lang=\"zh-CN\">"));
    call.headers.clear();
    let text = body_text(&bench.binding.handle(&call));
    assert!(text.contains("<html lang=\"zh-CN\">") && text.contains("页面不存在"), "{text}");
    assert!(!text.contains("[callback-"), "{text}");
}

/// An exchange that waits until it is told to go on.
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
fn what_was_with_wechat_when_the_wait_ended_is_not_kept() {
    let ((begun, begins), (go, go_on)) = (bounded(1), bounded(1));
    let keep: SaveBinding = Box::new(|_| panic!("kept"));
    let state = OAuthState::new("u").unwrap();
    let query = format!("code={CODE}&state={}", state.as_str());
    let (callback, events) =
        PendingBinding::new(state, "/", Arc::new(BlockingExchange { started: begun, resume: go_on }), keep);
    let callback = Arc::new(callback);
    assert!(!callback.is_exchanging());
    let phone = {
        let callback = Arc::clone(&callback);
        std::thread::spawn(move || callback.handle(&request("GET", "/", &query)))
    };
    begins.recv().unwrap();
    assert!(callback.is_exchanging());
    callback.close();
    // The phone has its answer, though WeChat has not given its own.
    assert_eq!(phone.join().unwrap().status(), 403);
    go.send(()).unwrap();
    assert!(matches!(events.try_iter().collect::<Vec<_>>()[..], [CallbackEvent::Rejected(RejectReason::WrongState)]));
}

#[test]
fn an_address_that_was_pasted_is_judged_as_a_call_is() {
    let bench = fixture();
    for (query, reason) in [
        ("", RejectReason::WrongState),
        ("code=1&state=2", RejectReason::WrongState),
        (&*format!("state={}", bench.state), RejectReason::NoCode),
        (&*format!("code=xbad&state={}", bench.state), RejectReason::CodeRefused(40029)),
    ] {
        bench.binding.submit_query(query);
        assert_eq!(bench.reasons(), [reason], "{query}");
    }
    bench.binding.submit_query(&format!("state={}&code={CODE}", bench.state));
    assert!(matches!(bench.events.try_iter().collect::<Vec<_>>()[..], [CallbackEvent::Bound(_)]));
}
