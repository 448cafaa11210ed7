//! `follower`: who follows the account, page by page, and what WeChat tells of one person.

use std::io::pipe;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use snapbox::str;

use crate::canned::{Answer, Canned, TOKEN, json};
use crate::harness::{LUFFY, NAMI, World, ZORO};
use crate::pty::Terminal;

/// Three followers and somebody else; the settings of the world stand before them.
fn three(settings: &str) -> World {
    let person = |name: &str, openid: &str, follows| {
        format!("[[people]]\nname = \"{name}\"\nopenid = \"{openid}\"\nfollows = {follows}\n")
    };
    let people = [
        person("luffy", LUFFY, true),
        person("zoro", ZORO, false),
        person("nami", NAMI, true),
        person("robin", ROBIN, true),
    ];
    World::of(&format!("{settings}\n{}", people.concat()))
}

const ROBIN: &str = "oRobin_reads_the_stones_0001";

#[test]
fn the_list_goes_through_all_pages_and_says_who_is_bound() {
    let mut world = three("followers_a_page = 2");
    world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
    world.wxbox(&format!("user add cat --openid {NAMI}")).ok();
    world.wxbox("follower list").is(str![[r#"
exit 0
--- stdout
oLuffy_wears_the_straw_hat_1	-
oNami_draws_maps_of_the_sea1	cat,nami
oRobin_reads_the_stones_0001	-

"#]]);
    // The last page that has any is followed by an empty one.
    let page = "GET /cgi-bin/user/get 0";
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0", page, page, page]);
    world.wxbox("-q --json follower list").is(str![[r#"
exit 0
--- stdout
{"openid":"oLuffy_wears_the_straw_hat_1","users":[]}
{"openid":"oNami_draws_maps_of_the_sea1","users":["cat","nami"]}
{"openid":"oRobin_reads_the_stones_0001","users":[]}

"#]]);
}

/// A remark that somebody pasted from a terminal, as the platform was seen to send such.
#[test]
fn a_remark_that_json_does_not_allow_hides_nobody() {
    let info =
        format!("{{\"subscribe\":1,\"openid\":\"{LUFFY}\",\"remark\":\"night\u{1b}[1m\u{1}shift\",\"tagid_list\":[]}}");
    let broken = format!("{{\"subscribe\":1,\"openid\":\"{LUFFY}\",\"remark\":\"?\",\"tagid_list\":[]}}");
    let broken = broken.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect::<Vec<u8>>();
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let server = Canned::new(vec![json(TOKEN), json(&info), Answer::Bytes([head, &broken[..]].concat())]);
    let world = server.world("", "");
    let line = format!("--json follower show {LUFFY}");
    assert_eq!(world.wxbox(&line).ok().json()[0]["remark"], "night\u{1b}[1m\u{1}shift", "escaped again");
    assert_eq!(world.wxbox(&line).ok().json()[0]["remark"], "\u{fffd}");
}

#[test]
fn a_page_that_leads_back_lists_nobody_twice() {
    let page = format!(r#"{{"total":2,"count":2,"data":{{"openid":["{LUFFY}","{NAMI}"]}},"next_openid":"{NAMI}"}}"#);
    let server = Canned::new(vec![json(TOKEN), json(&page), json(&page)]);
    server.world("", "").wxbox("follower list").is(str![[r#"
exit 0
--- stdout
oLuffy_wears_the_straw_hat_1	luffy
oNami_draws_maps_of_the_sea1	-

"#]]);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_full_last_page_is_followed_by_an_empty_one() {
    let mut world = three("followers_a_page = 3");
    assert_eq!(world.wxbox("follower list").ok().stdout().lines().count(), 3);
    let page = "GET /cgi-bin/user/get 0";
    assert_eq!(world.sandbox().requests()[1..], [page, page]);
}

#[test]
fn nobody_may_follow() {
    let world = World::of(&format!("[[people]]\nname = \"zoro\"\nopenid = \"{ZORO}\"\nfollows = false\n"));
    world.wxbox("follower list").is(str![[r#"
exit 0

"#]]);
    world.wxbox("--json -q follower list").is(str![[r#"
exit 0

"#]]);
}

#[test]
fn an_account_that_may_not_ask_is_told_so() {
    let world =
        three("unauthorized = [\"/cgi-bin/user/get\", \"/cgi-bin/user/info\", \"/cgi-bin/user/info/updateremark\"]");
    world.wxbox("follower list").is(str![[r#"
exit 1
--- stderr
error: WeChat says 48001 (api unauthorized): account lacks this API
hint: the list of followers and what is known of them are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)

"#]]);
    for line in [format!("follower show {LUFFY}"), format!("follower remark {LUFFY} x")] {
        let ran = world.wxbox(&line);
        assert_eq!((ran.status(), ran.stdout()), (Some(1), ""), "{line}");
        assert!(ran.stderr().starts_with("error: WeChat says 48001"), "{line}: {}", ran.stderr());
    }
}

#[test]
fn what_was_listed_stays_where_the_calls_of_the_day_run_out() {
    let world = three("followers_a_page = 1\n[quota]\n\"/cgi-bin/user/get\" = 2\n");
    world.wxbox("follower list").is(str![[r#"
exit 1
--- stdout
oLuffy_wears_the_straw_hat_1	-
oNami_draws_maps_of_the_sea1	-
--- stderr
error: the list breaks off after 2 of 3 followers: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: Wait until the counters begin anew after midnight in China, or reset them with `wxbox quota clear` (10 per month)

"#]]);
}

#[test]
fn a_token_that_ends_in_the_middle_is_replaced() {
    let server = Canned::new(vec![
        json(TOKEN),
        json(r#"{"total":3,"count":2,"data":{"openid":["oA","oB"]},"next_openid":"oB"}"#),
        json(r#"{"errcode":40001,"errmsg":"invalid credential rid: 1-2-3"}"#),
        json(r#"{"access_token":"canned-token-2","expires_in":7200}"#),
        json(r#"{"total":"3","count":"1","data":{"openid":["oC"]},"next_openid":"oC"}"#),
        json(r#"{"total":3,"count":0,"next_openid":""}"#),
    ]);
    let world = server.world("", "");
    world.wxbox("follower list").is(str![[r#"
exit 0
--- stdout
oA	-
oB	-
oC	-

"#]]);
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert!(asked[4].contains("access_token=canned-token-2&next_openid=oB"), "{}", asked[4]);
    assert!(asked[5].contains("access_token=canned-token-2&next_openid=oC"), "{}", asked[5]);
}

#[test]
fn a_list_that_turns_in_a_circle_ends() {
    let page = r#"{"total":1,"count":1,"data":{"openid":["oA"]},"next_openid":"oA"}"#;
    let server = Canned::new(vec![json(TOKEN), json(page), json(page)]);
    let world = server.world("", "");
    world.wxbox("follower list").ok();
}

#[test]
fn an_answer_without_its_openids_is_no_empty_list() {
    let server = Canned::new(vec![json(TOKEN), json(r#"{"total":2,"count":2,"next_openid":"oB"}"#)]);
    let world = server.world("", "");
    let ran = world.wxbox("follower list");
    assert_eq!(ran.status(), Some(1));
    assert!(ran.stderr().contains("data.openid is missing"), "{}", ran.stderr());
}

#[test]
fn nobody_is_asked_for_a_reader_who_has_gone() {
    let mut world = three("followers_a_page = 1");
    for line in ["follower list", "--json follower list"] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let status = world.command(line).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(0), "{line}");
        let asked = world.sandbox().requests();
        assert_eq!(asked.iter().filter(|line| line.contains("/user/get")).count(), 1, "{line}: {asked:?}");
    }
}

#[test]
fn a_terminal_shows_columns_and_no_rest_of_the_bar() {
    let world = three("followers_a_page = 1");
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let ended = Terminal::start(world.command("follower list"), 20, 80).end();
    let shown = ended.screen.contents();
    let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
    let expected =
        [format!("{:28}  USERS", "OPENID"), format!("{LUFFY}  luffy"), format!("{NAMI}  -"), format!("{ROBIN}  -")];
    assert_eq!(lines, expected, "{shown}");
}

#[test]
fn a_person_is_shown_with_what_wechat_still_tells() {
    let server = Canned::new(vec![
        json(TOKEN),
        json(
            r#"{"subscribe":"1","openid":"oLuffy_wears_the_straw_hat_1","nickname":"","sex":0,"language":"zh_TW",
               "subscribe_time":"1700000000","unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"cap\u001btain",
               "groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_SEARCH","qr_scene":7,"qr_scene_str":"door"}"#,
        ),
    ]);
    let world = server.world("", "");
    world.wxbox(&format!("follower show {LUFFY}")).is(str![[r#"
exit 0
--- stdout
Openid    oLuffy_wears_the_straw_hat_1
Users     luffy
Follows   since [TIME]
Came by   ADD_SCENE_SEARCH
QR scene  door
Remark    cap�tain
Tags      128, 2
Language  zh_TW
Unionid   o6_bmasdasdsad6_2sgVt7hMZOPfL

"#]]);
    let asked = server.requests().pop().unwrap().line;
    assert!(asked.starts_with("GET /cgi-bin/user/info?access_token=canned-token-1&openid=oLuffy_"), "{asked}");
}

#[test]
fn a_remark_is_set_shown_and_removed() {
    let mut world = three("");
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox(&format!("follower remark {LUFFY} ' 船长 ☠️ '")).is(str![[r#"
exit 0
--- stdout
the remark on luffy is "船长 ☠️" now

"#]]);
    assert!(world.wxbox(&format!("follower show {LUFFY}")).ok().stdout().contains("Remark    船长 ☠️\n"));
    world.wxbox(&format!("-q follower remark {LUFFY} ''")).is(str![[r#"
exit 0

"#]]);
    assert!(!world.wxbox(&format!("follower show {LUFFY}")).ok().stdout().contains("Remark"));
    world.sandbox().requests();
    for (line, status) in [
        (format!("follower remark {LUFFY} {}", "x".repeat(31)), 2),
        (format!("follower remark {LUFFY} \"a\nb\""), 2),
        ("follower remark 'o p' x".to_owned(), 2),
    ] {
        assert_eq!(world.wxbox(&line).status(), Some(status), "{line}");
    }
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
    // 30 bytes are too many for some of WeChat's pages, and 30 characters for others.
    world.wxbox(&format!("follower remark {LUFFY} {}", "路".repeat(10))).is(str![[r#"
exit 2
--- stderr
error: oLuffy_wears_the_straw_hat_1: WeChat says 40092 (invalid remark name): remark name wrong
hint: Keep the remark below 30 bytes

"#]]);
    world.wxbox(&format!("follower remark {ZORO} x")).is(str![[r#"
exit 4
--- stderr
error: oZoro_cannot_find_the_way_22: WeChat says 43004 (require subscribe): recipient does not follow the account
hint: Ask the person to follow the account

"#]]);
}

#[test]
fn a_list_into_a_file_shows_how_far_it_is() {
    let server = Canned::new(vec![
        json(TOKEN),
        json(r#"{"total":3,"count":2,"data":{"openid":["oA","oB"]},"next_openid":"oB"}"#),
        Answer::Hold,
    ]);
    let world = server.world("", "");
    let wxbox = world.command("follower list");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >followers.tsv"]).arg(wxbox.get_program()).args(wxbox.get_args());
    shell.env_clear().envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(world.home.path());
    let mut terminal = Terminal::start(shell, 20, 80);
    terminal.until("2/3");
    server.held();
    // What is known is in the file before the rest is.
    assert_eq!(std::fs::read_to_string(world.path("followers.tsv")).unwrap(), "oA\t-\noB\t-\n");
    terminal.keys("\x03");
    let ended = terminal.end();
    assert_eq!(ended.status.signal(), Some(2));
    assert!(ended.screen.contents().starts_with("asking WeChat for the followers"), "{}", ended.screen.contents());
    assert!(ended.echo && !ended.screen.hide_cursor());
}
