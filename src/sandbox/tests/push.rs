//! Tests of the pushes: their XML and cipher, their causes, and the faults.

use std::sync::Arc;
use std::time::Duration;

use crate::sandbox::faults::describe_effects;
use crate::sandbox::push::cipher::{PushKey, sign};
use crate::sandbox::push::event::{PushEvent, PushHeader, ReceiptOutcome, ScannedCode};
use crate::sandbox::push::problem::PushProblem;
use crate::sandbox::push::queued::{PushRequest, QueuedPush};
use crate::sandbox::push::reply::parse_reply;
use crate::sandbox::push::settings::{PushMode, PushSettings, PushSettingsError};

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The vectors that other libraries agree on; `tests/fixtures/push_vectors.json` has their shape.
fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/push_vectors.json")).unwrap()
}

fn positive(all: &Value, modes: &[&str]) -> Vec<Value> {
    let list = all["vectors"].as_array().unwrap().iter();
    let chosen =
        list.filter(|vector| vector["kind"] == "positive" && modes.contains(&vector["mode"].as_str().unwrap()));
    let chosen: Vec<_> = chosen.cloned().collect();
    assert!(!chosen.is_empty());
    chosen
}

/// Returns the text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

#[test]
fn signatures_and_ciphertexts_equal_those_of_other_libraries() {
    let all = vectors();
    for vector in positive(&all, &["verify", "plain", "compatible", "safe", "reply"]) {
        let (id, query) = (&vector["id"], &vector["query"]);
        let account = &all["accounts"][vector["account"].as_str().unwrap()];
        let part = |name: &str| query[name].as_str().unwrap();
        let token = account["token"].as_str().unwrap();
        if query.get("signature").is_some() {
            assert_eq!(sign(&[token, part("timestamp"), part("nonce")]), part("signature"), "{id}");
        }
        let Some(random) = vector["random"].as_str() else { continue };
        let (plain, app_id) = (vector["plain"].as_str().unwrap(), account["appid"].as_str().unwrap());
        let key = PushKey::parse(account["encoding_aes_key"].as_str().unwrap()).unwrap();
        let encrypted = key.encrypt(random.as_bytes().try_into().unwrap(), plain, app_id);
        let body = vector["body"].as_str().unwrap();
        assert_eq!(Some(encrypted.as_str()), between(body, "<Encrypt><![CDATA[", "]]"), "{id}");
        assert_eq!(sign(&[token, part("timestamp"), part("nonce"), &encrypted]), part("msg_signature"), "{id}");
        assert_eq!(key.decrypt(&encrypted, app_id).as_deref(), Some(plain), "{id}");
        assert_eq!(key.decrypt(&encrypted, "wx0123456789abcdef"), None, "{id}");
    }
}

/// Returns the event of a vector, if it is one that the sandbox pushes.
fn event_of(fields: &Value) -> Option<PushEvent> {
    let part = |name: &str| fields[name].as_str().map(str::to_owned);
    let number = |name: &str| fields[name].as_str().unwrap().parse().unwrap();
    let code = |scene: &str| ScannedCode { scene: scene.to_owned(), ticket: part("Ticket").unwrap() };
    let key = part("EventKey").unwrap_or_default();
    Some(match (fields["MsgType"].as_str()?, fields["Event"].as_str().unwrap_or_default()) {
        ("text", _) => {
            PushEvent::Text { text: part("Content")?, menu_id: part("bizmsgmenuid"), msgid: number("MsgId") }
        }
        ("event", "subscribe") if fields.get("EventKey").is_some() => {
            PushEvent::Followed { code: key.strip_prefix("qrscene_").map(code) }
        }
        ("event", "unsubscribe") => PushEvent::Unfollowed,
        ("event", "SCAN") => PushEvent::Scanned { code: code(&key) },
        ("event", "CLICK") => PushEvent::Clicked { key },
        ("event", "TEMPLATESENDJOBFINISH") => {
            let outcome = ReceiptOutcome::Other(part("Status")?);
            PushEvent::TemplateReceipt { msgid: number("MsgID"), outcome }
        }
        ("event", "subscribe_msg_sent_event") => {
            let item = &fields["SubscribeMsgSentEvent"]["List"];
            let outcome = if item["ErrorCode"] == "0" { ReceiptOutcome::Delivered } else { return None };
            let (template_id, msgid) = (text(&item["TemplateId"]), text(&item["MsgID"]).parse().unwrap());
            PushEvent::NotificationReceipt { template_id, msgid, outcome }
        }
        _ => return None,
    })
}

