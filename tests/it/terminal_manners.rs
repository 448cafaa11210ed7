//! Hyperlinks and the pager on a terminal, and the short report of `doctor` with its fixes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv, set_mode};
use crate::support::pty::{Terminal, TerminalOutput};

/// The beginning of a hyperlink (OSC 8).
const LINK: &str = "\x1b]8;;";

fn mode_of(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Runs a command on a terminal that shows hyperlinks.
fn run_with_links(env: &TestEnv, line: &str, change: impl Fn(&mut Command)) -> String {
    let mut command = env.command(line);
    command.env("FORCE_HYPERLINK", "1");
    change(&mut command);
    String::from_utf8(Terminal::start(command, 30, 120).wait().raw).unwrap()
}

#[test]
fn links_are_only_where_the_terminal_shows_them() {
    let env = TestEnv::with_bound_luffy();
    let linked = run_with_links(&env, "explain 40164", |_| {});
    assert!(linked.contains(&format!("{LINK}https://developers.weixin.qq.com/")), "{linked:?}");
    assert!(linked.contains("\x1b\\40164\x1b]8;;\x1b\\"), "{linked:?}");
    let path = run_with_links(&env, "config path", |_| {});
    assert!(path.contains(&format!("{LINK}file://{}", env.path(".config/wxbox/config.toml").display())), "{path:?}");
    env.run("send -u luffy --no-wait -t backup --url https://example.com/a%20b?x=%E8%B7%AF").assert_success();
    let shown = run_with_links(&env, "outbox show 1", |_| {});
    assert!(shown.contains(&format!("{LINK}https://example.com/a%20b?x=%E8%B7%AF\x1b\\")), "{shown:?}");

    type Change = fn(&mut Command);
    let without: [Change; 4] = [
        |command| {
            command.env("TERM", "dumb");
        },
        |command| {
            command.arg("--color=never");
        },
        |command| {
            command.env("FORCE_HYPERLINK", "0");
        },
        |command| {
            command.arg("--json");
        },
    ];
    for change in without {
        let plain = run_with_links(&env, "explain 40164", change);
        assert!(!plain.contains(LINK) && plain.contains("40164"), "{plain:?}");
    }
    let mut piped = env.command("--color always explain 40164");
    let output = piped.env("FORCE_HYPERLINK", "1").output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains(LINK));
}

/// Runs a command on a small terminal with this pager.
fn run_with_pager(env: &TestEnv, line: &str, pager: &str) -> TerminalOutput {
    let mut command = env.command(line);
    command.env("WXBOX_PAGER", pager);
    Terminal::start(command, 24, 80).wait()
}

/// Writes a pager that prints a mark, and how many lines it read.
fn counting_pager(env: &TestEnv) -> String {
    let path = env.write_file("pager", "#!/bin/sh\necho \"paged $(wc -l) lines, LESS=$LESS\"\n");
    set_mode(&path, 0o755);
    path.to_str().unwrap().to_owned()
}

#[test]
fn long_help_and_lists_are_paged() {
    let env = TestEnv::with_scenario("crowd = 40\n");
    env.add_generated_users(40);
    let pager = counting_pager(&env);
    for line in ["send --help", "help sandbox", "user list"] {
        let ended = run_with_pager(&env, line, &pager);
        let text = ended.text();
        assert!(text.contains("paged ") && text.contains("LESS=FRX"), "{line}: {text}");
        assert_eq!(ended.status.code(), Some(0), "{line}");
    }
    // Output that fits the screen is not paged, and neither is JSON.
    for line in ["outbox list", "--json user list", "send -h"] {
        let text = run_with_pager(&env, line, &pager).screen.contents();
        assert!(!text.contains("paged "), "{line}: {text}");
    }
    // A pager that is missing, or that is cat, means none; the status is that of the command.
    for pager in ["/nonexistent/pager", "cat", "", "'"] {
        let ended = run_with_pager(&env, "user list", pager);
        let text = ended.text();
        assert!(text.contains("crowd000040") && ended.status.success(), "{pager:?}: {text}");
    }
    let ended = run_with_pager(&env, "user list", "false");
    assert_eq!(ended.status.code(), Some(0), "the exit status of the pager does not count");
    let piped = env.run("user list").assert_success();
    assert_eq!(piped.stdout().lines().count(), 40);
}

