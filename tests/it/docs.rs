//! Committed files that must match the code: shell completions and the command-line reference.
//! `BLESS=1 cargo test docs` rewrites them, and the tables of the READMEs (`docs_markdown.rs`).

use std::path::Path;
use std::process::{Command, Stdio};

use clap_complete::Shell;
use regex::Regex;
use snapbox::str;
use wxbox::reference;

use crate::support::env::{LUFFY, TestEnv};

/// Compares a committed file with the expected text, or rewrites it.
pub fn assert_committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("BLESS").is_some() {
        let dir = path.parent().unwrap();
        std::fs::create_dir_all(dir).unwrap();
        // Other tests may read the file at the same time.
        let temporary = dir.join(format!(".{}.new", path.file_name().unwrap().to_str().unwrap()));
        std::fs::write(&temporary, text).unwrap();
        return std::fs::rename(temporary, path).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut old, mut new) = (found.lines(), text.lines());
    for number in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (was, is) => assert_eq!(was, is, "{name}:{number} is out of date: BLESS=1 cargo test docs command_corpus"),
        }
    }
}

const SHELLS: [(Shell, &str, &str); 5] = [
    (Shell::Bash, "bash", "wxbox.bash"),
    (Shell::Zsh, "zsh", "_wxbox"),
    (Shell::Fish, "fish", "wxbox.fish"),
    (Shell::PowerShell, "powershell", "_wxbox.ps1"),
    (Shell::Elvish, "elvish", "wxbox.elv"),
];

#[test]
fn completions_match_code() {
    let env = TestEnv::without_config();
    for (shell, name, file) in SHELLS {
        let script = reference::completions(shell);
        assert_committed(&format!("completions/{file}"), &script);
        let ran = env.run(&format!("completions {name}")).assert_success();
        assert_eq!(ran.stdout().trim_end(), script.trim_end());
    }
}

