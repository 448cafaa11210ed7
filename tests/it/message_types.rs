//! Every message type: the body that is sent, compared with tests/fixtures/bodies.toml, which was
//! written from the platform's pages; a missing part is named; and the sandbox displays each type.

use serde::Deserialize;
use serde_json::Value;
use snapbox::str;

use crate::support::canned_server::{ACCEPTED_BODY, CannedServer, TOKEN_BODY, json_response};
use crate::support::env::{LUFFY, TestEnv};

/// A body as its page documents it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyFixture {
    pub kind: String,
    pub page: String,
    pub path: String,
    /// The path of the list of templates that the message uses.
    list: Option<String>,
    required: Vec<String>,
    line: Option<String>,
    #[serde(default)]
    stdin: String,
    body: String,
}

impl BodyFixture {
    /// Returns the calls that send the body, after the call `first`.
    pub fn call_paths<'a>(&'a self, first: &'a str) -> Vec<&'a str> {
        [Some(first), self.list.as_deref(), Some(self.path.as_str())].into_iter().flatten().collect()
    }

    /// Returns the body as a user writes it.
    pub fn without_touser(&self) -> Value {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        for name in ["touser", "client_msg_id"] {
            body.as_object_mut().unwrap().shift_remove(name);
        }
        body["msgtype"] = self.kind.as_str().into();
        body
    }

    /// Starts a server that returns a token, the templates and then `last`, and returns it with an
    /// environment that points at it.
    fn server_and_env(&self, last: &str) -> (CannedServer, TestEnv) {
        let list = match self.list.as_deref() {
            Some("/wxaapi/newtmpl/gettemplate") => {
                r#"{"data":[{"priTmplId":"S-1","title":"Doors","content":"Door: {{thing1.DATA}}"}]}"#
            }
            _ => r#"{"template_list":[{"template_id":"T-1","title":"T","content":"Host: {{host.DATA}}"}]}"#,
        };
        let answers = [Some(TOKEN_BODY), self.list.as_ref().map(|_| list), Some(last)];
        let server = CannedServer::new(answers.into_iter().flatten().map(json_response).collect());
        let env = server.env("", "");
        (server, env)
    }

    /// Checks that the last request of the server has this body.
    #[track_caller]
    fn assert_sent(&self, server: &CannedServer) {
        let requests = server.requests();
        let last = requests.last().unwrap();
        assert_eq!(last.line.split(['?', ' ']).nth(1), Some(self.path.as_str()));
        let mut sent: Value = serde_json::from_str(&last.body).unwrap();
        if let Some(id) = sent.get_mut("client_msg_id") {
            assert_eq!(id.as_str().unwrap().len(), 32);
            *id = "*".into();
        }
        assert_eq!(sent, serde_json::from_str::<Value>(&self.body).unwrap(), "{}, see {}", self.kind, self.page);
        assert!(!last.body.contains("\\u"), "{}", last.body);
    }
}

pub fn load_bodies() -> Vec<BodyFixture> {
    #[derive(Deserialize)]
    struct File {
        body: Vec<BodyFixture>,
    }
    toml::from_str::<File>(include_str!("../fixtures/bodies.toml")).unwrap().body
}

#[test]
fn each_body_matches_its_documentation() {
    for body in load_bodies() {
        let (server, env) = body.server_and_env(ACCEPTED_BODY);
        let ran =
            env.run_with_stdin("send -u luffy --json --message -", body.without_touser().to_string()).assert_success();
        assert_eq!(
            (&ran.json_lines()[0]["type"], &ran.json_lines()[0]["state"]),
            (&body.kind.as_str().into(), &"sent".into())
        );
        body.assert_sent(&server);
        if let Some(line) = &body.line {
            let (server, env) = body.server_and_env(ACCEPTED_BODY);
            env.run_with_stdin(&format!("send -u luffy {line}"), &body.stdin).assert_success();
            body.assert_sent(&server);
        }
    }
}

