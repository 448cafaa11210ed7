//! Tests of the QR codes by which people come to follow.

use super::*;

fn create(sandbox: &mut TestPlatform, body: &Value) -> Value {
    sandbox.call("/cgi-bin/qrcode/create", &body.to_string())
}

fn text_scene(text: &str, life: Value) -> Value {
    json!({"action_name": "QR_STR_SCENE", "expire_seconds": life, "action_info": {"scene": {"scene_str": text}}})
}

/// Returns the path of the page that a code opens.
fn path(answer: &Value) -> String {
    let url = text(&answer["url"]);
    format!("/q/{}", url.strip_prefix("http://localhost/q/").unwrap())
}

/// Returns the scene by which a person came to follow: a number, a text.
fn scene(sandbox: &mut TestPlatform, openid: &str) -> (Value, Value) {
    let token = text(&sandbox.stable(false)["access_token"]);
    let info = sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid={openid}"));
    (info["qr_scene"].clone(), info["qr_scene_str"].clone())
}

#[test]
fn scene_of_scanned_code_is_reported_for_new_follower() {
    let mut sandbox = TestPlatform::new();
    let code = create(&mut sandbox, &text_scene("a text", json!(600)));
    assert_eq!((errcode_of(&code), &code["expire_seconds"]), (0, &json!(600)));
    let ticket = text(&code["ticket"]);
    assert!(ticket.len() == 96 && ticket.starts_with("gQ") && ticket.ends_with('='), "{ticket}");
    let page = path(&code);
    let shown = sandbox.page(&page);
    assert!(shown.contains("Follow wxbox") && shown.contains("value=\"zoro\""), "{shown}");
    let form = shown.split_once("action=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    assert_eq!(sandbox.post_form(&form, "person=zoro&follows=1").status(), 303);
    assert_eq!(scene(&mut sandbox, ZORO), (json!(0), json!("a text")));
    // A follower who scans a code stays unchanged.
    assert_eq!(sandbox.post_form(&form, "person=nami&follows=1").status(), 303);
    assert_eq!(scene(&mut sandbox, NAMI), (json!(0), json!("")));

    sandbox.post_form("/sandbox/follow", "person=zoro&follows=0");
    let body = json!({"action_name": "QR_SCENE", "expire_seconds": 60, "action_info": {"scene": {"scene_id": 7}}});
    let id = path(&create(&mut sandbox, &body)).split_off(3);
    sandbox.post_form(&format!("/sandbox/follow?code={id}"), "person=zoro&follows=1");
    assert_eq!(scene(&mut sandbox, ZORO), (json!(7), json!("")));
}

#[test]
fn code_expires_unless_permanent() {
    let mut sandbox = TestPlatform::new();
    let code = create(&mut sandbox, &text_scene("x", json!(60)));
    let body = json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "x"}}});
    let permanent = create(&mut sandbox, &body);
    assert_eq!(permanent.get("expire_seconds"), None);
    sandbox.now += MINUTE - 1;
    assert!(sandbox.page(&path(&code)).contains("Follow wxbox"));
    sandbox.now += 1;
    assert!(sandbox.page(&path(&code)).contains("has expired"));
    let id = path(&code).split_off(3);
    assert_eq!(sandbox.post_form(&format!("/sandbox/follow?code={id}"), "person=zoro&follows=1").status(), 404);
    sandbox.now += 365 * 24 * HOUR;
    assert!(sandbox.page(&path(&permanent)).contains("Follow wxbox"));
    assert!(sandbox.page("/q/nonsense").contains("has expired"));
}

#[test]
fn ticket_has_qr_picture_until_it_expires() {
    let mut sandbox = TestPlatform::new();
    let code = create(&mut sandbox, &text_scene("x", Value::Null));
    assert_eq!(code["expire_seconds"], json!(60));
    let ticket = text(&code["ticket"]);
    let encoded = url::form_urlencoded::byte_serialize(ticket.as_bytes()).collect::<String>();
    let target = format!("/cgi-bin/showqrcode?ticket={encoded}");
    let reply = sandbox.request("GET", &target, &[], "");
    assert_eq!((reply.status(), reply.header_value("content-type")), (200, Some("image/jpg")));
    assert_eq!(reply.body(), crate::sandbox::qr_jpeg::encode_qr_jpeg(&text(&code["url"])).unwrap());
    // A ticket that is not encoded is a different one.
    let status = |sandbox: &mut TestPlatform, target: &str| sandbox.request("GET", target, &[], "").status();
    assert_eq!(status(&mut sandbox, &format!("/cgi-bin/showqrcode?ticket={ticket}")), 404);
    assert_eq!(status(&mut sandbox, "/cgi-bin/showqrcode?ticket=x"), 404);
    assert_eq!(status(&mut sandbox, "/cgi-bin/showqrcode"), 404);
    sandbox.now += MINUTE;
    assert_eq!(status(&mut sandbox, &target), 404);
}

#[test]
fn undocumented_values_are_rejected() {
    let mut sandbox = TestPlatform::new();
    let of =
        |name: &str, scene: Value| json!({"action_name": name, "expire_seconds": 60, "action_info": {"scene": scene}});
    for (body, errcode) in [
        (of("QR_SCENE", json!({"scene_id": u32::MAX})), 0),
        (of("QR_SCENE", json!({"scene_id": 0})), 40053),
        (of("QR_SCENE", json!({"scene_id": u64::from(u32::MAX) + 1})), 40053),
        (of("QR_SCENE", json!({"scene_id": "1"})), 40053),
        (of("QR_SCENE", json!({"scene_str": "1"})), 40053),
        (of("QR_LIMIT_SCENE", json!({"scene_id": 100_000})), 0),
        (of("QR_LIMIT_SCENE", json!({"scene_id": 100_001})), 40053),
        (of("QR_STR_SCENE", json!({"scene_str": "海".repeat(64)})), 0),
        (of("QR_STR_SCENE", json!({"scene_str": "x".repeat(65)})), 40053),
        (of("QR_STR_SCENE", json!({"scene_str": ""})), 40053),
        (of("QR_STR_SCENE", json!({"scene_id": 1})), 40053),
        (of("QR_TEXT", json!({"scene_str": "x"})), 40052),
        (json!({"action_info": {"scene": {"scene_str": "x"}}}), 40052),
        (json!({"action_name": "QR_STR_SCENE", "expire_seconds": 60}), 40053),
        (text_scene("x", Value::Null), 0),
        (text_scene("x", json!(2_592_000)), 0),
        (text_scene("x", json!(2_592_001)), 40053),
        (text_scene("x", json!(0)), 40053),
        (text_scene("x", json!("60")), 40053),
    ] {
        assert_eq!(errcode_of(&create(&mut sandbox, &body)), errcode, "{body}");
    }
    assert_eq!(errcode_of(&sandbox.call("/cgi-bin/qrcode/create", "x")), 47001);
    let mut sandbox = TestPlatform::with_scenario("unauthorized = [\"/cgi-bin/qrcode/create\"]");
    assert_eq!(errcode_of(&create(&mut sandbox, &text_scene("x", json!(60)))), 48001);
}
