//! Every call that a listener may get, and what it is answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

pub(super) const CODE: &str = "051Ael0w3b2aX03Y0n1w3xYdPD3Ael0X";

/// Answers by the first letter of the code.
#[derive(Default)]
pub(super) struct Fake {
    asked: AtomicUsize,
}

impl Exchange for Fake {
    fn person(&self, code: &Secret) -> Result<Person, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let person = |snapshot| Person { openid: "oOpenid".into(), nickname: Some("路飞<b>".into()), snapshot };
        match code.expose_secret().as_bytes().first() {
            Some(b'0') => Ok(person(false)),
            Some(b's') => Ok(person(true)),
            Some(b'u') => Err(Refusal::Unreachable(anyhow::anyhow!("no route"))),
            Some(b'f') => Err(Refusal::Fatal(anyhow::anyhow!("40125"))),
            Some(b'2') => Err(Refusal::Code { errcode: 40163 }),
            Some(b'p') => panic!("an exchange's own fault"),
            _ => Err(Refusal::Code { errcode: 40029 }),
        }
    }
}

pub(super) struct Bench {
    pub(super) callback: Arc<Callback>,
    pub(super) events: Receiver<Event>,
    pub(super) state: String,
    fake: Arc<Fake>,
    kept: Arc<AtomicUsize>,
}

fn bench_keeping(keep: impl Fn() -> anyhow::Result<()> + Send + 'static) -> Bench {
    let state = State::new("0123456789abcdef").unwrap();
    let text = state.as_str().to_owned();
    let (fake, kept) = (Arc::new(Fake::default()), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&kept);
    let keep = Box::new(move |_: &Person| {
        counted.fetch_add(1, Ordering::Relaxed);
        keep().map(|()| "luffy".to_owned())
    });
    let (callback, events) = Callback::new(state, "/回调/", Arc::clone(&fake) as Arc<dyn Exchange>, keep);
    Bench { callback: Arc::new(callback), events, state: text, fake, kept }
}

pub(super) fn bench() -> Bench {
    bench_keeping(|| Ok(()))
}

pub(super) fn request(method: &str, path: &str, query: &str) -> Request {
    Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("accept-language".into(), "en".into())],
        body: Vec::new(),
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
    }
}

impl Bench {
    fn get(&self, query: &str) -> Reply {
        self.callback.answer(&request("GET", "/%E5%9B%9e%E8%B0%83/", query))
    }

    fn code(&self, code: &str) -> Reply {
        self.get(&format!("code={code}&state={}", self.state))
    }

    pub(super) fn asked(&self) -> usize {
        self.fake.asked.load(Ordering::Relaxed)
    }

    fn reasons(&self) -> Vec<Reason> {
        let reason = |event| match event {
            Event::TurnedAway(reason) => Some(reason),
            _ => None,
        };
        self.events.try_iter().filter_map(reason).collect()
    }
}

fn body(reply: &Reply) -> String {
    String::from_utf8(reply.body().to_vec()).unwrap()
}

#[test]
fn the_right_call_binds_and_its_repeat_sees_the_same() {
    let bench = bench();
    let first = bench.code(CODE);
    assert_eq!(first.status(), 200);
    assert!(body(&first).contains("luffy") && body(&first).contains("路飞&lt;b&gt;"), "{}", body(&first));
    assert_eq!(bench.code(CODE), first);
    assert_eq!((bench.asked(), bench.kept.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<Event> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [Event::Bound(bound)] if bound.person.openid == "oOpenid"), "{events:?}");

    assert_eq!(bench.code("0another").status(), 409);
    assert_eq!(bench.code("xbad").status(), 409);
    assert_eq!(bench.get(&format!("state={}", bench.state)).status(), 400);
    assert_eq!(bench.reasons(), [Reason::Taken, Reason::Taken, Reason::NoCode]);
    assert_eq!(bench.asked(), 1);
}

#[test]
fn a_refused_code_is_not_shown_to_wechat_again_and_the_wait_goes_on() {
    let bench = bench();
    for (code, status, reason) in
        [("xbad", 410, Reason::Refused(40029)), ("2used", 409, Reason::Used), ("snap", 403, Reason::Snapshot)]
    {
        let before = bench.asked();
        let first = bench.code(code);
        assert_eq!(first.status(), status);
        assert_eq!(bench.code(code), first);
        assert_eq!(bench.asked(), before + 1);
        assert_eq!(bench.reasons(), [reason, reason]);
    }
    assert_eq!(bench.kept.load(Ordering::Relaxed), 0);
    assert_eq!(bench.code(CODE).status(), 200);
}

