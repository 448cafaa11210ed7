//! The access token: it is fetched rarely, shared by all processes, and replaced when WeChat
//! rejects it.

use snapbox::str;

use crate::support::env::{LIST_REQUEST, LUFFY, SEND_REQUEST, TestEnv, http_client};

const TOKEN_REQUEST: &str = "POST /cgi-bin/stable_token 0";
const SEND_ARGS: &str = "send -u luffy -t backup -d host=a";

/// Revokes the account's token, as another program that fetches one would.
fn revoke_token(env: &mut TestEnv) {
    let sandbox = env.sandbox();
    let body = format!(
        r#"{{"grant_type":"client_credential","appid":"{}","secret":"{}","force_refresh":true}}"#,
        sandbox.app_id, sandbox.app_secret
    );
    let url = format!("{}/cgi-bin/stable_token", sandbox.url);
    let answer = http_client().post(url).body(body).send().unwrap().text().unwrap();
    assert!(answer.contains("access_token"), "{answer}");
    sandbox.requests();
}

#[test]
fn token_is_fetched_once_and_cached_for_later() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(SEND_ARGS).assert_success();
    env.run(SEND_ARGS).assert_success();
    assert_eq!(env.sandbox().requests(), [TOKEN_REQUEST, LIST_REQUEST, SEND_REQUEST, SEND_REQUEST]);
    env.run(SEND_ARGS).assert_success();
    assert_eq!(env.sandbox().requests(), [SEND_REQUEST]);
}

#[test]
fn concurrent_processes_fetch_one_token() {
    let mut env = TestEnv::with_bound_luffy();
    let all: Vec<_> = (0..6).map(|_| env.spawn(SEND_ARGS)).collect();
    for one in all {
        one.wait().assert_success();
    }
    let requests = env.sandbox().requests();
    assert_eq!(requests.iter().filter(|line| *line == TOKEN_REQUEST).count(), 1);
    assert_eq!(requests.iter().filter(|line| *line == SEND_REQUEST).count(), 6);
}