fn without_breaks(xml: &str) -> String {
    xml.replace("\n<", "<")
}

#[test]
fn requests_equal_those_of_other_libraries() {
    let all = vectors();
    let mut compared = Vec::new();
    for vector in positive(&all, &["plain", "compatible", "safe"]) {
        let account = &all["accounts"][vector["account"].as_str().unwrap()];
        let part = |value: &Value| value.as_str().unwrap().to_owned();
        let (mode, fields) = (part(&vector["mode"]), &vector["expect"]["fields"]);
        let Some(event) = event_of(fields) else { continue };
        let key = part(&account["encoding_aes_key"]);
        let token = part(&account["token"]);
        let settings = PushSettings::new("http://127.0.0.1/push", &token, &key, &mode).unwrap();
        let created_s = part(&fields["CreateTime"]).parse().unwrap();
        let (app_id, original_id) = (part(&account["appid"]), part(&account["original_id"]));
        let openid = part(&fields["FromUserName"]);
        let header = PushHeader { app_id: app_id.clone(), original_id, openid, created_s };
        let (delay, retry_after) = (Duration::ZERO, Duration::ZERO);
        let push = QueuedPush { settings: Arc::new(settings), header, event, delay, retry_after, faults: Vec::new() };
        let random = vector["random"].as_str().unwrap_or("0123456789abcdef").as_bytes().try_into().unwrap();
        let query = &vector["query"];
        let PushRequest { url, body } =
            push.to_request_with(part(&query["timestamp"]).parse().unwrap(), &part(&query["nonce"]), random);
        let names: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if mode == "plain" {
            assert_eq!(without_breaks(&body), without_breaks(vector["body"].as_str().unwrap()), "{}", vector["id"]);
            let pairs: Vec<_> =
                query.as_object().unwrap().iter().map(|(name, value)| (name.clone(), part(value))).collect();
            assert_eq!(names, pairs, "{}", vector["id"]);
        } else {
            // White space differs, and with it the ciphertext.
            let encrypted = between(&body, "<Encrypt><![CDATA[", "]]").unwrap();
            let plain = PushKey::parse(&key).unwrap().decrypt(encrypted, &app_id).unwrap();
            let expected = part(&vector["plain"]);
            assert_eq!(without_breaks(&plain), without_breaks(&expected), "{}", vector["id"]);
            let shape = |body: &str| {
                let body = without_breaks(body).replace("\n    ", "").replace(" ", "");
                body.replace(between(&body, "<Encrypt><![CDATA[", "]]").unwrap(), "")
            };
            assert_eq!(shape(&body), shape(vector["body"].as_str().unwrap()), "{}", vector["id"]);
            let value = |name: &str| names.iter().find(|(key, _)| key == name).unwrap().1.clone();
            let signed = sign(&[&token, &value("timestamp"), &value("nonce"), encrypted]);
            assert_eq!((value("msg_signature"), value("encrypt_type")), (signed, "aes".to_owned()));
            assert!(names.iter().map(|(name, _)| name).eq(query.as_object().unwrap().keys()), "{names:?}");
        }
        compared.push(part(&vector["id"]));
    }
    assert!(compared.len() > 40, "{compared:?}");
}