#[test]
fn refused_codes_do_not_pile_up() {
    let bench = bench();
    for n in 0..100 {
        bench.code(&format!("x{n}"));
    }
    assert_eq!(bench.callback.wait.lock().unwrap().refused.len(), REFUSED);
}

#[test]
fn an_unreachable_wechat_is_asked_again_at_the_next_load() {
    let bench = bench();
    assert_eq!(bench.code("u").status(), 502);
    assert_eq!(bench.code("u").status(), 502);
    assert_eq!(bench.asked(), 2);
    assert!(bench.events.try_iter().all(|event| matches!(event, Event::Unreachable(_))));
    assert_eq!(bench.code(CODE).status(), 200);
}

#[test]
fn a_refused_account_ends_the_wait_once() {
    let bench = bench();
    assert_eq!(bench.code("f").status(), 500);
    assert_eq!(bench.code(CODE).status(), 500);
    assert_eq!(bench.asked(), 1);
    let events: Vec<Event> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [Event::Failed(error)] if error.to_string() == "40125"), "{events:?}");
}

#[test]
fn what_could_not_be_kept_is_no_success() {
    let bench = bench_keeping(|| anyhow::bail!("disk full"));
    assert_eq!(bench.code(CODE).status(), 500);
    assert_eq!(bench.code(CODE).status(), 500);
    assert_eq!((bench.asked(), bench.kept.load(Ordering::Relaxed)), (1, 1));
    let events: Vec<Event> = bench.events.try_iter().collect();
    assert!(matches!(&events[..], [Event::Failed(error)] if error.to_string() == "disk full"), "{events:?}");
}

#[test]
fn a_panic_in_the_exchange_does_not_end_the_wait() {
    let bench = bench();
    assert_eq!(bench.code("p").status(), 502);
    assert_eq!(bench.code(CODE).status(), 200);
}

#[test]
fn the_outcome_is_heard_though_nobody_took_the_events_of_a_flood() {
    let bench = bench();
    for _ in 0..10_000 {
        bench.get("state=wrong&code=x");
    }
    bench.code(CODE);
    assert!(bench.events.try_iter().any(|event| matches!(event, Event::Bound(_))));
}

#[test]
fn hostile_requests_are_turned_away_and_not_repeated() {
    let bench = bench();
    let state = bench.state.clone();
    let right = "/%E5%9B%9E%E8%B0%83/";
    let huge = "marker".repeat(100_000);
    let table: Vec<(&str, &str, String, Reason)> = vec![
        ("GET", "", String::new(), Reason::Path),
        ("GET", "*", String::new(), Reason::Path),
        ("GET", "/", String::new(), Reason::Path),
        ("GET", "/marker", String::new(), Reason::Path),
        ("GET", "/%", String::new(), Reason::Path),
        ("GET", "/%0", String::new(), Reason::Path),
        ("GET", "/%00%ff%zz", String::new(), Reason::Path),
        ("GET", &huge, String::new(), Reason::Path),
        ("GET", "/%E5%9B%9E%E8%B0%83", format!("code={CODE}&state=x"), Reason::State),
        ("GET", "/%25E5%259B%259E%25E8%25B0%2583/", format!("code={CODE}&state={state}"), Reason::Elsewhere),
        ("GET", "/", format!("code={CODE}&amp;state={state}"), Reason::Elsewhere),
        ("POST", "/", format!("code={CODE}&state={state}"), Reason::Path),
        ("POST", right, format!("code={CODE}&state={state}"), Reason::Method),
        ("HEAD", right, format!("code={CODE}&state={state}"), Reason::Method),
        ("get", right, format!("code={CODE}&state={state}"), Reason::Method),
        ("", right, String::new(), Reason::Method),
        ("GET", right, String::new(), Reason::State),
        ("GET", right, "&&&===&;".into(), Reason::State),
        ("GET", right, format!("code={CODE}"), Reason::State),
        ("GET", right, format!("code={CODE}&state="), Reason::State),
        ("GET", right, format!("code={CODE}&state={state}%00"), Reason::State),
        ("GET", right, format!("code={CODE}&state={}", state.to_uppercase()), Reason::State),
        ("GET", right, format!("code={CODE}&STATE={state}"), Reason::State),
        ("GET", right, format!("code={CODE}&state=%ff%fe"), Reason::State),
        ("GET", right, format!("code={CODE}&state={huge}"), Reason::State),
        ("GET", right, format!("state={state}"), Reason::NoCode),
        ("GET", right, format!("state={state}&code="), Reason::NoCode),
        ("GET", right, format!("state={state}&state={state}&code={CODE}"), Reason::Repeated),
        ("GET", right, format!("state=x&code={CODE}&state={state}"), Reason::Repeated),
        ("GET", right, format!("state={state}&code={CODE}&code={CODE}"), Reason::Repeated),
        ("GET", right, format!("state={state}&code={CODE}&%63ode="), Reason::Repeated),
        ("GET", right, format!("state={state}&code=%00"), Reason::BadCode),
        ("GET", right, format!("state={state}&code=a+b"), Reason::BadCode),
        ("GET", right, format!("state={state}&code=a%0d%0aSet-Cookie:marker"), Reason::BadCode),
        ("GET", right, format!("state={state}&code=%ff"), Reason::BadCode),
        ("GET", right, format!("state={state}&code=绑"), Reason::BadCode),
        ("GET", right, format!("state={state}&code={}", "a".repeat(CODE_BYTES + 1)), Reason::BadCode),
        ("GET", right, format!("state={state}&code={huge}"), Reason::BadCode),
        ("GET", right, format!("state={state}&code=<script>marker</script>"), Reason::Refused(40029)),
    ];
    for (method, path, query, reason) in table {
        let reply = bench.callback.answer(&request(method, path, &query));
        assert_eq!(bench.reasons(), [reason], "{method} {path:.40} {query:.80}");
        assert!((400..500).contains(&reply.status()), "{reason:?}");
        let text = body(&reply);
        for echoed in ["marker", &state, CODE] {
            assert!(!text.contains(echoed), "{reason:?} repeats {echoed:.20}");
        }
    }
    assert_eq!(bench.code(CODE).status(), 200);
}

