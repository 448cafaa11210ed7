//! `send`: recipients and contents.

use snapbox::str;

use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, NAMI, TestEnv, ZORO};

/// Returns an environment with luffy, nami and zoro bound and usopp unbound. All but zoro have the
/// same tag.
pub fn env_with_users() -> TestEnv {
    add_users(TestEnv::new())
}

/// Adds the same users to another environment.
pub fn add_users(env: TestEnv) -> TestEnv {
    env.run(&format!("user add luffy --tag crew --openid {LUFFY}")).assert_success();
    env.run(&format!("user add nami --tag crew --openid {NAMI}")).assert_success();
    env.run(&format!("user add zoro --tag lost --openid {ZORO}")).assert_success();
    env.run("user add usopp --tag crew").assert_success();
    env
}

/// Returns the number of queued messages.
pub fn queued_count(env: &TestEnv) -> i64 {
    env.query("SELECT count(*) FROM messages WHERE state = 'queued'")
}

#[test]
fn a_text_comes_from_the_line_an_option_or_standard_input() {
    let mut env = env_with_users();
    env.run("send -u luffy 'one 一'").assert_success();
    env.run("send --text two --user luffy").assert_success();
    env.run_with_stdin("send -u luffy -", "three\r\nlines\n\n").assert_success();
    // The byte order mark that Windows writes is not part of the text.
    env.run_with_stdin("send -u luffy --text -", "\u{feff}four").assert_success();
    env.run("send -u luffy --text=--five").assert_success();
    env.sandbox().post_form("write", "person=luffy");
    env.run("send -u luffy '-7 degrees'").assert_success();
    env.run(r"send -u luffy 'a\nb'").assert_success();
    let inbox = env.sandbox().inbox();
    let texts: Vec<&str> = inbox.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one 一", "two", "three\nlines", "four", "--five", "-7 degrees", r"a\nb"]);
}

#[test]
fn fields_come_from_config_file_and_options() {
    let template =
        |id: &str, content: &str| format!("[[templates]]\nid = \"{id}\"\ntitle = \"T\"\ncontent = \"{content}\"\n");
    let linked = "linked_page-0123456789abcdefghijklmnopqrstu";
    let all = template(BACKUP_TEMPLATE_ID, "{{first.DATA}} {{host.DATA}} {{size.DATA}} {{remark.DATA}}")
        + &template(linked, "x");
    let env = add_users(TestEnv::with_scenario(&all));
    let config = env.read_config();
    let (config, _) = config.split_once("host = ").unwrap();
    env.write_config(&format!(
        "{config}host = {{ value = \"from config\", color = \"#111111\" }}\nsize = 1.50\n\
         [templates.linked]\nid = \"{linked}\"\nurl = \"https://a.example\"\n\
         miniprogram = {{ appid = \"wx2\", pagepath = \"p\" }}\n"
    ));
    env.write_file(
        "data.json",
        r##"{"host": "from 文件", "remark": {"value": 12, "color": "#222222"}, "size": 1.50}"##,
    );
    env.assert_session(str![[r##"
$ wxbox send -u luffy -t backup --dry-run
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"}}}
2> warning: WeChat does not show colors: host
$ wxbox send -u luffy -t backup --dry-run --data-json data.json -d host=line -d first=
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"line"},"size":{"value":"1.50"},"remark":{"value":"12","color":"#222222"},"first":{"value":""}}}
2> warning: WeChat does not show remark

"##]]);
    env
        .run_with_stdin("send -u luffy -t backup --dry-run --data-json - --data-color first=#abcdef", "{\"first\":\"x\"}")
        .assert_snapshot(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"from config","color":"#111111"},"size":{"value":"1.50"},"first":{"value":"x","color":"#abcdef"}}}
--- stderr
warning: WeChat does not show first
warning: WeChat does not show colors: host

