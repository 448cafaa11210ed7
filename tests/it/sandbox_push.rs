//! The pushes of the sandbox to the server of the account: the check of its URL, the events in each
//! mode, repeats, faults, and the replies.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, NAMI, TestEnv, ZORO, http_client};
use crate::support::push_receiver::{PUSH_KEY, PUSH_TOKEN, PushReceiver, PushResponse};

const APP_ID: &str = "wx0123456789abcdef";

/// Returns a sandbox that pushes to the receiver; `rest` is added to the table `[push]`.
fn pushing_env(receiver: &PushReceiver, mode: &str, rest: &str) -> TestEnv {
    TestEnv::with_scenario(&receiver.scenario(mode, rest))
}

/// Sends a template message, and returns its msgid.
fn send_template(env: &mut TestEnv, openid: &str) -> String {
    let body = json!({"touser": openid, "template_id": BACKUP_TEMPLATE_ID, "data": {"host": {"value": "db1"}}});
    let answer = env.sandbox().call_api("/cgi-bin/message/template/send", &body);
    assert_eq!(answer["errcode"], 0, "{answer}");
    answer["msgid"].to_string()
}

/// Returns these elements of a push, separated by spaces.
fn words(fields: &Value, names: &[&str]) -> String {
    names.iter().map(|name| fields[*name].as_str().unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

#[test]
fn settings_are_kept_only_if_the_url_passes_the_check() {
    let receiver = PushReceiver::start();
    let mut env = TestEnv::with_scenario("");
    let sandbox = env.sandbox();
    let url = receiver.url().to_owned();
    for (response, reason) in [
        (PushResponse::Body("hello".into()), "body is not the echostr"),
        (PushResponse::Body(String::new()), "body is not the echostr"),
        (PushResponse::Status(403), "status is not 200. WeChat's console says token验证失败. Compare"),
        (PushResponse::Close, "connection closed without a response"),
    ] {
        receiver.respond(response);
        let (status, text) = sandbox.try_push_settings(&url, PUSH_TOKEN, "", "plain");
        assert_eq!((status, text.contains(reason)), (400, true), "{text}");
        assert_eq!(receiver.next().method, "GET");
    }
    sandbox.write("luffy", "nobody hears this");
    sandbox.push_settings(&url, PUSH_TOKEN, PUSH_KEY, "safe");
    let check = receiver.next();
    assert_eq!((check.method.as_str(), check.body.as_str()), ("GET", ""));
    let names: Vec<_> = check.query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    assert_eq!(names, ["signature", "timestamp", "nonce", "echostr"]);
    // The old settings stay if new ones are rejected.
    receiver.respond(PushResponse::Status(500));
    assert_eq!(sandbox.try_push_settings(&url, "othertoken", "", "plain").0, 400);
    receiver.next();
    sandbox.write("luffy", "this is heard");
    assert_eq!(receiver.next().open(APP_ID)["Content"], "this is heard");
    // An empty URL ends the pushes.
    assert_eq!(sandbox.try_push_settings("", "", "", "").0, 303);
    sandbox.write("luffy", "nobody hears this");
    sandbox.push_settings(&url, PUSH_TOKEN, "", "plain");
    assert_eq!(receiver.next().method, "GET");
}

#[test]
fn echostr_in_quotes_is_named_as_the_reason() {
    let receiver = PushReceiver::start();
    let mut env = TestEnv::with_scenario("");
    receiver.respond(PushResponse::QuotedEchostr);
    let (status, text) = env.sandbox().try_push_settings(receiver.url(), PUSH_TOKEN, "", "plain");
    assert_eq!((status, text.contains("echostr in quotes")), (400, true), "{text}");
    let line = env.sandbox().next_push_line();
    assert_eq!((&line["push"], &line["problem"]), (&"echostr".into(), &"echostr_quoted".into()));
}

#[test]
fn addresses_elsewhere_and_closed_ports_are_rejected() {
    let mut env = TestEnv::with_scenario("");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, reason) in [
        ("http://192.0.2.1/push".to_owned(), "not an address of this machine"),
        (format!("http://{closed}/push"), "no connection"),
        ("https://127.0.0.1/push".to_owned(), "must be an http address"),
    ] {
        let (status, text) = env.sandbox().try_push_settings(&url, PUSH_TOKEN, "", "plain");
        assert_eq!((status, text.contains(reason)), (400, true), "{url}: {text}");
    }
}

#[test]
fn server_that_does_not_respond_is_given_up() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "retry_after = \"0s\"");
    receiver.respond(PushResponse::Hang);
    env.sandbox().write("luffy", "hello");
    // Calls are answered in the meantime.
    receiver.next();
    assert_eq!(env.sandbox().inbox().len(), 0);
    let lines: Vec<_> = (0..2).map(|_| env.sandbox().next_push_line()["problem"].clone()).collect();
    assert_eq!(lines, [Value::from("timeout"), Value::Null]);
}