#[test]
fn revoked_token_is_replaced_and_message_sent_once() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(SEND_ARGS).assert_success();
    revoke_token(&mut env);
    env.run(SEND_ARGS).assert_snapshot(str![[r#"
exit 0
--- stdout
sent message 2 (template) to luffy

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/message/template/send 40001", TOKEN_REQUEST, SEND_REQUEST]);
    assert_eq!(env.sandbox().inbox().len(), 2);
    assert_eq!(env.query::<String>("SELECT group_concat(outcome) FROM attempts"), "accepted,refused,accepted");
    env.sandbox().requests();
    env.run(SEND_ARGS).assert_success();
    assert_eq!(env.sandbox().requests(), [SEND_REQUEST]);
}

#[test]
fn concurrent_rejections_fetch_one_token() {
    let mut env = TestEnv::with_bound_luffy();
    env.run(SEND_ARGS).assert_success();
    revoke_token(&mut env);
    let all: Vec<_> = (0..4).map(|_| env.spawn(SEND_ARGS)).collect();
    for one in all {
        one.wait().assert_success();
    }
    assert_eq!(env.sandbox().requests().iter().filter(|line| *line == TOKEN_REQUEST).count(), 1);
    assert_eq!(env.sandbox().inbox().len(), 5);
}

#[test]
fn expiring_or_misdated_token_is_not_used() {
    let mut env = TestEnv::with_bound_luffy();
    let now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
    for (expires, fetched) in [("0", true), ("NOW + 30000", true), ("NOW + 99000000", true), ("NOW + 600000", false)] {
        env.run(SEND_ARGS).assert_success();
        let set = format!("UPDATE tokens SET expires_at = {expires} RETURNING 1").replace("NOW", now);
        env.query::<i64>(&set);
        env.sandbox().requests();
        env.run(SEND_ARGS).assert_success();
        let expected = if fetched { &[TOKEN_REQUEST, SEND_REQUEST][..] } else { &[SEND_REQUEST] };
        assert_eq!(env.sandbox().requests(), expected, "{expires}");
    }
}

#[test]
fn token_is_printed_for_scripts() {
    let mut env = TestEnv::with_bound_luffy();
    let first = env.run("token").assert_success().stdout().to_owned();
    assert_eq!(first, env.query::<String>("SELECT token FROM tokens") + "\n");
    assert_eq!(env.run("-q token").assert_success().stdout(), first);
    let results = env.run("token --json").assert_success().json_lines();
    assert_eq!(results[0]["access_token"], first.trim_end());
    let expires = results[0]["expires_at"].as_str().unwrap();
    assert_eq!((expires.len(), expires.ends_with('Z')), (20, true), "{expires}");
    assert_eq!(env.sandbox().requests(), [TOKEN_REQUEST]);
    assert_eq!(env.run("token --refresh").assert_success().stdout(), first);
    assert_eq!(env.sandbox().requests(), [TOKEN_REQUEST]);
    revoke_token(&mut env);
    let second = env.run("token --refresh").assert_success().stdout().to_owned();
    assert_ne!(second, first);
    assert_eq!(env.run("token").assert_success().stdout(), second);
}

#[test]
fn classic_endpoint_returns_new_token_each_time() {
    let mut env = TestEnv::with_bound_luffy();
    env.prepend_config("token_endpoint = \"classic\"");
    let first = env.run("token").assert_success().stdout().to_owned();
    assert_eq!(env.run("token").assert_success().stdout(), first);
    assert_ne!(env.run("token --refresh").assert_success().stdout(), first);
    env.run(SEND_ARGS).assert_success();
    let classic = "GET /cgi-bin/token 0";
    assert_eq!(env.sandbox().requests(), [classic, classic, LIST_REQUEST, SEND_REQUEST]);
}

#[test]
fn no_log_line_has_the_token_or_the_secret() {
    let mut env = TestEnv::with_bound_luffy();
    let secret = env.sandbox().app_secret.clone();
    for line in ["-vv send -u luffy hi", "-vv token", "-vv token --refresh", "-vvv send -u luffy -t nothing"] {
        let ran = env.run(line);
        let token: String = env.query("SELECT token FROM tokens");
        // A cached token is printed without any log line.
        assert!(ran.stderr().contains("debug: ") || line == "-vv token", "{line}: {}", ran.stderr());
        for private in [token.as_str(), secret.as_str(), LUFFY] {
            assert!(!ran.stderr().contains(private), "{line}: {}", ran.stderr());
        }
    }
}

/// WeChat is queried even if a stopped process holds the lock, or if the lock file belongs to
/// another user.
#[test]
fn unavailable_token_lock_does_not_block_fetch() {
    for endpoint in ["stable", "classic"] {
        let forget = |env: &TestEnv| {
            let database = rusqlite::Connection::open(env.database_path()).unwrap();
            database.execute("DELETE FROM tokens", []).unwrap();
        };
        let mut env = TestEnv::with_bound_luffy();
        env.replace_in_config(&[("[network]\n", "[network]\ntimeout = \"1s\"\n")]);
        env.prepend_config(&format!("token_endpoint = \"{endpoint}\"\n"));
        let path = env.database_path().with_file_name("wxbox.db-token-lock");
        let file = std::fs::File::create(&path).unwrap();
        file.lock().unwrap();
        let ran = env.run("-v send -u luffy hello").assert_success();
        assert!(ran.stderr().contains("requests a token without the lock"), "{}", ran.stderr());
        forget(&env);
        let ran = env.run("-v send -u luffy again").assert_success();
        assert!(ran.stderr().contains("without the lock"), "{}", ran.stderr());
        env.run("token").assert_success();
        drop(file);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        forget(&env);
        let ran = env.run("-v send -u luffy hello").assert_success();
        assert!(ran.stderr().contains("Is a directory"), "{}", ran.stderr());
        assert_eq!(env.sandbox().stats()["delivered"], 3);
    }
}
