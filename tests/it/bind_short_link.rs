//! The short link: a smaller QR code for a small window.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;
use url::Url;

use crate::bind::{env_with_luffy, finish_after_report};
use crate::qr_terminal::{DARK_THEME, decode_screen};
use crate::support::env::{authorize, http_client, page_title};
use crate::support::pty::Terminal;

/// Returns the status and the target of the redirect.
fn request_redirect(method: Method, url: &Url) -> (u16, Option<String>) {
    let answer = http_client().request(method, url.clone()).send().unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location)
}

#[test]
fn short_link_redirects_only_the_phone() {
    let env = env_with_luffy();
    let mut bind = env.spawn("--json bind --user luffy --short-link");
    let event: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let (long, short) = (text("url"), Url::parse(&text("short_link")).unwrap());
    let digits = short.path().strip_prefix("/callback/").unwrap();
    assert!(digits.len() >= 14 && digits.bytes().all(|digit| digit.is_ascii_alphanumeric()), "{short}");
    assert_eq!(request_redirect(Method::GET, &short), (302, Some(long.clone())));
    assert_eq!(request_redirect(Method::HEAD, &short), (302, Some(long.clone())));
    assert_eq!(request_redirect(Method::POST, &short), (405, None));
    let mut guess = short.clone();
    guess.set_path("/callback/00000000000000");
    assert_eq!(page_title(&guess), (404, "页面不存在".to_owned()));

    assert_eq!(page_title(&authorize(&long, "luffy")).0, 200);
    bind.expect_line();
    // The link is used up together with the state.
    assert_eq!(page_title(&short), (409, "链接已被使用".to_owned()));
    bind.signal(Signal::INT);
    bind.wait().assert_success();

    // A bind has no short link unless it is requested.
    let mut bind = env.spawn("--json bind --user luffy --rebind");
    let event: Value = serde_json::from_str(&bind.expect_line()).unwrap();
    assert_eq!(event.get("short_link"), None);
}

#[test]
fn short_link_without_terminal_is_on_stderr() {
    let env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --short-link");
    assert_eq!(page_title(&authorize(&bind.expect_line(), "luffy")).0, 200);
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Short link: http://[LISTENER]/callback/[SHORT]
Open the URL in the WeChat app of luffy.

"#]]);
    env.assert_session(str![[r#"
$ wxbox bind --user luffy --short-link --paste
2> error: --short-link cannot be used with --paste
2> hint: run `wxbox bind -h` to see how to use it
exit 2
$ wxbox bind --user luffy --short-link --openid oOpenid
2> error: --short-link cannot be used with --openid
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
}

#[test]
fn small_window_gets_short_link_qr() {
    let env = env_with_luffy();
    for line in ["bind --user luffy", "bind --user luffy --qr unicode"] {
        let mut terminal = Terminal::start(env.command(line), 24, 80);
        let screen = terminal.wait_for("waiting for the phone").clone();
        let [short] = &decode_screen(&screen, DARK_THEME)[..] else { panic!("{}", screen.contents()) };
        assert!(!screen.contents().contains("needs a window"), "{}", screen.contents());
        // The link is printed, and it redirects.
        assert!(screen.contents().replace('\n', "").contains(short), "{}", screen.contents());
        let (status, long) = request_redirect(Method::GET, &Url::parse(short).unwrap());
        assert_eq!(status, 302);
        assert!(long.unwrap().contains("/connect/oauth2/authorize?"));
        terminal.type_keys("\x03");
        terminal.wait().assert_status(130);
    }
    // Where no QR code is drawn, none needs to be small.
    let mut terminal = Terminal::start(env.command("bind --user luffy --qr none"), 24, 80);
    assert!(!terminal.wait_for("waiting for the phone").contents().contains("short link"));
}

#[test]
fn large_window_gets_full_link_qr() {
    let env = env_with_luffy();
    let mut terminal = Terminal::start(env.command("bind --user luffy"), 60, 100);
    let screen = terminal.wait_for("waiting for the phone").clone();
    assert!(decode_screen(&screen, DARK_THEME)[0].contains("/connect/oauth2/authorize?"));
    drop(terminal);
    let mut terminal = Terminal::start(env.command("bind --user luffy --short-link"), 60, 100);
    let screen = terminal.wait_for("waiting for the phone").clone();
    assert!(decode_screen(&screen, DARK_THEME)[0].contains(":18080/callback/"));
}