#[test]
fn slashes_and_the_ampersand_of_a_page_keep_nobody_from_it() {
    for (path, between) in [
        ("/%E5%9B%9E%E8%B0%83", "&"),
        ("//%E5%9B%9E%E8%B0%83//", "&"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;"),
        ("/%E5%9B%9E%E8%B0%83/", "&amp;amp;"),
    ] {
        let bench = bench();
        let query = format!("code={CODE}{between}state={}", bench.state);
        assert_eq!(bench.callback.answer(&request("GET", path, &query)).status(), 200, "{path} {between}");
    }
}

#[test]
fn what_was_turned_away_is_counted_though_nobody_took_the_events() {
    let bench = bench();
    for _ in 0..1_000 {
        bench.get("state=wrong&code=x");
    }
    bench.callback.answer(&request("GET", "/favicon.ico", ""));
    assert_eq!(bench.callback.turned_away(), [(Reason::Path, 1), (Reason::State, 1_000)].into());
}

#[test]
fn a_state_that_was_cut_off_is_told_from_another() {
    let bench = bench();
    let (state, cut) = (&bench.state, &bench.state[..bench.state.len() - 1]);
    for (query, mine, torn) in [
        (format!("code=1&amp;state={state}"), true, false),
        (format!("code=1&state={cut}"), false, true),
        (format!("code=1&state={state}hello"), false, true),
        ("code=1&state=".into(), false, true),
        ("code=1".into(), false, true),
        (format!("code=1&state={cut}-"), false, false),
    ] {
        assert_eq!((bench.callback.is_mine(&query), bench.callback.is_torn(&query)), (mine, torn), "{query}");
    }
}

/// The page after a binding, where looking up whether the person follows gives this.
fn page_after(follow: impl Fn() -> Follow + Send + Sync + 'static) -> (String, Vec<Event>) {
    let Bench { callback, events, state, .. } = bench();
    let callback = Arc::into_inner(callback).unwrap().with_look_up(Box::new(move |_, _| follow()));
    let call = request("GET", "/%E5%9B%9E%E8%B0%83/", &format!("code={CODE}&state={state}"));
    let first = callback.answer(&call);
    assert_eq!((first.status(), callback.answer(&call)), (200, first.clone()));
    (body(&first), events.try_iter().collect())
}

#[test]
fn who_does_not_follow_sees_the_next_step_and_is_not_told_to_close_the_page() {
    let close = "close this page";
    let (page, events) = page_after(|| Follow::Yes);
    assert!(page.contains(close) && !page.contains("<img"), "{page}");
    assert!(matches!(&events[..], [Event::Bound(_), Event::Follow(Follow::Yes)]), "{events:?}");

    let (page, _) = page_after(|| Follow::No(Ok(FollowCode { link: "http://q".into(), picture: b"PNG".to_vec() })));
    assert!(page.contains("<img class=\"code\" src=\"data:image/png;base64,UE5H\""), "{page}");
    assert!(page.contains("One step left") && !page.contains(close), "{page}");

    let (page, _) = page_after(|| Follow::No(Err(anyhow::anyhow!("48001"))));
    assert!(page.contains("by its name") && !page.contains(close) && !page.contains("48001"), "{page}");
    let (page, _) = page_after(|| Follow::Unknown(anyhow::anyhow!("48001")));
    assert!(page.contains("If you do not follow") && !page.contains(close) && !page.contains("48001"), "{page}");
}

#[test]
fn the_end_of_the_wait_ends_the_look_up_and_the_binding_stands() {
    let Bench { callback, events, state, kept, .. } = bench();
    let look_up: LookUp = Box::new(|_, closed| Follow::Unknown(closed.recv().unwrap_err().into()));
    let callback = Arc::new(Arc::into_inner(callback).unwrap().with_look_up(look_up));
    let query = format!("code={CODE}&state={state}");
    let phone = {
        let callback = Arc::clone(&callback);
        std::thread::spawn(move || callback.answer(&request("GET", "/%E5%9B%9E%E8%B0%83/", &query)))
    };
    assert!(matches!(events.recv().unwrap(), Event::Bound(_)));
    callback.close();
    let page = phone.join().unwrap();
    assert!(page.status() == 200 && body(&page).contains("If you do not follow"), "{}", body(&page));
    assert!(matches!(events.recv().unwrap(), Event::Follow(Follow::Unknown(_))));
    assert_eq!(kept.load(Ordering::Relaxed), 1);
}

#[test]
fn pages_speak_the_phones_language() {
    let bench = bench();
    let mut call = request("GET", "/", "");
    assert!(body(&bench.callback.answer(&call)).contains("<html lang=\"en\">"));
    call.headers[0].1 = "zh-CN,zh;q=0.9,en-US;q=0.8".into();
    assert!(body(&bench.callback.answer(&call)).contains("<html lang=\"zh-CN\">"));
    call.headers.clear();
    let text = body(&bench.callback.answer(&call));
    assert!(text.contains("<html lang=\"zh-CN\">") && text.contains("页面不存在"), "{text}");
    assert!(!text.contains("[callback-"), "{text}");
}

/// An exchange that waits until it is told to go on.
struct Slow {
    begun: Sender<()>,
    go_on: Receiver<()>,
}

impl Exchange for Slow {
    fn person(&self, _: &Secret) -> Result<Person, Refusal> {
        self.begun.send(()).unwrap();
        self.go_on.recv().unwrap();
        Ok(Person { openid: "oOpenid".into(), nickname: None, snapshot: false })
    }
}

#[test]
fn what_was_with_wechat_when_the_wait_ended_is_not_kept() {
    let ((begun, begins), (go, go_on)) = (bounded(1), bounded(1));
    let keep: Keep = Box::new(|_| panic!("kept"));
    let state = State::new("u").unwrap();
    let query = format!("code={CODE}&state={}", state.as_str());
    let (callback, events) = Callback::new(state, "/", Arc::new(Slow { begun, go_on }), keep);
    let callback = Arc::new(callback);
    assert!(!callback.is_busy());
    let phone = {
        let callback = Arc::clone(&callback);
        std::thread::spawn(move || callback.answer(&request("GET", "/", &query)))
    };
    begins.recv().unwrap();
    assert!(callback.is_busy());
    callback.close();
    // The phone has its answer, though WeChat has not given its own.
    assert_eq!(phone.join().unwrap().status(), 403);
    go.send(()).unwrap();
    assert!(matches!(events.try_iter().collect::<Vec<_>>()[..], [Event::TurnedAway(Reason::State)]));
}

#[test]
fn an_address_that_was_pasted_is_judged_as_a_call_is() {
    let bench = bench();
    for (query, reason) in [
        ("", Reason::State),
        ("code=1&state=2", Reason::State),
        (&*format!("state={}", bench.state), Reason::NoCode),
        (&*format!("code=xbad&state={}", bench.state), Reason::Refused(40029)),
    ] {
        bench.callback.take(query);
        assert_eq!(bench.reasons(), [reason], "{query}");
    }
    bench.callback.take(&format!("state={}&code={CODE}", bench.state));
    assert!(matches!(bench.events.try_iter().collect::<Vec<_>>()[..], [Event::Bound(_)]));
}
