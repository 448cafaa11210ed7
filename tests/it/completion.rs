//! The candidates at the cursor, requested as the scripts of `completions/` do.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, TestEnv, ZORO};

/// Requests an answer as fish does, with `|` at the cursor, and returns its lines.
#[track_caller]
fn complete(env: &TestEnv, line: &str) -> Vec<String> {
    let words = shell_words::split(line.strip_suffix('|').unwrap()).unwrap();
    let is_new_word = line == "|" || line.ends_with(" |");
    let words = words.iter().map(String::as_str).chain(is_new_word.then_some(""));
    let mut command = env.command("");
    command.env("_WXBOX_COMPLETE", "fish").args(["--", "wxbox"]).args(words);
    answer(command)
}

#[track_caller]
fn answer(mut command: Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the candidates without their descriptions.
#[track_caller]
fn values(env: &TestEnv, line: &str) -> Vec<String> {
    complete(env, line)[1..].iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn prepared_env() -> TestEnv {
    let env = TestEnv::new();
    env.run("template list").assert_success();
    env.run(&format!("user add luffy --openid {LUFFY} --tag ops --note 'captain\nof the ship'")).assert_success();
    env.run("user add lucky --tag ops --tag 'dev team'").assert_success();
    env.run("user add 路飞").assert_success();
    env
}

/// Returns the files below the home with their content, except the sandbox's.
fn files(env: &TestEnv) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for dir in [".config/wxbox", ".local/share/wxbox"] {
        for entry in fs::read_dir(env.path(dir)).into_iter().flatten() {
            let path = entry.unwrap().path();
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn commands_options_and_values_are_offered() {
    let env = prepared_env();
    assert_eq!(complete(&env, "us|"), ["values ", "user\tManage users"]);
    assert_eq!(values(&env, "outbox re|"), ["retry"]);
    assert_eq!(
        complete(&env, "send --exp|"),
        ["values ", "--expire-after\tExpire messages that are not delivered in this time"]
    );
    assert_eq!(values(&env, "send --dry-run -|")[0], "--user");
    assert_eq!(values(&env, "outbox list --state=f|"), ["--state=failed"]);
    assert_eq!(values(&env, "outbox list --columns cr|"), ["created_at"]);
    assert_eq!(values(&env, "outbox follow --columns=id,err|"), ["--columns=id,error", "--columns=id,errcode"]);
    assert_eq!(complete(&env, "run --on s|"), ["values ", "success\tExit status 0"]);
    assert_eq!(values(&env, "help user s|"), ["show", "sync"]);
    assert!(values(&env, "help |").contains(&"recovery".to_owned()));
    assert_eq!(values(&env, "unknown |"), values(&env, "|"));
}

#[test]
fn people_and_tags_are_offered() {
    let env = prepared_env();
    let people = ["values ", "lucky\tnot bound", "luffy\tcaptain of the ship"];
    for line in ["user show lu|", "send --user lu|", "-q bind -u lu|", "unbind --user lu|", "outbox follow --user lu|"]
    {
        assert_eq!(complete(&env, line), people, "{line}");
    }
    assert_eq!(values(&env, "send -ulu|"), ["-ulucky", "-uluffy"]);
    assert_eq!(values(&env, "run -u luffy --user=l|"), ["--user=lucky"]);
    assert_eq!(values(&env, "user show 路|"), ["路飞"]);
    assert_eq!(values(&env, "send --tag |"), ["dev team", "ops"]);
    assert_eq!(values(&env, "outbox list --tag o|"), ["ops"]);
    assert_eq!(values(&env, "user edit luffy --untag o|"), ["ops"]);
    // A new name has no candidates, and the command takes one name only.
    assert_eq!(values(&env, "user add lu|"), [""; 0]);
    assert_eq!(values(&env, "user show luffy lu|"), [""; 0]);
}

#[test]
fn templates_and_their_open_fields_are_offered() {
    let env = prepared_env();
    let title: String = env.query(&format!("SELECT title FROM templates WHERE template_id = '{BACKUP_TEMPLATE_ID}'"));
    let offered = complete(&env, "send -t |");
    assert_eq!(complete(&env, "outbox list --template |"), offered);
    assert_eq!(offered[1], format!("backup\t{title}"));
    assert!(offered.contains(&format!("{title}\t{BACKUP_TEMPLATE_ID}")), "{offered:?}");
    for line in [
        "send -t backup -d |".to_owned(),
        "run -u luffy --template=backup --data |".to_owned(),
        "template check backup -d |".to_owned(),
        format!("send -t '{title}' -d |"),
        format!("send -t {BACKUP_TEMPLATE_ID} --data-color |"),
    ] {
        let offered = complete(&env, &line);
        assert_eq!(offered[0], "nospace ", "{line}");
        assert_eq!(values(&env, &line), ["host=", "size=", "time="], "{line}");
        assert!(offered[1].len() > "host=\t".len(), "a label: {offered:?}");
    }
    assert_eq!(values(&env, "send -t backup -d host=db1 --data=time=now -d |"), ["size="]);
    assert_eq!(values(&env, "send -t backup -d ho|"), ["host="]);
    assert_eq!(values(&env, "send -t backup -d host=d|"), [""; 0]);
    assert_eq!(values(&env, "send -t nothing -d |"), [""; 0]);
    assert_eq!(values(&env, "send -d |"), [""; 0]);
    let subscriptions = env.run("template list --subscribe").assert_success();
    let titles = values(&env, "template show --subscribe |");
    assert!(!titles.is_empty(), "{}", subscriptions.stdout());
    assert_eq!(values(&env, "send --subscribe |"), titles);
    let fields = values(&env, &format!("send --subscribe '{}' -d |", titles.last().unwrap()));
    assert!(!fields.is_empty() && fields.iter().all(|field| field.ends_with('=')), "{fields:?}");
}

#[test]
fn config_keys_and_their_values_are_offered() {
    let env = prepared_env();
    assert_eq!(
        complete(&env, "config set send.r|"),
        [
            "values ",
            "send.rate\tthe maximum number of messages per second; 0 = no limit",
            "send.retain\tfinished messages are deleted after this time",
        ]
    );
    assert_eq!(values(&env, "config set token_endpoint |"), ["stable", "classic"]);
    assert_eq!(values(&env, "config set send.concurrency |"), ["1"]);
    assert_eq!(values(&env, "config set send.rate 1 send.w|"), ["send.wait"]);
    assert_eq!(values(&env, "config set send.rate 1 language |"), ["zh", "en"]);
    assert_eq!(complete(&env, "config set listen.tls_key |"), ["files "]);
    assert_eq!(
        values(&env, "config set templates.backup.|"),
        [
            "templates.backup.id",
            "templates.backup.url",
            "templates.backup.data.host",
            "templates.backup.data.size",
            "templates.backup.data.time"
        ]
    );
    assert_eq!(values(&env, "config get app_i|"), ["app_id"]);
    assert_eq!(values(&env, "config unset app_id app_|"), ["app_secret", "app_secret_file"]);
    for line in ["config set app_secret |", "config set network.proxy |", "config set nonsense |"] {
        assert!(values(&env, line).iter().all(|value| value.starts_with("--")), "{line}");
    }
    assert!(values(&env, "template alias new S|").contains(&"Server alert".to_owned()));
    assert_eq!(values(&env, "template alias new|"), [""; 0]);
    assert_eq!(values(&env, "template alias --remove b|"), ["backup"]);
}

#[test]
fn messages_are_offered_by_state() {
    let env = prepared_env();
    env.run(&format!("user add zoro --openid {ZORO}")).assert_success();
    env.run("send --user luffy hello").assert_success();
    assert_eq!(env.run("send --user zoro hello").status(), Some(5));
    env.run("send --user luffy hello --no-wait").assert_success();
    assert_eq!(env.message_states(), "sent failed queued");
    assert_eq!(values(&env, "outbox show |"), ["3", "2", "1"]);
    assert_eq!(values(&env, "outbox show 3 |"), ["2", "1"]);
    assert_eq!(values(&env, "outbox retry |"), ["3", "2"]);
    assert_eq!(values(&env, "outbox retry 3 |"), ["2"]);
    assert_eq!(values(&env, "outbox cancel |"), ["3"]);
    let errcode: i64 = env.query("SELECT errcode FROM messages WHERE id = 2");
    let failed = &complete(&env, "outbox retry 2|")[1];
    assert!(failed.starts_with(&format!("2\tfailed ({errcode}); text to zoro, ")), "{failed}");
    let failed = &complete(&env, "explain 4016|");
    assert!(failed.contains(&"40164\tthe caller IP is not on the IP allow-list".to_owned()), "{failed:?}");
}

#[test]
fn files_and_commands_are_left_to_the_shell() {
    let env = prepared_env();
    for line in ["user import |", "backup x|", "-c |", "send --image |", "send --batch |", "bind --qr-file |"] {
        assert_eq!(complete(&env, line), ["files "], "{line}");
    }
    assert_eq!(complete(&env, "--database=x|"), ["files --database="]);
    assert_eq!(complete(&env, "man |"), ["directories "]);
    assert_eq!(complete(&env, "run -u luffy -- |"), ["command "]);
    assert_eq!(complete(&env, "run -u luffy -- make --al|"), ["command "]);
    assert_eq!(complete(&env, "run -u luffy |")[1], "--\tCOMMAND follows");
}

#[test]
fn descriptions_have_the_language_of_the_run() {
    let mut env = prepared_env();
    env.prepend_config("language = \"zh\"");
    assert_eq!(complete(&env, "user show lu|")[1], "lucky\t未绑定");
    assert_eq!(complete(&env, "user sy|")[1], "sync\t更新已绑定用户的关注状态");
    assert_eq!(values(&env, "outbox list --columns cr|"), ["created_at"]);
    assert_eq!(values(&env, "outbox follow --columns=id,err|"), ["--columns=id,error", "--columns=id,errcode"]);
    assert_eq!(complete(&env, "run --on s|")[1], "success");
    env.set_variable("WXBOX_LANG", "en");
    assert_eq!(complete(&env, "user show lu|")[1], "lucky\tnot bound");
}

#[test]
fn config_and_database_are_those_of_the_command() {
    let mut env = prepared_env();
    env.run("--database other.db user add nami").assert_success();
    env.write_file("other.toml", format!("database = \"{}\"\n", env.path("other.db").display()));
    for line in ["--database other.db user show |", "user show -c ~/other.toml |", "-c other.toml send -u |"] {
        assert_eq!(values(&env, line), ["nami"], "{line}");
    }
    env.set_variable("WXBOX_CONFIG", "other.toml");
    assert_eq!(values(&env, "user show |"), ["nami"]);
    env.set_variable("WXBOX_DATABASE", env.database_path().to_str().unwrap());
    assert_eq!(values(&env, "user show |"), ["lucky", "luffy", "路飞"]);
}

#[test]
fn trouble_is_silent_and_changes_nothing() {
    let mut env = prepared_env();
    // This reads the requests so far.
    env.sandbox().requests();
    let before = files(&env);
    assert_eq!(values(&env, "--database missing.db send --user |"), [""; 0]);
    assert!(!env.path("missing.db").exists());
    assert_eq!(values(&env, "--database .config/wxbox/config.toml send --user |"), [""; 0]);
    assert_eq!(values(&env, "send --user lu|"), ["lucky", "luffy"]);
    assert_eq!(files(&env), before, "no log, no index, no copy");
    // A writer holds its lock, and a reader does not wait.
    let writer = rusqlite::Connection::open(env.database_path()).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE; DELETE FROM users").unwrap();
    assert_eq!(values(&env, "send --user lu|"), ["lucky", "luffy"]);
    writer.execute_batch("ROLLBACK").unwrap();
    let version: i64 = writer.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    for other in [version - 1, version + 1] {
        writer.execute_batch(&format!("PRAGMA user_version = {other}")).unwrap();
        assert_eq!(values(&env, "send --user |"), [""; 0], "{other}");
    }
    drop(writer);
    env.write_config("app_id = 1\n");
    assert_eq!(values(&env, "send --user |"), [""; 0]);
    assert_eq!(values(&env, "user sh|"), ["show"]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
}

#[test]
fn requests_of_other_scripts_are_silent() {
    let env = TestEnv::without_config();
    for args in [&["--"][..], &["--", "wxbox"], &["--", "9", "80", "", "wxbox us", "more"]] {
        for shell in ["bash", "zsh", "fish"] {
            let mut command = env.command("");
            command.env("_WXBOX_COMPLETE", shell).args(args);
            let output = command.output().unwrap();
            assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{shell} {args:?}");
        }
    }
    let mut command = env.command("");
    command.env("_WXBOX_COMPLETE", "bash").args(["--", "9", "80", "us", "wxbox us"]);
    assert_eq!(answer(command), ["values ", "user"]);
}

#[test]
fn variable_alone_completes_nothing() {
    let mut env = TestEnv::without_config();
    let help = env.run("explain 40164").assert_success().stdout().to_owned();
    env.set_variable("_WXBOX_COMPLETE", "bash");
    assert_eq!(env.run("explain 40164").assert_success().stdout(), help);
    assert_eq!(env.run("explain -- 40164").assert_success().stdout(), help);
}

#[test]
fn secrets_are_never_offered() {
    let mut env = prepared_env();
    env.run("token").assert_success();
    let token: String = env.query("SELECT token FROM tokens");
    let secret = env.sandbox().app_secret.clone();
    for line in ["|", "send |", "send --|", "init |", "config |", "config show |", "user show |", "template show |"] {
        let all = complete(&env, line).join("\n");
        assert!(!all.contains(&token) && !all.contains(&secret), "{line}: {all}");
    }
}
