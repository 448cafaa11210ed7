//! `outbox list`: filters, times, columns and the beginning of the content; `outbox show` of
//! several messages.

use rusqlite::Connection;
use serde_json::{Value, json};
use snapbox::str;

use crate::support::env::{BACKUP_TEMPLATE_ID, NAMI, TestEnv, ZORO};
use crate::support::pty::Terminal;

/// Returns an environment with five messages: 1 to luffy with a text, 2 and 3 to luffy and nami
/// with a template, 4 to zoro, who does not follow, and 5 to a bare openid.
fn env_with_messages() -> TestEnv {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("user add nami --openid {NAMI} --tag ops")).assert_success();
    env.run(&format!("user add zoro --openid {ZORO} --tag ops")).assert_success();
    env.run("send -u luffy 'disk full\non  db1'").assert_success();
    env.run("send -u luffy -u nami -t backup -d host=db1 -d size=42GB").assert_success();
    assert_eq!(env.run("send -u zoro -t backup").status(), Some(5));
    env.run(&format!("send --openid {NAMI} -t backup --no-wait")).assert_success();
    env
}

fn execute(env: &TestEnv, sql: &str) {
    Connection::open(env.database_path()).unwrap().execute_batch(sql).unwrap();
}

/// Returns the IDs that a list has.
#[track_caller]
fn ids(env: &TestEnv, options: &str) -> Vec<i64> {
    let listed = env.run(&format!("--json outbox list {options}")).assert_success();
    listed.json_lines().iter().map(|message| message["id"].as_i64().unwrap()).collect()
}

fn screen(env: &TestEnv, line: &str, columns: u16) -> String {
    let contents = Terminal::start(env.command(line), 30, columns).wait().screen.contents();
    contents.trim_end().to_owned() + "\n"
}

