//! The commands in hints repeat `-c` and `--database`, so that what a user types acts on the same
//! account and the same outbox.

use crate::support::env::{LUFFY, TestEnv};

/// Returns an environment whose config is in a file that `-c` must name, and the options.
fn env_with_named_config() -> (TestEnv, &'static str) {
    let mut env = TestEnv::with_scenario("");
    env.write_file("my config.toml", env.read_config());
    std::fs::remove_dir_all(env.path(".config")).unwrap();
    env.run(&format!("-c 'my config.toml' --database d.db user add luffy --openid {LUFFY}")).assert_success();
    env.set_text_fault("errcode = 43004");
    (env, "-c 'my config.toml' --database d.db")
}

#[test]
fn suggested_command_can_be_typed_as_it_is() {
    let (mut env, options) = env_with_named_config();
    let ran = env.run(&format!("{options} send --user luffy hello"));
    let (_, rest) = ran.stderr().split_once("run `wxbox ").unwrap();
    let command = rest.split('`').next().unwrap();
    assert_eq!(command, format!("{options} outbox retry 1"));
    env.sandbox().post_form("faults", "");
    env.run(command).assert_success();
    let json = env.run(&format!("{options} --json send --user luffy --key a hello")).assert_success();
    assert_eq!(json.json_lines()[0]["hint"], serde_json::Value::Null);
}

#[test]
fn options_are_in_json_in_notes_and_in_both_languages() {
    let (mut env, options) = env_with_named_config();
    let json = env.run(&format!("{options} --json send --user luffy hello"));
    let hint = json.json_lines()[0]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("`wxbox {options} outbox retry 1`")), "{hint}");
    let shown = env.run("--database d.db --json -c 'my config.toml' outbox show 1").assert_success();
    assert_eq!(shown.json_lines()[0]["hint"], hint);
    let unknown = env.run(&format!("{options} --json user show nami"));
    assert!(unknown.stderr().contains(&format!("`wxbox {options} user list`")), "{}", unknown.stderr());
    env.set_variable("WXBOX_LANG", "zh");
    let chinese = env.run(&format!("{options} send --user luffy hello"));
    assert!(chinese.stderr().contains(&format!("运行 `wxbox {options} outbox retry 2`")), "{}", chinese.stderr());
}

#[test]
fn options_are_only_added_to_commands_that_use_them() {
    let (env, _) = env_with_named_config();
    let usage = env.run("--config=a.toml send --luffy hello");
    assert!(!usage.stderr().contains("a.toml"), "{}", usage.stderr());
    let misnamed = env.run("-c a.toml outbox retry");
    assert!(!misnamed.stderr().contains("a.toml outbox retry -h"), "{}", misnamed.stderr());
    let missing = env.run("-c 'none.toml' user list");
    assert!(!missing.stderr().contains("wxbox -c none.toml help"), "{}", missing.stderr());
    let plain = env.run("user show nami");
    assert!(!plain.stderr().contains("wxbox -c") && !plain.stderr().contains("wxbox --database"), "{}", plain.stderr());
}
