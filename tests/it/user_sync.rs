//! `user sync`: which of the bound users still follow.

use std::fmt::Write;

use snapbox::str;

use crate::support::canned_server::{CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, NAMI, TestEnv, ZORO};

const BATCH_REQUEST: &str = "POST /cgi-bin/user/info/batchget 0";
const UNKNOWN_OPENID: &str = "oNobody_of_this_account_0001";

/// Returns an environment with three bound users: luffy and nami follow, zoro does not.
fn env_with_users() -> TestEnv {
    let env = TestEnv::new();
    for (name, openid) in [("luffy", LUFFY), ("nami", NAMI), ("zoro", ZORO)] {
        env.run(&format!("user add {name} --openid {openid}")).assert_success();
    }
    env
}

/// Returns an environment with 101 bound users, of whom only the last does not follow.
fn env_with_101_followers(settings: &str) -> TestEnv {
    let (mut people, mut file) = (String::new(), "username,openid\n".to_owned());
    for n in 0..101 {
        writeln!(people, "[[people]]\nname = \"{n:03}\"\nopenid = \"o{n:027}\"\nfollows = {}", n < 99).unwrap();
        writeln!(file, "{n:03},o{n:027}").unwrap();
    }
    let env = TestEnv::with_scenario(&format!("{settings}\n{people}"));
    env.run_with_stdin("user import -", file).assert_success();
    env
}

