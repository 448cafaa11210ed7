//! `user sync`: who of the bound still follows.

use std::fmt::Write;

use snapbox::str;

use crate::canned::{Canned, TOKEN, json};
use crate::harness::{LUFFY, NAMI, World, ZORO};

const BATCH: &str = "POST /cgi-bin/user/info/batchget 0";
const NOBODY: &str = "oNobody_of_this_account_0001";

/// luffy and nami follow, zoro does not; all are bound.
fn crew() -> World {
    let world = World::new();
    for (name, openid) in [("luffy", LUFFY), ("nami", NAMI), ("zoro", ZORO)] {
        world.wxbox(&format!("user add {name} --openid {openid}")).ok();
    }
    world
}

/// A hundred and one people with phones, the last of whom does not follow; all are bound.
fn hundred_and_one(settings: &str) -> World {
    let (mut people, mut file) = (String::new(), "username,openid\n".to_owned());
    for n in 0..101 {
        writeln!(people, "[[people]]\nname = \"{n:03}\"\nopenid = \"o{n:027}\"\nfollows = {}", n < 99).unwrap();
        writeln!(file, "{n:03},o{n:027}").unwrap();
    }
    let world = World::of(&format!("{settings}\n{people}"));
    world.feed("user import -", file).ok();
    world
}