#[test]
fn list_in_pipe_has_beginning_of_content_last() {
    let env = env_with_messages();
    env.assert_session(str![[r#"
$ wxbox outbox list
5	queued	oNami_draws_maps_of_the_sea1	template	[TIME]		Backup finished: db0, -, -
4	failed	zoro	template	[TIME]	WeChat returned 43004 (require subscribe): recipient does not follow the account	Backup finished: db0, -, -
3	sent	nami	template	[TIME]		Backup finished: db1, 42GB, -
2	sent	luffy	template	[TIME]		Backup finished: db1, 42GB, -
1	sent	luffy	text	[TIME]		disk full on db1

"#]]);
    // The beginning has at most 100 columns, of which a Chinese character takes two.
    env.run(&format!("send -u luffy {}", "船".repeat(200))).assert_success();
    let listed = env.run("outbox list --limit 1 --columns content").assert_success();
    assert_eq!(listed.stdout(), format!("{}…\n", "船".repeat(49)));
}

#[test]
fn template_fields_are_in_the_order_of_the_card() {
    let env = TestEnv::with_bound_luffy();
    let data = "-d time3=15:01 -d 'thing1=Disk full' -d character_string2=web1";
    env.run(&format!("send -u luffy -t 'Server alert' {data}")).assert_success();
    let listed = env.run("outbox list --columns content").assert_success();
    assert_eq!(listed.stdout(), "Server alert: Disk full, web1, 15:01\n");
    let shown = env.run("outbox show 1").assert_success();
    let at = ["thing1: Disk full", "character_string2: web1", "time3: 15:01"].map(|line| shown.stdout().find(line));
    assert!(at.is_sorted() && at[0].is_some(), "{}", shown.stdout());
}

#[test]
fn list_on_terminal_fits_80_columns() {
    let mut env = env_with_messages();
    // Of another year only the date is shown, so that this test knows it.
    execute(&env, "UPDATE messages SET created_at = 1583076600000 + id * 86400000");
    env.set_variable("TZ", "Asia/Shanghai");
    snapbox::assert_data_eq!(
        screen(&env, "outbox list --limit 4", 80),
        str![[r#"
ID  STATE   TO                  CREATED     CONTENT            ERROR
5   queued  oNami_draws_maps_…  2020-03-06  Backup finished:…
4   failed  zoro                2020-03-05  Backup finished:…  43004: recipient…
3   sent    nami                2020-03-04  Backup finished:…
2   sent    luffy               2020-03-03  Backup finished:…
4 of 5 messages; use `--limit 0` to see all

"#]]
    );
    env.set_variable("WXBOX_LANG", "zh");
    snapbox::assert_data_eq!(
        screen(&env, "outbox list --limit 4", 80),
        str![[r#"
ID  状态    接收者              创建时间    内容               错误
5   queued  oNami_draws_maps_…  2020-03-06  Backup finished…
4   failed  zoro                2020-03-05  Backup finished…   43004：接收者没…
3   sent    nami                2020-03-04  Backup finished…
2   sent    luffy               2020-03-03  Backup finished…
共 5 条消息，以上是最新的 4 条；加 `--limit 0` 显示全部

"#]]
    );
    // Without errors, the content has their place.
    snapbox::assert_data_eq!(
        screen(&env, "outbox list --state sent", 80),
        str![[r#"
ID  状态  接收者  创建时间    内容
3   sent  nami    2020-03-04  Backup finished：db1、42GB、-
2   sent  luffy   2020-03-03  Backup finished：db1、42GB、-
1   sent  luffy   2020-03-02  disk full on db1

"#]]
    );
    snapbox::assert_data_eq!(
        screen(&env, "outbox list --limit 1", 40),
        str![[r#"
ID        5
状态      queued
接收者    oNami_draws_maps_of_the_sea1
创建时间  2020-03-06
内容      Backup finished：db0、-、-
共 5 条消息，以上是最新的 1 条；加
`--limit 4` 显示更早的消息，加
`--limit 0` 显示全部

"#]]
    );
}

#[test]
fn columns_can_be_chosen() {
    let env = env_with_messages();
    env.assert_session(str![[r#"
$ wxbox outbox list --limit 2 --columns user,id,errcode,attempts --columns state
oNami_draws_maps_of_the_sea1	5		0	queued
zoro	4	43004	1	failed
2> 2 of 5 messages; use `--limit 0` to see all

"#]]);
    execute(&env, "UPDATE messages SET receipt = 'blocked', receipt_at = 1583076600000 WHERE id = 3");
    let row = |columns: &str| {
        let listed = env.run(&format!("outbox list --user nami --columns {columns}")).assert_success();
        listed.stdout().trim_end_matches('\n').to_owned()
    };
    assert_eq!((row("state"), row("receipt,state")), ("sent, blocked".into(), "blocked\tsent".into()));
    env.assert_session(str![[r#"
$ wxbox outbox list --columns id,time
2> error: invalid value "time" for --columns; possible values: id, state, user, content, type, created_at, sent_at, updated_at, error, errcode, receipt, attempts, key, openid, msgid, rid
exit 2
$ wxbox --json outbox list --columns id
2> {"error":"--columns cannot be used with --json","hint":null,"code":2}
exit 2

"#]]);
    let screen = screen(&env, "outbox list --limit 1 --columns id,user,key,msgid,rid,openid,sent_at,updated_at", 120);
    assert!(screen.starts_with("ID  TO "), "{screen}");
}

#[test]
fn messages_are_selected_by_tag_and_template() {
    let env = env_with_messages();
    assert_eq!(ids(&env, "--tag ops"), [4, 3]);
    assert_eq!(ids(&env, "--tag ops --state sent"), [3]);
    // The filter also works without an alias, a title and a list of templates.
    assert_eq!(ids(&env, "--template backup"), [5, 4, 3, 2]);
    assert_eq!(ids(&env, "-t 'Backup finished' --user luffy"), [2]);
    assert_eq!(ids(&env, &format!("-t {BACKUP_TEMPLATE_ID} --state queued")), [5]);
    assert_eq!(ids(&env, "-t 'Server alert'"), [0; 0]);
    execute(&env, "DELETE FROM template_lists");
    assert_eq!(ids(&env, &format!("-t {BACKUP_TEMPLATE_ID} --limit 1")), [5]);
    env.assert_session(str![[r#"
$ wxbox outbox list -t backpu
2> error: there is no template "backpu"
2> hint: did you mean backup?
exit 4
$ wxbox outbox list --tag opps
2> error: no user has the tag opps
2> hint: did you mean ops?
exit 4
$ wxbox outbox list --template backup --limit 1 --columns id
5
2> 1 of 4 messages; use `--limit 0` to see all

"#]]);
}

#[test]
fn bounds_are_in_the_configured_time_zone() {
    let env = env_with_messages();
    // In Shanghai, 1 was queued on 1 March 2020 at 23:30, and each further one an hour later.
    execute(&env, "UPDATE messages SET created_at = 1583076600000 + (id - 1) * 3600000");
    for (zone, options, expected) in [
        ("Asia/Shanghai", "--since 2020-03-02", &[5, 4, 3, 2][..]),
        ("Asia/Shanghai", "--until 2020-03-01", &[1]),
        ("UTC", "--since 2020-03-02", &[]),
        ("UTC", "--until 2020-03-01", &[5, 4, 3, 2, 1]),
        ("UTC", "--since '2020-03-01 16:30' --until '2020-03-01 18:00'", &[3, 2]),
        ("Asia/Shanghai", "--since '2020-03-01T16:30:00Z' --until '2020-03-02 01:30:00 +08:00'", &[3, 2]),
        ("Asia/Shanghai", "--since yesterday", &[]),
        ("Asia/Shanghai", "--until yesterday --limit 1", &[5]),
        ("Asia/Shanghai", "--since '10 years ago' --until today --limit 2", &[5, 4]),
    ] {
        env.write_config(&format!("time_zone = \"{zone}\"\n{}", env.read_config()));
        assert_eq!(ids(&env, options), expected, "{zone} {options}");
        env.replace_in_config(&[(&format!("time_zone = \"{zone}\"\n"), "")]);
    }
    env.prepend_config("time_zone = \"Asia/Shanghai\"");
    env.assert_session(str![[r#"
$ wxbox outbox list --since 2020-03-02 --until '2020-03-01 22:00'
2> error: --since is [LOCAL_TIME], which is after --until ([LOCAL_TIME])
exit 2
$ wxbox outbox list --since lately
2> error: invalid value "lately" for --since: use an age (1d), a time (22:00), a date (2026-11-28), both ("2026-11-28 22:00"), today or yesterday
exit 2

"#]]);
}

#[test]
fn json_has_content_and_time_of_last_change() {
    let env = env_with_messages();
    let listed = env.run("--json outbox list").assert_success().json_lines();
    assert_eq!(listed[4]["content"], json!({"type": "text", "content": "disk full\non  db1"}));
    assert_eq!(listed[3]["content"]["template_id"], BACKUP_TEMPLATE_ID);
    assert_eq!(listed[3]["content"]["data"]["host"]["value"], "db1");
    let shown = env.run("--json outbox show 1 2").assert_success().json_lines();
    assert_eq!([&shown[0]["content"], &shown[1]["content"]], [&listed[4]["content"], &listed[3]["content"]]);
    assert_eq!(listed[4]["updated_at"], listed[4]["sent_at"]);
    execute(&env, "UPDATE messages SET receipt = 'delivered', receipt_at = 4102444800000 WHERE id = 2");
    for line in ["--json outbox list --user luffy --template backup", "--json outbox show 2"] {
        assert_eq!(env.run(line).json_lines()[0]["updated_at"], "2100-01-01T00:00:00Z", "{line}");
    }
    env.run("user remove luffy --yes").assert_success();
    for line in ["--json outbox list --state sent", "--json outbox show 1"] {
        assert_eq!(env.run(line).json_lines().last().unwrap()["content"], Value::Null, "{line}");
    }
}

#[test]
fn several_messages_are_shown_and_unknown_ones_named() {
    let env = env_with_messages();
    let shown = env.run("outbox show 3 99 1 98");
    assert_eq!(shown.status(), Some(4));
    let blocks: Vec<&str> = shown.stdout().split("\n\n").collect();
    assert_eq!(blocks.len(), 2, "{}", shown.stdout());
    assert!(blocks[0].contains("nami") && blocks[1].contains("disk full"), "{}", shown.stdout());
    let errors: Vec<&str> = shown.stderr().lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(errors, ["error: there is no message 99", "error: there is no message 98"]);
    let shown = env.run("--json outbox show 99 2 3");
    let shown_ids: Vec<_> = shown.json_lines().iter().map(|message| message["id"].clone()).collect();
    assert_eq!((shown.status(), shown_ids), (Some(4), vec![json!(2), json!(3)]));
    assert_eq!(serde_json::from_str::<Value>(shown.stderr()).unwrap()["code"], 4);
}
