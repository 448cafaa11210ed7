//! `wxbox demo` runs all steps and leaves no files.

use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

/// Returns an empty home with a directory for temporary files.
fn env_with_tmp_dir() -> TestEnv {
    let mut env = TestEnv::without_config();
    let dir = env.path("tmp");
    std::fs::create_dir(&dir).unwrap();
    env.set_variable("TMPDIR", dir.to_str().unwrap());
    env
}

/// Returns the files that a demo left behind.
fn leftover_files(env: &TestEnv) -> Vec<String> {
    let mut names = Vec::new();
    for dir in [env.path("tmp"), env.home.path().to_owned()] {
        names.extend(std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    names
}

#[test]
fn demo_runs_all_steps_and_leaves_no_files() {
    let env = env_with_tmp_dir();
    let ran = env.run("demo").assert_snapshot(str![[r#"
exit 0
--- stdout
The demo uses a local simulator of WeChat, an empty home directory and this wxbox.

$ wxbox sandbox --listen 127.0.0.1:0 --json &
{"event":"listening","url":"http://127.0.0.1:[PORT]","app_id":"wx0123456789abcdef","app_secret":"0123456789abcdef0123456789abcdef"}

The config file (~/.config/wxbox/config.toml):
app_id = "wx0123456789abcdef"
app_secret = "0123456789abcdef0123456789abcdef"
language = "en"

[serve]
address = "127.0.0.1:[PORT]"

[push]
token = "k3Qv9TzR7mXw2LpB"
aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

[network]
api_base = "http://127.0.0.1:[PORT]"
open_base = "http://127.0.0.1:[PORT]"

[templates.backup]
id = "backup_finished-0123456789abcdefghijklmnopq"
url = "https://status.example.com"

$ wxbox serve --json &
{"event":"listening","address":"127.0.0.1:[PORT]","public_url":null,"at":"[TIME]"}
The sandbox acts as WeChat's console: it gets http://127.0.0.1:[PORT]/push, the Token and the key, and checks the URL.

$ wxbox user add luffy
added luffy

$ wxbox bind --user luffy --scan --qr unicode
http://127.0.0.1:[PORT]/q/[CODE]
luffy scans the QR code…
bound luffy to oLuffy_wears_the_straw_hat_1

$ wxbox send --user luffy 'Hello from wxbox 你好 👋'
sent message 1 (text) to luffy

$ wxbox send --user luffy --template backup --data 'host=db1' --data 'size=42 GB' --data 'time=03:15'
sent message 2 (template) to luffy

The output of `wxbox serve`:
{"event":"bound","user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","at":"[TIME]"}
{"event":"receipt","id":2,"openid":"oLuffy_wears_the_straw_hat_1","receipt":"delivered","at":"[TIME]"}

The inbox of luffy (`wxbox sandbox` shows one in a browser):
  ┌ You are bound as luffy.
  ┌ Hello from wxbox 你好 👋
  ┌ Backup finished
  │ Host db1
  │ Size 42 GB
  │ Time 03:15
  │ › https://status.example.com

The demo is complete: a user, a binding by one scan, two messages and a receipt. Its files were in [DEMO], which is now removed.
--- stderr
[QR]Ask luffy to scan the QR code with WeChat.

"#]]);
    assert!(!ran.stderr().contains("error"), "{}", ran.stderr());
    assert_eq!(leftover_files(&env), ["tmp"]);
}

/// Returns the address of a running demo's sandbox or `serve` from its line of JSON; `None` for
/// another line.
fn listener_address(line: &str) -> Option<SocketAddr> {
    let at: Value = serde_json::from_str(line).unwrap();
    let address = at["url"].as_str().or(at["address"].as_str())?;
    Some(address.trim_start_matches("http://").parse().unwrap())
}

#[test]
fn signal_ends_demo_with_its_processes() {
    let env = env_with_tmp_dir();
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        for stop_at in [
            "{\"event\":\"listening\",\"url\"",
            "{\"event\":\"listening\",\"address\"",
            "$ wxbox user add",
            "http://127.0.0.1",
            "bound luffy",
            "$ wxbox send",
        ] {
            let mut demo = env.spawn("demo");
            let mut listeners = Vec::new();
            loop {
                let line = demo.expect_line();
                assert!(!line.starts_with("The demo is complete"), "{stop_at} never came");
                if line.starts_with('{') {
                    listeners.extend(listener_address(&line));
                }
                if line.starts_with(stop_at) {
                    break;
                }
            }
            demo.signal(signal);
            // The call returns when the last process that could write to the pipes has ended.
            let ran = demo.wait();
            assert_eq!(ran.status(), Some(status), "{stop_at}: {}", ran.stderr());
            assert!(!listeners.is_empty() && listeners.iter().all(|at| TcpStream::connect(at).is_err()), "{stop_at}");
            assert_eq!(leftover_files(&env), ["tmp"], "{stop_at}");
        }
    }
}

#[test]
fn qr_is_black_on_white_in_every_theme() {
    let env = env_with_tmp_dir();
    let mut terminal = Terminal::start(env.command("demo"), 120, 240);
    terminal.answer("to scan the QR code with WeChat", "\x03");
    // Ctrl-C may cut the output inside a character.
    let raw = terminal.wait().raw;
    let raw = String::from_utf8_lossy(&raw);
    assert!(raw.contains("\u{1b}[38;5;16;48;5;231m"), "{raw}");
}

#[test]
fn json_demo_leaves_stdout_empty() {
    let ran = env_with_tmp_dir().run("--json demo").assert_success();
    assert_eq!(ran.stdout(), "");
    assert!(ran.stderr().contains("The demo is complete"), "{}", ran.stderr());
}

#[test]
fn terminal_ctrl_c_reaches_all_demo_processes() {
    let env = env_with_tmp_dir();
    let mut terminal = Terminal::start(env.command("demo"), 120, 240);
    // The signal comes at the beginning: after the last step there is nothing left to interrupt.
    let text = terminal.wait_for("\"}").contents();
    let sandbox = listener_address(text.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    terminal.type_keys("\x03");
    let ended = terminal.wait().assert_status(130);
    assert!(ended.is_echo_on && !ended.screen.hide_cursor());
    assert!(TcpStream::connect(sandbox).is_err());
    assert_eq!(leftover_files(&env), ["tmp"]);
}