#[test]
fn name_of_the_server_is_sent_to_it() {
    let receiver = PushReceiver::start();
    let mut env = TestEnv::with_scenario("");
    let url = receiver.url().replace("127.0.0.1", "localhost");
    env.sandbox().push_settings(&format!("{url}?x=1"), PUSH_TOKEN, "", "plain");
    let check = receiver.next();
    assert_eq!(format!("http://{}/push", check.host), url);
    assert!(check.query.starts_with("x=1&signature="), "{}", check.query);
}

#[test]
fn attempts_can_be_listed() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "");
    env.sandbox().follow("zoro");
    env.sandbox().click("luffy", "menu");
    let mut logged: Vec<_> = (0..2).map(|_| env.sandbox().next_push_line()).collect();
    let mut listed = env.sandbox().pushes();
    // Two threads sent them.
    for lines in [&mut logged, &mut listed] {
        lines.sort_by_key(|line| line["push"].to_string());
    }
    assert_eq!(listed, logged);
    let names: Vec<_> = listed[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["event", "time", "push", "openid", "attempt", "status", "ms"]);
    let page = http_client().get(format!("{}/", env.sandbox().url)).send().unwrap().text().unwrap();
    assert!(page.contains("<td><code>subscribe</code></td><td>zoro</td><td>1: 200</td>"), "{page}");
}

#[test]
fn each_mode_can_be_read() {
    for mode in ["plain", "compatible", "safe"] {
        let receiver = PushReceiver::start();
        let mut env = pushing_env(&receiver, mode, "");
        env.sandbox().write("luffy", "a < b & c ]]> 中文");
        let push = receiver.next();
        let fields = push.open(APP_ID);
        assert_eq!(words(&fields, &["FromUserName", "MsgType", "Content"]), format!("{LUFFY} text a < b & c ]]> 中文"));
        assert_eq!(push.param("openid").as_deref(), Some(LUFFY), "{mode}");
        assert_eq!(push.param("encrypt_type").is_some(), mode != "plain");
        assert_eq!(
            (push.body.contains("<Content>"), push.body.contains("<Encrypt>")),
            (mode != "safe", mode != "plain")
        );
    }
}

#[test]
fn what_people_do_reaches_the_server() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "");
    let sandbox = env.sandbox();
    let scene = json!({"scene": {"scene_str": "wxbox.scene"}});
    let body = json!({"action_name": "QR_STR_SCENE", "expire_seconds": 600, "action_info": scene});
    let url = sandbox.call_api("/cgi-bin/qrcode/create", &body)["url"].as_str().unwrap().to_owned();
    let event = |expected: &str| {
        let fields = receiver.next().open(APP_ID);
        assert_eq!(words(&fields, &["FromUserName", "Event", "EventKey"]), expected);
    };
    sandbox.scan(&url, "zoro");
    event(&format!("{ZORO} subscribe qrscene_wxbox.scene"));
    sandbox.scan(&url, ZORO);
    event(&format!("{ZORO} SCAN wxbox.scene"));
    sandbox.unfollow("zoro");
    event(&format!("{ZORO} unsubscribe "));
    sandbox.follow("zoro");
    event(&format!("{ZORO} subscribe "));
    sandbox.click("nami", "V1001_STATUS");
    event(&format!("{NAMI} CLICK V1001_STATUS"));
    for (change, name) in [("revoke", "user_authorization_revoke"), ("cancellation", "user_authorization_cancellation")]
    {
        sandbox.change_authorization("nami", change);
        let fields = receiver.next().open(APP_ID);
        assert_eq!(words(&fields, &["Event", "OpenID", "AppID"]), format!("{name} {NAMI} {APP_ID}"));
        assert_ne!(fields["FromUserName"], NAMI);
    }
}

#[test]
fn accepted_messages_bring_receipts() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "");
    let msgid = send_template(&mut env, NAMI);
    let receipt = receiver.next().open(APP_ID);
    let names = ["FromUserName", "Event", "MsgID", "Status"];
    assert_eq!(words(&receipt, &names), format!("{NAMI} TEMPLATESENDJOBFINISH {msgid} success"));
    let body = json!({
        "touser": LUFFY,
        "template_id": "backup_report-0123456789abcdefghijklmnopqrs",
        "data": {"thing1": {"value": "db1"}, "character_string2": {"value": "1GB"}, "time3": {"value": "03:15"}},
    });
    let answer = env.sandbox().call_api("/cgi-bin/message/subscribe/bizsend", &body);
    let receipt = receiver.next().open(APP_ID);
    let item = &receipt["SubscribeMsgSentEvent"]["List"];
    assert_eq!(receipt["Event"], "subscribe_msg_sent_event");
    assert_eq!(words(item, &["MsgID", "ErrorCode", "ErrorStatus"]), format!("{} 0 success", answer["msgid"]));
}

