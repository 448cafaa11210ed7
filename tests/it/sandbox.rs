//! `wxbox sandbox` as a user starts it.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;
use snapbox::str;

use crate::support::env::{RunningCommand, TestEnv, http_client};
use crate::support::pty::Terminal;

/// Returns the sandbox's URL from its startup output.
fn sandbox_url(sandbox: &mut RunningCommand) -> String {
    loop {
        let line = sandbox.expect_line();
        if let Some(at) = line.find("http://") {
            return line[at..].split_whitespace().next().unwrap().to_owned();
        }
    }
}

#[test]
fn start_reports_address_and_users() {
    let env = TestEnv::without_config();
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0");
    assert!(sandbox_url(&mut sandbox).starts_with("http://127.0.0.1:"));
    sandbox.signal(Signal::INT);
    sandbox.wait().assert_snapshot(str![[r#"
exit 130
--- stdout
People
luffy  oLuffy_wears_the_straw_hat_1  follows and has just written
nami   oNami_draws_maps_of_the_sea1  follows; has not written, so can receive templates but no texts
zoro   oZoro_cannot_find_the_way_22  does not follow the account

Templates
Backup finished  backup_finished-0123456789abcdefghijklmnopq
Server alert     server_alert-0123456789abcdefghijklmnopqrst

Library, for `template add`
43216  服务器告警通知  服务器, 告警内容, 告警时间, 告警级别
50123  备份完成通知  备份名称, 文件大小, 完成时间, 负责人

Subscription templates
Backup report          backup_report-0123456789abcdefghijklmnopqrs  once per consent
Service status         service_status-0123456789abcdefghijklmnopqr  until the person withdraws the consent
One-time subscription  one_time_message-0123456789abcdefghijklmnop

Objects for customer-service messages
kf_account     robin@wxbox  Robin
mpnews         article_media_about_the_sea_0123456789abcdefghijklmnopqrstuvwxyz  What the sea is like this week
mpnewsarticle  article_about_the_sea  What the sea is like this week
wxcard         card_for_one_meal_0123456789  One free meal

The WeChat sandbox is at http://127.0.0.1:[PORT]
  AppID      wx0123456789abcdef
  AppSecret  0123456789abcdef0123456789abcdef

Press Ctrl-C to stop. Requests (China time, request, errcode, duration):

"#]]);
}

#[test]
fn each_request_is_logged_without_secrets() {
    let (env, begun) = (TestEnv::without_config(), std::time::SystemTime::now());
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0");
    let url = sandbox_url(&mut sandbox);
    while !sandbox.expect_line().contains("Requests") {}
    // Browsers request an icon of the site by themselves: it is not logged.
    let paths = ["/favicon.ico", "/cgi-bin/token?grant_type=client_credential&appid=wx&secret=geheim", "/nothing", "/"];
    for path in paths {
        http_client().get(format!("{url}{path}")).send().unwrap();
    }
    let lines: Vec<String> = (0..3).map(|_| sandbox.expect_line()).collect();
    sandbox.signal(Signal::TERM);
    let ran = sandbox.wait();
    assert_eq!(ran.status(), Some(143));
    assert!(lines[0].contains(" GET  /cgi-bin/token  40013 "), "{lines:?}");
    assert!(lines[1].contains(" GET  /nothing  not supported by the sandbox "), "{lines:?}");
    assert!(lines[2].contains(" GET  / "), "{lines:?}");
    // The time is China's, as on the pages.
    let (time, _) = lines[0].split_once(' ').unwrap();
    let logged_time = humantime::parse_rfc3339(&time.replace("+08:00", "Z")).unwrap();
    let ahead = logged_time.duration_since(begun).unwrap();
    assert!((7 * 3600..9 * 3600).contains(&ahead.as_secs()), "{time}");
    assert!(!ran.stdout().contains("geheim"));
}

#[test]
fn a_small_terminal_still_shows_how_to_reach_it() {
    let env = TestEnv::without_config();
    let mut terminal = Terminal::start(env.command("sandbox --listen 127.0.0.1:0"), 24, 80);
    let screen = terminal.wait_for("Press Ctrl-C to stop").contents();
    for part in ["http://127.0.0.1:", "AppID      wx0123456789abcdef", "AppSecret  0123456789abcdef0123456789abcdef"] {
        assert!(screen.contains(part), "{screen}");
    }
}

#[test]
fn run_report_is_in_language_of_run() {
    let mut env = TestEnv::without_config();
    env.set_variable("WXBOX_LANG", "zh");
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0");
    let url = sandbox_url(&mut sandbox);
    sandbox.signal(Signal::INT);
    let stdout = sandbox.wait().stdout().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"));
    for part in ["\n备份完成 ", "\n服务器告警 ", "\n备份报告 ", "服务状态", "本周海况", "免费餐一份"]
    {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    for part in ["Backup", "Server alert", "Service status", "the sea is", "One free"] {
        assert!(!stdout.contains(part), "{part}: {stdout}");
    }
}

#[test]
fn json_is_a_line_for_the_start_and_each_request() {
    let env = TestEnv::without_config();
    let mut sandbox = env.spawn("sandbox --json --listen 127.0.0.1:0");
    let at: Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
    assert_eq!(at.as_object().unwrap().keys().collect::<Vec<_>>(), ["event", "url", "app_id", "app_secret"]);
    http_client().get(format!("{}/cgi-bin/nothing", at["url"].as_str().unwrap())).send().unwrap();
    let line: Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["unknown"]),
        (&"GET".into(), &"/cgi-bin/nothing".into(), &true.into())
    );
    sandbox.signal(Signal::TERM);
    assert_eq!(sandbox.wait().status(), Some(143));
}

#[test]
fn quiet_sandbox_prints_address_only() {
    let env = TestEnv::without_config();
    let mut sandbox = env.spawn("-q sandbox --listen :0");
    let url = sandbox_url(&mut sandbox);
    let url = url.replace("[::1]", "127.0.0.1");
    http_client().get(format!("{url}/nothing")).send().unwrap();
    sandbox.signal(Signal::TERM);
    let ran = sandbox.wait();
    assert!(!ran.stdout().contains("/nothing") && ran.stderr().is_empty());
}

#[test]
fn custom_scenario_is_loaded() {
    let env = TestEnv::without_config();
    env.write_file("world.toml", "account_name = \"Ship\"\n[[people]]\nname = \"路飞\"\n");
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0 --world world.toml");
    let url = sandbox_url(&mut sandbox);
    let page = http_client().get(url).send().unwrap().text().unwrap();
    assert!(page.contains("Ship") && page.contains("路飞") && !page.contains("nami"), "{page}");
    sandbox.signal(Signal::TERM);
    assert_eq!(sandbox.wait().status(), Some(143));
}

#[test]
fn invalid_scenario_is_rejected() {
    let env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox sandbox --world missing.toml
2> error: cannot use the scenario missing.toml: No such file or directory (os error 2)
exit 3

"#]]);
    env.write_file("world.toml", "app_idd = \"wx0123456789abcdef\"\n");
    env.assert_session(str![[r#"
$ wxbox sandbox --world world.toml
2> error: cannot use the scenario world.toml: line 1: unknown field `app_idd`, expected one of `app_id`, `app_secret`, `original_id`, `account_name`, `callback_domain`, `strict_templates`, `verified`, `snapshot`, `double_callback`, `ip_whitelist`, `real_limits`, `quota`, `unauthorized`, `followers_a_page`, `phone`, `people`, `crowd`, `templates`, `subscriptions`, `one_time_template`, `business_domain`, `kf_accounts`, `articles`, `cards`, `library`, `push`, `faults`
exit 3

"#]]);
    env.write_file("world.toml", "app_id = \"wx\"\n");
    env.assert_session(str![[r#"
$ wxbox --json sandbox --world world.toml
2> {"error":"cannot use the scenario world.toml: app_id cannot be “wx”","hint":null,"code":3}
exit 3

"#]]);
    env.write_file("world.toml", "[[people]]\nname = \"luffy\"\n[[people]]\nname = \"luffy\"\n");
    env.assert_session(str![[r#"
$ wxbox sandbox --world world.toml
2> error: cannot use the scenario world.toml: people.name “luffy” is given twice
exit 3

"#]]);
    env.write_file("world.toml", b"\xff\xfe");
    env.assert_session(str![[r#"
$ wxbox sandbox --world world.toml
2> error: cannot use the scenario world.toml: the line is not UTF-8
exit 3
$ wxbox sandbox --world /dev/zero
2> error: cannot use the scenario /dev/zero: file too large
exit 3

"#]]);
}

#[test]
fn listen_address_must_be_free_and_usable() {
    let env = TestEnv::without_config();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    env.run(&format!("sandbox --listen {}", listener.local_addr().unwrap())).assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot listen on 127.0.0.1:[PORT]: Address already in use (os error 98)
hint: if it is another sandbox, stop it, or use --listen 127.0.0.1:0 to select a free port; then run `wxbox -c sandbox.toml init --sandbox URL` with the URL that the sandbox prints

"#]]);
    env.assert_session(str![[r#"
$ wxbox sandbox --listen 8899
2> error: cannot listen on "8899": it is not an address
2> hint: use a host and a port, such as 0.0.0.0:80 or :8080
exit 2
$ wxbox sandbox --listen 192.0.2.1:8899
2> error: cannot listen on 192.0.2.1:8899: Cannot assign requested address (os error 99)
2> hint: use an address of this machine; --listen 0.0.0.0:8899 listens on all of them
exit 1

"#]]);
}

#[test]
fn non_loopback_address_is_warned_of() {
    let env = TestEnv::without_config();
    let mut sandbox = env.spawn("--json sandbox --listen 0.0.0.0:0");
    let at: Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
    assert!(at["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    sandbox.signal(Signal::TERM);
    let ran = sandbox.wait();
    assert!(ran.stderr().starts_with("warning: the sandbox listens on 0.0.0.0:"), "{}", ran.stderr());
}

#[test]
fn generated_users_need_no_list() {
    let env = TestEnv::without_config();
    env.write_file(
        "world.toml",
        "crowd = 100000\n[[people]]\nname = \"luffy\"\nopenid = \"oLuffy_wears_the_straw_hat_1\"\n",
    );
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0 --world world.toml");
    let url = sandbox_url(&mut sandbox);
    let stats = http_client().get(format!("{url}/sandbox/stats.json")).send().unwrap().text().unwrap();
    assert_eq!(stats, r#"{"calls":{},"delivered":0,"recipients":0,"twice":0}"#);
    while !sandbox.expect_line().contains("stats.json") {}
    sandbox.signal(Signal::TERM);
    let ran = sandbox.wait();
    let people: Vec<&str> = ran.stdout().lines().skip_while(|line| *line != "People").take(3).collect();
    let expected = [
        "People",
        "luffy                      oLuffy_wears_the_straw_hat_1  follows; has not written, so can receive templates but no texts",
        "crowd000001 … crowd100000  oCrowd0000000000000000000001 …  all follow and have just written",
    ];
    assert_eq!(people, expected);
}