"##]]);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t linked --dry-run
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"linked_page-0123456789abcdefghijklmnopqrstu","url":"https://a.example","miniprogram":{"appid":"wx2","pagepath":"p"},[CLIENT_MSG_ID],"data":{}}
$ wxbox send -u luffy -t linked --dry-run --url 'http://b.example/?q=é' --miniprogram wx3:x:y
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"linked_page-0123456789abcdefghijklmnopqrstu","url":"http://b.example/?q=é","miniprogram":{"appid":"wx3","pagepath":"x:y"},[CLIENT_MSG_ID],"data":{}}

"#]]);
    env.run("send -u luffy -t backup --dry-run -d 'host=a=b' -d ' size = 3 ' -d 'remark=x\u{7}\ny'").assert_snapshot(str![[r##"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"a=b","color":"#111111"},"size":{"value":" 3 "},"remark":{"value":"x\ny"}}}
--- stderr
warning: WeChat does not show colors: host
warning: WeChat does not show remark

"##]]);
}

#[test]
fn dry_run_needs_no_secret_and_changes_nothing() {
    let env = TestEnv::without_config();
    env.write_config("app_id = \"wx1\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n");
    let env = add_users(env);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami --dry-run '中文 🎉'
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"中文 🎉"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"中文 🎉"}}
$ wxbox -q --json send -u luffy --dry-run '中文 🎉'
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"中文 🎉"}}
$ wxbox send -u usopp --dry-run hi
2> error: usopp is not bound
2> hint: run `wxbox bind --user usopp` to show the QR code
exit 4

"#]]);
    assert_eq!(env.count("messages"), 0);
    assert_eq!(env.count("payloads"), 0);
    env.assert_session(str![[r#"
$ wxbox send -u luffy hi
2> error: app_secret is not set
2> hint: set app_secret or app_secret_file in [HOME]/.config/wxbox/config.toml, or set WXBOX_APP_SECRET or WXBOX_APP_SECRET_FILE
exit 3

"#]]);
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn all_recipients_receive_once() {
    let env = env_with_users();
    let dry = format!("send --dry-run -u luffy -u nami -u luffy --tag crew --openid {ZORO} --openid {LUFFY} hi");
    env.run(&dry).assert_snapshot(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}
--- stderr
warning: skipped, not bound: usopp

"#]]);
    env.assert_session(str![[r#"
$ wxbox send --dry-run --all hi
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}
$ wxbox send --dry-run --tag crew --tag lost hi -q
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"hi"}}
{"touser":"oZoro_cannot_find_the_way_22","msgtype":"text","text":{"content":"hi"}}

"#]]);
}

#[test]
fn invalid_recipient_queues_nothing() {
    let mut env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u usopp hi
2> error: usopp is not bound
2> hint: run `wxbox bind --user usopp` to show the QR code
exit 4
$ wxbox send -u luffy -u lufy hi
2> error: there is no user lufy in [HOME]/.local/share/wxbox/wxbox.db
2> hint: did you mean luffy?
exit 4
$ wxbox send -u luffy --tag crwe hi
2> error: no user has the tag crwe
2> hint: did you mean crew?
exit 4
$ wxbox send --tag absent hi --json
2> {"error":"no user has the tag absent","hint":null,"code":4}
exit 4
$ wxbox send -u luffy --openid 'x y' hi
2> error: "x y" is not an openid
2> hint: use letters, digits, - and _, such as oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
exit 2

"#]]);
    env.run("user edit usopp --tag alone").assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --tag alone hi
2> error: no user with the tag alone is bound and reachable
2> hint: run `wxbox bind --user NAME` to bind a user; `wxbox user list` shows all users
exit 4
$ wxbox send --all -u luffy hi
2> error: --all cannot be used with --user
2> hint: run `wxbox send -h` to see how to use it
exit 2
$ wxbox send hi
2> error: the recipient is missing: use --user NAME, --tag TAG or --all
2> hint: run `wxbox send --user NAME TEXT`, or `wxbox send -h` for more
exit 2

"#]]);
    assert_eq!(env.count("messages"), 0);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    let nobody = TestEnv::new();
    nobody.run("send --all hi").assert_snapshot(str![[r#"
exit 4
--- stderr
error: no user is bound
hint: run `wxbox bind --user NAME` to bind a user; `wxbox user list` shows all users

"#]]);
}
