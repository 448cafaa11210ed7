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
error: there is no option --tempalte
hint: did you mean --template? a text that begins with -- goes after --text=

"#]]);
    run_unchanged(&env, "send -u x --dryrun").assert_snapshot(str![[r#"
exit 2
--- stderr
error: there is no option --dryrun
hint: did you mean --dry-run? a text that begins with -- goes after --text=

"#]]);
    run_unchanged(&env, "send -u x --url=https://a --json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the following required arguments were not provided: <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>> <--template <T>|--subscribe <T>>","hint":"the usage is: wxbox send --url <URL> --json <--user <NAME>|--tag <TAG>|--all|--openid <ID>|--batch <FILE>> <TEXT|--text <TEXT>|--template <T>|--image <FILE|MEDIA_ID>|--news <FILE>|--subscribe <T>|--message <FILE>|--batch <FILE>> <--template <T>|--subscribe <T>>","code":2}

"#]]);
}

#[test]
fn usage_errors_are_reported() {
    let env = TestEnv::without_config();
    env.run("sned").assert_snapshot(str![[r#"
exit 2
--- stderr
error: unrecognized subcommand 'sned'
hint: did you mean send?

"#]]);
    env.run("sned --json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"unrecognized subcommand 'sned'","hint":"did you mean send?","code":2}

"#]]);
    env.run("--json user").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"no command is given","hint":"`wxbox user --help` shows the commands","code":2}

"#]]);
    env.run("--json").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"no command is given","hint":"`wxbox --help` shows the commands","code":2}

"#]]);
    env.run("user").assert_snapshot(str![[r#"
exit 2
--- stderr
Manage the registry of people

Usage: wxbox user [OPTIONS] <COMMAND>

Commands:
  add     Add a person
  list    List people
  show    Show a person
  edit    Change a person's name, note or tags
  passwd  Set or remove the password that `bind` asks for
  remove  Remove a person, with binding, tags and the text of all messages to them
  import  Add people from a file, all or none
  export  Print everybody, for `user import`: CSV, or JSON Lines with --json
  sync    Ask WeChat which of the bound still follow the account

Options:
  -h, --help  Print help

Global options:
  -c, --config <FILE>    The config file [env: WXBOX_CONFIG] [default: ~/.config/wxbox/config.toml,
                         then /etc/wxbox/config.toml]
      --database <FILE>  The database [env: WXBOX_DATABASE] [default: ~/.local/share/wxbox/wxbox.db]
      --json             Print results as JSON Lines, and errors as JSON
  -q, --quiet            Print only data that was asked for, and errors
  -v, --verbose...       Say on stderr what is done; twice for more [env: WXBOX_LOG]
      --color <WHEN>     When to use colours [env: NO_COLOR, CLICOLOR_FORCE] [default: auto]

"#]]);
    env.run("--json user show").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"the following required arguments were not provided: <NAME>","hint":"the usage is: wxbox user show <NAME>","code":2}

"#]]);
    env.run("--json send -u x --tag").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"a value is required for '--tag <TAG>' but none was supplied","hint":null,"code":2}

"#]]);
    env.run("--json outbox list --state sant").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"invalid value 'sant' for '--state <STATE>' [possible values: queued, sent, failed, unknown, cancelled, expired]","hint":"did you mean sent?","code":2}

"#]]);
    env.run("outbox list --since 5").assert_snapshot(str![[r#"
exit 2
--- stderr
error: invalid value '5' for '--since <TIME>': use a number with a unit, such as 90s, 5m, 24h or 30d

"#]]);
    env.run("outbox show one").assert_snapshot(str![[r#"
exit 2
--- stderr
error: invalid value 'one' for '<ID>': it must be a whole number

"#]]);
    env.run("--json outbox list --limit -1").assert_snapshot(str![[r#"
exit 2
--- stderr
{"error":"unexpected argument '-1' found","hint":"the usage is: wxbox outbox list [OPTIONS]","code":2}

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
