//! `send`: messages that WeChat rejects, and the consequences for the others.

use snapbox::str;

use crate::send::{add_users, env_with_users, queued_count};
use crate::support::env::TestEnv;

#[test]
fn rejected_user_is_marked_and_skipped_later() {
    let mut env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox send -u zoro -t backup -d host=a
2> error: message 1 to zoro was rejected: WeChat returned 43004 (require subscribe): recipient does not follow the account
2> hint: ask the person to follow the account; then run `wxbox outbox retry 1` to send it
exit 5
$ wxbox user show zoro
Name       zoro
UID        eed83905a260b31bc5d254701999ee94
WeChat     oZoro_cannot_find_the_way_22 since [TIME]
Follows    no, not since the binding; messages arrive only after the user follows the account
Reachable  no: the user does not follow the account (43004); run `wxbox user sync` after the user has followed it again
Tags       lost
Added      [TIME]
$ wxbox send --tag lost -t backup
2> error: no user with the tag lost is bound and reachable
2> hint: run `wxbox user list` to see why, or `wxbox user sync` to update who follows the account
exit 4

"#]]);
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox send --all -t backup -d host=a
sent message 2 (template) to luffy
sent message 3 (template) to nami
2> warning: skipped, unreachable (`wxbox user list` shows why): zoro

"#]]);
    assert_eq!(env.sandbox().requests().len(), 2);
    // A user who is named explicitly is tried: they may follow again.
    env.sandbox().post_form("follow", "person=zoro&follows=1");
    env.assert_session(str![[r#"
$ wxbox send -u zoro -t backup -d host=a
sent message 4 (template) to zoro
$ wxbox send --tag lost -t backup
sent message 5 (template) to zoro

"#]]);
}

/// A template that WeChat no longer has, though the cached list does.
const REMOVED_TEMPLATE_ID: &str = "gone_meanwhile-0123456789abcdefghijklmnopqr";

/// Restores the cached list to its state before that template was removed.
fn cache_removed_template(env: TestEnv) -> TestEnv {
    env.run("template list").assert_success();
    let database = rusqlite::Connection::open(env.database_path()).unwrap();
    let row = "INSERT INTO templates SELECT app_id, 9, ?1, 'Gone', 'x' FROM template_lists";
    database.execute(row, [REMOVED_TEMPLATE_ID]).unwrap();
    env
}

#[test]
fn results_in_json_and_quiet() {
    let env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox send -q -u luffy hi
$ wxbox send --json -u luffy hi
{"id":2,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}
$ wxbox send -q -u nami hi
2> error: message 3 to nami was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
exit 5
$ wxbox send --json -u nami -u luffy hi
{"id":4,"user":"nami","openid":"oNami_draws_maps_of_the_sea1","type":"text","state":"failed","attempts":1,"msgid":null,"errcode":45015,"errmsg":"response out of time limit or subscription is canceled","rid":"[RID]","error":"WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed","hint":"use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that","key":null,"created_at":"[TIME]","sent_at":null,"receipt":null,"receipt_at":null,"receipt_text":null}
{"id":5,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}
2> {"error":"1 message was not delivered","hint":null,"code":7}
exit 7
$ wxbox send --json --openid oLuffy_wears_the_straw_hat_1 hi
{"id":6,"user":null,"openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}

"#]]);
}

#[test]
fn permanent_rejection_exits_5() {
    let env = cache_removed_template(env_with_users());
    env.assert_session(str![[r#"
$ wxbox send -u nami hi
2> error: message 1 to nami was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
exit 5
$ wxbox send -u luffy -t Gone
2> error: message 2 to luffy was rejected: WeChat returned 40037 (invalid template_id): template_id not in this account
2> hint: `wxbox template list --refresh` shows the templates that the account has; a change of category deletes templates
exit 5
$ wxbox send --openid oNobody hi
2> warning: an openid usually has 28 characters and begins with o; oNobody does not
2> error: message 3 to oNobody was rejected: WeChat returned 40003 (invalid openid): openid malformed or of another account
2> hint: check that the recipient was bound with this AppID; bind again
exit 5
$ wxbox outbox list --state failed
3	failed	oNobody	text	[TIME]	WeChat returned 40003 (invalid openid): openid malformed or of another account	hi
2	failed	luffy	template	[TIME]	WeChat returned 40037 (invalid template_id): template_id not in this account	gone_meanwhile-0123456789abcdefghijklmnopqr
1	failed	nami	text	[TIME]	WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed	hi
$ wxbox outbox show 1
ID          1
State       failed
To          nami
Openid      oNami_draws_maps_of_the_sea1
Type        text
Attempts    1
Created     [TIME]
Error       WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
Request ID  [RID]
Hint        use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
Content     hi

"#]]);
}

#[test]
fn one_refusal_of_a_template_is_enough() {
    let mut env = cache_removed_template(env_with_users());
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami -t Gone
2> error: 2 messages were rejected (recipients: luffy, nami): WeChat returned 40037 (invalid template_id): template_id not in this account
2> hint: `wxbox template list --refresh` shows the templates that the account has; a change of category deletes templates
2> 0 of 2 messages sent; 2 not sent (`wxbox outbox list --state failed`)
exit 5

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/message/template/send 40037"]);
    assert_eq!(env.count("attempts"), 1);
}

#[test]
fn exhausted_quota_leaves_all_queued() {
    let mut env = add_users(TestEnv::with_scenario("[quota]\n\"/cgi-bin/message/template/send\" = 1\n"));
    env.run("send -u luffy -t backup").assert_success();
    env.sandbox().requests();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami -t backup
2> error: 2 messages are not delivered yet and remain queued (recipients: luffy, nami): WeChat returned 45009 (reach max api daily quota limit): daily quota of this API used up
2> hint: do not send them again, because `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, sends them; to send them now, run `wxbox quota clear` (allowed ten times a month), then `wxbox outbox flush`
2> 0 of 2 messages sent; 2 queued: the next `wxbox outbox flush` after [LOCAL_TIME], or a running `wxbox serve`, sends them
exit 6

"#]]);
    assert_eq!(env.sandbox().requests(), ["POST /cgi-bin/message/template/send 45009"]);
    assert_eq!(queued_count(&env), 2);
}

#[test]
fn mixed_results_exit_7() {
    let env = env_with_users();
    env.assert_session(str![[r#"
$ wxbox send -u luffy -u nami hi
sent message 1 (text) to luffy
2> error: message 2 to nami was rejected: WeChat returned 45015 (response out of time limit or subscription is canceled): no open conversation window, or user unfollowed
2> hint: use --template, or --fallback ALIAS, or wait until the person writes to the account: WeChat accepts texts only within 48 hours after that
2> 1 of 2 messages sent; 1 not sent (`wxbox outbox list --state failed`)
exit 7

"#]]);
}
