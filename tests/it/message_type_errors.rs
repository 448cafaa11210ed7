//! Invalid messages and articles: the error, and its position.

use snapbox::str;

use crate::support::env::{NAMI, TestEnv};

#[test]
fn invalid_message_names_error_and_position() {
    let env = TestEnv::with_bound_luffy();
    let cases: &[(&str, &str, &str)] = &[
        (r#"{"msgtype": "imagee"}"#, "unknown message type \"imagee\"", "did you mean image?"),
        (
            r#"{"msgtype": "fax"}"#,
            "unknown message type \"fax\"",
            "the types are text, image, voice, video, music, news, mpnews, mpnewsarticle, msgmenu, wxcard, miniprogrampage, template, subscribe, subscribe_once",
        ),
        (
            r#"{"msgtype": 7}"#,
            "msgtype must be text that is not blank",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"image": {"media_id": "x"}}"#,
            "the message has neither msgtype nor template_id",
            "set msgtype to text, image, news, …; run `wxbox send --help` to see all types",
        ),
        (
            r#"{"msgtype": "image", "image": {"media_id": "x", "mediaid": "y"}}"#,
            "a message of the type image has no image.mediaid",
            "its parts are media_id",
        ),
        (
            r#"{"msgtype": "image", "image": {"media_id": "x"}, "text": {}}"#,
            "a message of the type image has no text",
            "its parts are image, customservice?; parts with ? are optional",
        ),
        (
            r#"{"msgtype": "image", "image": "x"}"#,
            "image must be an object",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"msgtype": "image", "image": {"media_id": "a.png"}}"#,
            "image.media_id is not a media_id: a.png",
            "run `wxbox media upload FILE` to get a media_id; in a file for --message, \"@FILE\" uploads a file",
        ),
        (
            r#"{"msgtype": "image", "image": {"media_id": true}}"#,
            "image.media_id must be text that is not blank",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"msgtype": "mpnews", "mpnews": {"media_id": "@a.png"}}"#,
            "mpnews.media_id is not a media_id: @a.png",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"msgtype": "news", "news": {"articles": []}}"#,
            "news.articles must be a list with at least one entry",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"msgtype": "news", "news": {"articles": [{}, {}]}}"#,
            "news.articles has 2 entries; WeChat allows at most 1",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"msgtype": "news", "news": {"articles": [{"title": "t", "description": "", "url": "ftp://a", "picurl": ""}]}}"#,
            "news.articles[0].url is not an http or https address: ftp://a",
            "use the whole address, such as https://status.example.com",
        ),
        (
            r#"{"msgtype": "music", "music": {"musicurl": "a", "hqmusicurl": "https://a", "thumb_media_id": "x"}}"#,
            "music.musicurl is not an http or https address: a",
            "use the whole address, such as https://status.example.com",
        ),
        (
            r#"{"msgtype": "text", "text": {"content": "  "}}"#,
            "text.content must be text that is not blank",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"template_id": "T", "scene": 1, "title": "sixteen letters!", "data": {"content": {"value": "v"}}}"#,
            "title has 16 characters; WeChat allows at most 15",
            "run `wxbox send --help` to see examples of messages",
        ),
        (
            r#"{"template_id": "T", "client_msg_id": "1", "data": {}}"#,
            "a message of the type template has no client_msg_id",
            "its parts are template_id, url?, miniprogram?, data; parts with ? are optional",
        ),
        (
            r#"{"template_id": "T", "data": {"host": [1]}}"#,
            "the value of host must be text, a number, or {\"value\": …, \"color\": \"#RRGGBB\"}",
            "",
        ),
        (
            r#"{"template_id": "S", "page": "door", "data": {}}"#,
            "page is not an http or https address: door",
            "use the whole address, such as https://status.example.com",
        ),
    ];
    for (message, what, hint) in cases {
        let ran = env.run_with_stdin("send -u luffy --message -", message);
        let hint = if hint.is_empty() { String::new() } else { format!("hint: {hint}\n") };
        assert_eq!((ran.status(), ran.stderr()), (Some(2), format!("error: {what}\n{hint}").as_str()), "{message}");
    }
    env.assert_session(str![[r#"
$ printf '[1]' | wxbox send -u luffy --message -
2> error: cannot read a message from standard input: invalid type: sequence, expected a map at line 1 column 0
2> hint: use an object such as {"msgtype": "image", "image": {"media_id": "@chart.png"}}; run `wxbox send --help` for more
exit 2
$ printf '{' | wxbox send -u luffy --message -
2> error: cannot read a message from standard input: EOF while parsing an object at line 1 column 1
2> hint: use an object such as {"msgtype": "image", "image": {"media_id": "@chart.png"}}; run `wxbox send --help` for more
exit 2
$ wxbox send -u luffy --message absent.json
2> error: cannot read absent.json: No such file or directory (os error 2)
2> hint: use a file name, or - for standard input
exit 1

"#]]);
    let other = format!(r#"{{"touser": "{NAMI}", "msgtype": "text", "text": {{"content": "x"}}}}"#);
    env.run_with_stdin("send -u luffy --message -", &other).assert_snapshot(str![[r#"
exit 2
--- stderr
error: the message has the touser oNami_draws_maps_of_the_sea1, but the recipient is oLuffy_wears_the_straw_hat_1
hint: remove touser from the message

"#]]);
    env.run_with_stdin(&format!("send --openid {NAMI} --dry-run --message -"), &other).assert_snapshot(str![[r#"
exit 0
--- stdout
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"text","text":{"content":"x"}}

"#]]);
    env.write_file("a.jsonl", r#"{"user": "luffy", "message": {"msgtype": "image", "image": {"media_id": "@a.png"}}}"#);
    env.assert_session(str![[r#"
$ wxbox send --batch a.jsonl
{"line":1,"state":"failed","error":"a batch does not support @FILE"}
exit 5

"#]]);
    assert_eq!(env.count("messages"), 0);
}

#[test]
fn a_title_in_a_line_may_begin_with_an_at_sign() {
    let env = TestEnv::new();
    let menu = r#"{"head_content": "@all: who comes?", "list": [{"id": "1", "content": "me"}]}"#;
    let line = format!(r#"{{"openid": "{NAMI}", "message": {{"msgtype": "msgmenu", "msgmenu": {menu}}}}}"#);
    env.run_with_stdin("send --dry-run --batch -", &line).assert_snapshot(str![[r#"
exit 0
--- stdout
{"touser":"oNami_draws_maps_of_the_sea1","msgtype":"msgmenu","msgmenu":{"head_content":"@all: who comes?","list":[{"id":"1","content":"me"}]}}

"#]]);
}

#[test]
fn an_article_is_a_small_file() {
    let env = TestEnv::with_bound_luffy();
    let toml = "title = \"t\"\ndescription = \"d\"\nurl = \"https://a\"\npicurl = \"\"\n";
    env.run_with_stdin("send -u luffy --dry-run --news -", toml).assert_snapshot(str![[r#"
exit 0
--- stdout
{"touser":"oLuffy_wears_the_straw_hat_1","msgtype":"news","news":{"articles":[{"title":"t","description":"d","url":"https://a"}]}}

"#]]);
    let json = r#"{"title": "t", "description": "d", "url": "https://a", "picurl": "https://a/b.png"}"#;
    env.write_file("article.json", json);
    env.assert_session(str![[r#"
$ wxbox send -u luffy --news article.json
sent message 1 (news) to luffy

"#]]);
    env.run_with_stdin("send -u luffy --news -", toml.replace("description = \"d\"\n", "")).assert_snapshot(str![[
        r#"
exit 0
--- stdout
sent message 2 (news) to luffy

"#
    ]]);
    env.run_with_stdin("send -u luffy --news -", toml.replace("https://a", "a.example")).assert_snapshot(str![[r#"
exit 2
--- stderr
error: url is not an http or https address: a.example
hint: use the whole address, such as https://status.example.com

"#]]);
    env.run_with_stdin("send -u luffy --news -", toml.replace("picurl", "picture")).assert_snapshot(str![[r#"
exit 2
--- stderr
error: a message of the type news has no picture
hint: its parts are title, description?, url?, picurl?; parts with ? are optional

"#]]);
    env.assert_session(str![[r#"
$ printf 'title = t' | wxbox send -u luffy --news -
2> error: cannot read a link card from standard input: invalid boolean, expected `true`
2> hint: write title, description, url and picurl in TOML or JSON; run `wxbox send --help` for an example
exit 2
$ printf '{"title": }' | wxbox send -u luffy --news -
2> error: cannot read a link card from standard input: expected value at line 1 column 11
2> hint: write title, description, url and picurl in TOML or JSON; run `wxbox send --help` for an example
exit 2
$ wxbox outbox show 1
ID        1
State     sent
To        luffy
Openid    oLuffy_wears_the_straw_hat_1
Type      news
Attempts  1
Created   [TIME]
Sent      [TIME]
Receipt   not supported for messages of this type
Content   articles.title: t
          articles.description: d
          articles.url: https://a
          articles.picurl: https://a/b.png

"#]]);
}