#[test]
fn unfollowed_users_are_marked_and_returned_are_not() {
    let mut env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox user sync
zoro does not follow the account and cannot be reached
checked 3 users: 2 follow, 1 does not; 1 change

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", BATCH_REQUEST]);
    assert_eq!(env.query::<i64>("SELECT unreachable_errcode FROM bindings WHERE unreachable_errcode NOTNULL"), 43004);
    env.assert_session(str![[r#"
$ wxbox user sync
checked 3 users: 2 follow, 1 does not; 0 changes

"#]]);
    env.sandbox().requests();
    // A message to everybody skips the users that it cannot reach.
    let ran = env.run("send --all --template backup").assert_success();
    assert!(ran.stderr().contains("(`wxbox user list` shows why): zoro"), "{}", ran.stderr());
    env.sandbox().post_form("follow", "person=zoro&follows=1");
    env.sandbox().post_form("follow", "person=nami&follows=0");
    env.assert_session(str![[r#"
$ wxbox --json user sync
{"event":"unfollowed","user":"nami","openid":"oNami_draws_maps_of_the_sea1","has_followed":true}
{"event":"followed","user":"zoro","openid":"oZoro_cannot_find_the_way_22","has_followed":false}
{"event":"synced","asked":3,"follow":2,"do_not_follow":1,"invalid":0,"changed":2}

"#]]);
    env.sandbox().post_form("follow", "person=nami&follows=1");
    env.assert_session(str![[r#"
$ wxbox -q user sync

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode NOTNULL"), 0);
}

#[test]
fn no_bound_users_makes_no_request() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.assert_session(str![[r#"
$ wxbox user sync
no user is bound

"#]]);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
}

#[test]
fn unknown_openid_does_not_fail_batch() {
    let mut env = env_with_users();
    env.run(&format!("user add robin --openid {UNKNOWN_OPENID}")).assert_success();
    env.run(&format!("user add nico --openid {UNKNOWN_OPENID}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox user sync
zoro does not follow the account and cannot be reached
checked 5 users: 2 follow, 1 does not, 2 openids are not of this account; 1 change
2> error: the openid oNobody_of_this_account_0001 of nico, robin: WeChat returned 40003 (invalid openid): openid malformed or of another account
2> hint: check that the recipient was bound with this AppID; bind again
exit 7

"#]]);
    let one = "GET /cgi-bin/user/info";
    let refused = format!("{one} 40003");
    let requests = env.sandbox().requests();
    assert_eq!(requests[1], "POST /cgi-bin/user/info/batchget 40003");
    assert_eq!(requests.iter().filter(|line| line.starts_with(one)).count(), 4, "{requests:?}");
    assert_eq!(requests.iter().filter(|line| **line == refused).count(), 1, "{requests:?}");
    env.assert_session(str![[r#"
$ wxbox --json user sync
{"event":"invalid","user":"nico","openid":"oNobody_of_this_account_0001"}
{"event":"invalid","user":"robin","openid":"oNobody_of_this_account_0001"}
{"event":"synced","asked":5,"follow":2,"do_not_follow":1,"invalid":2,"changed":0}
2> {"error":"the openids of 2 users are not of this account","hint":null,"code":7}
exit 7

"#]]);
    // WeChat occasionally returns this for valid users: it does not mark any of them.
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode NOTNULL"), 1);
    for name in ["luffy", "nami", "zoro", "nico"] {
        env.run(&format!("unbind --user {name}")).assert_success();
    }
    let ran = env.run("-q user sync");
    assert_eq!((ran.status(), ran.stdout()), (Some(4), ""));
    assert!(ran.stderr().starts_with("error: the openid oNobody_of_this_account_0001 of robin: "), "{}", ran.stderr());
}

#[test]
fn sync_queries_100_users_per_request() {
    let mut env = env_with_101_followers("");
    env.assert_session(str![[r#"
$ wxbox user sync
099 does not follow the account and cannot be reached
100 does not follow the account and cannot be reached
checked 101 users: 99 follow, 2 do not; 2 changes

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/stable_token 0", BATCH_REQUEST, BATCH_REQUEST]);
}

#[test]
fn exhausted_quota_keeps_synced_users() {
    let env = env_with_101_followers("[quota]\n\"/cgi-bin/user/info/batchget\" = 1\n");
    env.assert_session(str![[r#"
$ wxbox user sync
099 does not follow the account and cannot be reached
2> error: cannot check all openids: 100 of 101 are done: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: wait until midnight in China (UTC+8), when the counters are reset, or run `wxbox quota clear` (allowed ten times a month)
exit 1

"#]]);
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode = 43004"), 1);
}

#[test]
fn unauthorized_sync_marks_no_user() {
    let env = TestEnv::with_scenario("unauthorized = [\"/cgi-bin/user/info/batchget\"]");
    env.run(&format!("user add zoro --openid {ZORO}")).assert_success();
    let ran = env.run("user sync");
    assert_eq!((ran.status(), ran.stdout()), (Some(1), ""));
    assert!(ran.stderr().contains("WeChat returned 48001"), "{}", ran.stderr());
    assert_eq!(env.query::<i64>("SELECT count(*) FROM bindings WHERE unreachable_errcode NOTNULL"), 0);
}

#[test]
fn expired_token_is_replaced_and_missing_openid_queried_alone() {
    let server = CannedServer::new(vec![
        json_response(TOKEN_BODY),
        json_response(r#"{"errcode":42001,"errmsg":"access_token expired rid: 1-2-3"}"#),
        json_response(r#"{"access_token":"canned-token-2","expires_in":7200}"#),
        json_response(
            r#"{"user_info_list":[{"subscribe":"0","openid":"oNami"},{"subscribe":1,"openid":"oStranger"}]}"#,
        ),
        json_response(r#"{"subscribe":0,"openid":"oLuffy_wears_the_straw_hat_1"}"#),
    ]);
    let env = server.env("", "");
    env.run("user add nami --openid oNami").assert_success();
    env.assert_session(str![[r#"
$ wxbox user sync
luffy does not follow the account and cannot be reached
nami does not follow the account and cannot be reached
checked 2 users: 0 follow, 2 do not; 2 changes

"#]]);
    let requests = server.requests();
    let list = r#"{"user_list":[{"openid":"oLuffy_wears_the_straw_hat_1"},{"openid":"oNami"}]}"#;
    assert_eq!((requests[1].body.as_str(), requests[3].body.as_str()), (list, list));
    assert!(requests[4].line.contains("access_token=canned-token-2&openid=oLuffy_"), "{}", requests[4].line);
}