/// Runs a program with a script in place of its standard input, and returns its output. Prints a
/// note and returns `None` if the program is not installed.
fn run_shell_completion(program: &str, args: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env("HOME", home.path()).stdin(Stdio::null());
    match command.output() {
        Ok(output) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert!(output.status.success(), "{program}: {}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(text(&output.stderr), "", "{program}");
            Some(text(&output.stdout))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no {program} on the PATH");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

#[test]
fn bash_completes() {
    let script = r#"source completions/wxbox.bash && complete -p wxbox &&
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _wxbox wxbox "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
        try wxbox us; try wxbox user sh; try wxbox user add --pass; try wxbox completions el"#;
    let Some(said) = run_shell_completion("bash", &["--norc", "-c", script]) else { return };
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].ends_with("-F _wxbox wxbox"), "{said}");
    assert_eq!(lines[1..], ["user", "show", "--password-stdin", "elvish"]);
}

#[test]
fn zsh_takes_the_script() {
    let script = "autoload -U compinit && compinit -D -u && source completions/_wxbox && echo $_comps[wxbox]";
    if let Some(said) = run_shell_completion("zsh", &["-f", "-c", script]) {
        assert_eq!(said, "_wxbox\n");
    }
}

#[test]
fn fish_completes() {
    let script = "source completions/wxbox.fish; complete -C 'wxbox us'; complete -C 'wxbox user sh'";
    if let Some(said) = run_shell_completion("fish", &["--no-config", "-c", script]) {
        assert_eq!(said, "user\tManage the registry of people\nshow\tShow a person\n");
    }
}

#[test]
fn the_reference_shows_every_help() {
    let env = TestEnv::without_config();
    let mut text = "# Every `--help` of wxbox\n\nWritten by `BLESS=1 cargo test docs`.\n".to_owned();
    for words in reference::all_commands() {
        let line = words.join(" ");
        let help = env.run(&format!("{line} --help")).assert_success();
        // If a topic has a command's name, the topic is shown.
        if !reference::TOPICS.iter().any(|topic| topic.name == line) {
            let same = env.run(&format!("help {line}")).assert_success();
            assert_eq!(help.stdout(), same.stdout(), "{line}");
        }
        text += &format!("\n## `{}`\n\n```text\n{}```\n", format!("wxbox {line}").trim(), help.stdout());
    }
    assert_committed("tests/cli-reference.md", &text);
}

#[test]
fn every_variable_that_is_read_is_documented() {
    let documented: Vec<_> = reference::ENVIRONMENT_VARIABLES.iter().map(|variable| variable.name).collect();
    for name in wxbox::config::VARIABLES {
        assert!(documented.contains(&name), "{name}");
    }
    let read = Regex::new(r#"(?:env::var(?:_os)?|\bset)\("([A-Z_]+)"\)"#).unwrap();
    for (path, text) in crate::architecture::rust_files("src") {
        for found in read.captures_iter(&text) {
            assert!(documented.contains(&&found[1]), "{}: {}", path.display(), &found[1]);
        }
    }
}

#[test]
fn json_objects_have_the_fields_that_are_documented() {
    let mut env = TestEnv::new();
    // The tab causes a warning.
    env.write_file("lines.jsonl", "{\"user\": \"luffy\", \"text\": \"h\ti\", \"ref\": 1}");
    env.write_file("chart.png", crate::media::PNG);
    let fields = |line: &str| -> Vec<String> {
        let ran = env.run(&format!("--json {line}")).assert_success();
        ran.json_lines()[0].as_object().unwrap().keys().cloned().collect()
    };
    let documented = |command: &str, nth: usize| {
        let mut all = reference::JSON_OBJECTS.iter().filter(|object| object.command == command);
        all.nth(nth).unwrap().fields.to_vec()
    };
    let bind = format!("bind --user luffy --openid {LUFFY}");
    let lines = [
        ("user add luffy", "user …", 0),
        ("user list", "user …", 0),
        ("doctor", "doctor", 0),
        (bind.as_str(), "bind", 1),
        ("send --user luffy hi", "send, outbox flush|retry", 0),
        ("outbox list", "outbox list", 0),
        ("send --batch lines.jsonl", "send --batch", 0),
        ("send --user luffy hi --dry-run", "send --dry-run", 0),
        ("config show", "config show", 0),
        ("config path", "config path", 0),
        ("outbox show 1", "outbox show", 0),
        ("media upload chart.png", "media upload", 0),
        ("template list", "template …", 0),
        ("template show backup", "template …", 0),
        ("template check backup", "template check", 0),
        ("template add 43216 --keyword 告警内容", "template …", 0),
        ("template remove backup --yes", "template …", 0),
        ("user sync", "user sync", 1),
        ("follower list", "follower list", 0),
        (&format!("follower show {LUFFY}"), "follower show", 0),
        (&format!("follower remark {LUFFY} captain"), "follower remark", 0),
        ("quota show", "quota show", 0),
        ("quota clear --yes", "quota clear", 0),
        ("explain 40001", "explain", 0),
        ("token", "token", 0),
        ("unbind --user luffy", "unbind", 0),
        ("user remove luffy --yes", "user remove", 0),
    ];
    for (line, command, nth) in lines {
        assert_eq!(fields(line), documented(command, nth), "{line}");
    }
    let init = env.run_with_stdin(
        "--json -c new.toml init --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin --no-check",
        "x",
    );
    let line: serde_json::Value = serde_json::from_str(init.assert_success().stdout()).unwrap();
    assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), documented("init", 0));
    let error: serde_json::Value = serde_json::from_str(env.run("--json user show x").stderr()).unwrap();
    assert_eq!(error.as_object().unwrap().keys().collect::<Vec<_>>(), documented("any error", 0));
    env.sandbox();
}