#[test]
fn settings_have_the_shapes_of_the_console() {
    let new =
        |url: &str, token: &str, key: &str, mode: &str| PushSettings::new(url, token, key, mode).map(|it| it.mode);
    let url = "http://127.0.0.1/push";
    for (actual, expected) in [
        (new(url, "abc", "", ""), Ok(PushMode::Plain)),
        (new(url, "abc", KEY, ""), Ok(PushMode::Safe)),
        (new(url, "abc", KEY, "compatible"), Ok(PushMode::Compatible)),
        (new("https://127.0.0.1/push", "abc", "", ""), Err(PushSettingsError::Url)),
        (new("127.0.0.1/push", "abc", "", ""), Err(PushSettingsError::Url)),
        (new(url, "ab", "", ""), Err(PushSettingsError::Token)),
        (new(url, "a-b", "", ""), Err(PushSettingsError::Token)),
        (new(url, &"a".repeat(33), "", ""), Err(PushSettingsError::Token)),
        (new(url, "abc", &KEY[1..], ""), Err(PushSettingsError::AesKey)),
        (new(url, "abc", &KEY.replace('a', "+"), ""), Err(PushSettingsError::AesKey)),
        (new(url, "abc", KEY, "json"), Err(PushSettingsError::Mode)),
        (new(url, "abc", "", "safe"), Err(PushSettingsError::MissingAesKey)),
    ] {
        assert_eq!(actual, expected);
    }
    let settings = PushSettings::new(url, "secrettoken", KEY, "").unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("secrettoken") && !shown.contains(KEY), "{shown}");
}

const PUSH: &str = "[push]\nurl = \"http://127.0.0.1:1/push\"\ntoken = \"pushtoken\"\n";

impl TestPlatform {
    /// Returns the pushes since the last call, each with its fields as one line.
    fn pushes(&mut self) -> Vec<String> {
        self.queued().iter().map(fields_of).collect()
    }

    fn queued(&mut self) -> Vec<QueuedPush> {
        self.platform.pushes.take_queued()
    }

    fn send_backup(&mut self, openid: &str) -> Value {
        let data = json!({"host": {"value": "db1"}});
        let body =
            json!({"touser": openid, "template_id": "backup_finished-0123456789abcdefghijklmnopq", "data": data});
        self.call("/cgi-bin/message/template/send", &body.to_string())
    }
}

/// Returns the values of a push after the two names and the time.
fn fields_of(push: &QueuedPush) -> String {
    let body = push.to_request(0).body;
    let document = roxmltree::Document::parse(&body).unwrap();
    let nodes = document.root_element().descendants().filter(|node| node.is_element()).skip(4);
    nodes.filter_map(|node| Some(format!("{}={}", node.tag_name().name(), node.text()?))).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_people_do_is_pushed() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    for (form, body, expected) in [
        ("write", "person=nami&text=hello", "MsgType=text Content=hello MsgId=N"),
        ("write", "person=nami&text=yes&menu_id=7", "MsgType=text Content=yes MsgId=N bizmsgmenuid=7"),
        ("click", "person=nami", "MsgType=event Event=CLICK EventKey=menu"),
        (
            "click",
            "person=oNami_draws_maps_of_the_sea1&key=V1001_STATUS",
            "MsgType=event Event=CLICK EventKey=V1001_STATUS",
        ),
        ("follow", "person=nami&follows=0", "MsgType=event Event=unsubscribe EventKey="),
        ("follow", "person=nami&follows=1", "MsgType=event Event=subscribe EventKey="),
        (
            "authorization",
            "person=nami&event=revoke",
            "MsgType=event Event=user_authorization_revoke OpenID=oNami_draws_maps_of_the_sea1 \
             AppID=wx0123456789abcdef RevokeInfo=205",
        ),
        (
            "authorization",
            "person=nami&event=cancellation",
            "MsgType=event Event=user_authorization_cancellation OpenID=oNami_draws_maps_of_the_sea1 \
             AppID=wx0123456789abcdef",
        ),
    ] {
        assert_eq!(sandbox.post_form(&format!("/sandbox/{form}"), body).status(), 303, "{form} {body}");
        let pushes = sandbox.pushes();
        let clean: Vec<String> = pushes
            .iter()
            .map(|push| match between(push, "MsgId=", " ").or_else(|| push.split_once("MsgId=").map(|(_, id)| id)) {
                Some(id) => push.replace(id, "N"),
                None => push.clone(),
            })
            .collect();
        assert_eq!(clean, [expected], "{form} {body}");
    }
    // No push reports an action that changes nothing, or that a person who does not follow cannot
    // take.
    for (form, body) in [
        ("follow", "person=nami&follows=1"),
        ("follow", "person=zoro&follows=0"),
        ("write", "person=zoro&text=x"),
        ("click", "person=zoro"),
    ] {
        assert_eq!(sandbox.post_form(&format!("/sandbox/{form}"), body).status(), 303);
        assert_eq!(sandbox.pushes(), Vec::<String>::new(), "{form} {body}");
    }
    for (form, body) in
        [("authorization", "person=nami&event=x"), ("scan", "person=nami"), ("scan", "person=nami&url=/q/x")]
    {
        assert_eq!(sandbox.post_form(&format!("/sandbox/{form}"), body).status(), 404, "{form} {body}");
    }
    let mut silent = TestPlatform::new();
    silent.post_form("/sandbox/write", "person=nami&text=hello");
    assert!(silent.queued().is_empty(), "without push settings nothing is pushed");
}

