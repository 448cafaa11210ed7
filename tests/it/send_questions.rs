//! `send` at a terminal: questions for missing arguments, the editor, and the note about standard
//! input.

use std::fs;

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

const SENT: &str = "SELECT group_concat(state) FROM messages";

fn start_terminal(env: &TestEnv, line: &str) -> Terminal {
    Terminal::start(env.command(line), 30, 100)
}

fn env_with_two_users() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run("user add nami --tag ops --openid oNami_draws_maps_of_the_sea1").assert_success();
    env
}

/// Writes an editor that runs a shell script on the file, and makes it the user's editor.
fn set_editor(env: &mut TestEnv, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = env.write_file("editor.sh", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    env.set_variable("VISUAL", path.to_str().unwrap());
}

#[test]
fn everything_is_asked_and_the_command_line_is_shown() {
    let env = env_with_two_users();
    env.run("user add zoro").assert_success();
    let mut terminal = start_terminal(&env, "send");
    let screen = terminal.wait_for("4/4").contents();
    for line in ["1 user is not bound", ">  luffy", "   nami (ops)", "   tag ops (1 user)", "   all 2 bound users"] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    terminal.type_keys("luf\r");
    terminal.answer("Message:", "server\r");
    terminal.wait_for("thing1: thing fields hold at most 20 characters");
    terminal.answer("(thing1): ", "Disk full\r");
    terminal.wait_for("(character_string2): ");
    // A value against the rule is explained, and sent if it is entered again.
    terminal.type_keys("web 1\r");
    terminal.wait_for("press Enter");
    terminal.answer("(character_string2): web 1", "\r");
    terminal.answer("(time3): ", "15:01\r");
    terminal.answer("Send to luffy? [Y/n]", "\r");
    let text = terminal.wait().assert_status(0).text();
    let card = "  Server alert\n  Event: Disk full\n  Host: web 1\n  Time: 15:01\n";
    assert!(text.contains(card), "{text}");
    let line = text.lines().skip_while(|line| !line.contains("The same command without questions")).skip(1);
    let line: String = line.take_while(|line| !line.is_empty()).collect();
    let expected = "wxbox send --user luffy --template 'Server alert' --data 'thing1=Disk full' --data 'character_string2=web 1' --data 'time3=15:01'";
    assert_eq!(line.trim(), expected);
    // The printed command line sends the same message.
    env.run(expected.strip_prefix("wxbox ").unwrap()).assert_success();
    assert_eq!(env.query::<String>(SENT), "sent,sent");
    assert_eq!(env.query::<i64>("SELECT count(DISTINCT json) FROM payloads"), 1);
}

#[test]
fn only_missing_fields_are_asked() {
    let mut env = env_with_two_users();
    env.set_variable("WXBOX_LANG", "zh");
    env.run("template list").assert_success();
    let mut terminal = start_terminal(&env, "send -u luffy -t 'Server alert' -d thing1=db1 -d character_string2=1GB");
    terminal.answer("（time3）", "2019年10月1日 15:01\r");
    terminal.answer("要发给“luffy”吗？", "n\r");
    let text = terminal.wait().assert_status(0).text();
    assert!(text.contains("没有发送任何消息") && text.contains("--data 'time3=2019年10月1日 15:01'"), "{text}");
    assert_eq!(env.count("messages"), 0);
    // An alias that sets all fields is complete.
    start_terminal(&env, "send -u luffy -t backup").wait().assert_status(0);
    assert_eq!(env.query::<String>(SENT), "sent");
}

#[test]
fn text_is_asked_and_may_be_dry_run() {
    let env = env_with_two_users();
    let mut terminal = start_terminal(&env, "send --dry-run");
    terminal.answer("4/4", "all 2\r");
    terminal.answer("Message:", "\r");
    terminal.answer("Text: ", "hello\r");
    let text = terminal.wait().assert_status(0).text();
    assert_eq!(text.matches("\"content\":\"hello\"").count(), 2, "{text}");
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn text_is_offered_if_the_templates_cannot_be_listed() {
    let env = env_with_two_users();
    env.replace_in_config(&[("api_base = \"", "api_base = \"http://127.0.0.1:1\" # \"")]);
    let mut terminal = start_terminal(&env, "send -u luffy");
    terminal.wait_for("2/2");
    let screen = terminal.wait_for("cannot get an access token").contents();
    assert!(screen.contains("warning: "), "{screen}");
    terminal.type_keys("\x1b");
    terminal.wait().assert_status(130);
}

#[test]
fn edited_text_is_sent() {
    let mut env = env_with_two_users();
    set_editor(&mut env, "printf 'first line\\nsecond line\\n' >> \"$1\"");
    let mut terminal = start_terminal(&env, "send -u luffy --edit 'hello '");
    terminal.answer("Send to luffy? [Y/n]", "\r");
    terminal.wait().assert_status(0);
    let content: String = env.query("SELECT json FROM payloads");
    assert!(content.contains(r"hello first line\nsecond line"), "{content}");
    // An editor that discards the text sends nothing.
    set_editor(&mut env, "echo more >> \"$1\"; exit 1");
    let ended = start_terminal(&env, "send -u luffy --edit").wait();
    let text = ended.text();
    assert!(text.contains("error: nothing was sent: the edited text is empty"), "{text}");
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(env.count("messages"), 1);
    // A script has no editor.
    assert_eq!(env.run("send -u luffy --edit").status(), Some(2));
}

#[test]
fn default_recipients_are_shown_first_and_are_in_the_command_line() {
    let env = env_with_two_users();
    env.run("config set send.to tag:ops").assert_success();
    let mut terminal = start_terminal(&env, "send");
    terminal.wait_for("the default recipients: tag:ops");
    terminal.answer("Message:", "a text\r");
    terminal.answer("Text: ", "hello\r");
    terminal.answer("Send to nami? [Y/n]", "n\r");
    let text = terminal.wait().screen.contents();
    assert!(text.contains("wxbox send --tag ops --text hello"), "{text}");
}

#[test]
fn person_is_told_how_to_end_standard_input() {
    let env = env_with_two_users();
    let mut terminal = start_terminal(&env, "send -u luffy -");
    terminal.answer("press Ctrl-D at the start of a line", "disk full\r\x04");
    terminal.wait().assert_status(0);
    let content: String = env.query("SELECT json FROM payloads");
    assert!(content.contains(r#""disk full""#), "{content}");
    let piped = env.run_with_stdin("send -u luffy -", "disk full\n").assert_success();
    assert_eq!(piped.stderr(), "");
}

#[test]
fn script_gets_an_error_that_names_everything() {
    let env = env_with_two_users();
    env.assert_session(str![[r#"
$ wxbox send
2> error: the recipient is missing: use --user NAME, --tag TAG or --all; the message is missing: use a text, - for standard input, --template T or --image FILE
2> hint: run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
exit 2
$ wxbox send -u luffy -t 'Server alert' -d thing1=db1
2> error: the template Server alert requires values for character_string2, time3
2> hint: use its fields thing1, character_string2, time3; run `wxbox template show 'Server alert'` to see the template
exit 2

"#]]);
    // A person whose output goes to a program is not asked either.
    for line in ["send --json", "send -q"] {
        assert_eq!(start_terminal(&env, line).wait().status.code(), Some(2), "{line}");
    }
}

#[test]
fn unknown_field_is_reported_before_the_questions() {
    let env = env_with_two_users();
    let terminal = start_terminal(&env, "send -u luffy -t server -d message=x");
    let text = terminal.wait().assert_status(2).text();
    assert!(text.contains("has no field message"), "{text}");
    assert!(!text.contains("(thing1)"), "{text}");
}

#[test]
fn empty_answer_is_explained() {
    let env = env_with_two_users();
    let mut terminal = start_terminal(&env, "send -u luffy -t server");
    terminal.answer("(thing1): ", "\r");
    terminal.answer("enter a value", "\x03");
    terminal.wait().assert_status(130);
}