#[test]
fn who_left_is_marked_and_who_is_back_is_not() {
    let mut world = crew();
    world.wxbox("user sync").is(str![[r#"
exit 0
--- stdout
zoro does not follow the account, and cannot be reached
asked about 3 people: 2 follow, 1 does not; one changed

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0", BATCH]);
    assert_eq!(world.sql::<i64>("SELECT unreachable FROM bindings WHERE unreachable NOTNULL"), 43004);
    world.wxbox("user sync").is(str![[r#"
exit 0
--- stdout
asked about 3 people: 2 follow, 1 does not; nothing changed

"#]]);
    world.sandbox().requests();
    // A message to everybody leaves out whom it would not reach.
    let ran = world.wxbox("send --all --template backup").ok();
    assert!(ran.stderr().contains("(`wxbox user list` shows why): zoro"), "{}", ran.stderr());
    world.sandbox().form("follow", "person=zoro&follows=1");
    world.sandbox().form("follow", "person=nami&follows=0");
    world.wxbox("--json user sync").is(str![[r#"
exit 0
--- stdout
{"event":"unfollowed","user":"nami","openid":"oNami_draws_maps_of_the_sea1","has_followed":true}
{"event":"followed","user":"zoro","openid":"oZoro_cannot_find_the_way_22","has_followed":false}
{"event":"synced","asked":3,"follow":2,"do_not_follow":1,"invalid":0,"changed":2}

"#]]);
    world.sandbox().form("follow", "person=nami&follows=1");
    world.wxbox("-q user sync").is(str![[r#"
exit 0

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable NOTNULL"), 0);
}

#[test]
fn nobody_bound_is_nobody_asked_about() {
    let mut world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox("user sync").is(str![[r#"
exit 0
--- stdout
nobody is bound

"#]]);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
}

#[test]
fn an_openid_of_nobody_does_not_spoil_the_rest() {
    let mut world = crew();
    world.wxbox(&format!("user add robin --openid {NOBODY}")).ok();
    world.wxbox(&format!("user add nico --openid {NOBODY}")).ok();
    world.wxbox("user sync").is(str![[r#"
exit 7
--- stdout
zoro does not follow the account, and cannot be reached
asked about 5 people: 2 follow, 1 does not, of 2 the openid is not of this account; one changed
--- stderr
error: the openid oNobody_of_this_account_0001 of nico, robin: WeChat says 40003 (invalid openid): openid malformed or of another account
hint: Check that the recipient was bound with this AppID; bind again

"#]]);
    let one = "GET /cgi-bin/user/info";
    let refused = format!("{one} 40003");
    let asked = world.sandbox().requests();
    assert_eq!(asked[1], "POST /cgi-bin/user/info/batchget 40003");
    assert_eq!(asked.iter().filter(|line| line.starts_with(one)).count(), 4, "{asked:?}");
    assert_eq!(asked.iter().filter(|line| **line == refused).count(), 1, "{asked:?}");
    world.wxbox("--json user sync").is(str![[r#"
exit 7
--- stdout
{"event":"invalid","user":"nico","openid":"oNobody_of_this_account_0001"}
{"event":"invalid","user":"robin","openid":"oNobody_of_this_account_0001"}
{"event":"synced","asked":5,"follow":2,"do_not_follow":1,"invalid":2,"changed":0}
--- stderr
{"error":"the openids of 2 people are not of this account","hint":null,"code":7}

"#]]);
    // WeChat says it of good people now and then: nobody is marked for it.
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable NOTNULL"), 1);
    for name in ["luffy", "nami", "zoro", "nico"] {
        world.wxbox(&format!("unbind --user {name}")).ok();
    }
    let ran = world.wxbox("-q user sync");
    assert_eq!((ran.status(), ran.stdout()), (Some(4), ""));
    assert!(ran.stderr().starts_with("error: the openid oNobody_of_this_account_0001 of robin: "), "{}", ran.stderr());
}

#[test]
fn a_hundred_at_a_time() {
    let mut world = hundred_and_one("");
    world.wxbox("user sync").is(str![[r#"
exit 0
--- stdout
099 does not follow the account, and cannot be reached
100 does not follow the account, and cannot be reached
asked about 101 people: 99 follow, 2 do not; 2 changed

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0", BATCH, BATCH]);
}

#[test]
fn what_was_learned_stays_where_the_calls_of_the_day_run_out() {
    let world = hundred_and_one("[quota]\n\"/cgi-bin/user/info/batchget\" = 1\n");
    world.wxbox("user sync").is(str![[r#"
exit 1
--- stdout
099 does not follow the account, and cannot be reached
--- stderr
error: this breaks off after 100 of 101 openids: WeChat says 45009 (reach max api daily quota limit): daily quota of this API used up
hint: Wait until the counters begin anew after midnight in China, or reset them with `wxbox quota clear` (10 per month)

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable = 43004"), 1);
}

#[test]
fn an_account_that_may_not_ask_marks_nobody() {
    let world = World::of("unauthorized = [\"/cgi-bin/user/info/batchget\"]");
    world.wxbox(&format!("user add zoro --openid {ZORO}")).ok();
    let ran = world.wxbox("user sync");
    assert_eq!((ran.status(), ran.stdout()), (Some(1), ""));
    assert!(ran.stderr().contains("WeChat says 48001"), "{}", ran.stderr());
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings WHERE unreachable NOTNULL"), 0);
}

#[test]
fn a_token_that_ended_is_replaced_and_whom_wechat_forgets_is_asked_about_alone() {
    let server = Canned::new(vec![
        json(TOKEN),
        json(r#"{"errcode":42001,"errmsg":"access_token expired rid: 1-2-3"}"#),
        json(r#"{"access_token":"canned-token-2","expires_in":7200}"#),
        json(r#"{"user_info_list":[{"subscribe":"0","openid":"oNami"},{"subscribe":1,"openid":"oStranger"}]}"#),
        json(r#"{"subscribe":0,"openid":"oLuffy_wears_the_straw_hat_1"}"#),
    ]);
    let world = server.world("", "");
    world.wxbox("user add nami --openid oNami").ok();
    world.wxbox("user sync").is(str![[r#"
exit 0
--- stdout
luffy does not follow the account, and cannot be reached
nami does not follow the account, and cannot be reached
asked about 2 people: 0 follow, 2 do not; 2 changed

"#]]);
    let asked = server.requests();
    let list = r#"{"user_list":[{"openid":"oLuffy_wears_the_straw_hat_1"},{"openid":"oNami"}]}"#;
    assert_eq!((asked[1].body.as_str(), asked[3].body.as_str()), (list, list));
    assert!(asked[4].line.contains("access_token=canned-token-2&openid=oLuffy_"), "{}", asked[4].line);
}
