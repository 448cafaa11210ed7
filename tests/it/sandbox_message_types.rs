//! The sandbox's phones with every message type, in a browser.

use serde_json::{Value, json};

use crate::browser_pages::{PHONE_WIDTH_PX, fetch_page, render_in_chromium, render_in_narrow_frames};
use crate::support::env::{SandboxServer, TestEnv, http_client};

const USERS: [&str; 3] =
    ["oLuffy_wears_the_straw_hat_1", "oNami_draws_maps_of_the_sea1", "oZoro_cannot_find_the_way_22"];

/// Returns a word without a place to break it.
fn unbreakable_word() -> String {
    "w".repeat(60)
}

/// Calls the sandbox's API as any client would.
struct ApiClient<'a> {
    sandbox: &'a SandboxServer,
    token: String,
}

impl<'a> ApiClient<'a> {
    fn new(sandbox: &'a SandboxServer) -> Self {
        let query = format!("grant_type=client_credential&appid={}&secret={}", sandbox.app_id, sandbox.app_secret);
        let answer = http_client().get(format!("{}/cgi-bin/token?{query}", sandbox.url)).send().unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
        Self { sandbox, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Value {
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}/cgi-bin/{path}{separator}access_token={}", self.sandbox.url, self.token);
        let answer = http_client().post(url).header("content-type", content_type).body(body).send().unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
        assert!(answer["errcode"].as_i64().unwrap_or_default() == 0, "{path}: {answer}");
        answer
    }

    fn upload(&self, kind: &str, name: &str, bytes: &[u8]) -> String {
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), bytes, b"\r\n--XX--\r\n"].concat();
        let answer = self.post(&format!("media/upload?type={kind}"), "multipart/form-data; boundary=XX", body);
        let id = answer.get("media_id").or(answer.get("thumb_media_id"));
        id.unwrap().as_str().unwrap().to_owned()
    }

    fn send(&self, path: &str, body: &Value) {
        self.post(path, "application/json", body.to_string().into_bytes());
    }
}

/// Sends a message of each type to three phones.
fn send_all_types(sandbox: &SandboxServer) {
    let caller = ApiClient::new(sandbox);
    let image = caller.upload("image", "a.png", b"\x89PNG\r\n\x1a\n");
    let voice = caller.upload("voice", "a.amr", &[b"#!AMR\n".as_slice(), &[0x3c; 32 * 2900]].concat());
    let video = caller.upload("video", "a.mp4", b"\0\0\0\x18ftypmp42");
    let thumb = caller.upload("thumb", "a.jpg", b"\xff\xd8\xff\xe0");
    let (url, long) = (format!("https://{}.example/", unbreakable_word()), unbreakable_word());
    let kinds = [
        (
            "text",
            json!({"content": format!("{long} <a href=\"weixin://bizmsgmenu?msgmenucontent={long}\">{long}</a>")}),
        ),
        ("image", json!({"media_id": image})),
        ("voice", json!({"media_id": voice})),
        ("video", json!({"media_id": video, "thumb_media_id": thumb, "title": long, "description": long})),
        ("music", json!({"title": long, "musicurl": url, "hqmusicurl": url, "thumb_media_id": thumb})),
        ("news", json!({"articles": [{"title": long, "description": long, "url": url, "picurl": url}]})),
        ("mpnews", json!({"media_id": "article_media_1"})),
        ("mpnewsarticle", json!({"article_id": "article_1"})),
        ("msgmenu", json!({"head_content": long, "list": [{"id": "1", "content": long}], "tail_content": long})),
        ("wxcard", json!({"card_id": "card_1"})),
        (
            "miniprogrampage",
            json!({"title": long, "appid": "wx0123456789abcdef", "pagepath": long, "thumb_media_id": thumb}),
        ),
    ];
    sandbox.post_form("follow", "person=zoro&follows=1");
    for (at, (kind, part)) in kinds.iter().enumerate() {
        let person = ["luffy", "nami", "zoro"][at % 3];
        sandbox.post_form("write", format!("person={person}&text={long}"));
        let clerk = json!({"kf_account": "robin@wxbox"});
        let body = json!({"touser": USERS[at % 3], "msgtype": kind, *kind: part, "customservice": clerk});
        caller.send("message/custom/send", &body);
    }
    let data =
        json!({"thing1": {"value": "数据库"}, "character_string2": {"value": "42GB"}, "time3": {"value": "03:00"}});
    let template = "backup_report-0123456789abcdefghijklmnopqrs";
    caller.send("message/subscribe/bizsend", &json!({"touser": USERS[0], "template_id": template, "data": data}));
    let template = "one_time_message-0123456789abcdefghijklmnop";
    let body = json!({"touser": USERS[0], "template_id": template, "scene": "1000", "title": "w".repeat(15),
        "data": {"content": {"value": "w".repeat(200)}}, "url": url});
    caller.send("message/template/subscribe", &body);
    caller.send("message/custom/typing", &json!({"touser": USERS[0], "command": "Typing"}));
}

#[test]
fn all_types_fit_narrow_screen_without_external_requests() {
    let long = unbreakable_word();
    let mut env = TestEnv::with_scenario(&format!(
        "verified = true\n[[articles]]\nmedia_id = \"article_media_1\"\narticle_id = \"article_1\"\n\
         title = \"{long}\"\n[[cards]]\nid = \"card_1\"\ntitle = \"{long}\"\n"
    ));
    let url = {
        let sandbox = env.sandbox();
        send_all_types(sandbox);
        sandbox.url.clone()
    };
    let pages = ["zh-CN", "en"].map(|language| fetch_page(&format!("{url}/"), language));
    let Some(seen) = render_in_narrow_frames(&env, &pages) else { return };
    for (page, words) in seen.iter().zip([
        ["58″", "对方正在输入", "卡券", "小程序", "一次性订阅消息"],
        ["58″", "is typing", "Coupon", "Mini program", "One-time subscription"],
    ]) {
        for word in words {
            assert!(page.text.contains(word), "{word}: {}", page.text);
        }
        assert!(page.width <= PHONE_WIDTH_PX.into(), "{} needs {} px", page.title, page.width);
    }
    // The browser reports everything that the page's policy forbids.
    let Some((document, complaints)) = render_in_chromium(&env, &format!("{url}/"), "en") else { return };
    assert_eq!(document.matches("<img src=\"/sandbox/media/").count(), 4, "{document}");
    assert_eq!(complaints, Vec::<String>::new());
}