#[test]
fn sender_of_authorization_events_is_the_platform() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    sandbox.post_form("/sandbox/authorization", "person=nami&event=revoke");
    let request = sandbox.queued()[0].to_request(1);
    let openid = request.url.query_pairs().find(|(name, _)| name == "openid").unwrap().1.into_owned();
    assert_ne!(openid, NAMI);
    assert!(request.body.contains(&format!("<FromUserName><![CDATA[{openid}]]>")), "{}", request.body);
}

#[test]
fn scanned_code_is_pushed_with_its_scene() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    let body = json!({"action_name": "QR_STR_SCENE", "expire_seconds": 60, "action_info": {"scene": {"scene_str": "a scene"}}});
    let code = sandbox.call("/cgi-bin/qrcode/create", &body.to_string());
    let (url, ticket) = (text(&code["url"]), text(&code["ticket"]));
    let scan = |sandbox: &mut TestPlatform, person: &str| {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("person", person)
            .append_pair("url", &url)
            .finish();
        sandbox.post_form("/sandbox/scan", &form).status()
    };
    assert_eq!((scan(&mut sandbox, "zoro"), scan(&mut sandbox, "zoro")), (303, 303));
    let id = url.rsplit_once('/').unwrap().1;
    sandbox.post_form(&format!("/sandbox/follow?code={id}"), "person=nami&follows=1");
    let expected = [
        format!("MsgType=event Event=subscribe EventKey=qrscene_a scene Ticket={ticket}"),
        format!("MsgType=event Event=SCAN EventKey=a scene Ticket={ticket}"),
        format!("MsgType=event Event=SCAN EventKey=a scene Ticket={ticket}"),
    ];
    assert_eq!(sandbox.pushes(), expected);
    sandbox.now += MINUTE;
    assert_eq!(scan(&mut sandbox, "zoro"), 404);
    assert!(sandbox.pushes().is_empty());
}

