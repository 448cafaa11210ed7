//! The default recipients of `send` and `run`: `send.to` in the config, and `WXBOX_TO`.

use snapbox::str;

use crate::doctor::problem_lines;
use crate::send::env_with_users;
use crate::support::env::{LUFFY, TestEnv};

/// Returns the recipients of the messages in the outbox, in the order of their ids.
fn recipients(env: &TestEnv) -> String {
    env.query(
        "SELECT coalesce(group_concat(coalesce(u.username, m.openid), ' ' ORDER BY m.id), '') \
               FROM messages m LEFT JOIN users u ON u.id = m.user_id",
    )
}

/// Returns an environment with users, in which the config has these default recipients.
fn env_with_default(to: &str) -> TestEnv {
    let env = env_with_users();
    env.write_config(&format!("{}\n[send]\nto = {to}\n", without_send(&env.read_config())));
    env
}

/// Returns a config without its table `[send]`, which the test writes itself.
fn without_send(config: &str) -> String {
    let start = config.find("[send]").unwrap();
    let end = config[start + 1..].find("\n[").map_or(config.len(), |end| start + 1 + end);
    format!("{}{}", &config[..start], &config[end..])
}

#[test]
fn message_without_recipient_goes_to_the_default_ones() {
    for (to, expected) in [
        ("\"luffy\"", "luffy"),
        ("[\"user:zoro\", \"tag:crew\"]", "zoro luffy nami"),
        ("\"all\"", "luffy nami zoro"),
        (&format!("[\"openid:{LUFFY}\", \"nami\"]"), &format!("nami {LUFFY}")),
    ] {
        let env = env_with_default(to);
        env.run("send --no-wait hello").assert_success();
        assert_eq!(recipients(&env), expected, "{to}");
    }
}

#[test]
fn option_and_variable_override_the_config() {
    let mut env = env_with_default("\"luffy\"");
    env.run("send --no-wait -u nami hello").assert_success();
    env.set_variable("WXBOX_TO", "zoro, tag:crew");
    env.run("send --no-wait hello").assert_success();
    env.run("send --no-wait --tag lost hello").assert_success();
    assert_eq!(recipients(&env), "nami zoro luffy nami zoro");
    let shown = env.run("config show --origin").assert_success();
    let line = shown.stdout().lines().find(|line| line.starts_with("send.to")).unwrap();
    assert_eq!(line, "send.to = [\"zoro\", \"tag:crew\"]\tWXBOX_TO");
}

#[test]
fn run_reports_to_the_default_recipients() {
    let env = env_with_default("\"tag:crew\"");
    env.run("run --text 'done: {result}' -- true").assert_success();
    assert_eq!(recipients(&env), "luffy nami");
}

#[test]
fn without_default_the_error_names_what_is_missing() {
    let env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox send hello
2> error: the recipient is missing: use --user NAME, --tag TAG or --all
2> hint: run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
exit 2
$ wxbox send
2> error: the recipient is missing: use --user NAME, --tag TAG or --all; the message is missing: use a text, - for standard input, --template T or --image FILE
2> hint: run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
exit 2
# The command is not run, because its report has no recipient.
$ wxbox run -- touch started
2> error: the recipient is missing: use --user NAME or --tag TAG
2> hint: usage: wxbox run {--user NAME | --tag TAG} [OPTIONS] -- COMMAND [ARG]...
exit 2

"#]]);
    assert!(!env.path("started").exists());
    env.assert_session(str![[r#"
$ wxbox send luffy hello
2> error: unexpected argument "hello"
2> hint: run `wxbox send --user luffy hello`
exit 2

"#]]);
}

#[test]
fn dry_run_and_log_say_who_the_default_recipients_are() {
    let env = env_with_default("[\"luffy\", \"tag:lost\"]");
    env.assert_session(str![[r#"
$ wxbox send --dry-run hello
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hello"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hello"}}
2> to the default recipients: luffy, tag:lost (send.to, [HOME]/.config/wxbox/config.toml:18)

"#]]);
    let logged = env.run("-v send --no-wait hello").assert_success();
    assert!(logged.stderr().contains("to the default recipients: luffy, tag:lost"), "{}", logged.stderr());
    assert_eq!(env.run("send --no-wait hello").assert_success().stderr(), "");
}

#[test]
fn unknown_default_recipient_is_told_with_its_place() {
    let env = env_with_default("[\"lufy\"]");
    env.assert_session(str![[r#"
$ wxbox send hello
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?; the default recipients are in [HOME]/.config/wxbox/config.toml:18
exit 4

"#]]);
    assert_eq!(recipients(&env), "");
    let found = problem_lines(&env.run("--json doctor"));
    assert!(found[0].starts_with("failure recipients: there is no user lufy"), "{found:?}");
    let unbound = env_with_default("[\"usopp\"]");
    assert_eq!(unbound.run("send hello").status(), Some(4));
    let found = problem_lines(&unbound.run("--json doctor"));
    assert!(found[0].starts_with("warning recipients: usopp is not bound | correct send.to ("), "{found:?}");
    let tag = env_with_default("\"tag:crow\"");
    assert_eq!(tag.run("send hello").status(), Some(4));
    let found = problem_lines(&tag.run("--json doctor"));
    assert!(found[0].starts_with("failure recipients: no user has the tag crow"), "{found:?}");
    tag.run("user edit luffy --tag thé").assert_success();
    // The letters of a tag may be decomposed.
    tag.write_config(&tag.read_config().replace("tag:crow", "tag:the\u{301}"));
    let found = problem_lines(&tag.run("--json doctor"));
    assert!(!found.iter().any(|line| line.contains("recipients")), "{found:?}");
}

#[test]
fn invalid_default_recipients_are_a_config_error() {
    for to in ["[]", "\"\"", "\"tag:\"", "3", "[\"openid:o 1\"]"] {
        let env = env_with_default(to);
        let ran = env.run("send hello");
        assert_eq!(ran.status(), Some(3), "{to}: {}", ran.stderr());
        assert!(ran.stderr().contains("send.to") && ran.stderr().contains("\"tag:ops\""), "{to}: {}", ran.stderr());
    }
    let mut env = env_with_users();
    env.set_variable("WXBOX_TO", "luffy,,nami");
    let ran = env.run("send hello");
    assert!(ran.status() == Some(3) && ran.stderr().contains("WXBOX_TO"), "{}", ran.stderr());
}
