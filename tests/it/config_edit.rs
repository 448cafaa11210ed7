//! `config edit` in a terminal, with scripts as editors.

use crate::support::env::{TestEnv, set_mode};
use crate::support::pty::Terminal;

const CONFIG: &str = "app_id = \"wx1\" # mine\n[send]\nrate = 5\n";

/// Returns an environment whose editor is a shell script; `$1` is the file.
fn env_with_editor(script: &str) -> TestEnv {
    let mut env = TestEnv::without_config();
    env.write_config(CONFIG);
    let path = env.write_file("my editor", format!("#!/bin/sh\n{script}\n"));
    set_mode(&path, 0o700);
    env.set_variable("EDITOR", &format!("'{}' -x", path.display()));
    env
}

fn start(env: &TestEnv) -> Terminal {
    Terminal::start(env.command("config edit"), 24, 80)
}

#[test]
fn valid_text_is_saved() {
    let env = env_with_editor(
        "stat -c '%a %n' \"$2\" \"$(dirname \"$2\")\" >seen; test -t 1 || exit 1; sed -i 's/rate = 5/rate = 9/' \"$2\"",
    );
    start(&env).wait().assert_status(0);
    assert_eq!(env.read_config(), CONFIG.replace('5', "9"));
    let seen = std::fs::read_to_string(env.path("seen")).unwrap();
    let lines: Vec<_> = seen.lines().collect();
    assert!(lines[0].starts_with("600 ") && lines[0].ends_with("/config.toml"), "{seen}");
    assert!(lines[1].starts_with("700 "), "{seen}");
    let copy = lines[0].trim_start_matches("600 ");
    assert!(!std::path::Path::new(copy).exists(), "the copy is removed");
}

#[test]
fn unchanged_text_and_failed_editor_change_nothing() {
    for script in ["true", "echo '# x' >>\"$2\"; exit 1"] {
        let env = env_with_editor(script);
        let ended = start(&env).wait();
        assert_eq!(ended.status.code(), Some(0), "{script}");
        assert!(ended.text().contains("nothing was changed"), "{}", ended.text());
        assert_eq!(env.read_config(), CONFIG);
    }
}

#[test]
fn invalid_text_can_be_edited_again() {
    // The first run makes an error; the second one finds the text of the first and repairs it.
    let script =
        "if grep -q fast \"$2\"; then sed -i 's/\"fast\"/8/' \"$2\"; else sed -i 's/= 5/= \"fast\"/' \"$2\"; fi";
    let env = env_with_editor(script);
    let mut terminal = start(&env);
    terminal.wait_for("Edit it again?");
    terminal.wait_for("config.toml:3: send.rate must be");
    assert_eq!(env.read_config(), CONFIG);
    terminal.type_keys("\r");
    terminal.wait().assert_status(0);
    assert_eq!(env.read_config(), CONFIG.replace('5', "8"));
}

#[test]
fn invalid_text_can_be_discarded() {
    let env = env_with_editor("echo oops >>\"$2\"");
    let mut terminal = start(&env);
    terminal.answer("Edit it again?", "n\r");
    let ended = terminal.wait().assert_status(3);
    assert!(ended.text().contains("nothing was changed"), "{}", ended.text());
    assert_eq!(env.read_config(), CONFIG);
}

#[test]
fn change_of_another_program_is_noticed() {
    let script = "echo 'app_id = \"wx2\"' >\"$HOME/.config/wxbox/config.toml\"; sed -i 's/= 5/= 6/' \"$2\"";
    for (answer, status, expected) in [("\r", 1, "app_id = \"wx2\"\n".to_owned()), ("y\r", 0, CONFIG.replace('5', "6"))]
    {
        let env = env_with_editor(script);
        let mut terminal = start(&env);
        terminal.answer("Overwrite it with your text?", answer);
        terminal.wait().assert_status(status);
        assert_eq!(env.read_config(), expected);
    }
}

#[test]
fn missing_editor_and_missing_terminal_are_errors() {
    let mut env = env_with_editor("true");
    let output = env.run("config edit");
    assert_eq!(output.status(), Some(2));
    assert!(
        output.stderr().contains("cannot start an editor without a terminal") && output.stderr().contains("config set")
    );
    env.set_variable("VISUAL", "no-such-editor --wait");
    let text = start(&env).wait().assert_status(2).text();
    assert!(text.contains("cannot find the editor no-such-editor") && text.contains("export EDITOR=nano"), "{text}");
    env.set_variable("VISUAL", "'unclosed");
    start(&env).wait().assert_status(2);
    let empty = TestEnv::without_config();
    let ended = start(&empty).wait().assert_status(4);
    assert!(ended.text().contains("wxbox init"), "{}", ended.text());
}

#[test]
fn stop_signal_ends_editor_and_wxbox() {
    let env =
        env_with_editor("sleep 1000 & trap 'kill $!; echo ended >\"$HOME/ended\"; exit 1' TERM; echo started; wait");
    let mut terminal = start(&env);
    terminal.wait_for("started");
    terminal.signal(rustix::process::Signal::TERM);
    terminal.wait().assert_status(143);
    assert!(env.path("ended").exists());
    assert_eq!(env.read_config(), CONFIG);
}
