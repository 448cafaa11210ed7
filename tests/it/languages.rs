//! Who speaks which language: the variables of a run, the questions at a terminal, the pages of the sandbox.

use snapbox::str;

use crate::harness::{LUFFY, World, phone};
use crate::pty::Terminal;

#[test]
fn wxbox_lang_wins_over_the_locale() {
    let mut world = World::empty();
    world.set("LC_ALL", "zh_CN.UTF-8");
    world.wxbox("user show nami").is(str![[r#"
exit 4
--- stderr
错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为 nami 的用户
提示：[HOME]/.local/share/wxbox/wxbox.db 不存在；如果以前添加过用户，当时用的是另一个 HOME 或另一个系统用户：请用 --database 指定那个文件

"#]]);
    world.set("WXBOX_LANG", "en").wxbox("user show nami").is(str![[r#"
exit 4
--- stderr
error: no user is named nami in [HOME]/.local/share/wxbox/wxbox.db
hint: [HOME]/.local/share/wxbox/wxbox.db is not there; where people were added before, it was with another HOME or as another user: name their file with --database

"#]]);
    world.set("WXBOX_LANG", "fr");
    world.wxbox("user show nami").is(str![[r#"
exit 4
--- stderr
警告：WXBOX_LANG 的值是 fr，但 wxbox 只支持 en 和 zh
错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为 nami 的用户
提示：[HOME]/.local/share/wxbox/wxbox.db 不存在；如果以前添加过用户，当时用的是另一个 HOME 或另一个系统用户：请用 --database 指定那个文件

"#]]);
    world.wxbox("-q user list").is(str![[r#"
exit 0

"#]]);
    world.wxbox("user lst").is(str![[r#"
exit 2
--- stderr
错误：没有命令 lst
提示：是不是想用 list？

"#]]);
    world.set("LC_ALL", "C").set("WXBOX_LANG", "zh-CN").wxbox("user lst").is(str![[r#"
exit 2
--- stderr
错误：没有命令 lst
提示：是不是想用 list？

"#]]);
}

#[test]
fn json_has_the_same_names_and_states_in_every_language() {
    let mut world = World::new();
    world.wxbox("user add luffy").ok();
    world.wxbox(&format!("bind --user luffy --openid {LUFFY}")).ok();
    let lines = ["user show luffy", "doctor", "outbox status", "send --user luffy hi", "explain 40164", "token"];
    let shapes = |world: &World| -> Vec<_> {
        let shape = |line: &str| {
            let objects = world.wxbox(&format!("--json {line}")).json();
            let words = |it: &serde_json::Value| {
                let of = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
                (
                    it.as_object().unwrap().keys().cloned().collect::<Vec<_>>(),
                    ["state", "status", "check", "event", "action"].map(of),
                )
            };
            objects.iter().map(words).collect::<Vec<_>>()
        };
        lines.into_iter().map(shape).collect()
    };
    let english = shapes(&world);
    world.set("WXBOX_LANG", "zh");
    assert_eq!(shapes(&world), english);
}

#[test]
fn questions_and_answers_are_in_the_language_of_the_run() {
    let mut world = World::empty();
    world.wxbox("user add 路飞").ok();
    world.set("WXBOX_LANG", "zh");
    let terminal = |line: &str| Terminal::start(world.command(line), 30, 100);

    let mut add = terminal("user add");
    add.until("用户名：");
    add.unseen_keys("娜美\r");
    add.until("密码（绑定时须输入；留空则不设）：");
    add.unseen_keys("a\r");
    add.until("再输入一次：");
    add.unseen_keys("b\r");
    add.until("两次输入不一致");
    add.unseen_keys("\r");
    assert_eq!(
        add.end().screen.contents(),
        "用户名：娜美\n密码（绑定时须输入；留空则不设）：[不显示]\n再输入一次：[不显示]\n两次输入不一致，请重新输入\n\
         密码（绑定时须输入；留空则不设）：[未设置]\n已添加 娜美"
    );

    for (key, answer) in [("n\r", "否\n没有删除任何内容"), ("y\r", "是\n已删除 路飞")] {
        let mut remove = terminal("user remove 路飞");
        remove.until("[y/N]");
        remove.unseen_keys(key);
        let text = remove.end().screen.contents();
        assert_eq!(text, format!("删除 路飞，连同绑定、标签和全部消息的内容？ {answer}"));
    }
}

#[test]
fn the_sandbox_speaks_as_the_browser_wants_and_else_as_the_run() {
    for (lang, own) in [("zh", "zh-CN"), ("en", "en")] {
        let mut world = World::empty();
        world.set("WXBOX_LANG", lang);
        let mut sandbox = world.spawn("--json sandbox --listen 127.0.0.1:0");
        let at: serde_json::Value = serde_json::from_str(&sandbox.next_line()).unwrap();
        let page = |wanted: Option<&str>| {
            let request = phone().get(at["url"].as_str().unwrap());
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

/// As cron starts a command: without a locale.
fn under_cron(config: &str) -> World {
    let mut world = crate::run::with_luffy();
    world.config_first(config);
    world.set("LANG", "");
    world
}

#[test]
fn the_config_says_the_language_where_no_shell_does() {
    let mut world = under_cron("language = \"zh\"");
    world.wxbox("run -u luffy -- sh -c 'exit 3'").is(str![[r#"
exit 3
--- stderr
已把消息 1（文本）发给 luffy

"#]]);
    let reports = crate::run::reports(&mut world);
    assert!(reports.len() == 1 && reports[0].starts_with("失败（状态 3），"), "{reports:?}");
    world.wxbox("user show nami").is(str![[r#"
exit 4
--- stderr
错误：[HOME]/.local/share/wxbox/wxbox.db 中没有名为 nami 的用户
提示：`wxbox user list` 可查看全部用户

"#]]);
    world.wxbox("explain 40164").is(str![[r#"
exit 0
--- stdout
错误码    40164
微信原文  invalid ip, not in whitelist
含义      IP 不在白名单
处理办法  把错误信息中的 IP 加入 IP 白名单，最多等 10 分钟后重试
wxbox     不再发送；其余消息留在队列

"#]]);
    let list = Terminal::start(world.command("user list"), 30, 100).end();
    assert!(list.screen.contents().starts_with("用户名"), "{}", list.screen.contents());
    let doctor = world.wxbox("--json doctor").ok();
    let details: Vec<_> = doctor.json().iter().map(|check| check["detail"].as_str().unwrap().to_owned()).collect();
    assert!(details.iter().any(|detail| detail.contains("模板")), "{details:?}");
}

#[test]
fn wxbox_lang_wins_over_the_config_and_the_config_over_the_locale() {
    let mut world = under_cron("language = \"en\"");
    world.set("LC_ALL", "zh_CN.UTF-8");
    for (lang, origin, text) in [
        ("", "[CONFIG]:1", "Failed (status 1) on HOST after TIME: false"),
        ("fr", "[CONFIG]:1", "Failed (status 1) on HOST after TIME: false"),
        ("zh", "WXBOX_LANG", "失败"),
    ] {
        world.set("WXBOX_LANG", lang);
        world.wxbox("run -u luffy -- false");
        let reports = crate::run::reports(&mut world);
        assert!(reports.last().unwrap().starts_with(text), "{lang}: {reports:?}");
        let shown = world.wxbox("config show --origin").ok();
        let line = shown.stdout().lines().find(|line| line.starts_with("language = ")).unwrap().to_owned();
        let config = world.path(".config/wxbox/config.toml").display().to_string();
        assert_eq!(line.split('\t').nth(1).unwrap().replace(&config, "[CONFIG]"), origin, "{lang}");
    }
}

#[test]
fn a_language_that_wxbox_does_not_speak_is_an_error_of_the_config() {
    let world = World::empty();
    world.config("language = \"fr\"\n");
    world.wxbox("user list").is(str![[r#"
exit 3
--- stderr
error: [HOME]/.config/wxbox/config.toml:1: language must be "zh" or "en"

"#]]);
}

#[test]
fn init_writes_the_language_that_it_speaks() {
    for (locale, language, heading) in [("zh_CN.UTF-8", "zh", "用户名"), ("C", "en", "name")] {
        let mut world = World::empty();
        world.set("LC_ALL", locale);
        let line =
            "init --app-id wx0123456789abcdef --redirect-uri http://192.0.2.1:8080/callback/ --secret-stdin --no-check";
        world.feed(line, "0123456789abcdef0123456789abcdef\n").ok();
        // From another shell, or none.
        world.set("LC_ALL", if language == "zh" { "C" } else { "zh_CN.UTF-8" });
        let shown = world.wxbox("config show").ok();
        assert!(shown.stdout().contains(&format!("\nlanguage = \"{language}\"\n")), "{}", shown.stdout());
        world.wxbox("user add luffy").ok();
        let list = Terminal::start(world.command("user list"), 30, 100).end();
        assert!(list.screen.contents().to_lowercase().starts_with(heading), "{}", list.screen.contents());
    }
}
