//! Tests of tags, industries and page tickets.

use super::*;

const CREATE: &str = "/cgi-bin/tags/create";
const UPDATE: &str = "/cgi-bin/tags/update";
const DELETE: &str = "/cgi-bin/tags/delete";
const MEMBERS: &str = "/cgi-bin/user/tag/get";
const TAG: &str = "/cgi-bin/tags/members/batchtagging";
const UNTAG: &str = "/cgi-bin/tags/members/batchuntagging";

impl TestPlatform {
    fn get_api(&mut self, path: &str) -> Value {
        let token = text(&self.stable(false)["access_token"]);
        self.get(&format!("{path}access_token={token}"))
    }

    fn tag(&mut self, name: &str) -> Value {
        self.call(CREATE, &json!({"tag": {"name": name}}).to_string())
    }
}

#[test]
fn tags_are_created_assigned_renamed_and_deleted() {
    let mut sandbox = TestPlatform::new();
    let starred = json!({"id": 2, "name": "星标组", "count": 0});
    assert_eq!(sandbox.get_api("/cgi-bin/tags/get?"), json!({"tags": [starred]}));
    let created = sandbox.tag("值班");
    assert_eq!(created, json!({"tag": {"id": 100, "name": "值班"}}));
    let ok = json!({"errcode": 0, "errmsg": "ok"});
    assert_eq!(sandbox.call(TAG, &json!({"openid_list": [LUFFY, NAMI], "tagid": 100}).to_string()), ok);
    let tagged = json!({"count": 2, "data": {"openid": [LUFFY, NAMI]}, "next_openid": NAMI});
    assert_eq!(sandbox.call(MEMBERS, r#"{"tagid":100,"next_openid":""}"#), tagged);
    assert_eq!(sandbox.call(MEMBERS, &json!({"tagid": 100, "next_openid": NAMI}).to_string()), json!({"count": 0}));
    let ids = json!({"openid": LUFFY}).to_string();
    assert_eq!(sandbox.call("/cgi-bin/tags/getidlist", &ids), json!({"tagid_list": [100]}));
    assert_eq!(sandbox.get_api(&format!("/cgi-bin/user/info?openid={LUFFY}&"))["tagid_list"], json!([100]));
    assert_eq!(sandbox.call(UNTAG, &json!({"openid_list": [NAMI], "tagid": 100}).to_string()), ok);
    assert_eq!(sandbox.get_api("/cgi-bin/tags/get?")["tags"][1], json!({"id": 100, "name": "值班", "count": 1}));
    // A person who unfollows loses the tags.
    sandbox.post_form("/sandbox/follow", "person=luffy&follows=0");
    sandbox.post_form("/sandbox/follow", "person=luffy&follows=1");
    assert_eq!(sandbox.call("/cgi-bin/tags/getidlist", &ids), json!({"tagid_list": []}));
    assert_eq!(sandbox.call(UPDATE, r#"{"tag":{"id":100,"name":"运维"}}"#), ok);
    assert_eq!(sandbox.get_api("/cgi-bin/tags/get?")["tags"][1]["name"], json!("运维"));
    assert_eq!(sandbox.call(DELETE, r#"{"tag":{"id":100}}"#), ok);
    assert_eq!(sandbox.get_api("/cgi-bin/tags/get?")["tags"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.tag("运维")["tag"]["id"], json!(101), "an id is given out once");
}

#[test]
fn invalid_tags_are_rejected() {
    let mut sandbox = TestPlatform::new();
    sandbox.tag("a");
    let people = |openids: &[&str], tag: Value| json!({"openid_list": openids, "tagid": tag}).to_string();
    for (path, body, errcode) in [
        (CREATE, json!({"tag": {"name": "a"}}).to_string(), 45157),
        (CREATE, json!({"tag": {"name": " "}}).to_string(), 45157),
        (CREATE, json!({"tag": {"name": "长".repeat(10)}}).to_string(), 0),
        (CREATE, json!({"tag": {"name": "长".repeat(11)}}).to_string(), 45158),
        (CREATE, "{}".into(), 47001),
        (UPDATE, json!({"tag": {"id": 100, "name": "a"}}).to_string(), 0),
        (UPDATE, json!({"tag": {"id": 100, "name": "星标组"}}).to_string(), 45157),
        (UPDATE, json!({"tag": {"id": 2, "name": "b"}}).to_string(), 45058),
        (UPDATE, json!({"tag": {"id": 7, "name": "b"}}).to_string(), 45159),
        (DELETE, json!({"tag": {"id": 0}}).to_string(), 45058),
        (DELETE, json!({"tag": {"id": "x"}}).to_string(), 45159),
        (MEMBERS, "{\"tagid\":7}".into(), 45159),
        (MEMBERS, "{\"tagid\":100,\"next_openid\":\"x\"}".into(), 40003),
        (TAG, people(&[LUFFY], json!(7)), 45159),
        (TAG, people(&[LUFFY], json!("100")), 0),
        (TAG, people(&[], json!(100)), 40032),
        (TAG, people(&[LUFFY; 50], json!(100)), 0),
        (TAG, people(&[LUFFY; 51], json!(100)), 40032),
        (TAG, people(&[LUFFY, "oNobody"], json!(100)), 49003),
        (TAG, people(&[ZORO], json!(100)), 43004),
        (TAG, "{\"tagid\":100}".into(), 47001),
        ("/cgi-bin/tags/getidlist", "{\"openid\":\"oNobody\"}".into(), 40003),
    ] {
        assert_eq!(errcode_of(&sandbox.call(path, &body)), errcode, "{path} {body}");
    }
    for number in 0..19 {
        let id = sandbox.tag(&number.to_string())["tag"]["id"].clone();
        assert_eq!(errcode_of(&sandbox.call(TAG, &people(&[LUFFY], id))), 0);
    }
    let id = sandbox.tag("one too many")["tag"]["id"].clone();
    assert_eq!(errcode_of(&sandbox.call(TAG, &people(&[LUFFY], id.clone()))), 45059);
    assert_eq!(errcode_of(&sandbox.call(TAG, &people(&[NAMI], id))), 0);
    let mut sandbox = TestPlatform::with_scenario("real_limits = true");
    let codes: Vec<i64> = (0..100).map(|number| errcode_of(&sandbox.tag(&number.to_string()))).collect();
    assert_eq!((codes[..99].iter().sum::<i64>(), codes[99]), (0, 45056));
}

#[test]
fn members_of_tag_are_paged() {
    let mut sandbox = TestPlatform::with_scenario("followers_a_page = 1");
    sandbox.tag("a");
    sandbox.call(TAG, &json!({"openid_list": [NAMI, LUFFY], "tagid": 100}).to_string());
    let first = json!({"count": 1, "data": {"openid": [LUFFY]}, "next_openid": LUFFY});
    assert_eq!(sandbox.call(MEMBERS, r#"{"tagid":100}"#), first);
    let second = sandbox.call(MEMBERS, &json!({"tagid": 100, "next_openid": LUFFY}).to_string());
    assert_eq!(second["data"]["openid"], json!([NAMI]));
}

#[test]
fn industries_change_once_a_month() {
    const SET: &str = "/cgi-bin/template/api_set_industry";
    let mut sandbox = TestPlatform::new();
    let get_industries = |sandbox: &mut TestPlatform| sandbox.get_api("/cgi-bin/template/get_industry?");
    assert_eq!(
        get_industries(&mut sandbox)["primary_industry"],
        json!({"first_class": "IT科技", "second_class": "互联网|电子商务"})
    );
    for wrong in [
        r#"{"industry_id1":"1"}"#,
        r#"{"industry_id1":"0","industry_id2":"2"}"#,
        r#"{"industry_id1":1,"industry_id2":42}"#,
    ] {
        assert_eq!(errcode_of(&sandbox.call(SET, wrong)), 40102, "{wrong}");
    }
    assert_eq!(errcode_of(&sandbox.call(SET, r#"{"industry_id1":"41","industry_id2":7}"#)), 0);
    let expected = json!({
        "primary_industry": {"first_class": "其它", "second_class": "其它"},
        "secondary_industry": {"first_class": "金融业", "second_class": "银行"},
    });
    assert_eq!(get_industries(&mut sandbox), expected);
    assert_eq!(errcode_of(&sandbox.call(SET, r#"{"industry_id1":"1","industry_id2":"2"}"#)), 43100);
    sandbox.now += 30 * 24 * HOUR;
    assert_eq!(errcode_of(&sandbox.call(SET, r#"{"industry_id1":"1","industry_id2":"2"}"#)), 0);
}

#[test]
fn page_ticket_is_unchanged_for_two_hours() {
    let mut sandbox = TestPlatform::new();
    let ticket =
        |sandbox: &mut TestPlatform, kind: &str| sandbox.get_api(&format!("/cgi-bin/ticket/getticket?type={kind}&"));
    let first = ticket(&mut sandbox, "jsapi");
    assert_eq!((&first["errcode"], &first["errmsg"], &first["expires_in"]), (&json!(0), &json!("ok"), &json!(7200)));
    sandbox.now += HOUR;
    let again = ticket(&mut sandbox, "jsapi");
    assert_eq!((&again["ticket"], &again["expires_in"]), (&first["ticket"], &json!(3600)));
    assert_ne!(ticket(&mut sandbox, "wx_card")["ticket"], first["ticket"]);
    sandbox.now += HOUR;
    assert_ne!(ticket(&mut sandbox, "jsapi")["ticket"], first["ticket"]);
    assert_eq!(errcode_of(&ticket(&mut sandbox, "")), 40097);
}

/// Calls about files and tags write their errors in a format of their own, but errors of the common
/// checks use the common format.
#[test]
fn errors_about_files_and_tags_have_a_hint() {
    let mut sandbox = TestPlatform::new();
    let hinted =
        regex::Regex::new(r"^[ a-z_]+ hint: \[[A-Za-z0-9]{14}\] rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$").unwrap();
    let errmsg = |answer: Value| text(&answer["errmsg"]);
    let long = json!({"tag": {"name": "长".repeat(11)}}).to_string();
    for answer in [
        sandbox.get_api("/cgi-bin/media/get?media_id=x&"),
        sandbox.call(CREATE, &long),
        sandbox.call(MEMBERS, "{\"tagid\":7}"),
    ] {
        let errmsg = errmsg(answer);
        assert!(hinted.is_match(&errmsg), "{errmsg}");
    }
    for answer in [
        sandbox.get("/cgi-bin/media/get?access_token=x"),
        sandbox.get("/cgi-bin/tags/get"),
        sandbox.call(TAG.trim_end_matches("ging"), ""),
    ] {
        let errmsg = errmsg(answer);
        assert!(!errmsg.contains("hint") && errmsg.contains(" rid: "), "{errmsg}");
    }
    // The error can be queried like any other.
    let rid = errmsg(sandbox.call(CREATE, &long)).rsplit(' ').next().unwrap().to_owned();
    let record = sandbox.call("/cgi-bin/openapi/rid/get", &json!({"rid": rid}).to_string());
    assert_eq!(errcode_of(&record), 0, "{record}");
}
