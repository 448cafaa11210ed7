//! Lists and totals: omissions are reported, totals add up, and no progress bar stays on the
//! screen.

use std::fs::File;
use std::process::Command;

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv};
use crate::support::pty::Terminal;

fn env_with_queued(count: usize) -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    let lines = "{\"user\":\"luffy\",\"text\":\"x\"}\n".repeat(count);
    env.run_with_stdin("send --batch - --no-wait", lines).assert_success();
    env
}

#[test]
fn truncated_list_is_reported() {
    let env = env_with_queued(52);
    let list = |line: &str| {
        let ran = env.run(line).assert_success();
        (ran.stdout().lines().count(), ran.stderr().to_owned())
    };
    assert_eq!(list("outbox list"), (50, "50 of 52 messages; use `--limit 0` to see all\n".into()));
    assert_eq!(
        list("outbox list --limit 3 --state queued --user luffy --since 1h"),
        (3, "3 of 52 messages; use `--limit 12` to see older ones, or `--limit 0` to see all\n".into())
    );
    for (line, count) in [
        ("outbox list --limit 0", 52),
        ("outbox list --limit 52", 52),
        ("-q outbox list", 50),
        ("--json outbox list", 50),
        ("--json outbox list --limit 0", 52),
    ] {
        assert_eq!(list(line), (count, String::new()), "{line}");
    }
    // A person at the terminal learns that the list is incomplete, even if a script reads the JSON.
    let screen = Terminal::start(env.command("--json outbox list --limit 1"), 20, 200).wait().screen.contents();
    assert!(screen.contains("1 of 52 messages; use `--limit 4`"), "{screen}");
}

