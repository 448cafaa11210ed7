//! Output on a terminal: windows of every width, colors, symbols, animation; and text from outside
//! cannot control the terminal.

use snapbox::str;

use crate::bind::env_with_luffy;
use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO, authorize};
use crate::support::pty::{Terminal, TerminalOutput};

/// Returns an environment with users, and messages that are three minutes old.
fn env_with_messages() -> TestEnv {
    let env = TestEnv::new();
    let note = "草帽一伙的船长，想成为海贼王，喜欢吃肉";
    env.run(&format!("user add 路飞 --tag ops --tag oncall --note {note}")).assert_success();
    env.run(&format!("bind --user 路飞 --openid {LUFFY}")).assert_success();
    env.run("user add nami").assert_success();
    env.run("send -u 路飞 hello").assert_success();
    env.run("send -u 路飞 -t backup").assert_success();
    env.run(&format!("send --openid {ZORO} hello"));
    env.run("send -u 路飞 --no-wait later").assert_success();
    env.query::<i64>("UPDATE messages SET created_at = created_at - 180000 RETURNING id");
    env
}

fn run_in_terminal(env: &TestEnv, line: &str, columns: u16) -> TerminalOutput {
    Terminal::start(env.command(line), 60, columns).wait()
}

/// Returns the text on the screen, and checks that no line exceeds the window.
fn screen_text(env: &TestEnv, line: &str, columns: u16) -> String {
    let ended = run_in_terminal(env, line, columns);
    for row in 0..60 {
        assert!(!ended.screen.row_wrapped(row), "{line}: row {row} of\n{}", ended.text());
    }
    ended.text()
}

