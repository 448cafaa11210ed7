//! The age of a cached template list, and the events that invalidate it.

use snapbox::str;

use crate::send::env_with_users;
use crate::support::env::{LIST_REQUEST, SEND_REQUEST, TestEnv};
use crate::support::pty::Terminal;

/// Makes the cached list that many seconds old.
fn age_cached_list(env: &TestEnv, seconds: u32) {
    let sql = format!("UPDATE template_lists SET fetched_at = (unixepoch() - {seconds}) * 1000 RETURNING 1");
    env.query::<i64>(&sql);
}

#[test]
fn unknown_template_invalidates_cached_list() {
    let mut env = env_with_users();
    env.run("template list").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let removed_id = "gone_meanwhile-0123456789abcdefghijklmnopqr";
    database
        .execute("INSERT INTO templates SELECT app_id, 9, ?1, 'Gone', 'x' FROM template_lists", [removed_id])
        .unwrap();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t Gone
2> error: message 1 to luffy was rejected: WeChat returned 40037 (invalid template_id): template_id not in this account
2> hint: `wxbox template list --refresh` shows the templates that the account has; a change of category deletes templates
exit 5

"#]]);
    env.sandbox().requests();
    let listed = env.run("template list").assert_success();
    assert!(
        !listed.stdout().contains(removed_id) && listed.stdout().contains("Backup finished"),
        "{}",
        listed.stdout()
    );
    assert_eq!(env.sandbox().requests(), [LIST_REQUEST]);
}

#[test]
fn day_old_list_is_fetched_again() {
    let mut env = env_with_users();
    env.run("template list").assert_success();
    for (seconds, requests) in
        [(86_000, vec![SEND_REQUEST]), (86_500, vec![LIST_REQUEST, SEND_REQUEST]), (0, vec![SEND_REQUEST])]
    {
        if seconds > 0 {
            age_cached_list(&env, seconds);
        }
        env.sandbox().requests();
        env.run("send -u luffy -t backup -d host=a").assert_success();
        assert_eq!(env.sandbox().requests(), requests, "{seconds}");
    }
    for line in ["template list", "template show backup", "template check backup -d host=a -d size=1 -d time=1"] {
        age_cached_list(&env, 86_500);
        env.sandbox().requests();
        env.run(line).assert_success();
        assert_eq!(env.sandbox().requests(), [LIST_REQUEST], "{line}");
    }
}

#[test]
fn old_list_is_used_when_wechat_is_unreachable() {
    let mut env = env_with_users();
    env.run("template list").assert_success();
    age_cached_list(&env, 3 * 86_400);
    let fault = "[[faults]]\napi = \"/cgi-bin/template/get_all_private_template\"\nerrcode = 45009\n";
    env.sandbox().post_form("faults", fault);
    env.assert_session(str![[r#"
$ wxbox send -u luffy -t backup -d host=a -d size=1 -d time=1
sent message 1 (template) to luffy
2> warning: using the template list of 3 days ago: WeChat could not be reached: WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up

"#]]);
    let listed = env.run("template list").assert_success();
    assert!(listed.stdout().contains("Backup finished"), "{}", listed.stdout());
    assert!(listed.stderr().contains("using the template list of 3 days ago"), "{}", listed.stderr());
    // `--refresh` never returns an old list.
    assert_eq!(env.run("template list --refresh").status(), Some(1));
}

#[test]
fn terminal_shows_age_of_list() {
    let env = env_with_users();
    env.run("template list").assert_success();
    age_cached_list(&env, 7200 + 60);
    let ended = Terminal::start(env.command("template list"), 24, 140).wait();
    let screen = ended.text();
    assert!(screen.contains("downloaded 2 h ago; run `wxbox template list --refresh` to update the list"), "{screen}");
}
