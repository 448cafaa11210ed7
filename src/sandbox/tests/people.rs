//! Followers.

use std::fmt::Write;

use super::*;

#[test]
fn info_tells_how_someone_follows_and_not_who_it_is() {
    let mut game = Game::new();
    let token = game.token();
    let luffy = game.get(&format!("/cgi-bin/user/info?access_token={token}&openid={LUFFY}&lang=en"));
    assert_eq!((&luffy["subscribe"], &luffy["language"]), (&json!(1), &json!("en")));
    assert_eq!(luffy["subscribe_time"], START / 1000);
    assert!(luffy.get("nickname").is_none());
    let zoro = game.get(&format!("/cgi-bin/user/info?access_token={token}&openid={ZORO}"));
    assert_eq!(zoro, json!({"subscribe": 0, "openid": ZORO, "tagid_list": []}));
    assert_eq!(code(&game.get(&format!("/cgi-bin/user/info?access_token={token}&openid=oNobody"))), 40003);
}

#[test]
fn the_list_of_followers_ends_with_an_empty_page() {
    let mut game = Game::new();
    let token = game.token();
    let first = game.get(&format!("/cgi-bin/user/get?access_token={token}"));
    let expected = json!({"total": 2, "count": 2, "data": {"openid": [LUFFY, NAMI]}, "next_openid": NAMI});
    assert_eq!(first, expected);
    let last = game.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid={NAMI}"));
    assert_eq!(last, json!({"total": 2, "count": 0, "next_openid": ""}));
    assert_eq!(code(&game.get(&format!("/cgi-bin/user/get?access_token={token}&next_openid=x"))), 40003);
}

#[test]
fn ten_thousand_followers_a_page() {
    let mut toml = String::new();
    for number in 0..10_001 {
        writeln!(toml, "[[people]]\nname = \"{number}\"\nopenid = \"o{number:027}\"").unwrap();
    }
    let mut game = Game::with(&toml);
    let token = game.token();
    let mut target = format!("/cgi-bin/user/get?access_token={token}");
    let mut counts = Vec::new();
    loop {
        let page = game.get(&target);
        counts.push(page["count"].as_u64().unwrap());
        let next = text(&page["next_openid"]);
        if next.is_empty() {
            break;
        }
        target = format!("/cgi-bin/user/get?access_token={token}&next_openid={next}");
    }
    assert_eq!(counts, [10_000, 1, 0]);
    let page = game.page("/");
    assert_eq!(page.matches("<section>").count(), 12);
    assert!(page.contains("9989 more people") || page.contains("9,989 more people"));
    assert!(game.page("/?person=10000").contains("o000000000000000000000010000"));
}
