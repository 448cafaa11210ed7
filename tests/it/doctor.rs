//! What the doctor says: all is well, or which line is not; each thing is broken in turn.

use snapbox::str;

use crate::files;
use crate::harness::{LUFFY, Ran, World, mode};

/// The lines that are not ok, as `status check: detail | fix`; the status of the whole must fit them.
pub fn troubles(ran: &Ran) -> Vec<String> {
    let lines = ran.json();
    let failed = lines.iter().any(|line| line["status"] == "failure");
    assert_eq!(ran.status(), Some(if failed { 3 } else { 0 }), "{}", ran.stdout());
    let word = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or("-").to_owned();
    let bad = lines.iter().filter(|line| line["status"] != "ok");
    bad.map(|line| {
        let [status, check, detail, fix] = ["status", "check", "detail", "fix"].map(|key| word(line, key));
        format!("{status} {check}: {detail} | {fix}")
    })
    .collect()
}

/// The same in one text, the home's name taken out.
#[track_caller]
pub fn finds(world: &World, expected: snapbox::data::Inline) {
    let text = troubles(&world.wxbox("--json doctor")).join("\n");
    let text = text.replace(world.home.path().to_str().unwrap(), "[HOME]") + "\n";
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .redact_with(crate::harness::redactions())
        .eq(text, expected);
}