#[test]
fn help_fits_80_columns_and_suggests_near_names() {
    let env = TestEnv::without_config();
    for topic in reference::TOPICS {
        let ran = env.run(&format!("help {}", topic.name)).assert_success();
        let wide: Vec<_> = ran.stdout().lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(wide, Vec::<&str>::new());
        assert_eq!(ran.stdout().trim_end(), (topic.text)().trim_end());
    }
    env.run("help exit-code").assert_snapshot(str![[r#"
exit 2
--- stderr
error: there is no command or topic "exit-code"
hint: did you mean `wxbox help exit-codes`?

"#]]);
    env.run("help user ad").assert_snapshot(str![[r#"
exit 2
--- stderr
error: there is no command or topic "user ad"
hint: did you mean `wxbox help user add`?

"#]]);
    env.run("help token more").assert_snapshot(str![[r#"
exit 2
--- stderr
error: there is no command or topic "token more"
hint: `wxbox help token` shows the whole

"#]]);
    env.run("help weather").assert_snapshot(str![[r#"
exit 2
--- stderr
error: there is no command or topic "weather"
hint: there are init, doctor, user, bind, unbind, send, run, outbox, template, media, follower, quota, explain, config, token, backup, sandbox, demo, completions, man, help, exit-codes, environment, json, recovery

"#]]);
    env.run("help exit-codes").assert_snapshot(str![[r#"
exit 0
--- stdout
Every exit status of wxbox has one meaning:

  0    done; nothing to do
  1    something unexpected: I/O, the database, a port in use, a bug
  2    the command line is wrong: usage, an unusable name, text or field, a
       missing --yes without a terminal
  3    configuration or credentials: missing, invalid or refused by WeChat; a
       user's wrong password; or doctor found a failure
  4    no such user, tag, template or message; or it exists already; or the user
       is not bound (nothing is queued)
  5    WeChat refused the message (all of them) for good
  6    not known to be delivered: queued or unknown (all of those not delivered)
  7    several recipients, messages or people to bind, and they ended
       differently
  8    the binding timed out
  126  run: the command cannot be executed
  127  run: there is no such command
  129  ended by SIGHUP (its terminal is gone); what was queued stays queued
  130  interrupted by Ctrl-C; what was queued stays queued
  143  ended by SIGTERM; what was queued stays queued

A message that WeChat did not accept is never reported as sent: 0 after `send`
means that WeChat took every message. With --json an error's "code" is the
exit status.

`run` ends with the status of its command, and with 128+n where signal n ended
the command. What became of the report does not change that.

"#]]);
}

#[test]
fn the_manual_pages_are_well_formed() {
    let env = TestEnv::without_config();
    env.write_file("man/wxbox.1", "old");
    env.run("man man").assert_success();
    env.run("-q man new/man1").assert_snapshot(str![[r#"
exit 0

"#]]);
    env.run("man /dev/null").assert_snapshot(str![[r#"
exit 1
--- stderr
error: /dev/null is not a directory

"#]]);
    let pages = reference::man_pages().unwrap();
    assert_eq!(env.run("man").assert_success().stdout().trim_end(), pages[0].1.trim_end());
    for name in ["ENVIRONMENT", "FILES", "\"EXIT STATUS\"", "EXAMPLES"] {
        assert!(pages[0].1.contains(&format!("\n.SH {name}\n")), "{name}");
    }
    let mut paths = Vec::new();
    for (name, page) in &pages {
        let path = env.path(&format!("man/{name}"));
        assert_eq!(&std::fs::read_to_string(&path).unwrap(), page);
        paths.push(path.to_str().unwrap().to_owned());
    }
    assert!(paths.iter().any(|path| path.ends_with("/wxbox-user-add.1")), "{paths:?}");
    assert_eq!(std::fs::read_dir(env.path("man")).unwrap().count(), pages.len());
    let lint: Vec<_> = ["-T", "lint", "-W", "error"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    if let Some(said) = run_shell_completion("mandoc", &lint) {
        assert_eq!(said, "");
    }
}
