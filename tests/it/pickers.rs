//! Lists at a terminal for arguments that the command line does not name.

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

const DOWN: &str = "\x1b[B";

fn start_terminal(env: &TestEnv, line: &str) -> Terminal {
    Terminal::start(env.command(line), 24, 80)
}

fn env_with_three_users() -> TestEnv {
    let env = TestEnv::new();
    env.run("user add luffy --openid oLuffy_wears_the_straw_hat_1 --tag crew").assert_success();
    env.run("user add 娜美 --openid oNami_draws_maps_of_the_sea1").assert_success();
    env.run("user add zoro").assert_success();
    env
}

/// Returns the lines of the screen that are not empty.
fn lines(screen: &vt100::Screen) -> Vec<String> {
    screen.contents().lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn user_to_remove_is_picked_by_typing_a_part_of_the_name() {
    let env = env_with_three_users();
    let mut terminal = start_terminal(&env, "user remove");
    let screen = terminal.wait_for("3/3");
    assert_eq!(
        lines(screen),
        [
            "User:",
            ">  luffy (crew, bound)",
            "   zoro (not bound)",
            "   娜美 (bound)",
            "   3/3  ↑↓: move, Enter: accept, Esc: cancel",
        ]
    );
    terminal.type_keys("美");
    terminal.answer("1/3", "\r");
    terminal.answer("Remove 娜美", "y\r");
    let ended = terminal.wait().assert_status(0);
    // The list leaves only the answer behind.
    assert_eq!(lines(&ended.screen)[0], "User: 娜美 (bound)");
    assert!(ended.text().contains("removed 娜美"), "{}", ended.text());
    assert_eq!(env.count("users"), 2);
}

#[test]
fn escape_and_end_of_input_change_nothing() {
    let env = env_with_three_users();
    for key in ["\x1b", "\x04", "\x03"] {
        let mut terminal = start_terminal(&env, "unbind");
        terminal.answer("2/2", key);
        let ended = terminal.wait();
        let expected = if key == "\x04" { 2 } else { 130 };
        assert_eq!(ended.status.code(), Some(expected), "{}", ended.text());
        assert!(ended.is_echo_on && !ended.screen.hide_cursor());
        assert!(!ended.text().contains("2/2"), "{}", ended.text());
    }
    assert_eq!(env.count("bindings"), 2);
}

#[test]
fn several_messages_are_marked_and_retried() {
    let env = env_with_three_users();
    env.run("send -u luffy one").assert_success();
    for text in ["two", "three", "four"] {
        env.run(&format!("send -u luffy {text} --no-wait")).assert_success();
    }
    let mut terminal = start_terminal(&env, "outbox cancel");
    terminal.answer("3/3", "\t");
    terminal.answer(" * 4  queued", DOWN);
    terminal.answer(">  2  queued", "\t\r");
    terminal.wait().assert_status(0);
    assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "sent,cancelled,queued,cancelled");

    let mut terminal = start_terminal(&env, "outbox retry");
    terminal.answer("1/1", "\r");
    terminal.wait().assert_status(0);
    assert_eq!(env.query::<String>("SELECT group_concat(state) FROM messages"), "sent,cancelled,sent,cancelled");

    let ended = start_terminal(&env, "outbox retry").wait();
    assert!(ended.text().contains("no messages to retry"), "{}", ended.text());
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn bind_asks_before_it_replaces_a_binding() {
    let env = env_with_three_users();
    let mut terminal = start_terminal(&env, "bind --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    terminal.answer("3/3", "luf\r");
    terminal.answer("luffy is bound already. Replace the binding? [y/N]", "\r");
    terminal.wait().assert_status(4);
    let mut terminal = start_terminal(&env, "bind --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    terminal.answer("3/3", "zo\r");
    terminal.wait().assert_status(0);
    assert_eq!(env.count("bindings"), 3);
}

#[test]
fn simple_terminal_gets_a_numbered_list() {
    let mut env = env_with_three_users();
    env.set_variable("TERM", "dumb").set_variable("WXBOX_LANG", "zh");
    let mut terminal = start_terminal(&env, "user remove");
    terminal.answer("序号或部分文字", "9\r");
    terminal.answer("没有匹配项", "2\r");
    terminal.answer("[y/N]", "y\r");
    let ended = terminal.wait();
    let text = ended.text();
    assert!(text.contains("   1  luffy（crew、已绑定）\n   2  zoro（未绑定）\n"), "{text}");
    assert_eq!(ended.status.code(), Some(0), "{text}");
    assert_eq!(env.query::<i64>("SELECT count(*) FROM users WHERE username = 'zoro'"), 0);
}

#[test]
fn script_is_never_asked() {
    let env = env_with_three_users();
    for (line, missing) in [
        ("user remove", "NAME is missing"),
        ("unbind", "--user NAME is missing"),
        ("bind", "the user is missing: use --user NAME, or --unbound for all unbound users"),
        ("outbox cancel", "one of these is required: ID, --all"),
        ("outbox retry", "one of these is required: ID, --failed, --unknown, --queued, --expired"),
    ] {
        let result = env.run_with_stdin(line, "luffy\n");
        assert_eq!(result.status(), Some(2), "{line}");
        assert!(result.stderr().starts_with(&format!("error: {missing}\nhint: ")), "{line}: {}", result.stderr());
        // A person whose terminal shows JSON for a program gets no list either.
        let ended = start_terminal(&env, &format!("--json {line}")).wait();
        assert_eq!(ended.status.code(), Some(2), "{line}: {}", ended.text());
    }
    env.assert_session(str![[r#"
$ wxbox user remove --json
2> {"error":"NAME is missing","hint":"usage: wxbox user remove [OPTIONS] [NAME]","code":2}
exit 2

"#]]);
}
