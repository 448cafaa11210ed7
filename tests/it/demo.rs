//! `wxbox demo`: the whole job, and nothing left of it.

use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;

use crate::harness::World;
use crate::pty::Terminal;

/// An empty home with a directory for what is temporary.
fn world() -> World {
    let mut world = World::empty();
    let dir = world.path("tmp");
    std::fs::create_dir(&dir).unwrap();
    world.set("TMPDIR", dir.to_str().unwrap());
    world
}

/// What is left of a demo.
fn left(world: &World) -> Vec<String> {
    let mut names = Vec::new();
    for dir in [world.path("tmp"), world.home.path().to_owned()] {
        names.extend(std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    names
}

#[test]
fn it_shows_the_whole_job_and_leaves_nothing_behind() {
    let world = world();
    let ran = world.wxbox("demo").is(str![[r#"
exit 0
--- stdout
A local stand-in for WeChat, an empty home, and the wxbox you are running.

$ wxbox sandbox --listen 127.0.0.1:0 --json &
{"event":"listening","url":"http://127.0.0.1:[PORT]","app_id":"wx0123456789abcdef","app_secret":"0123456789abcdef0123456789abcdef"}

The config (~/.config/wxbox/config.toml):
app_id = "wx0123456789abcdef"
app_secret = "0123456789abcdef0123456789abcdef"
redirect_uri = "http://127.0.0.1:[PORT]/callback/"

[network]
api_base = "http://127.0.0.1:[PORT]"
open_base = "http://127.0.0.1:[PORT]"

[templates.backup]
id = "backup_finished-0123456789abcdefghijklmnopq"
url = "https://status.example.com"

$ wxbox user add luffy
added luffy

$ wxbox bind --user luffy --qr unicode
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F127.0.0.1%3A[PORT]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
Meanwhile the phone opens the link, and luffy taps Allow …
The phone shows: 绑定成功
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)

$ wxbox send --user luffy 'Hello from wxbox 你好 👋'
sent message 1 (text) to luffy

$ wxbox send --user luffy --template backup --data 'host=db1' --data 'size=42 GB' --data 'time=03:15'
sent message 2 (template) to luffy

The inbox of luffy, as the sandbox shows it at http://127.0.0.1:[PORT]/:
  ┌ Hello from wxbox 你好 👋
  ┌ Backup finished
  │ Host db1
  │ Size 42 GB
  │ Time 03:15
  │ › https://status.example.com

That was the whole job: a person, a binding, two messages. Everything was in [DEMO], which is removed now.
--- stderr
[QR]Scan the code with WeChat, or open the URL there, as luffy.

"#]]);
    assert!(!ran.stderr().contains("error"), "{}", ran.stderr());
    assert_eq!(left(&world), ["tmp"]);
}

/// The sandbox of a demo under way, from its first line of JSON.
fn sandbox_of(line: &str) -> SocketAddr {
    let at: Value = serde_json::from_str(line).unwrap();
    at["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap()
}

#[test]
fn a_signal_in_the_middle_ends_it_with_all_that_it_started() {
    let world = world();
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        for stop_at in
            ["{\"event\":\"listening\"", "$ wxbox user add", "http://127.0.0.1", "bound luffy", "$ wxbox send"]
        {
            let mut demo = world.spawn("demo");
            let mut sandbox = None;
            loop {
                let line = demo.next_line();
                assert!(!line.starts_with("That was the whole job"), "{stop_at} never came");
                if line.starts_with('{') {
                    sandbox = Some(sandbox_of(&line));
                }
                if line.starts_with(stop_at) {
                    break;
                }
            }
            demo.signal(signal);
            // It returns when the last process that could write to the pipes is gone.
            let ran = demo.end();
            assert_eq!(ran.status(), Some(status), "{stop_at}: {}", ran.stderr());
            assert!(TcpStream::connect(sandbox.unwrap()).is_err());
            assert_eq!(left(&world), ["tmp"], "{stop_at}");
        }
    }
}

#[test]
fn its_code_is_black_on_white_in_every_theme() {
    let world = world();
    let mut terminal = Terminal::start(world.command("demo"), 120, 240);
    terminal.until("Scan the code");
    terminal.keys("\x03");
    let raw = String::from_utf8(terminal.end().raw).unwrap();
    assert!(raw.contains("\u{1b}[38;5;16;48;5;231m"), "{raw}");
}

#[test]
fn with_json_it_is_no_result() {
    let ran = world().wxbox("--json demo").ok();
    assert_eq!(ran.stdout(), "");
    assert!(ran.stderr().contains("That was the whole job"), "{}", ran.stderr());
}

#[test]
fn ctrl_c_in_a_terminal_goes_to_all_of_them() {
    let world = world();
    let mut terminal = Terminal::start(world.command("demo"), 120, 240);
    // At its beginning: after its last step nothing is left to interrupt.
    let text = terminal.until("\"}").contents();
    let sandbox = sandbox_of(text.lines().find(|line| line.starts_with('{')).unwrap());
    terminal.keys("\x03");
    let ended = terminal.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.screen.contents());
    assert!(ended.echo && !ended.screen.hide_cursor());
    assert!(TcpStream::connect(sandbox).is_err());
    assert_eq!(left(&world), ["tmp"]);
}