#[test]
fn quiet_status_check_prints_nothing_on_success() {
    let env = env_with_queued(1);
    env.assert_session(str![[r#"
$ wxbox -q outbox status --check 1h

"#]]);
    let line = env.run("outbox status --check 1h").assert_success();
    assert!(line.stdout().starts_with("OK - 1 queued (oldest "), "{}", line.stdout());
    assert_eq!((line.stdout().lines().count(), line.stderr()), (1, ""));
    assert!(env.run("-q outbox status").assert_success().stdout().contains("queued"));
    assert_eq!(env.run("-q --json outbox status --check 1h").assert_success().json_lines()[0]["queued"], 1);
    let old = env.run("-q outbox status --check 1ns");
    assert_eq!((old.status(), old.stdout()), (Some(6), ""));
    assert!(old.stderr().starts_with("error: "), "{}", old.stderr());
}

#[test]
fn ids_are_validated_alike() {
    let env = env_with_queued(0);
    for line in ["show 1abc", "cancel 1abc", "retry 1abc", "cancel 99999999999999999999"] {
        let ran = env.run(&format!("outbox {line}"));
        assert_eq!(ran.status(), Some(2), "{line}");
        assert!(ran.stderr().contains("use a whole number"), "{line}: {}", ran.stderr());
    }
    for line in ["show", "cancel", "retry"] {
        let ran = env.run(&format!("outbox {line} 9223372036854775807"));
        assert_eq!(ran.status(), Some(4), "{line}");
        assert!(ran.stderr().contains("no message 9223372036854775807"), "{line}: {}", ran.stderr());
    }
}

#[test]
fn names_may_begin_with_a_hyphen() {
    let env = TestEnv::new();
    env.run(&format!("user add --tag -t --openid {LUFFY} -- -luffy")).assert_success();
    for line in
        ["send --user -luffy x", "send -u -luffy x", "send --tag -t x", "run -u -luffy -- true", "run --tag -t -- true"]
    {
        env.run(line).assert_success();
    }
    assert_eq!(env.run("outbox list --user -luffy").assert_success().stdout().lines().count(), 5);
    for line in ["run --user -- true", "run --tag -- true", "send -u -- x", "send --tag -- x"] {
        let ran = env.run(line);
        assert_eq!(ran.status(), Some(2), "{line}: {}", ran.stderr());
        assert_eq!(ran.stderr().contains("the name before -- is missing"), line.starts_with("send"), "{line}");
    }
}

#[test]
fn odd_openid_is_warned_about_everywhere() {
    let env = TestEnv::new();
    let warning = "an openid usually has 28 characters and begins with o; oShort does not";
    for line in ["send --openid oShort x --dry-run", "user add a --openid oShort", "user add b"] {
        let ran = env.run(line).assert_success();
        assert_eq!(ran.stderr().contains(warning), line.contains("oShort"), "{line}: {}", ran.stderr());
    }
    assert_eq!(env.run(&format!("send --openid {LUFFY} x --dry-run")).assert_success().stderr(), "");
}

#[test]
fn later_cause_replaces_earlier_one() {
    let env = TestEnv::with_scenario(
        "[[faults]]\napi = \"/cgi-bin/message/*\"\nerrcode = 40001\n\
         [[faults]]\napi = \"/cgi-bin/stable_token\"\nnth = 2\nerrcode = 40164\n",
    );
    env.replace_in_config(&[("wait = \"0s\"", "wait = \"20s\"")]);
    env.run("token").assert_success();
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let ran = env.run("send -u luffy -t backup");
    assert!(ran.stderr().contains("40164"), "{}", ran.stderr());
    let message = &env.run("--json outbox list").assert_success().json_lines()[0];
    assert_eq!((&message["state"], &message["errcode"]), (&"queued".into(), &40164.into()), "{message}");
    assert!(message["error"].as_str().unwrap().contains("40164"), "{message}");
}

/// Wraps a command in a shell with `| cat`, on the same terminal.
fn pipe_through_cat(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "\"$0\" \"$@\" | cat"]).arg(command.get_program()).args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[test]
fn progress_bar_leaves_no_remains_on_screen() {
    let env = TestEnv::with_scenario(
        "crowd = 30\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 9\ntimes = 1\nerrcode = 43004\n",
    );
    env.add_generated_users(30);
    env.run("token").assert_success();
    let sum = "29 of 30 messages sent; 1 not sent (`wxbox outbox list --state failed`)";
    let line = "send --all -y -t backup";
    let ended = Terminal::start(pipe_through_cat(&env.command(line)), 50, 100).wait();
    let text = ended.text();
    let raw = String::from_utf8(ended.raw).unwrap();
    // The reader of the pipe writes at any time, so no bar may appear at all.
    assert!(!raw.contains("/30") && text.contains(sum), "{raw}");
    assert_eq!(text.lines().filter(|line| line.starts_with("sent message ")).count(), 29, "{text}");

    let env = TestEnv::with_scenario(
        "crowd = 30\n[[faults]]\napi = \"/cgi-bin/message/*\"\nnth = 9\ntimes = 1\nerrcode = 43004\n",
    );
    env.add_generated_users(30);
    env.run("token").assert_success();
    let mut shell = pipe_through_cat(&env.command(line));
    let file = env.path("results");
    File::create(&file).unwrap();
    let into = format!("\"$0\" \"$@\" >{}", file.display());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &into]).args(shell.get_args().skip(2)).env_clear().current_dir(env.path("."));
    command.envs(shell.env_remove("TERM").get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = Terminal::start(command, 50, 100).wait();
    let text = ended.text();
    let raw = String::from_utf8(ended.raw).unwrap();
    assert!(raw.contains("/30"), "a file is nobody's screen: {raw}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("error: message 9 ") && lines[3] == sum, "{text}");
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 29);
}

#[test]
fn broadcast_with_rate_limit_ends_at_any_concurrency() {
    let env = TestEnv::with_scenario("crowd = 20\n");
    env.add_generated_users(20);
    let sent = env.run("send --all -t backup --concurrency 2 --rate 200").assert_success();
    assert_eq!(sent.stdout().lines().count(), 20);
}
