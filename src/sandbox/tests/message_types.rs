//! Tests of every type of customer-service message: its required fields, and the delivered message.

use super::media::{JPEG, MP4, PNG, amr};
use super::*;

const SEND: &str = "/cgi-bin/message/custom/send";
const PHONES: &str = "/sandbox/phones?person=crowd000001";
const FIRST_GENERATED: &str = "oCrowd0000000000000000000001";

/// A verified account with a person for each message, files of each type, and a body of each type.
struct MessageTest {
    sandbox: TestPlatform,
    sent: u32,
    files: [String; 4],
}

impl MessageTest {
    fn new(toml: &str) -> Self {
        let mut sandbox = TestPlatform::with_scenario(&format!("verified = true\ncrowd = 200\n{toml}"));
        let files = [
            sandbox.media("image", "a.png", PNG),
            sandbox.media("voice", "a.amr", &amr(150)),
            sandbox.media("video", "a.mp4", MP4),
            sandbox.media("thumb", "a.jpg", JPEG),
        ];
        Self { sandbox, sent: 0, files }
    }

    /// Returns a valid body of each type.
    fn good(&self) -> Vec<(&'static str, Value)> {
        let [image, voice, video, thumb] = &self.files;
        let article = Scenario::default().articles.remove(0);
        let url = "https://example.com/";
        vec![
            ("text", json!({"content": "hello"})),
            ("image", json!({"media_id": image})),
            ("voice", json!({"media_id": voice})),
            ("video", json!({"media_id": video, "thumb_media_id": thumb, "title": "Film", "description": "of it"})),
            (
                "music",
                json!({"title": "Song", "description": "of it", "musicurl": url, "hqmusicurl": url, "thumb_media_id": thumb}),
            ),
            (
                "news",
                json!({"articles": [{"title": "News", "description": "of it", "url": url, "picurl": "https://pictures.example/1.jpg"}]}),
            ),
            ("mpnews", json!({"media_id": article.media_id})),
            ("mpnewsarticle", json!({"article_id": article.article_id})),
            (
                "msgmenu",
                json!({"head_content": "Well?", "list": [{"id": "1", "content": "Good"}, {"id": "2", "content": "Bad"}], "tail_content": "Thanks"}),
            ),
            ("wxcard", json!({"card_id": Scenario::default().cards[0].id, "card_ext": "{\"code\":\"\"}"})),
            (
                "miniprogrampage",
                json!({"title": "Program", "appid": "wx0123456789abcdef", "pagepath": "pages/index", "thumb_media_id": thumb}),
            ),
        ]
    }

    /// Sends to another person each time, so that no window is used up.
    fn send(&mut self, kind: &str, part: &Value, more: &Value) -> i64 {
        self.sent += 1;
        let mut body = json!({"touser": format!("oCrowd{:022}", self.sent), "msgtype": kind, kind: part});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        errcode_of(&self.sandbox.call(SEND, &body.to_string()))
    }
}

#[test]
fn each_message_type_is_delivered_complete() {
    let mut kinds = MessageTest::new("");
    for (kind, part) in kinds.good() {
        assert_eq!(kinds.send(kind, &part, &json!({})), 0, "{kind}");
        let inbox = kinds.sandbox.inbox();
        let message = inbox.as_array().unwrap().last().unwrap();
        assert_eq!((&message["type"], &message["body"]), (&json!(kind), &part));
    }
    let inbox = kinds.sandbox.inbox();
    let of_type = |kind: &str| inbox.as_array().unwrap().iter().find(|message| message["type"] == kind).unwrap();
    assert_eq!(of_type("voice")["files"][0]["seconds"], json!(3));
    let film = &of_type("video")["files"];
    assert_eq!((&film[0]["content_type"], &film[1]["type"]), (&json!("video/mp4"), &json!("thumb")));
    assert_eq!(film[0]["bytes"], json!(MP4.len()));
    assert_eq!((&of_type("news")["title"], &of_type("news")["content"]), (&json!("News"), &json!("of it")));
    assert_eq!(of_type("mpnews")["title"], of_type("mpnewsarticle")["title"]);
    assert_eq!(of_type("miniprogrampage")["miniprogram"], json!("wx0123456789abcdef:pages/index"));
}