#[test]
fn fault_makes_receipts_say_that_the_person_refuses() {
    let receiver = PushReceiver::start();
    let fault = "[[faults]]\nreceipt = \"user block\"\nto = \"oNami_draws_maps_of_the_sea1\"";
    let mut env = pushing_env(&receiver, "plain", fault);
    send_template(&mut env, NAMI);
    assert_eq!(receiver.next().open(APP_ID)["Status"], "failed:user block");
    send_template(&mut env, LUFFY);
    assert_eq!(receiver.next().open(APP_ID)["Status"], "success");
    let line = env.sandbox().wait_for_push("TEMPLATESENDJOBFINISH");
    assert_eq!((&line["openid"], &line["fault"]), (&NAMI.into(), &"receipt user block".into()));
}

#[test]
fn push_is_repeated_until_it_is_accepted() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "retry_after = \"0s\"");
    receiver.respond(PushResponse::Close);
    receiver.respond(PushResponse::Status(503));
    env.sandbox().follow("zoro");
    let all: Vec<_> = (0..3).map(|_| receiver.next()).collect();
    let content: Vec<_> = all.iter().map(|push| push.open(APP_ID)).collect();
    assert!(content[0] == content[1] && content[1] == content[2], "{content:?}");
    assert!(all[0].query != all[1].query && all[0].body != all[1].body, "each attempt is signed anew");
    let lines: Vec<_> = (0..3).map(|_| env.sandbox().next_push_line()).collect();
    let shown: Vec<_> =
        lines.iter().map(|line| format!("{} {} {}", line["attempt"], line["status"], line["problem"])).collect();
    assert_eq!(shown, ["1 null \"no_response\"", "2 503 \"status\"", "3 200 null"]);
}

#[test]
fn after_three_attempts_the_person_is_told() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "plain", "retry_after = \"0s\"");
    (0..3).for_each(|_| receiver.respond(PushResponse::Body("not a reply".into())));
    env.sandbox().write("luffy", "hello");
    let lines: Vec<_> = (0..3).map(|_| env.sandbox().next_push_line()).collect();
    assert!(lines.iter().all(|line| line["problem"] == "body"), "{lines:?}");
    let sandbox = env.sandbox();
    let page = http_client().get(format!("{}/", sandbox.url)).send().unwrap().text().unwrap();
    assert!(page.contains("The service of this account is not available"), "{page}");
    // A later push is not affected.
    sandbox.write("luffy", "hello again");
    let contents: Vec<_> = (0..4).map(|_| receiver.next().open(APP_ID)["Content"].clone()).collect();
    assert_eq!(contents, ["hello", "hello", "hello", "hello again"]);
}

#[test]
fn push_faults_repeat_lose_and_delay() {
    let receiver = PushReceiver::start();
    let faults = "late_after = \"3s\"\n\
         [[faults]]\nevent = \"unsubscribe\"\npush = \"twice\"\n\
         [[faults]]\nevent = \"CLICK\"\nnth = 1\npush = \"lost\"\n\
         [[faults]]\nevent = \"text\"\nnth = 1\npush = \"late\"\n";
    let mut env = pushing_env(&receiver, "safe", faults);
    let sandbox = env.sandbox();
    let name = |push: &Value| words(push, &["MsgType", "Event", "EventKey", "Content"]);
    sandbox.unfollow("nami");
    let both: Vec<_> = (0..2).map(|_| receiver.next().open(APP_ID)).collect();
    assert!(both[0] == both[1] && name(&both[0]) == "event unsubscribe  -", "{both:?}");
    let mut lines: Vec<_> = (0..2).map(|_| sandbox.next_push_line()).collect();
    sandbox.click("luffy", "lost");
    sandbox.write("luffy", "late");
    sandbox.click("luffy", "in time");
    let rest: Vec<_> = (0..2).map(|_| name(&receiver.next().open(APP_ID))).collect();
    assert_eq!(rest, ["event CLICK in time -", "text - - late"]);
    lines.extend((0..3).map(|_| sandbox.next_push_line()));
    let shown: Vec<_> =
        lines.iter().map(|line| format!("{} {} {}", line["push"], line["attempt"], line["fault"])).collect();
    assert_eq!(
        shown.join(", ").replace('"', ""),
        "unsubscribe 1 push twice, unsubscribe 1 push twice, CLICK 0 push lost, CLICK 1 null, text 1 push late"
    );
}

