//! Tests of the endpoints that list followers.

use std::fmt::Write;

use super::*;

#[test]
fn user_info_contains_the_scene_and_no_profile() {
    let mut sandbox = TestPlatform::new();
    let token = sandbox.token();
    let luffy = sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid={LUFFY}&lang=en"));
    let expected = json!({
        "subscribe": 1, "openid": LUFFY, "nickname": "", "sex": 0, "language": "zh_CN", "city": "", "province": "",
        "country": "", "headimgurl": "", "subscribe_time": START / 1000, "remark": "", "groupid": 0, "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 0, "qr_scene_str": "",
    });
    assert_eq!(luffy, expected, "the language is the person's");
    let zoro = sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid={ZORO}"));
    assert_eq!(zoro, json!({"subscribe": 0, "openid": ZORO, "tagid_list": []}));
    assert_eq!(errcode_of(&sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid=oNobody"))), 40003);
}

#[test]
fn follower_list_ends_with_empty_page() {
    let mut sandbox = TestPlatform::new();
    let token = sandbox.token();
    let first = sandbox.get(&format!("/cgi-bin/user/get?access_token={token}"));
    let expected = json!({"total": 2, "count": 2, "data": {"openid": [LUFFY, NAMI]}, "next_openid": NAMI});
    assert_eq!(first, expected);
    let last = sandbox.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid={NAMI}"));
    assert_eq!(last, json!({"total": 2, "count": 0, "next_openid": ""}));
    assert_eq!(errcode_of(&sandbox.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid=x"))), 40003);
}

#[test]
fn follower_page_has_at_most_ten_thousand_entries() {
    let mut toml = String::new();
    for number in 0..10_001 {
        writeln!(toml, "[[people]]\nname = \"{number}\"\nopenid = \"o{number:027}\"").unwrap();
    }
    let mut sandbox = TestPlatform::with_scenario(&toml);
    let token = sandbox.token();
    let mut target = format!("/cgi-bin/user/get?access_token={token}");
    let mut counts = Vec::new();
    loop {
        let page = sandbox.get(&target);
        counts.push(page["count"].as_u64().unwrap());
        let next = text(&page["next_openid"]);
        if next.is_empty() {
            break;
        }
        target = format!("/cgi-bin/user/get?access_token={token}&next_openid={next}");
    }
    assert_eq!(counts, [10_000, 1, 0]);
    let page = sandbox.page("/");
    assert_eq!(page.matches("<section>").count(), 12);
    assert!(page.contains("9989 more people") || page.contains("9,989 more people"));
    assert!(sandbox.page("/?person=10000").contains("o000000000000000000000010000"));
}

#[test]
fn batch_returns_all_people_or_none() {
    let mut sandbox = TestPlatform::new();
    let info = "/cgi-bin/user/info/batchget";
    let list = |openids: &[&str]| {
        let list: Vec<Value> = openids.iter().map(|openid| json!({"openid": openid, "lang": "en"})).collect();
        json!({"user_list": list}).to_string()
    };
    let answer = sandbox.call(info, &list(&[ZORO, LUFFY]));
    let people = answer["user_info_list"].as_array().unwrap();
    assert_eq!(people[0], json!({"subscribe": 0, "openid": ZORO, "tagid_list": []}));
    assert_eq!((&people[1]["openid"], &people[1]["language"]), (&json!(LUFFY), &json!("zh_CN")));
    assert_eq!(errcode_of(&sandbox.call(info, &list(&[LUFFY; 100]))), 0);
    for (body, errcode) in [
        (list(&[LUFFY; 101]), 40032),
        (list(&[]), 40032),
        (list(&[LUFFY, "oNobody"]), 40003),
        ("{\"user_list\":[{}]}".into(), 40003),
        ("{}".into(), 47001),
    ] {
        assert_eq!(errcode_of(&sandbox.call(info, &body)), errcode, "{body}");
    }
}

#[test]
fn remark_is_kept_until_person_unfollows() {
    let mut sandbox = TestPlatform::new();
    let remark = |sandbox: &mut TestPlatform, openid: &str, remark: &str| {
        let body = json!({"openid": openid, "remark": remark}).to_string();
        errcode_of(&sandbox.call("/cgi-bin/user/info/updateremark", &body))
    };
    let remark_of = |sandbox: &mut TestPlatform| {
        let token = text(&sandbox.stable(false)["access_token"]);
        sandbox.get(&format!("/cgi-bin/user/info?access_token={token}&openid={LUFFY}"))["remark"].clone()
    };
    for (openid, text, errcode) in [
        (LUFFY, "captain", 0),
        (LUFFY, &"x".repeat(29), 0),
        (LUFFY, &"x".repeat(30), 40092),
        (LUFFY, "草帽海贼团的船长", 0),
        (LUFFY, "草帽海贼团的船长草帽", 40092),
        (ZORO, "x", 43004),
        ("oNobody", "x", 40003),
    ] {
        assert_eq!(remark(&mut sandbox, openid, text), errcode, "{openid} {text}");
    }
    assert_eq!(remark_of(&mut sandbox), "草帽海贼团的船长");
    for follows in [0, 1] {
        sandbox.post_form("/sandbox/follow", &format!("person=luffy&follows={follows}"));
    }
    assert_eq!(remark_of(&mut sandbox), "");
}

#[test]
fn follower_page_size_can_be_reduced() {
    let mut sandbox = TestPlatform::with_scenario("followers_a_page = 1");
    let token = sandbox.token();
    let first = sandbox.get(&format!("/cgi-bin/user/get?access_token={token}"));
    assert_eq!(first, json!({"total": 2, "count": 1, "data": {"openid": [LUFFY]}, "next_openid": LUFFY}));
    // A person on a page may unfollow; the next page starts after that person.
    sandbox.post_form("/sandbox/follow", "person=luffy&follows=0");
    let second = sandbox.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid={LUFFY}"));
    assert_eq!(second, json!({"total": 1, "count": 1, "data": {"openid": [NAMI]}, "next_openid": NAMI}));
}
