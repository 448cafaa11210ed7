//! `template add` and `template remove`: at WeChat, and in the cached list.

use snapbox::str;

use crate::support::canned_server::{CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LIST_REQUEST, SEND_REQUEST, TestEnv};
use crate::support::pty::Terminal;

const ADD_ARGS: &str = "template add 43216 --keyword 告警内容 --keyword 告警时间";
const ADD_REQUEST: &str = "POST /cgi-bin/template/api_add_template 0";
const REMOVE_REQUEST: &str = "POST /cgi-bin/template/del_private_template 0";

/// Replaces the random id in the output by a name.
fn redact_id(text: &str, id: &str) -> String {
    text.replace(id, "[ID]")
}

#[test]
fn a_template_of_the_library_can_be_sent_at_once() {
    let mut env = TestEnv::with_bound_luffy();
    env.run("token").assert_success();
    env.sandbox().requests();
    let added = env.run(&format!("--json {ADD_ARGS}")).assert_success().json_lines();
    assert_eq!(env.sandbox().requests(), [ADD_REQUEST, LIST_REQUEST]);
    let id = added[0]["template_id"].as_str().unwrap();
    let mut result = added[0].clone();
    assert!(result.as_object_mut().unwrap().remove("asked_at").is_some());
    assert_eq!(
        redact_id(&result.to_string(), id),
        r#"{"template_id":"[ID]","title":"服务器告警通知","content":"告警内容:{{thing2.DATA}}\n告警时间:{{time3.DATA}}","keys":["thing2","time3"],"alias":null,"types":["thing","time"]}"#
    );
    env.run("send -u luffy -t 服务器告警通知 -d thing2=磁盘快满了 -d time3=03:00").assert_success();
    assert_eq!(env.sandbox().requests(), [SEND_REQUEST]);
    let ran = env.run("template add 50123 --keyword 备份名称").assert_success();
    let list = env.run("--json template list").assert_success().json_lines();
    let id = list[3]["template_id"].as_str().unwrap();
    assert_eq!(redact_id(ran.stdout(), id), "added the template 备份完成通知 ([ID]) with the fields thing1\n");
}

#[test]
fn rejected_template_add_is_explained() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox template add 99999 --keyword 告警内容
2> error: the library has no template 99999
2> hint: find the number in the console: 模板消息 → 模板库 → 类目模板库
exit 4
$ wxbox template add 43216
2> error: WeChat returned 40246 (keyword name invalid): keyword_name_list does not match the library template
2> hint: copy the keyword names exactly, in order, unescaped
exit 2
$ wxbox template add 43216 --keyword 内容
2> error: WeChat returned 40246 (keyword name invalid): keyword_name_list does not match the library template
2> hint: copy the keyword names exactly, in order, unescaped
exit 2
$ wxbox template add OPENTM200001
2> error: WeChat returned 40247 (历史模板库已升级为类目模板，不能再添加): legacy industry library closed; its templates can no longer be added (text is Chinese)
2> hint: add a category-library template by its digits-only number
exit 2
$ wxbox template add 'no number'
2> error: invalid value "no number" for SHORT_ID: use a number such as 43216, or letters and digits
exit 2
$ wxbox template add 43216 --keyword ''
2> error: invalid value "" for --keyword: use a name without line breaks
exit 2

