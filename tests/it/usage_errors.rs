//! Invalid command lines, and output that cannot be written.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use snapbox::str;

use crate::config_errors::run_unchanged;
use crate::support::env::TestEnv;

#[test]
fn mistyped_option_is_not_sent_as_text() {
    let env = TestEnv::new();
    run_unchanged(&env, "send -u x --tempalte y").assert_snapshot(str![[r#"
exit 2
--- stderr
error: unknown option --tempalte
hint: did you mean --template?

"#]]);
    run_unchanged(&env, "send -u x --dryrun").assert_snapshot(str![[r#"
exit 2
--- stderr
error: unknown option --dryrun
hint: did you mean --dry-run?

"#]]);
    run_unchanged(&env, "send -u x --url=https://a --json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the template is missing: use --template T or --subscribe T","hint":"run `wxbox send -h` to see how to use it","code":2}

"#]]);
}

#[test]
fn option_of_another_command_is_translated() {
    let env = TestEnv::new();
    for (line, hint) in [
        ("user set luffy", "did you mean edit?"),
        ("user tag luffy", "did you mean edit?"),
        ("outbox list -n 5", "did you mean --limit?"),
    ] {
        let ran = env.run(line);
        assert_eq!(ran.status(), Some(2), "{line}");
        assert!(ran.stderr().ends_with(&format!("hint: {hint}\n")), "{line}: {}", ran.stderr());
    }
}

#[test]
fn mistyped_option_is_not_taken_for_a_template() {
    let env = TestEnv::new();
    run_unchanged(&env, "template alias backup --froce").assert_snapshot(str![[r#"
exit 2
--- stderr
error: unknown option --froce
hint: did you mean --force?

"#]]);
    run_unchanged(&env, "template show --json --subscrbe").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"unknown option --subscrbe","hint":"did you mean --subscribe?","code":2}

"#]]);
    // A template ID may begin with hyphens.
    let id = format!("--{}", "a".repeat(41));
    assert!(!env.run(&format!("template show {id}")).stderr().contains("unknown option"));
}

#[test]
fn usage_errors_are_reported() {
    let env = TestEnv::without_config();
    env.run("sned").assert_snapshot(str![[r#"
exit 2
--- stderr
error: unknown command "sned"
hint: did you mean send?

"#]]);
    env.run("sned --json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"unknown command /"sned/"","hint":"did you mean send?","code":2}

"#]]);
    env.run("--json user").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the command is missing","hint":"run `wxbox user --help` to see the commands","code":2}

"#]]);
    env.run("--json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the command is missing","hint":"run `wxbox --help` to see the commands","code":2}

"#]]);
    env.run("user").assert_snapshot(str![[r#"
exit 2
--- stderr
Manage users

Usage: wxbox user COMMAND

Commands:
  add     Add a user
  list    List users
  show    Show a user
  edit    Change the name, note or tags of a user
  passwd  Set or remove the password of a user
  remove  Remove a user
  import  Add users from a file, all or none
  export  Print all users as CSV, for `user import`
  sync    Update which bound users follow the account

`wxbox user COMMAND --help` shows the help of a command.

"#]]);
    env.run("--json user show").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"NAME is missing","hint":"usage: wxbox user show NAME","code":2}

"#]]);
    env.run("--json send -u x --tag").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"--tag requires a value","hint":null,"code":2}

"#]]);
    env.run("--json outbox list --state sant").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"invalid value /"sant/" for --state; possible values: queued, sent, failed, unknown, cancelled, expired","hint":"did you mean sent?","code":2}

"#]]);
    env.run("outbox list --since 5").assert_snapshot(str![[r#"
exit 2
--- stderr
error: invalid value "5" for --since: use an age (1d), a time (22:00), a date (2026-11-28), both ("2026-11-28 22:00"), today or yesterday

"#]]);
    env.run("outbox show one").assert_snapshot(str![[r#"
exit 2
--- stderr
error: invalid value "one" for ID: use a whole number

"#]]);
    env.run("--json outbox list --limit -1").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"unknown option -1","hint":"usage: wxbox outbox list [OPTIONS]","code":2}

"#]]);
    env.run("--version").assert_snapshot(str![[r#"
exit 0
--- stdout
wxbox 0.1.0

"#]]);
}

#[test]
fn closed_stdout_is_not_an_error() {
    let env = TestEnv::without_config();
    env.run("user add luffy").assert_success();
    env.query::<i64>(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
         INSERT INTO users (username, uid, note, created_at)
         SELECT 'person-' || n, printf('%032x', n), printf('%.100c', 'x'), n FROM n RETURNING id",
    );
    for line in ["user list", "user list --json"] {
        let mut child = env.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::with_capacity(64, child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        assert!(first.contains("luffy"), "{first}");
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{line}");
    }
    for line in ["user list", "user list --json", "user show luffy", "--help", "user add nami"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = env.command(line).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("cannot write to standard output: No space left on device"), "{line}: {stderr}");
    }
}