#[test]
fn receipt_can_come_before_the_answer_of_the_call() {
    let receiver = PushReceiver::start();
    let fault = "receipt_after = \"1h\"\nretry_after = \"0s\"\n[[faults]]\npush = \"before the answer\"\n";
    let mut env = pushing_env(&receiver, "safe", fault);
    let msgid = send_template(&mut env, NAMI);
    let receipt = receiver.try_next().expect("the receipt came before the answer");
    assert_eq!(receipt.open(APP_ID)["MsgID"], msgid.as_str());
    // Only the first attempt comes before the response.
    receiver.respond(PushResponse::Status(503));
    let msgid = send_template(&mut env, NAMI);
    let both: Vec<_> = (0..2).map(|_| receiver.next().open(APP_ID)["MsgID"].clone()).collect();
    assert_eq!(both, [msgid.as_str(), msgid.as_str()]);
}

#[test]
fn faults_of_a_running_sandbox_change_later_pushes() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "safe", "receipt_after = \"0s\"");
    env.sandbox().post_form("faults", "[[faults]]\nreceipt = \"system failed\"\n");
    send_template(&mut env, NAMI);
    assert_eq!(receiver.next().open(APP_ID)["Status"], "failed: system failed");
    env.sandbox().post_form("faults", "");
    send_template(&mut env, NAMI);
    assert_eq!(receiver.next().open(APP_ID)["Status"], "success");
}

#[test]
fn plain_reply_arrives_on_the_phone() {
    let receiver = PushReceiver::start();
    let mut env = pushing_env(&receiver, "plain", "");
    receiver.respond(PushResponse::Body(format!(
        "<xml><ToUserName><![CDATA[{LUFFY}]]></ToUserName><FromUserName><![CDATA[gh_0123456789ab]]></FromUserName>\
         <CreateTime>1795900005</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[you said hello]]></Content></xml>"
    )));
    env.sandbox().write("luffy", "hello");
    assert_eq!(env.sandbox().wait_for_push("text")["problem"], Value::Null);
    let inbox = env.sandbox().inbox();
    assert_eq!((inbox.len(), &inbox[0]["content"], &inbox[0]["openid"]), (1, &"you said hello".into(), &LUFFY.into()));
}

/// The reply was encrypted by other libraries.
#[test]
fn encrypted_reply_arrives_on_the_phone() {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/push_vectors.json")).unwrap();
    let account = &vectors["accounts"]["A"];
    let vector = vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == "reply/safe").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fields = &vector["expect"]["fields"];
    let receiver = PushReceiver::start();
    let mut env = TestEnv::with_scenario(&format!(
        "app_id = {}\noriginal_id = {}\n[[people]]\nname = \"robin\"\nopenid = {}\nwrote = true\n\
         [push]\nurl = \"{}\"\ntoken = {}\naes_key = {}\n",
        account["appid"],
        account["original_id"],
        fields["ToUserName"],
        receiver.url(),
        account["token"],
        account["encoding_aes_key"],
    ));
    receiver.respond(PushResponse::Body(text(&vector["body"])));
    env.sandbox().write("robin", "hello");
    assert_eq!(env.sandbox().wait_for_push("text")["problem"], Value::Null);
    assert_eq!(env.sandbox().inbox()[0]["content"], fields["Content"]);
    // In safe mode, a reply that is not encrypted is rejected.
    receiver.respond(PushResponse::Body(text(&vector["plain"])));
    env.sandbox().write("robin", "hello");
    assert_eq!(env.sandbox().wait_for_push("text")["problem"], "reply_encryption");
    assert_eq!(env.sandbox().inbox().len(), 1);
}

#[test]
fn log_of_pushes_has_neither_the_token_nor_the_key() {
    let receiver = PushReceiver::start();
    let env = TestEnv::without_config();
    let fault = "retry_after = \"0s\"\n[[faults]]\npush = \"twice\"\n";
    env.write_file("world.toml", receiver.scenario("safe", fault));
    let mut sandbox = env.spawn("sandbox --listen 127.0.0.1:0 --world world.toml");
    let url =
        std::iter::from_fn(|| sandbox.read_line()).find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    let url = url.unwrap();
    receiver.respond(PushResponse::Close);
    http_client().post(format!("http://{url}/sandbox/click")).body("person=luffy").send().unwrap();
    let lines: Vec<_> =
        std::iter::from_fn(|| sandbox.read_line()).filter(|line| line.contains(" PUSH ")).take(3).collect();
    sandbox.signal(Signal::TERM);
    let ran = sandbox.wait();
    assert_eq!(ran.status(), Some(143));
    assert!(
        lines[0].contains(" PUSH CLICK  oLuffy_wears_the_straw_hat_1  connection closed without a response  "),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.contains(" PUSH CLICK  200  oLuffy_wears_the_straw_hat_1  attempt 2  ")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line.contains("fault: push twice")), "{lines:?}");
    for secret in [PUSH_TOKEN, PUSH_KEY, "/push?", "signature"] {
        assert!(!ran.stdout().contains(secret), "{secret}: {}", ran.stdout());
    }
}