#[test]
fn all_is_well() {
    let world = World::new();
    world.wxbox("doctor").is(str![[r#"
exit 0
--- stdout
ok       config: [HOME]/.config/wxbox/config.toml
ok       permissions: nobody else can read or replace what is secret
ok       credentials: wx0123456789abcdef; the AppSecret is from [HOME]/.config/wxbox/config.toml:2
ok       database: [HOME]/.local/share/wxbox/wxbox.db is not there yet; the first command that needs it makes it
ok       disk space: [SPACE] are free in [HOME]
ok       outbox: nothing is queued
ok       names: there is none to look up
ok       proxy: none
ok       TLS: 127.0.0.1:[PORT] can be reached, without TLS
ok       clock: this clock agrees with 127.0.0.1:[PORT]
ok       token: WeChat takes the app id and the AppSecret
ok       IP allow-list: WeChat takes calls from this machine
ok       APIs: customer-service messages, template messages, followers one by one, the list of followers
ok       templates: the account has the one of the alias
ok       redirect_uri: http://[LISTENER]/callback/; the sandbox takes any
ok       port: [LISTENER] is free
ok       callback: http://[LISTENER]/callback/ leads here
--- stderr
all is well

"#]]);
    // Neither a database nor anything else was made by looking.
    assert!(!world.database().exists() && files::below(&world.path(".config")).len() == 1);
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("send --user luffy hi").ok();
    world.wxbox("-q doctor").is(str![[r#"
exit 0

"#]]);
    let ran = world.wxbox("--json -q doctor").ok();
    assert_eq!(ran.json().len(), 17);
    assert_eq!(troubles(&ran), Vec::<String>::new());
}

#[test]
fn a_config_that_is_missing_or_broken() {
    let mut world = World::empty();
    // The real platform is none of a test's.
    world.set("HTTPS_PROXY", "http://127.0.0.1:1");
    world.wxbox("doctor").is(str![[r#"
exit 3
--- stdout
warning  config: there is no config file ([HOME]/.config/wxbox/config.toml)
         fix: `wxbox init` writes one
ok       permissions: nobody else can read or replace what is secret
failure  credentials: no app_id is set
         fix: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml
ok       database: [HOME]/.local/share/wxbox/wxbox.db is not there yet; the first command that needs it makes it
ok       disk space: [SPACE] are free in [HOME]
ok       names: left to the proxy
failure  proxy: cannot connect to http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111)
         fix: check the proxy that HTTPS_PROXY names, or go without it
failure  TLS: cannot reach api.weixin.qq.com: by way of the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111); cannot reach api2.weixin.qq.com: by way of the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111)
         fix: check the proxy that HTTPS_PROXY names, or go without it
warning  redirect_uri: no redirect_uri is set
         fix: there is no config file yet: `wxbox init` asks for what it needs and writes [HOME]/.config/wxbox/config.toml
--- stderr
not looked at, since something before failed: outbox, clock, token, IP allow-list, APIs, templates, port, callback
3 failures, 2 warnings

"#]]);
    let world = World::new();
    world.config_first("app_ids = 3");
    world.wxbox("doctor").is(str![[r#"
exit 3
--- stdout
failure  config: [HOME]/.config/wxbox/config.toml:1: there is no key app_ids
         fix: did you mean app_id?
--- stderr
nothing else was looked at: all of it needs a config that can be read
one failure, no warning

"#]]);
    world.wxbox("-c absent.toml doctor").is(str![[r#"
exit 3
--- stdout
failure  config: the config file absent.toml does not exist
         fix: it was named by --config
--- stderr
nothing else was looked at: all of it needs a config that can be read
one failure, no warning

"#]]);
}

#[test]
fn credentials_that_wechat_does_not_take() {
    let mut world = World::new();
    let secret = world.sandbox().app_secret.clone();
    world.reconfigure(&[(&secret, "fedcba98765432100123456789abcdef")]);
    finds(
        &world,
        str![[r#"
failure token: WeChat says 40125 (invalid appsecret): AppSecret wrong | the AppSecret is from [HOME]/.config/wxbox/config.toml:2: compare it with the console; reset it there only if it is lost, since that ends it for every other program that uses it

"#]],
    );
    world.reconfigure(&[("fedcba98765432100123456789abcdef", "short"), ("wx0123456789abcdef", "gh_0123456789ab")]);
    finds(
        &world,
        str![[r#"
warning credentials: gh_0123456789ab does not look like an app id | an app id is wx and 16 digits 0-9 and a-f; compare app_id with the account's page
failure token: WeChat says 40013 (invalid appid): AppID unknown or malformed | Copy the AppID again; it is case-sensitive

"#]],
    );
    // An old token is still good, and says nothing of the secret.
    let mut world = World::new();
    world.config_first("token_endpoint = \"classic\"");
    world.wxbox("user add luffy").ok();
    world.wxbox("token").ok();
    world.sandbox().requests();
    let ran = world.wxbox("doctor").ok();
    assert!(ran.stdout().contains("the AppSecret was not tried"), "{}", ran.stdout());
    assert!(!world.sandbox().requests().iter().any(|it| it.contains("/cgi-bin/token")));
    world.sandbox().form("tokens", "revoke=1");
    world.wxbox("-q doctor").ok();
}

#[test]
fn an_ip_list_without_this_machine() {
    finds(
        &World::of("ip_whitelist = [\"192.0.2.1\"]"),
        str![[r#"
failure ip-list: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist | add 127.0.0.1 to the account's IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥), wait up to 10 minutes, try again

"#]],
    );
}

#[test]
fn apis_that_the_account_may_not_use_or_has_used_up() {
    finds(
        &World::of("unauthorized = [\"/cgi-bin/message/custom/send\", \"/cgi-bin/user/get\"]"),
        str![[r#"
warning apis: the account may not use: customer-service messages, the list of followers | WeChat grants these to verified accounts (已认证) and to test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度

"#]],
    );
    let both = "unauthorized = [\"/cgi-bin/message/custom/send\", \"/cgi-bin/message/template/send\"]";
    finds(
        &World::of(both),
        str![[r#"
failure apis: the account may send neither template messages nor customer-service messages | WeChat grants these to verified accounts (已认证) and to test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度

"#]],
    );
    finds(
        &World::of("unauthorized = [\"/cgi-bin/template/get_all_private_template\"]"),
        str![[r#"
failure templates: WeChat says 48001 (api unauthorized): account lacks this API | template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)

"#]],
    );
    finds(
        &World::of("unauthorized = [\"/cgi-bin/openapi/quota/get\"]"),
        str![[r#"
warning apis: WeChat does not tell which APIs the account may use | -

"#]],
    );
    finds(
        &World::of("[quota]\n\"/cgi-bin/message/template/send\" = 0"),
        str![[r#"
warning apis: no calls are left today: template messages | the counters begin anew after midnight in China; `wxbox quota clear` does it now, ten times a month

"#]],
    );
}

#[test]
fn aliases_whose_templates_are_not_so() {
    let world = World::new();
    let config = world.path(".config/wxbox/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    world.config(&format!(
        "{text}[templates.gone]\nid = \"none\"\n[templates.alert]\nid = \"server_alert-0123456789abcdefghijklmnopqrst\"\n\
         [templates.alert.data]\nthing1 = \"longer than twenty characters\"\n[templates.odd]\n\
         id = \"server_alert-0123456789abcdefghijklmnopqrst\"\n[templates.odd.data]\nhots = \"db1\"\n"
    ));
    finds(
        &world,
        str![[r#"
warning templates: alert: thing1 has 29 characters and is sent as "longer than twenty…": a thing has up to 20 characters | mend [templates.alert.data]; `wxbox template check alert` shows what people would see
failure templates: the account has no template none, which the alias gone stands for | `wxbox template list` shows those that it has; the alias is at [HOME]/.config/wxbox/config.toml:19
failure templates: the template of odd has no hots, which the alias fills | its fields are thing1, character_string2, time3: mend [templates.odd.data]

"#]],
    );
}

#[test]
fn files_that_others_can_read_or_replace() {
    let mut world = World::new();
    let secret = world.sandbox().app_secret.clone();
    world.write(".config/wxbox/secret", &secret);
    world.reconfigure(&[(&format!("app_secret = \"{secret}\""), "app_secret_file = \"secret\"")]);
    world.wxbox("user add luffy").ok();
    finds(
        &world,
        str![[r#"


"#]],
    );
    for (file, bits) in
        [(".config/wxbox/secret", 0o604), (".config/wxbox", 0o775), (".local/share/wxbox/wxbox.db", 0o666)]
    {
        mode(&world.path(file), bits);
    }
    finds(
        &world,
        str![[r#"
warning permissions: everybody on this machine can read [HOME]/.config/wxbox/secret, and it holds a secret | chmod 600 '[HOME]/.config/wxbox/secret'
warning permissions: others can write to [HOME]/.config/wxbox, and so put another file in the place of [HOME]/.config/wxbox/config.toml | chmod go-w '[HOME]/.config/wxbox'
warning permissions: others can read or write [HOME]/.local/share/wxbox/wxbox.db, which holds tokens and openids | chmod o-rwx '[HOME]/.local/share/wxbox/wxbox.db'

"#]],
    );
    mode(&world.path(".config/wxbox"), 0o777);
    finds(
        &world,
        str![[r#"
failure config: others can write to [HOME]/.config/wxbox, and so put another file in the place of [HOME]/.config/wxbox/config.toml | chmod go-w '[HOME]/.config/wxbox'

"#]],
    );
    // The next command has closed the database to others; a sticky directory is safe.
    mode(&world.path(".config/wxbox"), 0o1777);
    mode(&world.path(".config/wxbox/secret"), 0o600);
    finds(
        &world,
        str![[r#"


"#]],
    );
    world.reconfigure(&[("app_secret_file = \"secret\"", &format!("app_secret = \"{secret}\""))]);
    mode(&world.path(".config/wxbox/config.toml"), 0o644);
    finds(
        &world,
        str![[r#"
warning permissions: everybody on this machine can read [HOME]/.config/wxbox/config.toml, and it holds a secret | chmod 600 '[HOME]/.config/wxbox/config.toml'

"#]],
    );
    mode(&world.path(".config/wxbox/config.toml"), 0o666);
    finds(
        &world,
        str![[r#"
failure config: others can write to [HOME]/.config/wxbox/config.toml (mode 666), and so decide what wxbox does | chmod go-w '[HOME]/.config/wxbox/config.toml'

"#]],
    );
}