#[test]
fn ctrl_c_is_for_the_pager() {
    let env = TestEnv::new();
    // It ends by itself once it has been interrupted. A signal always ends `wait`, but not a `read`
    // that is about to begin.
    let script = "#!/bin/sh\nsleep 1000 &\ntrap 'kill $!; echo caught; exit 0' INT\necho ready\nwait\n";
    let path = env.write_file("pager", script);
    set_mode(&path, 0o755);
    let mut command = env.command("send --help");
    command.env("WXBOX_PAGER", &path);
    let mut terminal = Terminal::start(command, 24, 80);
    terminal.answer("ready", "\x03");
    let ended = terminal.wait();
    let text = ended.text();
    assert!(text.contains("caught") && ended.is_echo_on, "{text}");
    assert_eq!(ended.status.code(), Some(0), "{text}");
}

#[test]
fn doctor_prints_failures_first_and_passed_checks_with_v() {
    let env = TestEnv::new();
    let all = env.run("-v doctor").assert_success();
    assert_eq!(all.stdout().lines().count(), 17, "{}", all.stdout());
    assert!(all.stdout().starts_with("ok       config: "), "{}", all.stdout());
    env.replace_in_config(&[("id = \"backup", "id = \"gone"), ("app_secret", "redirect = 1\napp_secret")]);
    env.replace_in_config(&[("redirect = 1\n", "")]);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    set_mode(&env.database_path(), 0o604);
    let ran = env.run("doctor");
    let words: Vec<&str> = ran.stdout().lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["failure", "fix:", "warning", "fix:"], "{}", ran.stdout());
    assert_eq!(ran.stderr(), "1 failure, 1 warning; 15 checks passed (`wxbox -v doctor` lists them)\n");
}

#[test]
fn doctor_fix_removes_permissions_and_nothing_else() {
    let mut env = TestEnv::with_bound_luffy();
    let (config, database) = (env.path(".config/wxbox/config.toml"), env.database_path());
    let before = env.read_config();
    set_mode(&config, 0o666);
    set_mode(&env.path(".config/wxbox"), 0o777);
    set_mode(&database, 0o644);
    assert_eq!(env.run("doctor").status(), Some(3));
    env.assert_session(str![[r#"
$ wxbox doctor --fix
2> changed the mode of [HOME]/.config/wxbox/config.toml from 666 to 644
2> changed the mode of [HOME]/.config/wxbox from 777 to 755
2> changed the mode of [HOME]/.config/wxbox/config.toml from 644 to 640
2> changed the mode of [HOME]/.local/share/wxbox/wxbox.db from 644 to 640
2> all 17 checks passed (`wxbox -v doctor` lists them)

"#]]);
    let modes = [&config, &env.path(".config/wxbox")].map(|path| format!("{:o}", mode_of(path)));
    assert_eq!(modes, ["640", "755"]);
    assert_eq!(mode_of(&database) & 0o007, 0);
    assert_eq!(env.read_config(), before);
    // A second run has nothing to fix.
    assert_eq!(
        env.run("doctor --fix").assert_success().stderr(),
        "all 17 checks passed (`wxbox -v doctor` lists them)\n"
    );

    let secret = env.sandbox().app_secret.clone();
    let file = env.write_file(".config/wxbox/secret", &secret);
    env.replace_in_config(&[(&format!("app_secret = \"{secret}\""), "app_secret_file = \"secret\"")]);
    set_mode(&file, 0o646);
    env.set_variable("WXBOX_LANG", "zh");
    let fixed = env.run("--json doctor --fix").assert_success();
    assert_eq!(mode_of(&file), 0o640, "{}", fixed.stderr());
    assert!(fixed.stderr().contains("权限从 646 改为 "), "{}", fixed.stderr());
}
