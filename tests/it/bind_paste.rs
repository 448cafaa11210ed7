//! `bind --paste`: no listener; the address that the phone was sent to comes by hand.

use std::io::{PipeWriter, Write};
use std::process::Stdio;

use rustix::process::Signal;
use snapbox::str;
use url::Url;

use crate::bind::people;
use crate::harness::{LUFFY, NAMI, Ran, Spawned, World, allow};
use crate::pty::Terminal;

/// A world where luffy is registered, and no phone can reach this machine.
pub fn far() -> World {
    let world = World::new();
    let path = world.path(".config/wxbox/config.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with("redirect_uri") && !line.starts_with("address"));
    let kept: Vec<&str> = kept.collect();
    world.config(&format!("redirect_uri = \"https://wx.example.com/callback/\"\n{}\n", kept.join("\n")));
    world.wxbox("user add luffy").ok();
    world.wxbox("token").ok();
    world
}

/// Starts a line with a pipe for its standard input.
fn piped(world: &World, line: &str) -> (Spawned, PipeWriter) {
    let mut command = world.command(line);
    let (theirs, ours) = std::io::pipe().unwrap();
    command.stdin(Stdio::from(theirs));
    (world.start(command, line), ours)
}

/// What is left of a phone's address: its code and its state.
fn parts(address: &Url) -> [String; 2] {
    ["code", "state"].map(|name| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned())
}

/// Runs a line, pastes what `made` makes of the right address, and looks that no code is repeated.
pub fn pasting(world: &World, line: &str, made: impl Fn(&Url) -> String) -> Ran {
    let (mut bind, mut stdin) = piped(world, line);
    let address = allow(&bind.next_line(), "luffy");
    assert!(address.as_str().starts_with("https://wx.example.com/callback/?code="), "{address}");
    writeln!(stdin, "{}", made(&address)).unwrap();
    let ran = bind.end();
    let [code, _] = parts(&address);
    assert!(!ran.stdout().contains(&code) && !ran.stderr().contains(&code), "{}{}", ran.stdout(), ran.stderr());
    ran
}

#[test]
fn the_address_binds_without_a_listener_or_a_port() {
    let world = far();
    pasting(&world, "-vv bind --user luffy --paste", Url::to_string).is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
debug: /sns/oauth2/access_token at 127.0.0.1:[PORT]
debug: /sns/oauth2/access_token: HTTP 200
debug: /sns/userinfo at 127.0.0.1:[PORT]
debug: /sns/userinfo: HTTP 200
debug: /cgi-bin/user/info at 127.0.0.1:[PORT]
debug: /cgi-bin/user/info: HTTP 200

"#]]);
    assert_eq!(world.sql::<String>("SELECT openid FROM bindings"), LUFFY);
    pasting(&world, "-q bind --user luffy --paste --rebind", |it| it.query().unwrap().to_owned()).is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect

"#]]);
    let ran = pasting(&world, "bind --user luffy --paste --rebind", |it| format!("  \"{it}#wechat_redirect\" \r")).ok();
    assert!(ran.stdout().contains("bound luffy to"));
}

#[test]
fn an_address_that_will_not_do_is_told_why() {
    let mut world = far();
    let before = people(&world);
    let with_code = |code: &str| {
        let code = code.to_owned();
        move |address: &Url| format!("https://wx.example.com/callback/?code={code}&state={}", parts(address)[1])
    };
    let line = "bind --user luffy --paste";
    let another = |address: &Url| {
        let (text, last) = address.as_str().split_at(address.as_str().len() - 1);
        format!("{text}{}", if last == "0" { '1' } else { '0' })
    };
    pasting(&world, line, another).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this address belongs to another binding: its state is not the one of the code above
hint: scan the code that is shown now; an address of an earlier one is of no use any more

"#]]);
    pasting(&world, line, |it| format!("https://open.weixin.qq.com/connect?a=b&state={}", parts(it)[1])).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this address holds no code
hint: it is where the phone was before: tap Allow first, then copy the address that comes after it

"#]]);
    pasting(&world, line, with_code("never_given_out")).is(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: WeChat refuses the code of this address (errcode 40029): it is not the account's, or older than five minutes
hint: scan the code again, and paste the new address within five minutes

"#]]);
    pasting(&world, line, with_code("a%20b")).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: what this address holds as its code cannot be one of WeChat's
hint: scan the code again, and paste the new address within five minutes

"#]]);
    pasting(&world, line, |it| format!("{it}&code=2")).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: what this address holds as its code cannot be one of WeChat's
hint: scan the code again, and paste the new address within five minutes

"#]]);
    pasting(&world, line, |_| "https://wx.example.com/callback/".into()).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this is not an address that WeChat sent a phone to
hint: it begins with https://wx.example.com/callback/ and holds code=… and state=…; paste it as it is

"#]]);
    pasting(&world, line, |_| String::new()).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this is not an address that WeChat sent a phone to
hint: it begins with https://wx.example.com/callback/ and holds code=… and state=…; paste it as it is

"#]]);
    let long = pasting(&world, line, |it| format!("{it}&x={}", "x".repeat(100_000)));
    assert_eq!(long.status(), Some(2));
    world.sandbox().form("settings", "snapshot=1");
    pasting(&world, line, Url::to_string).is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this address is of a snapshot page: it stands for nobody, and no message could arrive
hint: tap “Use full service” on the phone, then scan the code again

"#]]);
    world.sandbox().form("settings", "snapshot=0");
    assert_eq!(people(&world), before);
}

#[test]
fn a_code_that_was_used_is_refused() {
    let mut world = far();
    let url = world.sandbox().url.clone();
    let used = pasting(&world, "bind --user luffy --paste", |address| {
        let [code, _] = parts(address);
        crate::harness::phone()
            .get(format!(
                "{}/sns/oauth2/access_token?appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef&code={code}\
                 &grant_type=authorization_code",
                url
            ))
            .send()
            .unwrap();
        address.to_string()
    });
    used.is(str![[r#"
exit 3
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: the code of this address was used already
hint: scan the code again, and paste the new address within five minutes

"#]]);
}

#[test]
fn standard_input_that_gives_nothing_is_an_error() {
    let world = far();
    world.wxbox("bind --user luffy --paste").is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: standard input ended, and gave no address for luffy
hint: give the whole address that the phone was sent to, in one line

"#]]);
    world.feed("bind --user luffy --paste", b"\xff\xfe\n").is(str![[r#"
exit 2
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this is not an address that WeChat sent a phone to
hint: it begins with https://wx.example.com/callback/ and holds code=… and state=…; paste it as it is

"#]]);
    world.wxbox("bind --user luffy --paste --listen :8080").is(str![[r#"
exit 2
--- stderr
error: the argument '--paste' cannot be used with '--listen <ADDR>'
hint: the usage is: wxbox bind --paste <--user <NAME>|--unbound>

"#]]);
    world.wxbox("bind --user luffy --paste --openid oOpenid").is(str![[r#"
exit 2
--- stderr
error: the argument '--paste' cannot be used with '--openid <OPENID>'
hint: the usage is: wxbox bind --paste <--user <NAME>|--unbound>

"#]]);
}

#[test]
fn the_password_is_the_line_before() {
    let world = far();
    world.feed("user passwd luffy --password-stdin", "meat\n").ok();
    world.wxbox("bind --user luffy --paste").is(str![[r#"
exit 2
--- stderr
error: luffy has a password, and nobody can be asked for it
hint: use --password-stdin, or --as-admin to go without

"#]]);
    world.feed("bind --user luffy --paste --password-stdin", "fish\nhttps://a/?code=1&state=2\n").is(str![[r#"
exit 3
--- stderr
error: this is not the password of luffy
hint: --as-admin goes without it; `wxbox user passwd` sets another

"#]]);
    world.feed("bind --user luffy --paste --password-stdin", "\n").is(str![[r#"
exit 2
--- stderr
error: the first line of standard input must be the password, not empty

"#]]);
    let (mut bind, mut stdin) = piped(&world, "bind --user luffy --paste --password-stdin");
    writeln!(stdin, "meat").unwrap();
    writeln!(stdin, "{}", allow(&bind.next_line(), "luffy")).unwrap();
    bind.end().ok();
    // It is there for somebody without one, too.
    world.wxbox("user passwd luffy --remove").ok();
    let (mut bind, mut stdin) = piped(&world, "bind --user luffy --paste --password-stdin --rebind");
    writeln!(stdin, "whatever").unwrap();
    writeln!(stdin, "{}", allow(&bind.next_line(), "luffy")).unwrap();
    bind.end().ok();
}

#[test]
fn the_wait_ends_as_that_of_a_listener_does() {
    let world = far();
    let (mut bind, _stdin) = piped(&world, "--json bind --user luffy --paste --timeout 1s");
    bind.next_line();
    bind.end().is(str![[r#"
exit 8
--- stdout
{"event":"authorize_url","user":"luffy","url":"http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect"}
{"event":"timeout","user":"luffy"}
--- stderr
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
{"error":"nobody bound luffy within 1s","hint":"run it again; --timeout gives more time; if the phone showed an error, redirect_uri may not be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置) or may not reach this machine (on a cloud server, open the port in its security group)","code":8}

"#]]);
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (mut bind, _stdin) = piped(&world, "bind --user luffy --paste");
        bind.next_line();
        bind.signal(signal);
        assert_eq!(bind.end().status(), Some(status));
    }
}

#[test]
fn several_people_take_a_line_each() {
    let world = far();
    world.wxbox("user add nami").ok();
    let (mut bind, mut stdin) = piped(&world, "bind -u luffy -u nami --paste");
    writeln!(stdin, "nonsense").unwrap();
    bind.next_line();
    writeln!(stdin, "{}", allow(&bind.next_line(), "nami")).unwrap();
    bind.end().is(str![[r#"
exit 7
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fwx.example.com%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound nami to oNami_draws_maps_of_the_sea1 (nami)
--- stderr
1 of 2: luffy
Open the URL in WeChat, as luffy.
Standard input is to give the address that the phone is sent to: one line.
error: this is not an address that WeChat sent a phone to
hint: it begins with https://wx.example.com/callback/ and holds code=… and state=…; paste it as it is
2 of 2: nami
Open the URL in WeChat, as nami.
Standard input is to give the address that the phone is sent to: one line.
error: bound 1 of 2; not bound: luffy
hint: `wxbox bind --unbound` goes on with everybody who is not bound yet

"#]]);
    assert_eq!(world.sql::<String>("SELECT openid FROM bindings"), NAMI);
}

#[test]
fn at_a_terminal_it_is_asked_for_until_it_does() {
    let mut world = far();
    world.set("NO_COLOR", "1");
    let mut terminal = Terminal::start(world.command("bind --user luffy --paste --qr none"), 40, 240);
    let url = terminal.until("Address:").contents().lines().next().unwrap().to_owned();
    terminal.keys("\r");
    terminal.until_so_often("Address:", 2);
    terminal.keys("where is it?\r");
    let text = terminal.until_so_often("Address:", 3).contents();
    assert!(text.contains("error: this is not an address that WeChat sent a phone to"), "{text}");
    terminal.keys(&format!("{url}\r"));
    let text = terminal.until_so_often("Address:", 4).contents();
    assert!(text.contains("error: this address holds no code"), "{text}");
    terminal.keys(&format!("{}\r", allow(&url, "luffy")));
    let ended = terminal.end();
    let text = ended.screen.contents();
    assert!(ended.status.success() && text.contains("bound luffy to"), "{text}");

    for (keys, line, status) in [
        ("\x03", "bind --user luffy --paste --rebind --qr none", 130),
        ("", "bind --user luffy --paste --rebind --qr none --timeout 1s", 8),
        ("\x04", "bind --user luffy --paste --rebind --qr none", 2),
    ] {
        let mut terminal = Terminal::start(world.command(line), 40, 240);
        terminal.until("Address:");
        terminal.keys(keys);
        let ended = terminal.end();
        let text = ended.screen.contents();
        assert_eq!(ended.status.code(), Some(status), "{text}");
        // What is said then has a line of its own.
        assert!(!text.lines().any(|line| line.starts_with("Address:") && line.contains("error")), "{text}");
        assert!(ended.echo, "{text}");
    }
}
