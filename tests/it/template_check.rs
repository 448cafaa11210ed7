//! Errors in a template's values are found before anything is queued.

use snapbox::str;

use crate::support::env::{LIST_REQUEST, LUFFY, SEND_REQUEST, TestEnv};

const SEND_ARGS: &str = "send -u luffy -t 'Server alert' -d character_string2=db1";
/// One character more than WeChat displays.
const VALUE_OF_21_CHARS: &str = "123456789012345678901";

#[test]
fn dry_run_preview_matches_display() {
    let mut env = TestEnv::with_bound_luffy();
    env.assert_session(str![[r#"
$ wxbox template check backup -d host=db1 -d size='42 GB' -d time=03:15
Backup finished
  Host: db1
  Size: 42 GB
  Time: 03:15

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", LIST_REQUEST]);
    env.run(
        "template check backup -d first=Backup -d 'remark=see the log' -d host='the database of the shop' \
             -d 'size=42 GB ✅' -d 'time=03:15\n04:15' --data-color size=#173177 --data-color host=#ff0000",
    )
    .assert_snapshot(str![[r#"
exit 0
--- stdout
Backup finished
  Host: the database of the …
  Size: 42 GB
  Time: 03:15 04:15
--- stderr
warning: WeChat does not show first, remark
warning: WeChat does not show colors: host, size
warning: WeChat shows host as "the database of the …": at most 20 characters
warning: WeChat shows size as "42 GB ": no emoji
warning: WeChat shows time as "03:15 04:15": no line breaks

"#]]);
    env.assert_session(str![[r#"
$ wxbox template check 'Server alert' -d thing1='the disk of the database is full' -d character_string2=db1 -d time3=
Server alert
  Event: the disk of the dat…
  Host: db1
  Time:
2> warning: thing1 has 32 characters and is cut to "the disk of the dat…": thing fields hold at most 20 characters
2> warning: WeChat may reject time3, which is empty

"#]]);
    // The list is cached, and nothing is sent.
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn strict_rejects_any_loss() {
    let env = TestEnv::with_bound_luffy();
    env.run(&format!("template check backup -d remark=bye -d host={VALUE_OF_21_CHARS} --strict")).assert_snapshot(
        str![[r#"
exit 2
--- stdout
Backup finished
  Host: 12345678901234567890…
  Size: -
  Time: -
--- stderr
error: WeChat shows host as "12345678901234567890…": at most 20 characters
error: WeChat does not show remark

"#]],
    );
    env.assert_session(str![[r#"
$ wxbox template check backup -d host=db1 --strict
Backup finished
  Host: db1
  Size: -
  Time: -

"#]]);
}

#[test]
fn findings_are_data() {
    let env = TestEnv::with_bound_luffy();
    env
        .run(&format!(
            "--json template check backup -d first=Backup -d host={VALUE_OF_21_CHARS} -d size= -d 'time=🎉\n3' --data-color time=#173177"
        ))
        .assert_snapshot(str![[r#"
exit 0
--- stdout
{"template_id":"backup_finished-0123456789abcdefghijklmnopq","title":"Backup finished","preview":"Host: 12345678901234567890…\nSize:\nTime: 3","findings":[{"key":"first","level":"warning","rule":"hidden","text":"WeChat does not show first"},{"key":"host","level":"warning","rule":"length","text":"WeChat shows host as \"12345678901234567890…\": at most 20 characters"},{"key":"size","level":"warning","rule":"blank","text":"WeChat shows no value for size"},{"key":"time","level":"warning","rule":"color","text":"WeChat does not show colors: time"},{"key":"time","level":"warning","rule":"emoji","text":"WeChat shows time as \"3\": no emoji"},{"key":"time","level":"warning","rule":"line_break","text":"WeChat shows time as \"3\": no line breaks"}]}

"#]]);
    env.assert_session(str![[r#"
$ wxbox --json template check 'Server alert' -d thing1=a -d character_string2='a b' -d time3=now
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","preview":"Event: a\nHost: a b\nTime: now","findings":[{"key":"character_string2","level":"warning","rule":"character_string","text":"WeChat may reject \"a b\" for character_string2: character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks"},{"key":"time3","level":"warning","rule":"time","text":"WeChat may reject \"now\" for time3: use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times"}]}
$ wxbox --json template check 'Server alert' -d thing1=a -d character_string2=b -d time3=03:15
{"template_id":"server_alert-0123456789abcdefghijklmnopqrst","title":"Server alert","preview":"Event: a\nHost: b\nTime: 03:15","findings":[]}

"#]]);
}

#[test]
fn fields_come_from_config_file_and_options() {
    let env = TestEnv::with_bound_luffy();
    env.write_file("fields.json", r##"{"host": "from the file", "size": {"value": 1.50, "color": "#173177"}}"##);
    env.assert_session(str![[r#"
$ wxbox template check backup --data-json fields.json -d size=2
Backup finished
  Host: from the file
  Size: 2
  Time: -
2> warning: WeChat does not show colors: size

"#]]);
    env.run_with_stdin("template check backup --data-json -", r#"{"host": "from the pipe"}"#).assert_snapshot(str![[
        r#"
exit 0
--- stdout
Backup finished
  Host: from the pipe
  Size: -
  Time: -

"#
    ]]);
    env.assert_session(str![[r#"
$ wxbox template check backup -d hots=db1
2> error: the template backup has no field hots (did you mean host?)
2> hint: use its fields first, host, size, time, remark; run `wxbox template show backup` to see the template
exit 2
$ wxbox template check backup --data-color 'hots=#173177'
2> error: cannot color hots: there is no such field
exit 2
$ wxbox template check bakup -d host=db1
2> error: there is no template "bakup"
2> hint: did you mean backup?
exit 4

"#]]);
}

#[test]
fn unreachable_list_without_cache_is_reported() {
    let mut env = TestEnv::without_config();
    env.write_config("app_id = \"wx1\"\n[network]\napi_base = \"http://127.0.0.1:1\"\n[templates.a]\nid = \"b\"\n");
    env.assert_session(str![[r#"
$ wxbox template check a
2> error: app_secret is not set
2> hint: set app_secret or app_secret_file in [HOME]/.config/wxbox/config.toml, or set WXBOX_APP_SECRET or WXBOX_APP_SECRET_FILE
exit 3

"#]]);
    env.set_variable("WXBOX_APP_SECRET", "geheim").run("template check a").assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot look up the template a: cannot get an access token: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: start `wxbox sandbox`, or correct network.api_base

"#]]);
}

#[test]
fn shown_value_is_the_truncated_one() {
    let env = TestEnv::with_bound_luffy();
    let ran = env.run(
        "template check 'Server alert' -d thing1='the disk 💾 is full, delete files' \
         -d character_string2=db1 -d time3=15:01",
    );
    assert_eq!(
        ran.stderr().lines().filter(|line| line.contains("thing1")).collect::<Vec<_>>(),
        [
            "warning: thing1 has 32 characters and is cut to \"the disk 💾 is full,…\": thing fields hold at most 20 characters",
            "warning: WeChat shows thing1 as \"the disk  is full,…\": no emoji",
        ]
    );
}

#[test]
fn invalid_value_is_cut_or_sent_and_strict_rejects() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(&format!("{SEND_ARGS} -d thing1='the disk of the database is full' -d time3=")).assert_snapshot(str![[
        r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: thing1 has 32 characters and is cut to "the disk of the dat…": thing fields hold at most 20 characters
warning: WeChat may reject time3, which is empty

"#
    ]]);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t 'Server alert' -d character_string2=db1 -d thing1=full -d time3=2026-11-22T03:00:00Z --dry-run --json
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"server_alert-0123456789abcdefghijklmnopqrst",[CLIENT_MSG_ID],"data":{"character_string2":{"value":"db1"},"thing1":{"value":"full"},"time3":{"value":"[TIME]"}}}
2> warning: WeChat may reject "[TIME]" for time3: use a time such as 15:01 or 15:01:59, with an optional date (2019年10月1日 15:01); ~ joins two times

"#]]);
    let fields = env.sandbox().inbox()[0]["fields"].clone();
    assert_eq!(fields[0]["value"], "the disk of the dat…", "{fields}");
    env.run(&format!("{SEND_ARGS} -d thing1='the disk of the database is full' -d time3= --strict")).assert_snapshot(
        str![[r#"
exit 2
--- stderr
error: WeChat rejects thing1 with 32 characters: thing fields hold at most 20 characters; WeChat rejects an empty time3
hint: without --strict this is a warning; run `wxbox template check 'Server alert' --data …` to see a preview

"#]],
    );
    assert_eq!(env.count("messages"), 1);
    env.sandbox().requests();
    env.run(&format!("{SEND_ARGS} -d thing1=full -d time3='2026-11-22 03:00' --strict")).assert_success();
    assert_eq!(env.sandbox().requests(), [SEND_REQUEST]);
}

#[test]
fn undisplayed_value_warns_and_strict_rejects() {
    let env = TestEnv::with_bound_luffy();
    let line = format!("send -u luffy -t backup -d first=Backup -d host={VALUE_OF_21_CHARS} -d 'size=42 GB ✅'");
    env.run(&line).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 1 (template) to luffy
--- stderr
warning: WeChat does not show first
warning: WeChat shows host as "12345678901234567890…": at most 20 characters
warning: WeChat shows size as "42 GB ": no emoji

"#]]);
    env.run(&format!("{line} -q")).assert_snapshot(str![[r#"
exit 0

"#]]);
    env.run(&format!("{line} --strict")).assert_snapshot(str![[r#"
exit 2
--- stderr
error: WeChat does not show first; WeChat shows host as "12345678901234567890…": at most 20 characters; WeChat shows size as "42 GB ": no emoji
hint: without --strict this is a warning; run `wxbox template check backup --data …` to see a preview

"#]]);
    env.run("send -u luffy -t backup -d host=db1 --strict").assert_success();
    // A text is displayed unchanged.
    env.run("send -u luffy 'a text 🎉\nof two lines' --strict").assert_success();
    assert_eq!(env.count("messages"), 4);
}

#[test]
fn each_line_of_a_batch_is_checked() {
    let env = TestEnv::with_bound_luffy();
    let lines = format!(
        "{{\"user\":\"luffy\",\"template\":\"Server alert\",\"data\":{{\"thing1\":\"a\",\"character_string2\":\"b c\",\"time3\":\"03:00\"}}}}\n\
         {{\"user\":\"luffy\",\"template\":\"backup\",\"data\":{{\"host\":\"{VALUE_OF_21_CHARS}\"}}}}\n"
    );
    env.run_with_stdin("send --batch -", &lines).assert_snapshot(str![[r#"
exit 0
--- stdout
{"line":1,"id":1,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"warnings":["WeChat may reject \"b c\" for character_string2: character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks"]}
{"line":2,"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"template","state":"sent","attempts":1,"msgid":"[MSGID]","errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null,"warnings":["WeChat shows host as \"12345678901234567890…\": at most 20 characters"]}

"#]]);
    env.run_with_stdin("send --batch - --dry-run", &lines).assert_snapshot(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"server_alert-0123456789abcdefghijklmnopqrst",[CLIENT_MSG_ID],"data":{"thing1":{"value":"a"},"character_string2":{"value":"b c"},"time3":{"value":"03:00"}}}
{"touser":"oLuffy_wears_the_straw_hat_1","template_id":"backup_finished-0123456789abcdefghijklmnopq",[CLIENT_MSG_ID],"data":{"host":{"value":"123456789012345678901"},"size":{"value":"-"},"time":{"value":"-"}}}
--- stderr
warning: line 1: WeChat may reject "b c" for character_string2: character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks
warning: line 2: WeChat shows host as "12345678901234567890…": at most 20 characters

"#]]);
    env.run_with_stdin("send --batch - --dry-run --strict", &lines).assert_snapshot(str![[r#"
exit 5
--- stderr
error: line 1: WeChat rejects "b c" for character_string2: character_string fields hold up to 32 digits, letters and symbols, no Chinese and no blanks
error: line 2: WeChat shows host as "12345678901234567890…": at most 20 characters

"#]]);
}

#[test]
fn long_text_is_cut_in_fallback_only() {
    let template = "[[templates]]\nid = \"note_0123456789abcdefghijklmnopqrstuvwxyz-A\"\ntitle = \"Note\"\n";
    let mut env = TestEnv::with_scenario(&format!("{template}content = \"Note: {{{{thing1.DATA}}}}\"\n"));
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy --fallback Note 123456789012345678901
sent message 1 (text) to luffy
2> warning: if the text is sent as the template Note: thing1 has 21 characters and is cut to "[MSGID]…": thing fields hold at most 20 characters

"#]]);
    // luffy has written, and receives the whole text.
    assert_eq!(env.sandbox().inbox()[0]["content"], VALUE_OF_21_CHARS);
    env.sandbox().post_form("clock", "forward=49h");
    env.run(&format!("-q send -u luffy --fallback Note {VALUE_OF_21_CHARS}")).assert_success();
    assert_eq!(env.sandbox().inbox()[1]["fields"][0]["value"], "1234567890123456789…");
    env.assert_session(str![[r#"
$ wxbox send -u luffy --fallback Note 123456789012345678901 --strict
2> error: WeChat rejects thing1 with 21 characters: thing fields hold at most 20 characters
2> hint: without --strict this is a warning; run `wxbox template check Note --data …` to see a preview
exit 2
$ wxbox run -u luffy --fallback Note -- true
2> sent message 3 (template) to luffy

"#]]);
}

#[test]
fn typed_fields_are_checked_without_template_list() {
    let env = TestEnv::with_scenario("[quota]\n\"/cgi-bin/template/get_all_private_template\" = 0\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d thing1=
sent message 1 (template) to luffy
2> warning: cannot check the template backup and its fields: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> warning: WeChat may reject thing1, which is empty
$ wxbox send -u luffy -t backup -d thing1= --strict
2> error: WeChat rejects an empty thing1
2> hint: without --strict this is a warning; run `wxbox template check backup --data …` to see a preview
exit 2

"#]]);
    assert_eq!(env.count("messages"), 1);
}

#[test]
fn accepted_values_pass_at_real_account() {
    let mut env = TestEnv::with_scenario("strict_templates = true\n");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let card = env
        .run("--json template check backup -d host='the database of the shop' -d 'size=1 🎉'")
        .assert_success()
        .json_lines();
    env.run("send -u luffy -t backup -d host='the database of the shop' -d 'size=1 🎉'").assert_success();
    let inbox = env.sandbox().inbox();
    let fields = inbox[0]["fields"].as_array().unwrap().iter().filter(|field| !field["shown"].is_null());
    let lines: Vec<String> = fields
        .map(|field| format!("{}: {}", field["label"].as_str().unwrap(), field["shown"].as_str().unwrap()))
        .map(|line| line.trim_end().to_owned())
        .collect();
    assert_eq!(card[0]["preview"], lines.join("\n"));
}

#[test]
fn missing_template_field_is_reported() {
    let template = "[[templates]]\nid = \"note_0123456789abcdefghijklmnopqrstuvwxyz-A\"\ntitle = \"Note\"\n";
    let env = TestEnv::with_scenario(&format!(
        "{template}content = \"{{{{a.DATA}}}}\\nDay: {{{{b. DATA}}}} ｛｛c.DATA｝｝\"\n"
    ));
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox template check Note -d a=1 -d b=2
Note
  1
  Day: 2 ｛｛c.DATA｝｝
2> warning: WeChat may drop a value at the beginning of a message: begin the template with words before a
2> warning: WeChat may show no value for {{b. DATA}}: write a field as {{key.DATA}}, without blanks and with ASCII characters
2> warning: WeChat may show no value for ｛｛c.DATA｝｝: write a field as {{key.DATA}}, without blanks and with ASCII characters
$ wxbox --json template check Note -d a=1 -d b=2
{"template_id":"note_0123456789abcdefghijklmnopqrstuvwxyz-A","title":"Note","preview":"1\nDay: 2 ｛｛c.DATA｝｝","findings":[{"key":"a","level":"warning","rule":"beginning","text":"WeChat may drop a value at the beginning of a message: begin the template with words before a"},{"key":"{{b. DATA}}","level":"warning","rule":"placeholder","text":"WeChat may show no value for {{b. DATA}}: write a field as {{key.DATA}}, without blanks and with ASCII characters"},{"key":"｛｛c.DATA｝｝","level":"warning","rule":"placeholder","text":"WeChat may show no value for ｛｛c.DATA｝｝: write a field as {{key.DATA}}, without blanks and with ASCII characters"}]}
$ wxbox send -u luffy -t Note -d a=1 -d b=2
sent message 1 (template) to luffy
2> warning: WeChat may show no value for {{b. DATA}}: write a field as {{key.DATA}}, without blanks and with ASCII characters
2> warning: WeChat may show no value for ｛｛c.DATA｝｝: write a field as {{key.DATA}}, without blanks and with ASCII characters

"#]]);
}
