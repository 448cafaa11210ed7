//! Completion in real shells on a terminal, with the scripts of `completions/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::env::{LUFFY, TestEnv};
use crate::support::pty::Terminal;

const CTRL_U: &str = "\x15";
const PROMPT: &str = "ready>";

/// A shell with its completion script.
struct InteractiveShell {
    terminal: Terminal,
}

impl InteractiveShell {
    /// Types a line with the TAB key in it, waits for a text, and drops the line.
    #[track_caller]
    fn expect(&mut self, keys: &str, text: &str) {
        self.terminal.type_keys(keys);
        self.terminal.wait_for(text);
        self.terminal.type_keys(CTRL_U);
        // The terminal may discard what is typed before the shell has dropped the line.
        self.terminal.until_screen(|screen| {
            let (row, _) = screen.cursor_position();
            screen.rows(0, screen.size().1).nth(row.into()).is_some_and(|line| line.trim() == PROMPT)
        });
    }
}

/// Returns an environment with people, messages, a template and a file.
fn prepared_env() -> TestEnv {
    let env = TestEnv::new();
    env.run("template list").assert_success();
    env.run(&format!("user add luffy --openid {LUFFY} --tag ops-night")).assert_success();
    env.run("user add 'monkey d. dragon'").assert_success();
    env.run("send --user luffy hello --no-wait").assert_success();
    env.run("send --user luffy hello --no-wait").assert_success();
    env.write_file("users-2026.csv", "username\n");
    env.write_file("bin/zz-nightly", "#!/bin/sh\n");
    crate::support::env::set_mode(&env.path("bin/zz-nightly"), 0o700);
    env
}

/// Returns a shell command in the environment of a test, or `None` with a note if the shell is not
/// installed.
fn shell_command(env: &TestEnv, shell: &str, args: &[&str]) -> Option<Command> {
    let probe = Command::new(shell).args(["-c", ":"]).stdin(Stdio::null()).output();
    if probe.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        eprintln!("skipped: there is no {shell} on the PATH");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_wxbox")).parent().unwrap().to_str().unwrap();
    let own = env.path("bin");
    let mut command = Command::new(shell);
    command
        .args(args)
        .env_clear()
        .env("HOME", env.home.path())
        .env("ZDOTDIR", env.home.path())
        .env("LANG", "C.UTF-8")
        .env("PATH", format!("{program}:{}:/usr/bin:/bin", own.to_str().unwrap()))
        .current_dir(env.home.path());
    Some(command)
}

fn completions_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

fn assert_completes(command: Command) {
    let mut shell = InteractiveShell { terminal: Terminal::start(command, 60, 120) };
    shell.terminal.wait_for(PROMPT);
    shell.expect("wxbox tem\tsho\tback\t", "wxbox template show backup");
    shell.expect("wxbox user show luf\t", "wxbox user show luffy");
    shell.expect("wxbox send --user=luf\t", "wxbox send --user=luffy");
    shell.expect("wxbox send --tag ops\t", "wxbox send --tag ops-night");
    shell.expect("wxbox unbind --user mon\t", r"wxbox unbind --user monkey\ d.\ dragon");
    shell.expect("wxbox user passwd 'mon\t", "wxbox user passwd 'monkey d. dragon'");
    // A key without a space, so that the value can follow; then another key.
    shell.expect("wxbox send -t backup -d ho\tdb1 -d si\t42G", "wxbox send -t backup -d host=db1 -d size=42G");
    shell.expect("wxbox explain 4016\t\t", "the caller IP is not on the IP allow-list");
    // Files are offered only where the argument is a file.
    shell.expect("wxbox user import use\t", "wxbox user import users-2026.csv");
    shell.expect("wxbox user show use\tQ", "wxbox user show useQ");
    shell.expect("wxbox send use\tQ", "wxbox send useQ");
    shell.expect("wxbox --config=use\t", "wxbox --config=users-2026.csv");
    shell.expect("wxbox run -u luffy -- zz-ni\t", "wxbox run -u luffy -- zz-nightly");
    shell.expect("wxbox run -u luffy -- zz-nightly use\t", "wxbox run -u luffy -- zz-nightly users-2026.csv");
    shell.expect("wxbox outbox cancel \t\t", "queued; text to luffy");
}

#[test]
fn bash_completes() {
    let env = prepared_env();
    let script = completions_dir().join("wxbox.bash");
    let rc = format!("PS1='ready> '; bind 'set bell-style none'; source {}", script.display());
    let rc = env.write_file("rc.bash", rc);
    let Some(command) = shell_command(&env, "bash", &["--noprofile", "--rcfile", rc.to_str().unwrap(), "-i"]) else {
        return;
    };
    assert_completes(command);
}

#[test]
fn zsh_completes() {
    let env = prepared_env();
    let rc = format!(
        "fpath=({} $fpath); autoload -U compinit; compinit -D -u; unsetopt beep; PS1='ready> '",
        completions_dir().display()
    );
    env.write_file(".zshrc", rc);
    let Some(command) = shell_command(&env, "zsh", &["-d", "-i"]) else { return };
    assert_completes(command);
}

#[test]
fn zsh_takes_a_sourced_script() {
    let env = prepared_env();
    let rc = format!(
        "autoload -U compinit; compinit -D -u; source {}; unsetopt beep; PS1='ready> '",
        completions_dir().join("_wxbox").display()
    );
    env.write_file(".zshrc", rc);
    let Some(command) = shell_command(&env, "zsh", &["-d", "-i"]) else { return };
    let mut terminal = Terminal::start(command, 20, 120);
    terminal.answer(PROMPT, "wxbox user show luf\t");
    terminal.wait_for("wxbox user show luffy");
}

#[test]
fn fish_completes() {
    let env = prepared_env();
    let script = completions_dir().join("wxbox.fish");
    // A suggestion would show the rest of a word without the TAB key.
    let rc = format!(
        "set -g fish_greeting; set -g fish_autosuggestion_enabled 0; function fish_prompt; echo -n 'ready> '; end; source {}",
        script.display()
    );
    let Some(command) = shell_command(&env, "fish", &["--no-config", "-i", "-C", &rc]) else { return };
    assert_completes(command);
}
