//! The report of `doctor`: all checks pass, or it names the check that fails. Each test breaks
//! another part.

use snapbox::str;

use crate::support::env::{CommandOutput, LUFFY, TestEnv, set_mode};
use crate::support::files;

/// Returns the lines that are not ok as `status check: detail | fix`, and checks that the exit
/// status matches them.
pub fn problem_lines(ran: &CommandOutput) -> Vec<String> {
    let lines = ran.json_lines();
    let failed = lines.iter().any(|line| line["status"] == "failure");
    assert_eq!(ran.status(), Some(if failed { 3 } else { 0 }), "{}", ran.stdout());
    if failed {
        let error: serde_json::Value = serde_json::from_str(ran.stderr().lines().last().unwrap()).unwrap();
        assert_eq!(error["code"], 3, "{error}");
    }
    let word = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or("-").to_owned();
    let bad = lines.iter().filter(|line| line["status"] != "ok");
    bad.map(|line| {
        let [status, check, detail, fix] = ["status", "check", "detail", "fix"].map(|key| word(line, key));
        format!("{status} {check}: {detail} | {fix}")
    })
    .collect()
}

/// Compares the problems as one text, without the name of the home.
#[track_caller]
pub fn assert_problems(env: &TestEnv, expected: snapbox::data::Inline) {
    let text = problem_lines(&env.run("--json doctor")).join("\n");
    let text = text.replace(env.home.path().to_str().unwrap(), "[HOME]") + "\n";
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .redact_with(crate::support::env::redactions())
        .eq(text, expected);
}

#[test]
fn key_of_the_config_below_a_template_is_explained() {
    let env = TestEnv::new();
    env.write_config(&format!("{}database = \"sandbox.db\"\n", env.read_config()));
    let found = problem_lines(&env.run("--json doctor"));
    let found = found.iter().find(|line| line.starts_with("failure templates: ")).unwrap();
    assert!(found.contains("has no database") && found.contains("move database to the top of the config"), "{found}");
}

#[test]
fn healthy_setup_passes_all_checks() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ wxbox doctor
2> all 17 checks passed (`wxbox -v doctor` lists them)