#[test]
fn accepted_messages_have_receipts() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    let sent = sandbox.send_backup(LUFFY);
    let receipt = sandbox.queued();
    assert_eq!(
        fields_of(&receipt[0]),
        format!("MsgType=event Event=TEMPLATESENDJOBFINISH MsgID={} Status=success", sent["msgid"])
    );
    assert_eq!((receipt[0].header.openid.as_str(), receipt[0].delay.as_millis()), (LUFFY, 100));
    assert!(errcode_of(&sandbox.send_backup(ZORO)) == 43004 && sandbox.queued().is_empty(), "refused immediately");
    let id = "backup_report-0123456789abcdefghijklmnopqrs";
    let data = json!({"thing1": {"value": "db1"}, "character_string2": {"value": "1GB"}, "time3": {"value": "03:15"}});
    let body = json!({"touser": LUFFY, "template_id": id, "data": data}).to_string();
    let sent = sandbox.call("/cgi-bin/message/subscribe/bizsend", &body);
    let expected = format!(
        "MsgType=event Event=subscribe_msg_sent_event TemplateId={id} MsgID={} ErrorCode=0 ErrorStatus=success",
        sent["msgid"]
    );
    assert_eq!(sandbox.pushes(), [expected]);
    // The only consent is used up.
    let refused = sandbox.call("/cgi-bin/message/subscribe/bizsend", &body);
    assert!(errcode_of(&refused) == 43101 && sandbox.queued().is_empty());
    sandbox.send_text(LUFFY);
    assert!(sandbox.queued().is_empty(), "texts have no receipt");
}

#[test]
fn repeated_message_has_one_receipt() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    let body = json!({
        "touser": LUFFY, "template_id": "backup_finished-0123456789abcdefghijklmnopq",
        "data": {"host": {"value": "db1"}}, "client_msg_id": "1",
    });
    let sent: Vec<Value> =
        (0..2).map(|_| sandbox.call("/cgi-bin/message/template/send", &body.to_string())["msgid"].clone()).collect();
    assert_eq!((sandbox.queued().len(), &sent[0]), (1, &sent[1]));
}

#[test]
fn faults_change_receipts_and_pushes() {
    let fault = |rest: &str| format!("{PUSH}[[faults]]\n{rest}\n");
    let status = |sandbox: &mut TestPlatform, openid: &str| {
        sandbox.send_backup(openid);
        let fields = sandbox.pushes().remove(0);
        fields.split_once("Status=").unwrap().1.to_owned()
    };
    for (receipt, expected) in [
        ("user block", "failed:user block"),
        ("system failed", "failed: system failed"),
        ("success", "success"),
        ("failed: user block", "failed: user block"),
    ] {
        let mut sandbox =
            TestPlatform::with_scenario(&fault(&format!("receipt = \"{receipt}\"\nto = \"{LUFFY}\"\nnth = 2")));
        let all: Vec<String> = (0..3).map(|_| status(&mut sandbox, LUFFY)).collect();
        assert_eq!(all, ["success", expected, "success"]);
        assert_eq!(status(&mut sandbox, NAMI), "success");
    }
    let mut sandbox = TestPlatform::with_scenario(&fault("push = \"twice\"\nevent = \"CLICK\""));
    sandbox.post_form("/sandbox/click", "person=nami");
    sandbox.post_form("/sandbox/write", "person=nami&text=x");
    sandbox.send_backup(NAMI);
    let texts: Vec<_> =
        sandbox.queued().into_iter().map(|push| describe_effects(&push.faults).unwrap_or_default()).collect();
    assert_eq!(texts, ["push twice", "", ""]);
    // A path selects the pushes that a call caused.
    let rest = "api = \"/cgi-bin/message/template/send\"\npush = \"late\"\n[[faults]]\nreceipt = \"user block\"";
    let mut sandbox = TestPlatform::with_scenario(&fault(rest));
    sandbox.post_form("/sandbox/click", "person=nami");
    sandbox.send_backup(NAMI);
    let pushes = sandbox.queued();
    let delays: Vec<_> = pushes.iter().map(|push| push.delay.as_millis()).collect();
    assert_eq!(delays, [0, 2100]);
    assert_eq!(describe_effects(&pushes[1].faults).as_deref(), Some("push late, receipt user block"));
    let page = sandbox.page("/");
    assert!(page.contains("<code>/cgi-bin/message/template/send: push late</code> applied once"), "{page}");
    // Neither counts calls, and neither changes their responses.
    let mut sandbox = TestPlatform::with_scenario(&fault("push = \"lost\"\nnth = 1"));
    assert_eq!((errcode_of(&sandbox.send_backup(NAMI)), sandbox.queued().len()), (0, 1));
}

