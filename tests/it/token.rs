//! The access token: fetched seldom, shared by all, replaced when WeChat no longer takes it.

use snapbox::str;

use crate::harness::{LUFFY, World, phone};

const STABLE: &str = "POST /cgi-bin/stable_token 0";
const LIST: &str = "GET /cgi-bin/template/get_all_private_template 0";
const SENT: &str = "POST /cgi-bin/message/template/send 0";
const SEND: &str = "send -u luffy -t backup -d host=a";

fn world() -> World {
    let world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world
}

/// Ends the account's token as another program would.
fn revoke(world: &mut World) {
    let sandbox = world.sandbox();
    let body = format!(
        r#"{{"grant_type":"client_credential","appid":"{}","secret":"{}","force_refresh":true}}"#,
        sandbox.app_id, sandbox.app_secret
    );
    let url = format!("{}/cgi-bin/stable_token", sandbox.url);
    let answer = phone().post(url).body(body).send().unwrap().text().unwrap();
    assert!(answer.contains("access_token"), "{answer}");
    sandbox.requests();
}

#[test]
fn a_token_is_fetched_once_and_kept_for_the_processes_to_come() {
    let mut world = world();
    world.wxbox(SEND).ok();
    world.wxbox(SEND).ok();
    assert_eq!(world.sandbox().requests(), [STABLE, LIST, SENT, SENT]);
    world.wxbox(SEND).ok();
    assert_eq!(world.sandbox().requests(), [SENT]);
}

#[test]
fn processes_that_start_at_once_fetch_one_token() {
    let mut world = world();
    let all: Vec<_> = (0..6).map(|_| world.spawn(SEND)).collect();
    for one in all {
        one.end().ok();
    }
    let requests = world.sandbox().requests();
    assert_eq!(requests.iter().filter(|line| *line == STABLE).count(), 1);
    assert_eq!(requests.iter().filter(|line| *line == SENT).count(), 6);
}

#[test]
fn a_token_that_was_revoked_is_replaced_and_the_message_arrives_once() {
    let mut world = world();
    world.wxbox(SEND).ok();
    revoke(&mut world);
    world.wxbox(SEND).is(str![[r#"
exit 0
--- stdout
sent message 2 (template) to luffy

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/message/template/send 40001", STABLE, SENT]);
    assert_eq!(world.sandbox().inbox().len(), 2);
    assert_eq!(world.sql::<String>("SELECT group_concat(outcome) FROM attempts"), "accepted,refused,accepted");
    world.sandbox().requests();
    world.wxbox(SEND).ok();
    assert_eq!(world.sandbox().requests(), [SENT]);
}

#[test]
fn several_whose_token_was_revoked_fetch_one() {
    let mut world = world();
    world.wxbox(SEND).ok();
    revoke(&mut world);
    let all: Vec<_> = (0..4).map(|_| world.spawn(SEND)).collect();
    for one in all {
        one.end().ok();
    }
    assert_eq!(world.sandbox().requests().iter().filter(|line| *line == STABLE).count(), 1);
    assert_eq!(world.sandbox().inbox().len(), 5);
}

#[test]
fn a_token_at_its_end_or_from_a_wrong_clock_is_not_used() {
    let mut world = world();
    let now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
    for (expires, fetched) in [("0", true), ("NOW + 30000", true), ("NOW + 99000000", true), ("NOW + 600000", false)] {
        world.wxbox(SEND).ok();
        let set = format!("UPDATE tokens SET expires_at = {expires} RETURNING 1").replace("NOW", now);
        world.sql::<i64>(&set);
        world.sandbox().requests();
        world.wxbox(SEND).ok();
        let expected = if fetched { &[STABLE, SENT][..] } else { &[SENT] };
        assert_eq!(world.sandbox().requests(), expected, "{expires}");
    }
}

#[test]
fn the_token_is_printed_for_other_scripts() {
    let mut world = world();
    let first = world.wxbox("token").ok().stdout().to_owned();
    assert_eq!(first, world.sql::<String>("SELECT token FROM tokens") + "\n");
    assert_eq!(world.wxbox("-q token").ok().stdout(), first);
    let shown = world.wxbox("token --json").ok().json();
    assert_eq!(shown[0]["access_token"], first.trim_end());
    let expires = shown[0]["expires_at"].as_str().unwrap();
    assert_eq!((expires.len(), expires.ends_with('Z')), (20, true), "{expires}");
    assert_eq!(world.sandbox().requests(), [STABLE]);
    assert_eq!(world.wxbox("token --refresh").ok().stdout(), first);
    assert_eq!(world.sandbox().requests(), [STABLE]);
    revoke(&mut world);
    let second = world.wxbox("token --refresh").ok().stdout().to_owned();
    assert_ne!(second, first);
    assert_eq!(world.wxbox("token").ok().stdout(), second);
}

#[test]
fn the_classic_endpoint_gives_another_each_time() {
    let mut world = world();
    world.config_first("token_endpoint = \"classic\"");
    let first = world.wxbox("token").ok().stdout().to_owned();
    assert_eq!(world.wxbox("token").ok().stdout(), first);
    assert_ne!(world.wxbox("token --refresh").ok().stdout(), first);
    world.wxbox(SEND).ok();
    let classic = "GET /cgi-bin/token 0";
    assert_eq!(world.sandbox().requests(), [classic, classic, LIST, SENT]);
}

#[test]
fn no_log_line_has_the_token_or_the_secret() {
    let mut world = world();
    let secret = world.sandbox().app_secret.clone();
    for line in ["-vv send -u luffy hi", "-vv token", "-vv token --refresh", "-vvv send -u luffy -t nothing"] {
        let ran = world.wxbox(line);
        let token: String = world.sql("SELECT token FROM tokens");
        // A kept token is printed without a word.
        assert!(ran.stderr().contains("debug: ") || line == "-vv token", "{line}: {}", ran.stderr());
        for private in [token.as_str(), secret.as_str(), LUFFY] {
            assert!(!ran.stderr().contains(private), "{line}: {}", ran.stderr());
        }
    }
}

/// A process that was stopped while it had the lock, or a file that is not ours: WeChat is asked all the same.
#[test]
fn a_lock_that_cannot_be_had_keeps_nobody_from_asking() {
    for endpoint in ["stable", "classic"] {
        let forget = |world: &World| {
            let database = rusqlite::Connection::open(world.database()).unwrap();
            database.execute("DELETE FROM tokens", []).unwrap();
        };
        let mut world = world();
        world.reconfigure(&[("[network]\n", "[network]\ntimeout = \"1s\"\n")]);
        world.config_first(&format!("token_endpoint = \"{endpoint}\"\n"));
        let path = world.database().with_file_name("wxbox.db-token-lock");
        let file = std::fs::File::create(&path).unwrap();
        file.lock().unwrap();
        let ran = world.wxbox("-v send -u luffy hello").ok();
        assert!(ran.stderr().contains("asking WeChat for a token without the lock"), "{}", ran.stderr());
        forget(&world);
        let ran = world.wxbox("-v send -u luffy again").ok();
        assert!(ran.stderr().contains("without the lock"), "{}", ran.stderr());
        world.wxbox("token").ok();
        drop(file);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        forget(&world);
        let ran = world.wxbox("-v send -u luffy hello").ok();
        assert!(ran.stderr().contains("Is a directory"), "{}", ran.stderr());
        assert_eq!(world.sandbox().stats()["delivered"], 3);
    }
}