"#]]);
    // The check created neither a database nor any other file.
    assert!(!env.database_path().exists() && files::list_files(&env.path(".config")).len() == 1);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.run("send --user luffy hi").assert_success();
    env.assert_session(str![[r#"
$ wxbox -q doctor

"#]]);
    let ran = env.run("--json -q doctor").assert_success();
    assert_eq!(ran.json_lines().len(), 17);
    assert_eq!(problem_lines(&ran), Vec::<String>::new());
}

#[test]
fn missing_or_invalid_config_is_reported() {
    let mut env = TestEnv::without_config();
    // Tests do not contact the real platform.
    env.set_variable("HTTPS_PROXY", "http://127.0.0.1:1");
    env.assert_session(str![[r#"
$ wxbox doctor
failure  credentials: app_id is not set
         fix: run `wxbox init` to create it
failure  proxy: cannot connect to http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111)
         fix: check the proxy in HTTPS_PROXY, or remove it
failure  TLS: cannot reach api.weixin.qq.com: through the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111); cannot reach api2.weixin.qq.com: through the proxy http://127.0.0.1:1 (HTTPS_PROXY): Connection refused (os error 111)
         fix: check the proxy in HTTPS_PROXY, or remove it
warning  config: there is no config file ([HOME]/.config/wxbox/config.toml)
         fix: run `wxbox init` to create it
warning  redirect_uri: redirect_uri is not set
         fix: run `wxbox init` to create [HOME]/.config/wxbox/config.toml
2> skipped because an earlier check failed: outbox, clock, token, IP allow-list, APIs, templates, port, callback
2> 3 failures, 2 warnings; 4 checks passed (`wxbox -v doctor` lists them)
exit 3

"#]]);
    let env = TestEnv::new();
    env.prepend_config("app_ids = 3");
    env.assert_session(str![[r#"
$ wxbox doctor
failure  config: [HOME]/.config/wxbox/config.toml:1: unknown key app_ids
         fix: did you mean app_id?
2> all other checks were skipped, because they require a readable config
2> 1 failure, 0 warnings
exit 3
$ wxbox -c absent.toml doctor
failure  config: cannot read the config file absent.toml: it does not exist
         fix: check --config, which names the file
2> all other checks were skipped, because they require a readable config
2> 1 failure, 0 warnings
exit 3

"#]]);
}

#[test]
fn rejected_credentials_are_reported() {
    let mut env = TestEnv::new();
    let secret = env.sandbox().app_secret.clone();
    env.replace_in_config(&[(&secret, "fedcba98765432100123456789abcdef")]);
    assert_problems(
        &env,
        str![[r#"
failure token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong | compare the AppSecret in [HOME]/.config/wxbox/config.toml:2 with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working

"#]],
    );
    env.replace_in_config(&[("fedcba98765432100123456789abcdef", "short"), ("wx0123456789abcdef", "gh_0123456789ab")]);
    assert_problems(
        &env,
        str![[r#"
warning credentials: gh_0123456789ab does not look like an AppID | compare app_id with the page of the account: an AppID is wx and 16 digits 0-9 and a-f
failure token: WeChat returned 40013 (invalid appid): the AppID is unknown or malformed | copy the AppID again; it is case-sensitive

"#]],
    );
    // A cached token is still valid, and does not prove that the secret is valid.
    let mut env = TestEnv::new();
    env.prepend_config("token_endpoint = \"classic\"");
    env.run("user add luffy").assert_success();
    env.run("token").assert_success();
    env.sandbox().requests();
    let ran = env.run("-v doctor").assert_success();
    assert!(ran.stdout().contains("the AppSecret was not checked"), "{}", ran.stdout());
    assert!(!env.sandbox().requests().iter().any(|request| request.contains("/cgi-bin/token")));
    env.sandbox().post_form("tokens", "revoke=1");
    env.run("-q doctor").assert_success();
}

#[test]
fn ip_missing_from_allow_list_is_reported() {
    assert_problems(
        &TestEnv::with_scenario("ip_whitelist = [\"192.0.2.1\"]"),
        str![[r#"
failure ip-list: WeChat returned 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): the caller IP is not on the IP allow-list | add 127.0.0.1 to the IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); the change takes up to 10 minutes, then try again

"#]],
    );
}

#[test]
fn unauthorized_or_exhausted_apis_are_reported() {
    assert_problems(
        &TestEnv::with_scenario("unauthorized = [\"/cgi-bin/message/custom/send\", \"/cgi-bin/user/get\"]"),
        str![[r#"
warning apis: the account cannot use: customer-service messages, the list of followers | WeChat permits these APIs for verified accounts (已认证) and test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度

"#]],
    );
    let both = "unauthorized = [\"/cgi-bin/message/custom/send\", \"/cgi-bin/message/template/send\"]";
    assert_problems(
        &TestEnv::with_scenario(both),
        str![[r#"
failure apis: the account can send neither template messages nor customer-service messages | WeChat permits these APIs for verified accounts (已认证) and test accounts; see 微信开发者平台 → 我的业务 → 服务号 → 接口管理 → 接口权限与额度

"#]],
    );
    assert_problems(
        &TestEnv::with_scenario("unauthorized = [\"/cgi-bin/template/get_all_private_template\"]"),
        str![[r#"
failure templates: WeChat returned 48001 (api unauthorized): account lacks this API | template messages are for verified (已认证) service accounts (服务号) and for test accounts (测试号)

"#]],
    );
    assert_problems(
        &TestEnv::with_scenario("unauthorized = [\"/cgi-bin/openapi/quota/get\"]"),
        str![[r#"
warning apis: cannot determine which APIs the account can use | -

"#]],
    );
    assert_problems(
        &TestEnv::with_scenario("[quota]\n\"/cgi-bin/message/template/send\" = 0"),
        str![[r#"
warning apis: the quota of today is used up: template messages | wait until midnight in China (UTC+8), or run `wxbox quota clear` (allowed ten times a month)

"#]],
    );
}

#[test]
fn invalid_template_aliases_are_reported() {
    let env = TestEnv::new();
    let config = env.path(".config/wxbox/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    env.write_config(&format!(
        "{text}[templates.gone]\nid = \"none\"\n[templates.alert]\nid = \"server_alert-0123456789abcdefghijklmnopqrst\"\n\
         [templates.alert.data]\nthing1 = \"longer than twenty characters\"\n[templates.odd]\n\
         id = \"server_alert-0123456789abcdefghijklmnopqrst\"\n[templates.odd.data]\nhots = \"db1\"\n"
    ));
    assert_problems(
        &env,
        str![[r#"
warning templates: alert: thing1 has 29 characters and is cut to "longer than twenty…": thing fields hold at most 20 characters | change [templates.alert.data]; run `wxbox template check alert` to see a preview
failure templates: the account has no template none, to which the alias gone refers | run `wxbox template list` to see the templates of the account; the alias is at [HOME]/.config/wxbox/config.toml:19
failure templates: the template of odd has no hots, which the alias sets | change [templates.odd.data]: the fields are thing1, character_string2, time3

"#]],
    );
}

#[test]
fn world_accessible_files_are_reported() {
    let mut env = TestEnv::new();
    let secret = env.sandbox().app_secret.clone();
    env.write_file(".config/wxbox/secret", &secret);
    env.replace_in_config(&[(&format!("app_secret = \"{secret}\""), "app_secret_file = \"secret\"")]);
    env.run("user add luffy").assert_success();
    assert_problems(
        &env,
        str![[r#"


"#]],
    );
    for (file, bits) in
        [(".config/wxbox/secret", 0o604), (".config/wxbox", 0o775), (".local/share/wxbox/wxbox.db", 0o666)]
    {
        set_mode(&env.path(file), bits);
    }
    assert_problems(
        &env,
        str![[r#"
warning permissions: every user of this machine can read [HOME]/.config/wxbox/secret, which contains a secret | run `chmod 600 '[HOME]/.config/wxbox/secret'`
warning permissions: other users can change [HOME]/.config/wxbox, and can therefore replace [HOME]/.config/wxbox/config.toml | run `chmod go-w '[HOME]/.config/wxbox'`
warning permissions: other users can read or change [HOME]/.local/share/wxbox/wxbox.db, which contains tokens and openids | run `chmod o-rwx '[HOME]/.local/share/wxbox/wxbox.db'`

"#]],
    );
    set_mode(&env.path(".config/wxbox"), 0o777);
    assert_problems(
        &env,
        str![[r#"
failure config: other users can change [HOME]/.config/wxbox, and can therefore replace [HOME]/.config/wxbox/config.toml | run `chmod go-w '[HOME]/.config/wxbox'`

"#]],
    );
    // The next command has made the database private; a sticky directory is safe.
    set_mode(&env.path(".config/wxbox"), 0o1777);
    set_mode(&env.path(".config/wxbox/secret"), 0o600);
    assert_problems(
        &env,
        str![[r#"


"#]],
    );
    env.replace_in_config(&[("app_secret_file = \"secret\"", &format!("app_secret = \"{secret}\""))]);
    set_mode(&env.path(".config/wxbox/config.toml"), 0o644);
    assert_problems(
        &env,
        str![[r#"
warning permissions: every user of this machine can read [HOME]/.config/wxbox/config.toml, which contains a secret | run `chmod 600 '[HOME]/.config/wxbox/config.toml'`

"#]],
    );
    set_mode(&env.path(".config/wxbox/config.toml"), 0o666);
    assert_problems(
        &env,
        str![[r#"
failure config: other users can change [HOME]/.config/wxbox/config.toml (mode 666) | run `chmod go-w '[HOME]/.config/wxbox/config.toml'`

"#]],
    );
}