#[test]
fn invalid_push_faults_are_rejected() {
    for (rest, reason) in [
        ("push = \"thrice\"", "unknown variant"),
        ("receipt = \" \"", "faults.receipt cannot be"),
        ("event = \"scan\"\npush = \"lost\"", "faults.event cannot be"),
        ("event = \"SCAN\"\nerrcode = 1", "faults.event requires push"),
        ("receipt = \"success\"\npush = \"lost\"", "a fault can have only one of"),
    ] {
        let error = Scenario::from_toml(&format!("[[faults]]\n{rest}\n")).unwrap_err().to_string();
        let clean: String = error.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')).collect();
        assert!(clean.contains(reason), "{rest}: {clean}");
    }
}

#[test]
fn only_documented_replies_are_accepted() {
    let (to, from) = ("oNami_draws_maps_of_the_sea1", "gh_0123456789ab");
    let reply = |to: &str, from: &str, time: &str, rest: &str| {
        format!(
            "<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{from}]]></FromUserName>\
             <CreateTime>{time}</CreateTime>{rest}</xml>"
        )
    };
    let content = "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a]]]]><![CDATA[>b]]></Content>";
    let good = reply(to, from, "1", content);
    let text = |text: &str| Ok(Some(text.to_owned()));
    let image = "<MsgType>image</MsgType><Image><MediaId>1</MediaId></Image>";
    for mode in PushMode::ALL {
        let mut sandbox =
            TestPlatform::with_scenario(&format!("{PUSH}aes_key = \"{KEY}\"\nmode = \"{}\"\n", mode.as_str()));
        sandbox.post_form("/sandbox/write", "person=nami&text=x");
        let push = sandbox.queued().remove(0);
        let read = |body: &str| parse_reply(&push, body.as_bytes());
        assert_eq!((read(""), read("success")), (Ok(None), Ok(None)));
        for body in ["ok", "success\n", "\"success\"", "{}", "<xml", "<!DOCTYPE a><xml/>"] {
            assert_eq!(read(body), Err(PushProblem::Body), "{body}");
        }
        let encrypt = |plain: &str, app_id: &str, token: &str| {
            let encrypted = PushKey::parse(KEY).unwrap().encrypt([7; 16], plain, app_id);
            let signature = sign(&[token, "5", "nonce", &encrypted]);
            format!(
                "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature>{signature}</MsgSignature>\
                 <TimeStamp>5</TimeStamp><Nonce>nonce</Nonce></xml>"
            )
        };
        let plain_result = |expected| if mode == PushMode::Safe { Err(PushProblem::ReplyEncryption) } else { expected };
        let sealed_result =
            |expected| if mode == PushMode::Plain { Err(PushProblem::ReplyEncryption) } else { expected };
        for (body, expected) in [
            (good.clone(), text("a]]>b")),
            (reply(to, from, "1", image), Ok(None)),
            (reply(LUFFY, from, "1", content), Err(PushProblem::Reply)),
            (reply(to, "gh_other", "1", content), Err(PushProblem::Reply)),
            (reply(to, from, "", content), Err(PushProblem::Reply)),
            (reply(to, from, "1", "<MsgType>text</MsgType><Content></Content>"), Err(PushProblem::Reply)),
            (reply(to, from, "1", "<MsgType>text</MsgType>"), Err(PushProblem::Reply)),
            (reply(to, from, "1", "<MsgType>event</MsgType>"), Err(PushProblem::Reply)),
        ] {
            let sealed = encrypt(&body, "wx0123456789abcdef", "pushtoken");
            assert_eq!(read(&sealed), sealed_result(expected.clone()), "{mode:?} {body}");
            assert_eq!(read(&body), plain_result(expected), "{mode:?} {body}");
        }
        for sealed in
            [encrypt(&good, "wx0000000000000000", "pushtoken"), encrypt(&good, "wx0123456789abcdef", "othertoken")]
        {
            assert_eq!(read(&sealed), Err(PushProblem::ReplyEncryption), "{mode:?}");
        }
    }
}

