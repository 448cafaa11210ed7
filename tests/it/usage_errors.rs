//! Invalid command lines, and output that cannot be written.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use snapbox::str;

use crate::support::env::TestEnv;

#[test]
fn mistyped_option_is_not_sent_as_text() {
    let env = TestEnv::new();
    env.assert_unchanged_session(str![[r#"
$ wxbox send -u x --tempalte y
2> error: unknown option --tempalte
2> hint: did you mean --template?
exit 2
$ wxbox send -u x --dryrun
2> error: unknown option --dryrun
2> hint: did you mean --dry-run?
exit 2
$ wxbox send -u x --url=https://a --json
2> {"error":"the template is missing: use --template T or --subscribe T","hint":"run `wxbox send -h` to see how to use it","code":2}
exit 2

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
    env.assert_unchanged_session(str![[r#"
$ wxbox template alias backup --froce
2> error: unknown option --froce
2> hint: did you mean --force?
exit 2
$ wxbox template show --json --subscrbe
2> {"error":"unknown option --subscrbe","hint":"did you mean --subscribe?","code":2}
exit 2

"#]]);
    // A template ID may begin with hyphens.
    let id = format!("--{}", "a".repeat(41));
    assert!(!env.run(&format!("template show {id}")).stderr().contains("unknown option"));
}

#[test]
fn usage_errors_are_reported() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox sned
2> error: unknown command "sned"
2> hint: did you mean send?
exit 2
$ wxbox sned --json
2> {"error":"unknown command \"sned\"","hint":"did you mean send?","code":2}
exit 2
$ wxbox --json user
2> {"error":"the command is missing","hint":"run `wxbox user --help` to see the commands","code":2}
exit 2
$ wxbox --json
2> {"error":"the command is missing","hint":"run `wxbox --help` to see the commands","code":2}
exit 2
$ wxbox user
2> Manage users
2>
2> Usage: wxbox user COMMAND
2>
2> Commands:
2>   add     Add a user
2>   list    List users
2>   show    Show a user
2>   edit    Change the name, note or tags of a user
2>   passwd  Set or remove the password of a user
2>   remove  Remove a user
2>   import  Add users from a file, all or none
2>   export  Print all users as CSV, for `user import`
2>   sync    Update which bound users follow the account
2>
2> `wxbox user COMMAND --help` shows the help of a command.
exit 2
$ wxbox --json user show
2> {"error":"NAME is missing","hint":"usage: wxbox user show NAME","code":2}
exit 2
$ wxbox --json send -u x --tag
2> {"error":"--tag requires a value","hint":null,"code":2}
exit 2
$ wxbox --json outbox list --state sant
2> {"error":"invalid value \"sant\" for --state; possible values: queued, sent, failed, unknown, cancelled, expired","hint":"did you mean sent?","code":2}
exit 2
$ wxbox outbox list --since 5
2> error: invalid value "5" for --since: use an age (1d), a time (22:00), a date (2026-11-28), both ("2026-11-28 22:00"), today or yesterday
exit 2
$ wxbox outbox show one
2> error: invalid value "one" for ID: use a whole number
exit 2
$ wxbox --json outbox list --limit -1
2> {"error":"unknown option -1","hint":"usage: wxbox outbox list [OPTIONS]","code":2}
exit 2
$ wxbox --version
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
