//! The choice of language: the variables of a run, the prompts at a terminal, the pages of the
//! sandbox.

use snapbox::str;

use crate::support::env::{LUFFY, TestEnv, http_client};
use crate::support::pty::Terminal;

#[test]
fn wxbox_lang_wins_over_the_locale() {
    let mut env = TestEnv::without_config();
    env.set_variable("LC_ALL", "zh_CN.UTF-8");
    env.assert_session(str![[r#"
$ wxbox user show nami
2> 错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为“nami”的用户
2> 提示：数据库 [HOME]/.local/share/wxbox/wxbox.db 不存在。如果以前添加过用户，当时的 HOME 或系统用户与现在不同：请用 --database 指定当时的数据库
exit 4

"#]]);
    env.set_variable("WXBOX_LANG", "en").run("user show nami").assert_snapshot(str![[r#"
exit 4
--- stderr
error: there is no user nami in [HOME]/.local/share/wxbox/wxbox.db
hint: [HOME]/.local/share/wxbox/wxbox.db does not exist: if users were added before, with another HOME or by another system user, use --database with that file

"#]]);
    env.set_variable("WXBOX_LANG", "fr");
    env.assert_session(str![[r#"
$ wxbox user show nami
2> 警告：WXBOX_LANG 的值 fr 无效，wxbox 只支持 en 和 zh
2> 错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为“nami”的用户
2> 提示：数据库 [HOME]/.local/share/wxbox/wxbox.db 不存在。如果以前添加过用户，当时的 HOME 或系统用户与现在不同：请用 --database 指定当时的数据库
exit 4
$ wxbox -q user list
$ wxbox user lst
2> 错误：没有名为“lst”的命令
2> 提示：是不是想输入“list”？
exit 2

"#]]);
    env.set_variable("LC_ALL", "C").set_variable("WXBOX_LANG", "zh-CN").run("user lst").assert_snapshot(str![[r#"
exit 2
--- stderr
错误：没有名为“lst”的命令
提示：是不是想输入“list”？

"#]]);
}

#[test]
fn json_has_the_same_names_and_states_in_every_language() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run(&format!("bind --user luffy --openid {LUFFY}")).assert_success();
    let lines = ["user show luffy", "doctor", "outbox status", "send --user luffy hi", "explain 40164", "token"];
    let shapes = |env: &TestEnv| -> Vec<_> {
        let shape = |line: &str| {
            let objects = env.run(&format!("--json {line}")).json_lines();
            let words = |value: &serde_json::Value| {
                let of = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
                (
                    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>(),
                    ["state", "status", "check", "event", "action"].map(of),
                )
            };
            objects.iter().map(words).collect::<Vec<_>>()
        };
        lines.into_iter().map(shape).collect()
    };
    let english = shapes(&env);
    env.set_variable("WXBOX_LANG", "zh");
    assert_eq!(shapes(&env), english);
}

#[test]
fn questions_and_answers_are_in_the_language_of_the_run() {
    let mut env = TestEnv::without_config();
    env.run("user add 路飞").assert_success();
    env.set_variable("WXBOX_LANG", "zh");
    let terminal = |line: &str| Terminal::start(env.command(line), 30, 100);

    let mut add = terminal("user add");
    add.answer_hidden("用户名：", "娜美\r");
    add.answer_hidden("密码（绑定时需要输入，直接按回车表示不设密码）：", "a\r");
    add.answer_hidden("再输入一次：", "b\r");
    add.answer_hidden("两次输入不一致", "\r");
    assert_eq!(
        add.wait().screen.contents(),
        "用户名：娜美\n密码（绑定时需要输入，直接按回车表示不设密码）：[已隐藏]\n再输入一次：[已隐藏]\n两次输入不一致，请重新输入\n\
         密码（绑定时需要输入，直接按回车表示不设密码）：[未设置]\n已添加“娜美”"
    );

    for (key, answer) in [("n\r", "否\n没有删除用户"), ("y\r", "是\n已删除“路飞”")] {
        let mut remove = terminal("user remove 路飞");
        remove.answer_hidden("[y/N]", key);
        let text = remove.wait().screen.contents();
        assert_eq!(
            text,
            format!("要删除“路飞”吗？绑定关系、标签，以及发给该用户的所有消息的内容会一并删除。 {answer}")
        );
    }
}

#[test]
fn sandbox_language_follows_browser_then_run() {
    for (lang, own) in [("zh", "zh-CN"), ("en", "en")] {
        let mut env = TestEnv::without_config();
        env.set_variable("WXBOX_LANG", lang);
        let mut sandbox = env.spawn("--json sandbox --listen 127.0.0.1:0");
        let at: serde_json::Value = serde_json::from_str(&sandbox.expect_line()).unwrap();
        let page = |wanted: Option<&str>| {
            let request = http_client().get(at["url"].as_str().unwrap());
            let request = wanted.iter().fold(request, |request, wanted| request.header("Accept-Language", *wanted));
            request.send().unwrap().text().unwrap()
        };
        for (wanted, spoken) in
            [(None, own), (Some("fr"), own), (Some("en-GB, zh;q=0.9"), "en"), (Some("zh-TW, en;q=0.8"), "zh-CN")]
        {
            assert!(page(wanted).contains(&format!("<html lang=\"{spoken}\">")), "{lang}: {wanted:?}");
        }
    }
}

/// Returns an environment without a locale, as under cron.
fn env_without_locale(config: &str) -> TestEnv {
    let mut env = TestEnv::with_bound_luffy();
    env.prepend_config(config);
    env.set_variable("LANG", "");
    env
}

#[test]
fn durations_and_log_labels_are_chinese() {
    let mut env = env_without_locale("language = \"zh\"");
    env.run("run -u luffy --text '{program} 耗时 {duration}' -- true").assert_success();
    let reports = crate::run::received_reports(&mut env);
    assert!(reports.len() == 1 && reports[0].starts_with("true 耗时 ") && reports[0].ends_with('秒'), "{reports:?}");
    let ran = env.run("-v send -u luffy 你好").assert_success();
    assert!(ran.stderr().lines().any(|line| line == "信息：消息 2：已发送"), "{}", ran.stderr());
}

#[test]
fn config_language_applies_without_locale() {
    let mut env = env_without_locale("language = \"zh\"");
    env.assert_session(str![[r#"
$ wxbox run -u luffy -- sh -c 'exit 3'
2> 消息 1（文本）已发送给“luffy”
exit 3

"#]]);
    let reports = crate::run::received_reports(&mut env);
    assert!(reports.len() == 1 && reports[0].starts_with("失败（退出码 3）：sh（主机 "), "{reports:?}");
    env.assert_session(str![[r#"
$ wxbox user show nami
2> 错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为“nami”的用户
2> 提示：请运行 `wxbox user list` 查看所有用户
exit 4
$ wxbox explain 40164
错误码    40164
错误信息  invalid ip, not in whitelist
含义      请求的 IP 不在 API IP 白名单中
处理办法  请把错误信息中的 IP 加入“API IP 白名单”（“微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥”），几分钟后重试
wxbox     微信返回该错误码时，wxbox 停止发送，其余消息留在队列中

"#]]);
    let list = Terminal::start(env.command("user list"), 30, 100).wait();
    assert!(list.text().starts_with("用户名"), "{}", list.text());
    let doctor = env.run("--json doctor").assert_success();
    let details: Vec<_> =
        doctor.json_lines().iter().map(|check| check["detail"].as_str().unwrap().to_owned()).collect();
    assert!(details.iter().any(|detail| detail.contains("模板")), "{details:?}");
}

#[test]
fn language_precedence_is_wxbox_lang_config_locale() {
    let mut env = env_without_locale("language = \"en\"");
    env.set_variable("LC_ALL", "zh_CN.UTF-8");
    for (lang, origin, text) in [
        ("", "[CONFIG]:1", "false failed (status 1) on HOST after TIME"),
        ("fr", "[CONFIG]:1", "false failed (status 1) on HOST after TIME"),
        ("zh", "WXBOX_LANG", "失败"),
    ] {
        env.set_variable("WXBOX_LANG", lang);
        env.run("run -u luffy -- false");
        let reports = crate::run::received_reports(&mut env);
        assert!(reports.last().unwrap().starts_with(text), "{lang}: {reports:?}");
        let ran = env.run("config show --origin").assert_success();
        let line = ran.stdout().lines().find(|line| line.starts_with("language = ")).unwrap().to_owned();
        let config = env.path(".config/wxbox/config.toml").display().to_string();
        assert_eq!(line.split('\t').nth(1).unwrap().replace(&config, "[CONFIG]"), origin, "{lang}");
    }
}

#[test]
fn unsupported_language_is_a_config_error() {
    let env = TestEnv::without_config();
    env.write_config("language = \"fr\"\n");
    env.assert_session(str![[r#"
$ wxbox user list
2> error: [HOME]/.config/wxbox/config.toml:1: language must be "zh" or "en"
exit 3

"#]]);
}

#[test]
fn init_writes_language_of_the_run() {
    for (locale, language, heading) in [("zh_CN.UTF-8", "zh", "用户名"), ("C", "en", "name")] {
        let mut env = TestEnv::without_config();
        env.set_variable("LC_ALL", locale);
        let line =
            "init --app-id wx0123456789abcdef --redirect-uri http://192.0.2.1:8080/callback/ --secret-stdin --no-check";
        env.run_with_stdin(line, "0123456789abcdef0123456789abcdef\n").assert_success();
        // The shell that completes may have another locale, or none.
        env.set_variable("LC_ALL", if language == "zh" { "C" } else { "zh_CN.UTF-8" });
        let ran = env.run("config show").assert_success();
        assert!(ran.stdout().contains(&format!("\nlanguage = \"{language}\"\n")), "{}", ran.stdout());
        env.run("user add luffy").assert_success();
        let list = Terminal::start(env.command("user list"), 30, 100).wait();
        assert!(list.text().to_lowercase().starts_with(heading), "{}", list.text());
    }
}

/// A process under cron may use English, and the operator who reads its errors Chinese; and vice
/// versa.
#[test]
fn stored_error_is_shown_in_the_language_of_its_reader() {
    let mut env = TestEnv::new();
    env.replace_in_config(&[("concurrency = 1", "concurrency = 1\nmax_attempts = 1")]);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    // For each fault, messages are sent in both languages.
    for fault in ["errcode = 45015", "reset = \"after\"", "status = 502"] {
        env.sandbox().post_form("faults", format!("[[faults]]\napi = \"/cgi-bin/message/*\"\n{fault}\n"));
        for locale in ["en_US.UTF-8", "zh_CN.UTF-8"] {
            env.set_variable("LC_ALL", locale).run("send --user luffy hello");
        }
    }
    for locale in ["en_US.UTF-8", "zh_CN.UTF-8"] {
        env.set_variable("LC_ALL", locale).run("send --user luffy --no-wait hello").assert_success();
    }
    env.sandbox().post_form("faults", "");
    env.run("unbind --user luffy").assert_success();
    let errors = |env: &mut TestEnv, locale: &str| -> Vec<String> {
        let messages = env.set_variable("LC_ALL", locale).run("--json outbox list").json_lines();
        messages.iter().map(|message| message["error"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (english, chinese) = (errors(&mut env, "en_US.UTF-8"), errors(&mut env, "zh_CN.UTF-8"));
    assert_eq!((english.len(), chinese.len()), (8, 8));
    for (english, chinese) in english.chunks(2).zip(chinese.chunks(2)) {
        assert_eq!((&english[0], &chinese[0]), (&english[1], &chinese[1]));
        assert!(english[0].is_ascii(), "{english:?}");
        assert!(chinese[0].is_empty() || chinese[0] != english[0], "{chinese:?}");
    }
    assert!(english.iter().filter(|error| !error.is_empty()).count() >= 6, "{english:?}");
    let stored: String = env.query("SELECT group_concat(error_kind || error_detail) FROM messages");
    assert!(stored.is_ascii(), "{stored}");
}
