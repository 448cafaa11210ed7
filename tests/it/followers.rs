//! `follower`: the account's followers page by page, and WeChat's data about one person.

use std::io::pipe;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use snapbox::str;

use crate::support::canned_server::{CannedResponse, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO};
use crate::support::pty::Terminal;

/// Returns an environment with three followers and another person; `settings` come before them in
/// the scenario.
fn env_with_three_followers(settings: &str) -> TestEnv {
    let person = |name: &str, openid: &str, follows| {
        format!("[[people]]\nname = \"{name}\"\nopenid = \"{openid}\"\nfollows = {follows}\n")
    };
    let people = [
        person("luffy", LUFFY, true),
        person("zoro", ZORO, false),
        person("nami", NAMI, true),
        person("robin", ROBIN, true),
    ];
    TestEnv::with_scenario(&format!("{settings}\n{}", people.concat()))
}

const ROBIN: &str = "oRobin_reads_the_stones_0001";

#[test]
fn list_reads_all_pages_and_marks_bound_users() {
    let mut env = env_with_three_followers("followers_a_page = 2");
    env.run(&format!("user add nami --openid {NAMI}")).assert_success();
    env.run(&format!("user add cat --openid {NAMI}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox follower list
oLuffy_wears_the_straw_hat_1	-
oNami_draws_maps_of_the_sea1	cat,nami
oRobin_reads_the_stones_0001	-

"#]]);
    // The last page with followers is followed by an empty one.
    let page = "GET /cgi-bin/user/get 0";
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", page, page, page]);
    env.assert_session(str![[r#"
$ wxbox -q --json follower list
{"openid":"oLuffy_wears_the_straw_hat_1","users":[]}
{"openid":"oNami_draws_maps_of_the_sea1","users":["cat","nami"]}
{"openid":"oRobin_reads_the_stones_0001","users":[]}

"#]]);
}

/// A remark that was pasted from a terminal; the real platform has sent such text.
#[test]
fn invalid_json_in_remark_hides_no_follower() {
    let info =
        format!("{{\"subscribe\":1,\"openid\":\"{LUFFY}\",\"remark\":\"night\u{1b}[1m\u{1}shift\",\"tagid_list\":[]}}");
    let body = format!("{{\"subscribe\":1,\"openid\":\"{LUFFY}\",\"remark\":\"?\",\"tagid_list\":[]}}");
    let body = body.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect::<Vec<u8>>();
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(&info),
        CannedResponse::Bytes([head, &body[..]].concat()),
    ]);
    let env = server.env("", "");
    let line = format!("--json follower show {LUFFY}");
    assert_eq!(env.run(&line).assert_success().json_lines()[0]["remark"], "night\u{1b}[1m\u{1}shift", "escaped again");
    assert_eq!(env.run(&line).assert_success().json_lines()[0]["remark"], "\u{fffd}");
}

#[test]
fn repeated_page_lists_no_follower_twice() {
    let page = format!(r#"{{"total":2,"count":2,"data":{{"openid":["{LUFFY}","{NAMI}"]}},"next_openid":"{NAMI}"}}"#);
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(&page), json_response(&page)]);
    server.env("", "").run("follower list").assert_snapshot(str![[r#"
exit 0
--- stdout
oLuffy_wears_the_straw_hat_1	luffy
oNami_draws_maps_of_the_sea1	-

"#]]);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_full_last_page_is_followed_by_an_empty_one() {
    let mut env = env_with_three_followers("followers_a_page = 3");
    assert_eq!(env.run("follower list").assert_success().stdout().lines().count(), 3);
    let page = "GET /cgi-bin/user/get 0";
    assert_eq!(env.sandbox().requests()[1..], [page, page]);
}

#[test]
fn account_without_followers_is_listed() {
    let env = TestEnv::with_scenario(&format!("[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"));
    env.assert_session(str![[r#"
$ wxbox follower list
$ wxbox --json -q follower list

"#]]);
}

#[test]
fn unauthorized_account_is_reported() {
    let env = env_with_three_followers(
        "unauthorized = [\"/cgi-bin/user/get\", \"/cgi-bin/user/info\", \"/cgi-bin/user/info/updateremark\"]",
    );
    env.assert_session(str![[r#"
$ wxbox follower list
2> error: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: the follower list and the data of followers are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
exit 1

"#]]);
    for line in [format!("follower show {LUFFY}"), format!("follower remark {LUFFY} x")] {
        let ran = env.run(&line);
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{line}");
        assert!(ran.stderr().starts_with("error: WeChat returned 48001"), "{line}: {}", ran.stderr());
    }
}

#[test]
fn exhausted_quota_keeps_listed_followers() {
    let env = env_with_three_followers("followers_a_page = 1\n[quota]\n\"/cgi-bin/user/get\" = 2\n");
    env.assert_session(str![[r#"
$ wxbox follower list
oLuffy_wears_the_straw_hat_1	-
oNami_draws_maps_of_the_sea1	-
2> error: cannot list all followers: 2 of 3 were received: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
exit 1

"#]]);
}

#[test]
fn token_expiring_during_run_is_replaced() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(r#"{"total":3,"count":2,"data":{"openid":["oA","oB"]},"next_openid":"oB"}"#),
        json_response(r#"{"errcode":40001,"errmsg":"invalid credential rid: 1-2-3"}"#),
        json_response(r#"{"access_token":"canned-token-2","expires_in":7200}"#),
        json_response(r#"{"total":"3","count":"1","data":{"openid":["oC"]},"next_openid":"oC"}"#),
        json_response(r#"{"total":3,"count":0,"next_openid":""}"#),
    ]);
    let env = server.env("", "");
    env.assert_session(str![[r#"
$ wxbox follower list
oA	-
oB	-
oC	-

"#]]);
    let requests: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert!(requests[4].contains("access_token=canned-token-2&next_openid=oB"), "{}", requests[4]);
    assert!(requests[5].contains("access_token=canned-token-2&next_openid=oC"), "{}", requests[5]);
}

#[test]
fn cyclic_pagination_ends() {
    let page = r#"{"total":1,"count":1,"data":{"openid":["oA"]},"next_openid":"oA"}"#;
    let server = CannedServer::new(vec![json_response(TOKEN_BODY), json_response(page), json_response(page)]);
    let env = server.env("", "");
    env.run("follower list").assert_success();
}

#[test]
fn response_without_openids_is_an_error() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(r#"{"total":2,"count":2,"next_openid":"oB"}"#),
    ]);
    let env = server.env("", "");
    let ran = env.run("follower list");
    assert_eq!(ran.status(), Some(1));
    assert!(ran.stderr().contains("data.openid is missing"), "{}", ran.stderr());
}

#[test]
fn closed_stdout_stops_requests() {
    let mut env = env_with_three_followers("followers_a_page = 1");
    for line in ["follower list", "--json follower list"] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = env.command(line).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{line}");
        let requests = env.sandbox().requests();
        assert_eq!(requests.iter().filter(|line| line.contains("/user/get")).count(), 1, "{line}: {requests:?}");
    }
}

#[test]
fn terminal_shows_columns_without_progress_remains() {
    let env = env_with_three_followers("followers_a_page = 1");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let ended = Terminal::start(env.command("follower list"), 20, 80).wait();
    let screen = ended.text();
    let lines: Vec<&str> = screen.lines().filter(|line| !line.is_empty()).collect();
    let expected =
        [format!("{:28}  USERS", "OPENID"), format!("{LUFFY}  luffy"), format!("{NAMI}  -"), format!("{ROBIN}  -")];
    assert_eq!(lines, expected, "{screen}");
}

#[test]
fn follower_show_prints_wechat_data() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(
            r#"{"subscribe":"1","openid":"oLuffy_wears_the_straw_hat_1","nickname":"","sex":0,"language":"zh_TW",
               "subscribe_time":"1700000000","unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"cap\u001btain",
               "groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_SEARCH","qr_scene":7,"qr_scene_str":"door"}"#,
        ),
    ]);
    let env = server.env("", "");
    env.assert_session(str![[r#"
$ wxbox follower show oLuffy_wears_the_straw_hat_1
Openid    oLuffy_wears_the_straw_hat_1
Users     luffy
Follows   since [TIME]
Source    ADD_SCENE_SEARCH
QR scene  door
Remark    cap�tain
Tags      128, 2
Language  zh_TW
Unionid   o6_bmasdasdsad6_2sgVt7hMZOPfL

"#]]);
    let request = server.requests().pop().unwrap().line;
    assert!(request.starts_with("GET /cgi-bin/user/info?access_token=canned-token-1&openid=oLuffy_"), "{request}");
}

#[test]
fn a_remark_is_set_shown_and_removed() {
    let mut env = env_with_three_followers("");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox follower remark oLuffy_wears_the_straw_hat_1 ' 船长 ☠️ '
set the remark of luffy to "船长 ☠️"

"#]]);
    assert!(env.run(&format!("follower show {LUFFY}")).assert_success().stdout().contains("Remark    船长 ☠️\n"));
    env.assert_session(str![[r#"
$ wxbox -q follower remark oLuffy_wears_the_straw_hat_1 ''

"#]]);
    assert!(!env.run(&format!("follower show {LUFFY}")).assert_success().stdout().contains("Remark"));
    env.sandbox().requests();
    for (line, status) in [
        (format!("follower remark {LUFFY} {}", "x".repeat(31)), 2),
        (format!("follower remark {LUFFY} \"a\nb\""), 2),
        ("follower remark 'o p' x".to_owned(), 2),
    ] {
        assert_eq!(env.run(&line).status(), Some(status), "{line}");
    }
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    // 30 bytes are too many by some of WeChat's pages, and 30 characters by others.
    env.run(&format!("follower remark {LUFFY} {}", "路".repeat(10))).assert_snapshot(str![[r#"
exit 2
--- stderr
error: oLuffy_wears_the_straw_hat_1: WeChat returned 40092 (invalid remark name): remark name wrong
hint: keep the remark below 30 bytes

"#]]);
    env.assert_session(str![[r#"
$ wxbox follower remark oZoro_cannot_find_the_way_22 x
2> error: oZoro_cannot_find_the_way_22: WeChat returned 43004 (require subscribe): recipient does not follow the account
2> hint: ask the person to follow the account
exit 4

"#]]);
}

#[test]
fn list_to_file_shows_progress() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(r#"{"total":3,"count":2,"data":{"openid":["oA","oB"]},"next_openid":"oB"}"#),
        CannedResponse::Stall,
    ]);
    let env = server.env("", "");
    let wxbox = env.command("follower list");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >followers.tsv"]).arg(wxbox.get_program()).args(wxbox.get_args());
    shell.env_clear().envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(env.home.path());
    let mut terminal = Terminal::start(shell, 20, 80);
    terminal.wait_for("2/3");
    server.stalled();
    // The output file contains each page before the next is fetched.
    assert_eq!(std::fs::read_to_string(env.path("followers.tsv")).unwrap(), "oA\t-\noB\t-\n");
    terminal.type_keys("\x03");
    let ended = terminal.wait();
    assert_eq!(ended.status.signal(), Some(2));
    assert!(ended.text().starts_with("downloading the followers from WeChat"), "{}", ended.text());
    assert!(ended.is_echo_on && !ended.screen.hide_cursor());
}