#[test]
fn each_body_is_sent_from_a_line_of_a_batch() {
    for body in load_bodies() {
        let (server, env) = body.server_and_env(ACCEPTED_BODY);
        let line = format!(r#"{{"user": "luffy", "message": {}, "ref": 1}}"#, body.without_touser());
        let ran = env.run_with_stdin("send --batch -", line).assert_success();
        assert_eq!(
            (&ran.json_lines()[0]["type"], &ran.json_lines()[0]["ref"]),
            (&body.kind.as_str().into(), &1.into())
        );
        body.assert_sent(&server);
    }
}

/// Removes the value at a path such as `list[0].id`.
fn remove_path(mut body: Value, path: &str) -> Value {
    let words: Vec<&str> = path.split(['.', '[', ']']).filter(|word| !word.is_empty()).collect();
    let (last, way) = words.split_last().unwrap();
    let mut at = &mut body;
    for word in way {
        at = match word.parse::<usize>() {
            Ok(n) => &mut at[n],
            Err(_) => &mut at[*word],
        };
    }
    assert!(at.as_object_mut().unwrap().shift_remove(*last).is_some(), "{path}");
    body
}

#[test]
fn missing_part_is_named() {
    let env = TestEnv::with_bound_luffy();
    for fixture in load_bodies() {
        for path in &fixture.required {
            let body = remove_path(fixture.without_touser(), path);
            let ran = env.run_with_stdin("send -u luffy --message -", body.to_string());
            let what = format!("error: a message of the type {} requires {path}\nhint: its parts are ", fixture.kind);
            assert_eq!(ran.status(), Some(2), "{path} of {}", fixture.kind);
            assert!(ran.stderr().starts_with(&what), "{path} of {}: {}", fixture.kind, ran.stderr());
        }
    }
    assert_eq!(env.count("messages"), 0);
}

/// Sends each type that needs neither a grant nor an upload; the sandbox rejects what WeChat would
/// reject.
#[test]
fn sandbox_displays_accepted_messages() {
    let mut env = TestEnv::with_scenario("verified = true");
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    let messages = [
        r#"{"msgtype": "news", "news": {"articles": [{"title": "t", "description": "d", "url": "https://a", "picurl": ""}]}}"#,
        r#"{"msgtype": "msgmenu", "msgmenu": {"list": [{"id": 1, "content": "yes"}]}}"#,
        r#"{"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "article_about_the_sea"}}"#,
        r#"{"msgtype": "wxcard", "wxcard": {"card_id": "card_for_one_meal_0123456789"}}"#,
    ];
    for message in messages {
        env.run_with_stdin("send -u luffy --message -", message).assert_success();
    }
    let mut inbox: Vec<_> =
        env.sandbox().inbox().iter().map(|message| message["type"].as_str().unwrap().to_owned()).collect();
    inbox.sort();
    assert_eq!(inbox, ["mpnewsarticle", "msgmenu", "news", "wxcard"]);
    let unknown = r#"{"msgtype": "image", "image": {"media_id": "none_such"}}"#;
    env.run_with_stdin("send -u luffy --message -", unknown).assert_snapshot(str![[r#"
exit 5
--- stderr
error: message 5 to luffy was rejected: WeChat returned 40007 (invalid media_id): media_id unknown or expired
hint: upload again (temporary media live 3 days)

"#]]);
}

#[test]
fn ambiguous_message_is_not_sent_again() {
    for body in load_bodies().iter().filter(|body| body.kind != "template") {
        let (_server, env) = body.server_and_env("{\"errcode\":");
        let ran = env.run_with_stdin("send -u luffy --json --message -", body.without_touser().to_string());
        assert_eq!((ran.status(), &ran.json_lines()[0]["state"]), (Some(6), &"unknown".into()), "{}", body.kind);
        // No message is due, so no request is made.
        env.run("outbox flush").assert_success();
    }
}

#[test]
fn unauthorized_type_names_permitted_accounts() {
    let env = TestEnv::with_scenario(
        "unauthorized = [\"/cgi-bin/message/custom/send\", \"/cgi-bin/message/template/send\", \
         \"/cgi-bin/message/subscribe/bizsend\", \"/cgi-bin/media/upload\"]",
    );
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.write_file("a.png", crate::media::PNG);
    env.assert_session(str![[r#"
$ wxbox send -u luffy hello
2> error: message 1 to luffy was rejected: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
exit 5
$ wxbox send -u luffy -t backup
2> error: message 2 to luffy was rejected: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)
exit 5
$ wxbox send -u luffy --subscribe 'Backup report' -d thing1=a -d character_string2=b -d time3=03:15
2> error: message 3 to luffy was rejected: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: subscription notifications are for verified (已认证) service accounts (服务号)
exit 5
$ wxbox send -u luffy --image a.png
2> error: message 4 to luffy was rejected: cannot upload a.png: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
exit 5
$ wxbox media upload a.png
2> error: WeChat returned 48001 (api unauthorized): account lacks this API
2> hint: needs a verified account of the right kind, or the sandbox
exit 1
$ wxbox outbox show 1
ID          1
State       failed
To          luffy
Openid      oLuffy_wears_the_straw_hat_1
Type        text
Attempts    1
Created     [TIME]
Error       WeChat returned 48001 (api unauthorized): account lacks this API
Request ID  [RID]
Hint        customer-service messages are for verified (已认证) subscription accounts (订阅号) and service accounts (服务号), and for test accounts (测试号)
Content     hello

"#]]);
}
