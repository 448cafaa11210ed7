//! `template alias`: a short name for a template, written into the config.

use snapbox::str;

use crate::support::env::{BACKUP_TEMPLATE_ID, TestEnv};
use crate::support::pty::Terminal;

#[test]
fn alias_is_written_with_its_fields_and_works() {
    let env = TestEnv::new();
    let before = env.read_config();
    env.assert_session(str![[r#"
$ wxbox template show alert
2> error: there is no template "alert"
2> hint: run `wxbox template list` to see the templates of the account, or `wxbox template alias alert` to choose the one that this name stands for
exit 4
$ wxbox template alias alert 'Server alert'
the alias alert now stands for Server alert ([HOME]/.config/wxbox/config.toml)

"#]]);
    let table = "\n[templates.alert]\nid = \"server_alert-0123456789abcdefghijklmnopqrst\" # Server alert\n\n\
                 [templates.alert.data]\n# thing1 = \"\"\n# character_string2 = \"\"\n# time3 = \"\"\n";
    assert_eq!(env.read_config(), before + table);
    // The fields are comments, so that each needs a value.
    env.assert_session(str![[r#"
$ wxbox template check alert -d thing1=full
2> error: the template alert requires values for character_string2, time3
2> hint: use its fields thing1, character_string2, time3; run `wxbox template show alert` to see the template
exit 2

"#]]);
    env.run("-q config set templates.alert.data.character_string2 db1").assert_success();
    assert!(env.read_config().contains("# thing1 = \"\"\ncharacter_string2 = \"db1\"\n# time3"));
}

#[test]
fn existing_alias_is_replaced_with_force_only() {
    let env = TestEnv::new();
    let before = env.read_config();
    env.assert_session(str![[r#"
$ wxbox --json template alias backup 'Server alert'
2> {"error":"the alias backup already exists, for backup_finished-0123456789abcdefghijklmnopq","hint":"use --force to replace it","code":4}
exit 4

"#]]);
    // An alias of the same template changes nothing.
    env.run(&format!("-q template alias backup {BACKUP_TEMPLATE_ID}")).assert_success();
    assert_eq!(env.read_config(), before);
    let output = env.run("--json template alias backup 'Server alert' --force").assert_success();
    let line = &output.json_lines()[0];
    assert_eq!((line["alias"].as_str(), line["title"].as_str()), (Some("backup"), Some("Server alert")));
    let config = env.read_config();
    assert!(!config.contains(BACKUP_TEMPLATE_ID) && !config.contains("host = \"db0\""), "{config}");
    env.assert_session(str![[r#"
$ wxbox config get templates.backup.id
server_alert-0123456789abcdefghijklmnopqrst
$ wxbox template alias backup --remove
removed the alias backup from [HOME]/.config/wxbox/config.toml
$ wxbox template alias backup --remove
2> error: there is no alias backup
exit 4

"#]]);
    assert!(!env.read_config().contains("templates"), "{}", env.read_config());
}

#[test]
fn script_gets_no_list() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox template alias alert
2> error: the template is missing
2> hint: run `wxbox template alias alert ID`, or run it on a terminal to choose from a list
exit 2

"#]]);
    assert_eq!(env.run("template alias '' x").status(), Some(2));
}

#[test]
fn template_is_picked_on_a_terminal() {
    let mut env = TestEnv::new();
    for (lang, name, shown) in [
        ("en", "notice", "Server alert (thing1, character_string2, time3)"),
        ("zh", "告警", "“Server alert”（thing1、character_string2、time3）"),
    ] {
        env.set_variable("WXBOX_LANG", lang);
        let mut terminal = Terminal::start(env.command(&format!("template alias {name}")), 24, 80);
        terminal.answer(shown, "server_alert\r");
        let ended = terminal.wait();
        let text = ended.text().replace('\n', "");
        assert_eq!(ended.status.code(), Some(0), "{text}");
        assert!(text.contains(&format!("wxbox send --user NAME -t {name} -d thing1=…")), "{text}");
    }
    let config = env.read_config();
    for header in ["[templates.notice]", "[templates.\"告警\"]"] {
        assert!(config.contains(&format!("{header}\nid = \"server_alert-")), "{config}");
    }
    // An existing alias is a question here.
    env.set_variable("WXBOX_LANG", "en");
    let mut terminal = Terminal::start(env.command("template alias notice backup"), 24, 80);
    terminal.answer("Replace it?", "y\r");
    terminal.wait().assert_status(0);
    assert!(env.read_config().contains("[templates.notice]\nid = \"backup_finished-"));
}

#[test]
fn shown_template_has_the_command_for_an_alias() {
    let env = TestEnv::new();
    let text = |line: &str| {
        let ended = Terminal::start(env.command(line), 40, 120).wait();
        ended.text()
    };
    let command = "wxbox template alias NAME server_alert-0123456789abcdefghijklmnopqrst";
    assert!(text("template show 'Server alert'").contains(command));
    assert!(!text("template show backup").contains("template alias"));
    assert!(text("template add 43216 --keyword 告警内容").contains("wxbox template alias NAME"));
}