#[test]
fn lists_fit_window_width() {
    let mut env = env_with_messages();
    // Of another year only the date is shown, so that this test knows it.
    env.query::<i64>("UPDATE messages SET created_at = 1583080200000 RETURNING id");
    snapbox::assert_data_eq!(
        screen_text(&env, "outbox list", 200),
        str![[r#"
ID  STATE   TO                            CREATED     CONTENT                     ERROR
4   queued  路飞                          2020-03-01  later
3   failed  oZoro_cannot_find_the_way_22  2020-03-01  hello                       45015: no open conversation window, or user unfollowed
2   sent    路飞                          2020-03-01  Backup finished: db0, -, -
1   sent    路飞                          2020-03-01  hello
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "outbox list", 80),
        str![[r#"
ID  STATE   TO                  CREATED     CONTENT            ERROR
4   queued  路飞                2020-03-01  later
3   failed  oZoro_cannot_find…  2020-03-01  hello              45015: no open c…
2   sent    路飞                2020-03-01  Backup finished:…
1   sent    路飞                2020-03-01  hello
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "outbox list --limit 2", 40),
        str![[r#"
ID       4
State    queued
To       路飞
Created  2020-03-01
Content  later

ID       3
State    failed
To       oZoro_cannot_find_the_way_22
Created  2020-03-01
Content  hello
Error    45015: no open conversation
         window, or user unfollowed
2 of 4 messages; use `--limit 0` to see
all
"#]]
    );
    env.set_variable("WXBOX_LANG", "zh");
    snapbox::assert_data_eq!(
        screen_text(&env, "outbox list", 80),
        str![[r#"
ID  状态    接收者              创建时间    内容               错误
4   queued  路飞                2020-03-01  later
3   failed  oZoro_cannot_find…  2020-03-01  hello              45015：超过 48…
2   sent    路飞                2020-03-01  Backup finished…
1   sent    路飞                2020-03-01  hello
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "user list", 80),
        str![[r#"
用户名  OPENID                        标签        备注                    状态
nami    -                                                                 未绑定
路飞    oLuffy_wears_the_straw_hat_1  oncall,ops  草帽一伙的船长，想成…
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "user list", 40),
        str![[r#"
用户名  nami
OPENID  -
状态    未绑定

用户名  路飞
OPENID  oLuffy_wears_the_straw_hat_1
标签    oncall,ops
备注    草帽一伙的船长，想成为海贼王，
        喜欢吃肉
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "explain 40001", 40),
        str![[r#"
错误码    40001
错误信息  invalid credential,
          access_token is invalid or not
          latest
含义      access_token 无效或已被替换，
          或 AppSecret 错误
处理办法  请重新获取 access_token
          并重试一次；如果获取时就出错，
          请检查 AppSecret
wxbox     微信返回该错误码时，wxbox
          会重新获取 access_token
          并重试一次
"#]]
    );
    snapbox::assert_data_eq!(
        screen_text(&env, "template list", 80),
        str![[r#"
别名    标题           字段          ID
backup  Backup finis…  first,host,…  backup_finished-0123456789abcdefghijklmnopq
-       Server alert   thing1,char…  server_alert-0123456789abcdefghijklmnopqrst
"#]]
    );
}

#[test]
fn messages_wrap_in_terminal_and_are_one_line_in_pipe() {
    let mut env = env_with_messages();
    env.set_variable("NO_COLOR", "1");
    // The test sets the variable, because the hints would repeat the option.
    env.set_variable("WXBOX_DATABASE", ".local/share/wxbox/wxbox.db");
    snapbox::assert_data_eq!(
        screen_text(&env, "user show nobody", 40),
        str![[r#"
error: there is no user nobody
       in .local/share/wxbox/wxbox.db
hint: run `wxbox user list` to see all
      users
"#]]
    );
    env.set_variable("WXBOX_DATABASE", "typo.db");
    snapbox::assert_data_eq!(
        screen_text(&env, "unbind --user nobody", 40),
        str![[r#"
error: there is no database at typo.db,
       which WXBOX_DATABASE names
hint: check --database, WXBOX_DATABASE
      or the key database;
      `wxbox user add` and
      `wxbox user import` create a new
      database
"#]]
    );
    assert_eq!(env.run("unbind --user nobody").stderr().lines().count(), 2);
    snapbox::assert_data_eq!(
        screen_text(&env, "bind --user nami --openid", 24),
        str![[r#"
error: --openid requires
       a value
"#]]
    );
    env.set_variable("WXBOX_LANG", "zh");
    snapbox::assert_data_eq!(
        screen_text(&env, "unbind --user nobody", 40),
        str![[r#"
错误：WXBOX_DATABASE 指定的数据库
      typo.db 不存在
提示：如果是首次使用，请用
      `wxbox user add` 或
      `wxbox user import` 添加用户，
      同时新建数据库；如果已有数据库，
      请用 --database、环境变量
      WXBOX_DATABASE 或配置项 database
      指定
"#]]
    );
    env.set_variable("WXBOX_DATABASE", ".local/share/wxbox/wxbox.db");
    snapbox::assert_data_eq!(
        screen_text(&env, "send -u nami hello", 60),
        str![[r#"
错误：“nami”尚未绑定
提示：请运行 `wxbox bind --user nami`，并扫描显示的二维码
"#]]
    );
}

#[test]
fn times_are_local_on_terminal_and_rfc3339_elsewhere() {
    let mut env = env_with_messages();
    env.set_variable("TZ", "Asia/Shanghai");
    let show = screen_text(&env, "outbox show 4", 120);
    assert!(show.contains("+08:00 (3 min ago)") && show.contains("+08:00 (in 23 h)"), "{show}");
    for line in ["outbox list", "outbox show 4", "--json outbox list"] {
        let piped = env.run(line).assert_success();
        assert!(!piped.stdout().contains("ago") && piped.stdout().contains("Z"), "{}", piped.stdout());
    }
    let json = run_in_terminal(&env, "--json outbox show 4", 250).screen.contents();
    assert!(!json.contains("ago"), "{json}");
    // In UTC it was still the first of March.
    env.query::<i64>("UPDATE messages SET created_at = 1583080200000 RETURNING id");
    let list = screen_text(&env, "outbox list", 120);
    assert_eq!(list.matches("  2020-03-02  ").count(), 4, "{list}");
}

#[test]
fn pipe_output_is_not_truncated() {
    let env = env_with_messages();
    let piped = env.run("outbox list").assert_success();
    assert!(piped.stdout().contains("subscription is canceled): no open conversation window, or user unfollowed"));
    assert!(!piped.stdout().contains('…') && !piped.stdout().contains('\u{1b}'));
}

#[test]
fn colors_only_repeat_words() {
    let mut env = env_with_messages();
    let raw = |env: &TestEnv, line: &str| String::from_utf8(run_in_terminal(env, line, 120).raw).unwrap();
    let colored = raw(&env, "outbox list");
    for painted in ["\u{1b}[32msent\u{1b}[0m", "\u{1b}[31mfailed\u{1b}[0m", "\u{1b}[36mqueued\u{1b}[0m"] {
        assert!(colored.contains(painted), "{painted:?} in {colored:?}");
    }
    assert!(raw(&env, "-v doctor").contains("\u{1b}[32mok\u{1b}[0m"));
    assert!(raw(&env, "user show x").contains("\u{1b}[1;31merror:\u{1b}[0m"));
    let plain = |env: &TestEnv| {
        for line in ["outbox list", "doctor", "user show x", "outbox show 1", "user list"] {
            assert!(!raw(env, line).contains("\u{1b}[3") && !raw(env, line).contains("\u{1b}[1"), "{line}");
        }
    };
    env.set_variable("NO_COLOR", "1");
    plain(&env);
    assert!(raw(&env, "--color always outbox list").contains("\u{1b}[32msent"));
    env.set_variable("NO_COLOR", "").set_variable("TERM", "dumb");
    plain(&env);
    env.set_variable("CLICOLOR_FORCE", "1");
    assert!(env.run("-c absent.toml doctor").stdout().contains("\u{1b}[31mfailure\u{1b}[0m"));
}

/// Characters that must never reach a terminal: they control it, or reorder or hide text.
const UNSAFE_CHARS: [char; 7] = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{7f}', '\u{7}'];

#[test]
fn untrusted_text_cannot_control_terminal() {
    let mut env = TestEnv::with_scenario(
        "[[people]]\nname = \"ev\\u202eil\\u200b\"\nopenid = \"oEvil_0123456789abcdefghijkl\"\nfollows = true\nwrote = true\n\
         [[templates]]\nid = \"evil-0123456789abcdefghijklmnopqrstuvwxyzAB\"\ntitle = \"T\\u009b\\u202e\"\ncontent = \"a {{x.DATA}}\"\n",
    );
    env.run_with_stdin("user import -", "username,note\nevil,\"a\u{1b}[2Jb\u{9b}2Jc\u{200b}d\u{7f}\"\n")
        .assert_success();
    env.query::<i64>("UPDATE users SET username = 'ev\u{202e}il' RETURNING 1");
    env.set_variable("TERM", "dumb").set_variable("WXBOX_LOG", "debug");
    for line in [
        "user list",
        "user show 'ev\u{202e}il'",
        "--json user list",
        "--json user show 'ev\u{202e}il'",
        "user export",
        "--json user export",
        "user show 'no\u{1b}[2J\u{9b}body'",
        "--json user show 'no\u{1b}[2J\u{9b}body'",
        "-c 'x\u{1b}[2J\u{202e}.toml' user list",
        "user lst\u{9b}",
        "template list",
        "--json template list",
        "template show evil",
        "send --openid o --text 'a\u{1b}[2J\u{9b}b\u{202e}' --dry-run",
        "follower remark o 'a\u{202e}\u{2066}b'",
        "explain 'x\u{1b}[2J'",
        "config show",
    ] {
        // The name of a config may be quoted; the terminal's own line ends are \r\n.
        let raw = String::from_utf8(run_in_terminal(&env, line, 100).raw).unwrap();
        let found: Vec<_> = raw.chars().filter(|c| UNSAFE_CHARS.contains(c)).collect();
        assert_eq!(found, Vec::<char>::new(), "{line}: {raw:?}");
    }
    for (line, keys) in [("user remove 'ev\u{202e}il'", "n\n"), ("template remove evil", "n\n")] {
        let mut terminal = Terminal::start(env.command(line), 30, 100);
        terminal.answer("[y/N]", keys);
        let raw = String::from_utf8(terminal.wait().raw).unwrap();
        assert!(!raw.contains(UNSAFE_CHARS), "{line}: {raw:?}");
    }
    // The same applies to pipes: a log may be read on a terminal later. But output that programs
    // read is unchanged.
    for line in ["user list", "--json user list", "template list"] {
        let ran = env.run(line).assert_success();
        assert!(!ran.stdout().contains(UNSAFE_CHARS), "{line}: {:?}", ran.stdout());
    }
    assert!(env.run("user export").assert_success().stdout().contains("a\u{1b}[2Jb"));
    assert_eq!(env.run("--json user list").json_lines()[0]["note"], "a\u{1b}[2Jb\u{9b}2Jc\u{200b}d\u{7f}");

    env.run("user add luffy").assert_success();
    let mut bind = Terminal::start(env.command("bind --user luffy --qr none"), 30, 250);
    let screen = bind.wait_for("waiting for the phone").contents();
    let url = screen.lines().find(|line| line.starts_with("http://")).unwrap();
    crate::support::env::page_title(&authorize(url, "ev%e2%80%aeil%e2%80%8b"));
    let raw = String::from_utf8(bind.wait().raw).unwrap();
    assert!(raw.contains("bound luffy") && !raw.contains(UNSAFE_CHARS), "{raw:?}");
}

#[test]
fn dumb_terminal_and_screen_reader_get_no_animation() {
    for (name, value, drawn) in [("TERM", "dumb", true), ("WXBOX_ACCESSIBLE", "1", false)] {
        let mut env = env_with_luffy();
        env.set_variable("NO_COLOR", "1").set_variable(name, value);
        let mut bind = Terminal::start(env.command("bind --user luffy"), 60, 250);
        bind.wait_for("waiting for the phone, at most 5m…");
        bind.signal(rustix::process::Signal::INT);
        let ended = bind.wait();
        let raw = String::from_utf8(ended.raw).unwrap();
        assert!(!raw.contains('\u{1b}'), "{name}: {raw:?}");
        assert_eq!(raw.contains('█'), drawn, "{name}: {raw}");
        let visit = if drawn { "Scan the QR code with" } else { "Open the URL in the WeChat app" };
        assert!(raw.contains(visit), "{name}: {raw}");

        for (line, answers, end) in [
            ("user remove luffy", &["what\n", "n\n"][..], "nothing was removed"),
            ("user add", &["\n", "nami\n"], "Password for binding (empty for none): "),
            ("user remove luffy", &["y\n"], "removed luffy"),
        ] {
            let mut terminal = Terminal::start(env.command(line), 30, 100);
            for (n, answer) in answers.iter().enumerate() {
                terminal.wait_for_count(if line == "user add" { "Name: " } else { "[y/N] " }, n + 1);
                terminal.type_keys(answer);
            }
            if line == "user add" {
                terminal.answer_hidden(end, "a\n");
                terminal.answer_hidden("Repeat the password: ", "a\n");
            }
            let ended = terminal.wait();
            let raw = String::from_utf8(ended.raw).unwrap();
            assert_eq!(ended.status.code(), Some(0), "{name}: {raw}");
            assert!(ended.is_echo_on && raw.contains(end) && !raw.contains('\u{1b}'), "{name}: {raw:?}");
        }
        assert!(env.query::<String>("SELECT password FROM users WHERE username = 'nami'").starts_with("$argon2id$"));
    }
}

#[test]
fn slow_message_shows_spinner() {
    let mut env = TestEnv::with_scenario("[[faults]]\napi = \"/cgi-bin/message/custom/send\"\nhang = \"before\"\n");
    let line = format!("send --openid {LUFFY} hello");
    // Without a cached token, and with one.
    for _ in 0..2 {
        let mut terminal = Terminal::start(env.command(&line), 30, 100);
        terminal.wait_for("sending…");
        terminal.signal(rustix::process::Signal::INT);
        let ended = terminal.wait().assert_status(130);
        let text = ended.text();
        assert!(!text.contains("sending…") && !ended.screen.hide_cursor(), "{text}");
    }
    env.replace_in_config(&[("[network]", "[network]\ntimeout = \"1200ms\"")]);
    for (before, name, value) in [
        ("-q ", "WXBOX_LANG", "en"),
        ("--json ", "WXBOX_LANG", "en"),
        ("", "TERM", "dumb"),
        ("", "WXBOX_ACCESSIBLE", "1"),
    ] {
        env.set_variable(name, value);
        let ended = run_in_terminal(&env, &format!("{before}{line}"), 250);
        let raw = String::from_utf8(ended.raw).unwrap();
        assert_eq!(ended.status.code(), Some(6), "{name}: {raw}");
        assert!(!raw.contains("sending…"), "{name}: {raw}");
        env.set_variable("TERM", "xterm-256color");
    }
}

#[test]
fn broadcast_without_progress_bar_prints_summary() {
    let mut env = TestEnv::with_scenario("crowd = 12\n");
    env.add_generated_users(12);
    env.set_variable("TERM", "dumb");
    let raw = String::from_utf8(run_in_terminal(&env, "send --all -y -t backup", 100).raw).unwrap();
    assert_eq!(raw, "12 of 12 messages sent\r\n");
}

#[test]
fn symbols_without_utf_8_are_ascii() {
    let mut env = env_with_messages();
    env.set_variable("LANG", "C").set_variable("WXBOX_LANG", "en");
    for line in ["outbox list", "template show backup", "user show luffy", "doctor", "send --data a=b"] {
        let raw = String::from_utf8(run_in_terminal(&env, line, 80).raw).unwrap();
        let foreign: Vec<_> =
            raw.chars().filter(|c| !c.is_ascii() && !"路飞测试号网页授权获取用户基本信息".contains(*c)).collect();
        assert_eq!(foreign, Vec::<char>::new(), "{line}: {raw}");
    }
    assert!(screen_text(&env, "outbox list", 80).contains("..."));
    assert!(screen_text(&env, "template show backup", 80).contains("Host: <host>"));
    assert!(env.run("template show backup").stdout().contains("Host: ‹host›"));
    env.run(&format!("bind --user nami --openid {NAMI}")).assert_success();
}