#[test]
fn missing_empty_mistyped_and_unknown_fields_are_rejected() {
    // The error for each missing field; 0 if it is optional.
    let codes: &[(&str, &str, i64)] = &[
        ("text", "content", 44004),
        ("image", "media_id", 40007),
        ("voice", "media_id", 40007),
        ("video", "media_id", 40007),
        ("video", "thumb_media_id", 0),
        ("video", "title", 0),
        ("video", "description", 0),
        ("music", "title", 0),
        ("music", "description", 0),
        ("music", "musicurl", 41010),
        ("music", "hqmusicurl", 41010),
        ("music", "thumb_media_id", 40007),
        ("news", "articles", 44003),
        ("mpnews", "media_id", 40007),
        ("mpnewsarticle", "article_id", 61451),
        ("msgmenu", "head_content", 0),
        ("msgmenu", "list", 61451),
        ("msgmenu", "tail_content", 0),
        ("wxcard", "card_id", 41012),
        ("wxcard", "card_ext", 0),
        ("miniprogrampage", "title", 0),
        ("miniprogrampage", "appid", 40166),
        ("miniprogrampage", "pagepath", 40165),
        ("miniprogrampage", "thumb_media_id", 40007),
    ];
    let mut kinds = MessageTest::new("");
    let good = kinds.good();
    let fields: usize = good.iter().map(|(_, part)| part.as_object().unwrap().len()).sum();
    assert_eq!(fields, codes.len(), "a field without a line here");
    for (kind, field, errcode) in codes {
        let part = &good.iter().find(|(name, _)| name == kind).unwrap().1;
        let with = |value: Value| {
            let mut part = part.clone();
            part[*field] = value;
            part
        };
        let mut without = part.clone();
        without.as_object_mut().unwrap().remove(*field).unwrap();
        assert_eq!(kinds.send(kind, &without, &json!({})), *errcode, "{kind} without {field}");
        assert_eq!(kinds.send(kind, &with(Value::Null), &json!({})), *errcode, "{kind} with no {field}");
        let empty = if part[*field].is_array() { json!([]) } else { json!("") };
        assert_eq!(kinds.send(kind, &with(empty), &json!({})), *errcode, "{kind} with an empty {field}");
        // Ids of files and the list of articles have one error for any invalid value.
        let other = match (*kind, *errcode) {
            ("mpnews", _) => 47001,
            (_, code @ (40007 | 44003)) => code,
            ("video", 0) if *field == "thumb_media_id" => 40007,
            _ => 47001,
        };
        assert_eq!(kinds.send(kind, &with(json!(7)), &json!({})), other, "{kind} with a number as {field}");
        assert_eq!(kinds.send(kind, &part.clone(), &json!({})), 0, "{kind}");
    }
    for (kind, mut part) in good {
        part["foo"] = json!("x");
        assert_eq!(kinds.send(kind, &part, &json!({})), 61451, "{kind} with a field too much");
        assert_eq!(kinds.send(kind, &json!("x"), &json!({})), 47001, "{kind} that is a text");
    }
}