"#]]);
    for _ in 0..23 {
        env.run(ADD_ARGS).assert_success();
    }
    env.run(ADD_ARGS).assert_snapshot(str![[r#"
exit 1
--- stderr
error: WeChat returned 45026 (template num exceeds limit): too many templates
hint: delete an unused template (limit 25)

"#]]);
}

#[test]
fn removed_template_is_not_found() {
    let mut env = TestEnv::new();
    env.run("template list").assert_success();
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox template remove 'Server alert'
2> error: cannot ask for confirmation: standard input is not a terminal; use --yes
exit 2

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    env.assert_session(str![[r#"
$ wxbox template remove 'Server alert' --yes
removed the template Server alert (server_alert-0123456789abcdefghijklmnopqrst)

"#]]);
    assert_eq!(env.sandbox().requests(), [REMOVE_REQUEST, LIST_REQUEST]);
    env.assert_session(str![[r#"
$ wxbox template list
backup	Backup finished	first,host,size,time,remark	backup_finished-0123456789abcdefghijklmnopq
$ wxbox template remove backup -y --json
{"template_id":"backup_finished-0123456789abcdefghijklmnopq","title":"Backup finished","content":"{{first.DATA}}\nHost: {{host.DATA}}\nSize: {{size.DATA}}\nTime: {{time.DATA}}\n{{remark.DATA}}","keys":["first","host","size","time","remark"],"alias":"backup","types":[null,null,null,null,null],"asked_at":"[TIME]"}
2> warning: the alias backup still refers to it: [HOME]/.config/wxbox/config.toml:13
$ wxbox template remove backup --yes
2> error: the account has no template backup_finished-0123456789abcdefghijklmnopq, to which the alias backup refers
2> hint: run `wxbox template list` to see the templates of the account; the alias is at [HOME]/.config/wxbox/config.toml:13
exit 4

"#]]);
}

#[test]
fn template_removed_elsewhere_is_not_found() {
    let mut env = TestEnv::new();
    env.run("template list").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let old = "INSERT INTO templates (app_id, position, template_id, title, content)
               SELECT app_id, 2, 'gone', 'Gone', 'x' FROM template_lists";
    database.execute(old, []).unwrap();
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox template remove Gone --yes
2> error: the account no longer has the template Gone (gone)
exit 4

"#]]);
    let refused = "POST /cgi-bin/template/del_private_template 40037";
    assert_eq!(env.sandbox().requests(), [refused, LIST_REQUEST]);
    assert_eq!(env.count("templates"), 2);
}

#[test]
fn template_removal_requires_confirmation() {
    let env = TestEnv::new();
    for (answer, kept) in [("n\r", 2), ("\r", 2), ("y\r", 1)] {
        let mut terminal = Terminal::start(env.command("template remove 'Server alert'"), 30, 100);
        terminal.answer("Remove the template Server alert", answer);
        let text = terminal.wait().assert_status(0).text();
        assert!(text.contains(if kept == 2 { "nothing was removed" } else { "removed the template" }), "{text}");
        assert_eq!(env.count("templates"), kept, "{answer:?}");
    }
}

#[test]
fn template_change_succeeds_without_list() {
    let busy = || json_response(r#"{"errcode":-1,"errmsg":"system error"}"#);
    let list = r#"{"template_list":[{"template_id":"T-1","title":"T","content":"{{a.DATA}}"}]}"#;
    let added = r#"{"errcode":0,"errmsg":"ok","template_id":"T-2"}"#;
    let removed = r#"{"errcode":0,"errmsg":"ok"}"#;
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(list),
        json_response(added),
        busy(),
        json_response(removed),
        busy(),
    ]);
    let env = server.env("", "");
    env.run("template list").assert_success();
    env.assert_session(str![[r#"
$ wxbox template add 43216
added the template T-2
2> warning: cannot download the templates from WeChat: WeChat returned -1 (system error): platform busy
$ wxbox template remove T-1 --yes
removed the template T (T-1)
2> warning: cannot download the templates from WeChat: WeChat returned -1 (system error): platform busy

"#]]);
    // The cached list is not used for it.
    assert_eq!(env.count("templates"), 0);
    let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies[2], r#"{"template_id_short":"43216"}"#);
    assert_eq!(bodies[4], r#"{"template_id":"T-1"}"#);
}

#[test]
fn unanswered_template_add_is_ambiguous() {
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), CannedResponse::Bytes(Vec::new())]);
    server.env("", "").run("template add 43216 --keyword a").assert_snapshot(str![[r#"
exit 1
--- stderr
error: no response from 127.0.0.1:[PORT]: connection closed before message completed
hint: run `wxbox template list --refresh` to see whether it was added

"#]]);
}

#[test]
fn rejected_token_is_refreshed_for_template_change() {
    let mut env = TestEnv::new();
    env.run("token").assert_success();
    rusqlite::Connection::open(env.database_path()).unwrap().execute("UPDATE tokens SET token = 'stale'", []).unwrap();
    env.sandbox().requests();
    env.run(ADD_ARGS).assert_success();
    let refused = "POST /cgi-bin/template/api_add_template 40001";
    assert_eq!(env.sandbox().requests(), [refused, "POST /cgi-bin/stable_token 0", ADD_REQUEST, LIST_REQUEST]);
}
