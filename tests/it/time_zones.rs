//! The time zone of displayed times: the config's, else the system's; UTC for programs.

use regex::Regex;
use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

/// A zone that differs from both UTC and China, so that no result is right by chance.
const SYSTEM_ZONE: &str = "Asia/Kathmandu";

fn screen_text(env: &TestEnv, line: &str) -> String {
    Terminal::start(env.command(line), 40, 120).wait().screen.contents()
}

/// Returns the offsets of the times in a text, each once; `Z` is RFC 3339's.
fn utc_offsets(text: &str) -> Vec<String> {
    let time = Regex::new(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d ?(Z|[+-]\d\d:\d\d)").unwrap();
    let mut found: Vec<_> = time.captures_iter(text).map(|found| found[1].to_owned()).collect();
    found.dedup();
    found
}

/// Returns a scenario in which each message is answered with this error.
fn fault_with_errcode(errcode: i64) -> String {
    format!("[[faults]]\napi = \"/cgi-bin/message/*\"\nerrcode = {errcode}\n")
}

#[test]
fn people_see_zone_time_and_programs_utc() {
    let mut env = TestEnv::with_bound_luffy();
    env.set_variable("TZ", SYSTEM_ZONE);
    env.sandbox().post_form("write", "person=luffy");
    env.sandbox().post_form("faults", fault_with_errcode(-1));
    env.run("send --user luffy hello");
    env.sandbox().post_form("faults", "");
    env.run("outbox retry 1").assert_success();
    let template = env.run("--json template list").json_lines()[0]["template_id"].as_str().unwrap().to_owned();
    let template = format!("template show {template}");
    let lines = ["user show luffy", "outbox show 1", &template];
    for (config, zone) in [("", "+05:45"), ("time_zone = \"Asia/Shanghai\"", "+08:00")] {
        env.prepend_config(config);
        for line in lines {
            assert_eq!(utc_offsets(&screen_text(&env, line)), [zone], "{line}");
            assert_eq!(utc_offsets(env.run(line).assert_success().stdout()), ["Z"], "{line}");
            let json = utc_offsets(env.run(&format!("--json {line}")).assert_success().stdout());
            assert!(json.iter().all(|offset| offset == "Z"), "{line}: {json:?}");
        }
    }
}

#[test]
fn next_day_retry_is_shown_in_configured_zone() {
    let mut env = TestEnv::with_bound_luffy();
    env.prepend_config("language = \"zh\"\ntime_zone = \"Asia/Shanghai\"");
    env.sandbox().post_form("write", "person=luffy");
    env.sandbox().post_form("faults", fault_with_errcode(45009));
    env.assert_session(str![[r#"
$ wxbox send --user luffy hello
2> 错误：发给“luffy”的消息 1 没有发出，仍在排队，将于 [LOCAL_TIME] 重试：微信返回 45009（reach max api daily quota limit），该接口今日调用次数已达上限
2> 提示：请不要重复发送。[LOCAL_TIME] 之后，`wxbox serve` 或 `wxbox outbox flush` 会发送；如果要立即发送，请运行 `wxbox quota clear` 清零调用次数（每月 10 次），再运行 `wxbox outbox flush`
exit 6

"#]]);
    // The stored text contains no time, because it could be in another zone or in the past.
    let kept: String = env.query("SELECT error_detail FROM messages");
    assert_eq!(utc_offsets(&kept), [""; 0], "{kept}");
    env.set_variable("WXBOX_LANG", "en");
    env.assert_session(str![[r#"
$ wxbox outbox list
1	queued	luffy	text	[TIME]	WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up	hello

"#]]);
    let screen = screen_text(&env, "outbox show 1");
    assert_eq!(utc_offsets(&screen), ["+08:00"], "{screen}");
    assert!(Regex::new(r"Next attempt +\S+ 00:[01]\d:\d\d \+08:00").unwrap().is_match(&screen), "{screen}");
    let queued = screen_text(&env, "outbox status");
    assert_eq!(utc_offsets(&queued), ["+08:00"], "{queued}");
}

#[test]
fn unknown_zone_error_suggests_nearest() {
    let env = TestEnv::without_config();
    env.write_config("time_zone = \"Asia/Beijing\"\n");
    env.assert_session(str![[r#"
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: unknown time zone in time_zone
2> hint: did you mean Asia/Shanghai?
exit 3

"#]]);
    env.write_config("\ntime_zone = \"hunter2hunter2\"\n");
    env.assert_session(str![[r#"
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:2: unknown time zone in time_zone
2> hint: use a name such as "Asia/Shanghai" or "Europe/Berlin"; /usr/share/zoneinfo contains all names
exit 3

"#]]);
    env.write_config("time_zone = 8\n");
    env.assert_session(str![[r#"
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: time_zone must be the name of a time zone in quotes, such as "Asia/Shanghai"
exit 3

"#]]);
}
