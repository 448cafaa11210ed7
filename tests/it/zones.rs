//! The clock that people are shown: by the config, else the system; UTC for programs.

use regex::Regex;
use snapbox::str;

use crate::harness::World;
use crate::pty::Terminal;

/// Far from both UTC and China, so that nothing is right by chance.
const SHELL: &str = "Asia/Kathmandu";

fn on_terminal(world: &World, line: &str) -> String {
    Terminal::start(world.command(line), 40, 120).end().screen.contents()
}

/// The offsets of the times in a text, each once; `Z` is RFC 3339's.
fn offsets(text: &str) -> Vec<String> {
    let time = Regex::new(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d ?(Z|[+-]\d\d:\d\d)").unwrap();
    let mut found: Vec<_> = time.captures_iter(text).map(|found| found[1].to_owned()).collect();
    found.dedup();
    found
}

/// Each message is answered with this error.
fn fault(errcode: i64) -> String {
    format!("[[faults]]\napi = \"/cgi-bin/message/*\"\nerrcode = {errcode}\n")
}

#[test]
fn people_see_the_time_of_the_zone_and_programs_utc() {
    let mut world = crate::run::with_luffy();
    world.set("TZ", SHELL);
    world.sandbox().form("write", "person=luffy");
    world.sandbox().form("faults", fault(-1));
    world.wxbox("send --user luffy hello");
    world.sandbox().form("faults", "");
    world.wxbox("outbox retry 1").ok();
    let template = world.wxbox("--json template list").json()[0]["template_id"].as_str().unwrap().to_owned();
    let template = format!("template show {template}");
    let lines = ["user show luffy", "outbox show 1", &template];
    for (config, zone) in [("", "+05:45"), ("time_zone = \"Asia/Shanghai\"", "+08:00")] {
        world.config_first(config);
        for line in lines {
            assert_eq!(offsets(&on_terminal(&world, line)), [zone], "{line}");
            assert_eq!(offsets(world.wxbox(line).ok().stdout()), ["Z"], "{line}");
            let json = offsets(world.wxbox(&format!("--json {line}")).ok().stdout());
            assert!(json.iter().all(|offset| offset == "Z"), "{line}: {json:?}");
        }
    }
}

#[test]
fn what_waits_for_the_next_day_says_until_when_by_the_clock_of_the_zone() {
    let mut world = crate::run::with_luffy();
    world.config_first("language = \"zh\"\ntime_zone = \"Asia/Shanghai\"");
    world.sandbox().form("write", "person=luffy");
    world.sandbox().form("faults", fault(45009));
    world.wxbox("send --user luffy hello").is(str![[r#"
exit 6
--- stderr
错误：发给 luffy 的消息 1 尚未送达，仍在排队，将于 [LOCAL_TIME] 重试：微信返回 45009（reach max api daily quota limit）：日调用量超限
提示：请勿再次发送：[LOCAL_TIME] 之后第一次运行 `wxbox outbox flush` 时会发送；如需立即发送，先运行 `wxbox quota clear` 清零调用次数（每月 10 次），再运行 `wxbox outbox retry 1`

"#]]);
    // The text that is kept holds no time: it would be that of another zone, or over.
    let kept: String = world.sql("SELECT error FROM messages");
    assert_eq!(offsets(&kept), [""; 0], "{kept}");
    world.set("WXBOX_LANG", "en");
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
1	queued	luffy	text	[TIME]	WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    let shown = on_terminal(&world, "outbox show 1");
    assert_eq!(offsets(&shown), ["+08:00"], "{shown}");
    assert!(Regex::new(r"Next try +\S+ 00:[01]\d:\d\d \+08:00").unwrap().is_match(&shown), "{shown}");
    let queued = on_terminal(&world, "outbox status");
    assert_eq!(offsets(&queued), ["+08:00"], "{queued}");
}

#[test]
fn an_unknown_zone_is_an_error_of_the_config_that_names_the_nearest() {
    let world = World::empty();
    world.config("time_zone = \"Asia/Beijing\"\n");
    world.wxbox("user list").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: time_zone names no time zone
hint: did you mean Asia/Shanghai?

"#]]);
    world.config("\ntime_zone = \"hunter2hunter2\"\n");
    world.wxbox("user list").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:2: time_zone names no time zone
hint: zones are named by continent and city, such as "Asia/Shanghai" or "Europe/Berlin"; the directories below /usr/share/zoneinfo have them all

"#]]);
    world.config("time_zone = 8\n");
    world.wxbox("user list").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: time_zone must be the name of a time zone in quotes, such as "Asia/Shanghai"

"#]]);
}