#[test]
fn replies_arrive_on_the_phone_of_a_follower() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    sandbox.platform.receive_reply(NAMI, "welcome".into(), START);
    sandbox.platform.receive_reply(ZORO, "welcome".into(), START);
    let inbox = sandbox.inbox();
    assert_eq!(
        (inbox.as_array().unwrap().len(), &inbox[0]["type"], &inbox[0]["content"]),
        (1, &json!("text"), &json!("welcome"))
    );
    sandbox.platform.report_unavailable(NAMI, START);
    assert!(sandbox.page("/").contains("The service of this account is not available"));
}

#[test]
fn invalid_settings_are_rejected_before_the_check() {
    let mut sandbox = TestPlatform::with_scenario(PUSH);
    for body in ["url=https://a.example/", "token=x", "mode=safe", "mode=json", "aes_key=short"] {
        let reply = sandbox.post_form("/sandbox/push", body);
        assert_eq!(
            (reply.status(), reply.header_value("content-type")),
            (400, Some("text/plain; charset=utf-8")),
            "{body}"
        );
    }
    let headers = [("accept", "text/html"), ("accept-language", "en")];
    let reply = sandbox.request("POST", "/sandbox/push", &headers, "token=x");
    let page = String::from_utf8_lossy(reply.body()).into_owned();
    assert!(reply.status() == 400 && page.contains("The push settings were not changed"), "{page}");
    assert_eq!(sandbox.platform.pushes.settings().unwrap().token, "pushtoken");
    // Nothing but the mode changes, and the server has yet to check the URL.
    let request = Request {
        method: "POST".into(),
        path: "/sandbox/push".into(),
        query: String::new(),
        headers: Vec::new(),
        body: format!("aes_key={KEY}").into(),
        peer: ([127, 0, 0, 1], 4711).into(),
    };
    let proposed = sandbox.platform.handle_logged(&request, START).push_settings.unwrap();
    assert_eq!((proposed.token.as_str(), proposed.mode), ("pushtoken", PushMode::Plain));
    assert_eq!(sandbox.platform.pushes.settings().unwrap().aes_key, "");
    assert_eq!(sandbox.post_form("/sandbox/push", "url=").status(), 303);
    assert!(sandbox.platform.pushes.settings().is_none());
}

#[test]
fn network_check_needs_push_settings_and_known_arguments() {
    let check = |sandbox: &mut TestPlatform, action: &str, operator: &str| {
        let body = json!({"action": action, "check_operator": operator});
        sandbox.call("/cgi-bin/callback/check", &body.to_string())
    };
    let mut sandbox = TestPlatform::with_scenario("");
    for (action, operator, errcode) in [("all", "DEFAULT", 40201), ("some", "DEFAULT", 40202), ("all", "OTHER", 40203)]
    {
        assert_eq!(errcode_of(&check(&mut sandbox, action, operator)), errcode);
    }
    let mut sandbox = TestPlatform::with_scenario("[push]\nurl = \"http://127.0.0.2:1/push\"\ntoken = \"abc\"");
    let answer = check(&mut sandbox, "all", "UNICOM");
    assert_eq!((&answer["dns"][0]["ip"], &answer["ping"][0]["package_loss"]), (&json!("127.0.0.2"), &json!("0%")));
    assert_eq!(check(&mut sandbox, "dns", "CAP").get("ping"), None);
}
