//! The short link: a smaller code, for a small window.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::{told, with_luffy};
use crate::harness::{allow, open, phone};
use crate::pty::Terminal;
use crate::qr::{DARK, on_screen};

/// The status, and where it sends on to.
fn call(method: Method, url: &Url) -> (u16, Option<String>) {
    let answer = phone().request(method, url.clone()).send().unwrap();
    let location = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location)
}

#[test]
fn it_sends_the_phone_on_and_nobody_else() {
    let world = with_luffy();
    let mut bind = world.spawn("--json bind --user luffy --short-link");
    let event: Value = serde_json::from_str(&bind.next_line()).unwrap();
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let (long, short) = (text("url"), Url::parse(&text("short_link")).unwrap());
    let digits = short.path().strip_prefix("/callback/").unwrap();
    assert!(digits.len() >= 14 && digits.bytes().all(|digit| digit.is_ascii_alphanumeric()), "{short}");
    assert_eq!(call(Method::GET, &short), (302, Some(long.clone())));
    assert_eq!(call(Method::HEAD, &short), (302, Some(long.clone())));
    assert_eq!(call(Method::POST, &short), (405, None));
    let mut guess = short.clone();
    guess.set_path("/callback/00000000000000");
    assert_eq!(open(&guess), (404, "页面不存在".to_owned()));

    assert_eq!(open(&allow(&long, "luffy")).0, 200);
    bind.next_line();
    // The link is spent as the state is.
    assert_eq!(open(&short), (409, "链接已被使用".to_owned()));
    bind.signal(Signal::INT);
    bind.end().ok();

    // Not its own unless it is wanted.
    let mut bind = world.spawn("--json bind --user luffy --rebind");
    let event: Value = serde_json::from_str(&bind.next_line()).unwrap();
    assert_eq!(event.get("short_link"), None);
}

#[test]
fn without_a_terminal_it_is_said_on_stderr() {
    let world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --short-link");
    assert_eq!(open(&allow(&bind.next_line(), "luffy")).0, 200);
    told(bind).is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Short link: http://[LISTENER]/callback/[SHORT]
Open the URL in WeChat, as luffy.

"#]]);
    world.wxbox("bind --user luffy --short-link --paste").is(str![[r#"
exit 2
--- stderr
error: the argument '--short-link' cannot be used with '--paste'
hint: the usage is: wxbox bind --short-link <--user <NAME>|--unbound>

"#]]);
    world.wxbox("bind --user luffy --short-link --openid oOpenid").is(str![[r#"
exit 2
--- stderr
error: the argument '--short-link' cannot be used with '--openid <OPENID>'
hint: the usage is: wxbox bind --short-link <--user <NAME>|--unbound>

"#]]);
}

#[test]
fn a_small_window_gets_the_small_code() {
    let world = with_luffy();
    for line in ["bind --user luffy", "bind --user luffy --qr unicode"] {
        let mut terminal = Terminal::start(world.command(line), 24, 80);
        let screen = terminal.until("waiting for the phone").clone();
        let [short] = &on_screen(&screen, DARK)[..] else { panic!("{}", screen.contents()) };
        assert!(!screen.contents().contains("needs a window"), "{}", screen.contents());
        // It is said, and it leads on.
        assert!(screen.contents().replace('\n', "").contains(short), "{}", screen.contents());
        let (status, long) = call(Method::GET, &Url::parse(short).unwrap());
        assert_eq!(status, 302);
        assert!(long.unwrap().contains("/connect/oauth2/authorize?"));
        terminal.keys("\x03");
        assert_eq!(terminal.end().status.code(), Some(130));
    }
    // Where no code is drawn, none needs to be small.
    let mut terminal = Terminal::start(world.command("bind --user luffy --qr none"), 24, 80);
    assert!(!terminal.until("waiting for the phone").contents().contains("short link"));
}

#[test]
fn a_window_that_holds_the_long_one_gets_that() {
    let world = with_luffy();
    let mut terminal = Terminal::start(world.command("bind --user luffy"), 60, 100);
    let screen = terminal.until("waiting for the phone").clone();
    assert!(on_screen(&screen, DARK)[0].contains("/connect/oauth2/authorize?"));
    drop(terminal);
    let mut terminal = Terminal::start(world.command("bind --user luffy --short-link"), 60, 100);
    let screen = terminal.until("waiting for the phone").clone();
    assert!(on_screen(&screen, DARK)[0].contains(":18080/callback/"));
}