#[test]
fn ids_and_addresses_must_be_valid() {
    let mut kinds = MessageTest::new("");
    let [image, voice, video, thumb] = kinds.files.clone();
    let url = "https://example.com/";
    let article = |title: Value, description: Value, url: Value, picture: Value| json!({"articles": [{"title": title, "description": description, "url": url, "picurl": picture}]});
    let entry = json!({"id": "1", "content": "x"});
    let cases = [
        ("image", json!({"media_id": thumb}), 40007),
        ("image", json!({"media_id": voice}), 40007),
        ("voice", json!({"media_id": image}), 40007),
        ("video", json!({"media_id": video, "thumb_media_id": image}), 40007),
        ("music", json!({"musicurl": "ftp://a/", "hqmusicurl": url, "thumb_media_id": thumb}), 40066),
        ("music", json!({"musicurl": url, "hqmusicurl": "a", "thumb_media_id": thumb}), 40066),
        ("news", article(json!(""), json!(""), json!(url), json!("")), 61451),
        ("news", article(json!("x"), json!(""), json!(url), json!("")), 0),
        ("news", article(json!("x"), Value::Null, json!(url), json!("")), 0),
        ("news", article(json!("x"), json!(""), Value::Null, json!("")), 0),
        ("news", article(json!("x"), json!(""), json!(""), json!("")), 0),
        ("news", article(json!("x"), json!(""), json!(url), Value::Null), 0),
        ("news", json!({"articles": [{"title": "x"}]}), 0),
        ("news", json!({"articles": [{"title": "x", "url": "index"}]}), 40066),
        ("news", json!({"articles": [{"url": url}]}), 61451),
        ("news", json!({"articles": [{"title": "x", "link": url}]}), 61451),
        ("news", article(json!("x"), json!(""), json!(url), json!("file:///x")), 40066),
        ("news", json!({"articles": ["x"]}), 47001),
        ("mpnews", json!({"media_id": image}), 40007),
        ("mpnewsarticle", json!({"article_id": "nothing"}), 61451),
        ("wxcard", json!({"card_id": "nothing"}), 61451),
        ("msgmenu", json!({"list": vec![&entry; 10]}), 0),
        ("msgmenu", json!({"list": vec![&entry; 11]}), 45098),
        ("msgmenu", json!({"list": [{"id": "1", "content": "长".repeat(61)}]}), 45099),
        ("msgmenu", json!({"list": [{"id": "1"}]}), 61451),
        ("msgmenu", json!({"list": [{"id": 1, "content": "x"}]}), 47001),
        ("miniprogrampage", json!({"appid": "wx1", "pagepath": "a", "thumb_media_id": thumb}), 40166),
        ("miniprogrampage", json!({"appid": "wx0123456789abcdef", "pagepath": "a", "thumb_media_id": image}), 0),
        ("miniprogrampage", json!({"appid": "wx0123456789abcdef", "pagepath": "a", "thumb_media_id": video}), 40007),
        ("text", json!({"content": "<a href=\"javascript:x\">x</a>"}), 40213),
        ("fax", json!({}), 40008),
    ];
    for (kind, part, errcode) in cases {
        assert_eq!(kinds.send(kind, &part, &json!({})), errcode, "{kind} {part}");
    }
}

#[test]
fn file_can_be_sent_for_three_days() {
    let mut kinds = MessageTest::new("");
    kinds.sandbox.post_form("/sandbox/clock", "forward=71h59m59s");
    kinds.sandbox.post_form("/sandbox/write", "person=luffy");
    let body = json!({"touser": LUFFY, "msgtype": "image", "image": {"media_id": kinds.files[0]}}).to_string();
    assert_eq!(errcode_of(&kinds.sandbox.call(SEND, &body)), 0);
    kinds.sandbox.now += 1000;
    assert_eq!(errcode_of(&kinds.sandbox.call(SEND, &body)), 40007);
}

#[test]
fn test_account_cannot_send_menus() {
    let mut sandbox = TestPlatform::new();
    let body = json!({"touser": LUFFY, "msgtype": "msgmenu", "msgmenu": {"list": [{"id": "1", "content": "x"}]}});
    assert_eq!(errcode_of(&sandbox.call(SEND, &body.to_string())), 40200);
    sandbox.post_form("/sandbox/settings", "verified=1");
    assert_eq!(errcode_of(&sandbox.call(SEND, &body.to_string())), 0);
}

#[test]
fn message_may_name_customer_service_account() {
    let mut kinds = MessageTest::new("");
    let named = |name: Value| json!({"customservice": {"kf_account": name}});
    let text = json!({"content": "hello"});
    assert_eq!(kinds.send("text", &text, &named(json!("robin@wxbox"))), 0);
    assert_eq!(kinds.sandbox.inbox()[0]["kf_account"], json!("robin@wxbox"));
    assert!(kinds.sandbox.page(PHONES).contains("Robin"));
    for none in [json!(""), Value::Null] {
        assert_eq!(kinds.send("text", &text, &named(none.clone())), 0, "{none}");
    }
    assert_eq!(kinds.send("text", &text, &json!({"customservice": {}})), 0);
    for wrong in [json!("nobody@wxbox"), json!("robin"), json!(7)] {
        assert_eq!(kinds.send("text", &text, &named(wrong.clone())), 61452, "{wrong}");
    }
    assert_eq!(kinds.send("text", &text, &json!({"customservice": null})), 0);
    let mut kinds = MessageTest::new("kf_accounts = []");
    assert_eq!(kinds.send("text", &text, &named(json!("robin@wxbox"))), 65400);
}

#[test]
fn pages_show_each_type_and_load_nothing_from_other_hosts() {
    let mut kinds = MessageTest::new("");
    let good = kinds.good();
    let shown = [
        ("text", vec![">hello<"]),
        ("image", vec!["<img src=\"/sandbox/media/"]),
        ("voice", vec!["3″", "width:82px"]),
        ("video", vec!["▶", "Film", "of it", "<img src=\"/sandbox/media/"]),
        ("music", vec!["♪", "Song", "href=\"https://example.com/\""]),
        ("news", vec!["News", "of it", "href=\"https://example.com/\"", ">pictures.example<"]),
        ("mpnews", vec!["What the sea is like this week", "Waves"]),
        ("mpnewsarticle", vec!["What the sea is like this week", "Waves"]),
        ("msgmenu", vec!["Well?", "value=\"Good\"", ">Bad</button>", "Thanks"]),
        ("wxcard", vec!["One free meal", "Coupon"]),
        ("miniprogrampage", vec!["Program", "wx0123456789abcdef:pages/index", "Mini program"]),
    ];
    for ((kind, part), (of, pieces)) in good.iter().zip(shown) {
        assert_eq!(*kind, of);
        kinds.sandbox.post_form("/sandbox/clear", "");
        kinds.sandbox.post_form("/sandbox/write", "person=crowd000001&text=next");
        let body = json!({"touser": FIRST_GENERATED, "msgtype": kind, *kind: part});
        assert_eq!(errcode_of(&kinds.sandbox.call(SEND, &body.to_string())), 0, "{kind}");
        let page = kinds.sandbox.page(PHONES);
        for piece in pieces {
            assert!(page.contains(piece), "{kind}: {piece}\n{page}");
        }
        assert!(!page.contains("src=\"http") && !page.contains("1.jpg"), "{page}");
    }
}

#[test]
fn menu_reply_is_shown_and_allows_more_messages() {
    let mut sandbox = TestPlatform::with_scenario("verified = true");
    let menu = json!({"list": [{"id": "1", "content": "Good & <b>"}]});
    let body = json!({"touser": LUFFY, "msgtype": "msgmenu", "msgmenu": menu}).to_string();
    for _ in 0..5 {
        assert_eq!(errcode_of(&sandbox.call(SEND, &body)), 0);
    }
    assert_eq!(sandbox.send_text(LUFFY), 45047);
    let page = sandbox.page("/sandbox/phones?person=luffy");
    assert!(page.contains("name=\"text\" value=\"Good &amp; &lt;b&gt;\""), "{page}");
    sandbox.post_form("/sandbox/write", "person=luffy&text=Good+%26+%3Cb%3E");
    assert_eq!(sandbox.send_text(LUFFY), 0);
    assert!(sandbox.page("/?person=luffy").contains("<div class=\"bubble\">Good &amp; &lt;b&gt;</div>"));
}

#[test]
fn three_messages_are_allowed_in_minute_after_menu_tap() {
    let mut sandbox = TestPlatform::new();
    assert_eq!(sandbox.send_text(NAMI), 45015);
    sandbox.post_form("/sandbox/click", "person=nami");
    let codes: Vec<i64> = (0..4).map(|_| sandbox.send_text(NAMI)).collect();
    assert_eq!(codes, [0, 0, 0, 45047]);
    sandbox.now += MINUTE;
    assert_eq!(sandbox.send_text(NAMI), 45015);
    // A person who does not follow has no menu to tap.
    sandbox.post_form("/sandbox/click", "person=zoro");
    assert_eq!(sandbox.send_text(ZORO), 45015);
}

#[test]
fn typing_requires_a_recent_message_and_ends_with_the_next() {
    let mut sandbox = TestPlatform::new();
    let typing = |sandbox: &mut TestPlatform, openid: &str, command: &str| {
        let body = json!({"touser": openid, "command": command}).to_string();
        errcode_of(&sandbox.call("/cgi-bin/message/custom/typing", &body))
    };
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 40200);
    sandbox.post_form("/sandbox/settings", "verified=1");
    assert_eq!(typing(&mut sandbox, "oNobody", "Typing"), 40003);
    assert_eq!(typing(&mut sandbox, LUFFY, "typing"), 45072);
    assert_eq!(typing(&mut sandbox, NAMI, "Typing"), 45080);
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 0);
    assert!(sandbox.page("/?person=luffy").contains("is typing"));
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 45081);
    assert_eq!(typing(&mut sandbox, LUFFY, "CancelTyping"), 0);
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 0);
    sandbox.send_text(LUFFY);
    assert!(!sandbox.page("/?person=luffy").contains("is typing"));
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 0);
    sandbox.now += 30_001;
    assert_eq!(typing(&mut sandbox, LUFFY, "Typing"), 45080);
}
