//! Several accounts on one database, several concurrent processes, and the precedence of settings.

use snapbox::str;

use crate::support::env::{LUFFY, NAMI, SandboxServer, TestEnv};

/// Starts the sandbox of a second account, and writes `b.toml`, whose config points at it.
fn second_sandbox(env: &TestEnv) -> SandboxServer {
    let settings = "app_id = \"wxbbbbbbbbbbbbbbbb\"\napp_secret = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n";
    let sandbox = SandboxServer::start(&env.home, settings);
    env.write_file("b.toml", format!("{settings}[network]\napi_base = \"{}\"\n", sandbox.url));
    sandbox
}

#[test]
fn accounts_on_one_database_are_isolated() {
    let mut env = TestEnv::new();
    let mut other = second_sandbox(&env);
    env.run(&format!("user add luffy --openid {LUFFY}")).assert_success();
    env.assert_session(str![[r#"
$ wxbox -c b.toml user show luffy
Name    luffy
UID     6cfbec608383fd05c271de92010d455f
WeChat  not bound
Added   [TIME]
$ wxbox -c b.toml send -u luffy hi
2> error: luffy is not bound
2> hint: run `wxbox -c b.toml bind --user luffy` to show the QR code
exit 4

"#]]);
    env.run(&format!("user add nami --openid {NAMI} -c b.toml")).assert_success();
    env.assert_session(str![[r#"
$ wxbox user list --bound
luffy	oLuffy_wears_the_straw_hat_1			
$ wxbox user list --bound -c b.toml
nami	oNami_draws_maps_of_the_sea1			

"#]]);

    env.run("send -u luffy -t backup").assert_success();
    env.run("send --all -t backup_finished-0123456789abcdefghijklmnopq -d host=a -d size=1 -d time=2 -c b.toml")
        .assert_success();
    let commands = [
        "POST /cgi-bin/stable_token 0",
        "GET /cgi-bin/template/get_all_private_template 0",
        "POST /cgi-bin/message/template/send 0",
    ];
    assert_eq!(env.sandbox().requests(), commands);
    assert_eq!(other.requests(), commands);
    assert_eq!(env.query::<i64>("SELECT count(DISTINCT token) FROM tokens"), 2);
    env.assert_session(str![[r#"
$ wxbox outbox list
1	sent	luffy	template	[TIME]		Backup finished: db0, -, -
$ wxbox outbox list -c b.toml
2	sent	nami	template	[TIME]		Backup finished: a, 1, 2
$ wxbox outbox show 1 -c b.toml
2> error: there is no message 1
2> hint: run `wxbox -c b.toml outbox list` to see the latest messages
exit 4
$ wxbox -c b.toml unbind --user luffy
2> error: luffy is not bound
exit 4

"#]]);
    env.run("user show luffy").assert_success();
    assert_eq!(env.count("bindings"), 2);
}

#[test]
fn precedence_is_options_then_environment_then_file() {
    let mut env = TestEnv::without_config();
    let config = |app_id: &str| format!("app_id = \"{app_id}\"\napp_secret = \"s\"\ndatabase = \"{app_id}.db\"\n");
    env.write_config(&config("wxhome"));
    for name in ["flag", "env"] {
        env.write_file(&format!("{name}.toml"), config(&format!("wx{name}")));
    }
    let bound_in = |env: &TestEnv, options: &str, database: &str| {
        let before = std::fs::metadata(env.path(database)).is_ok();
        assert!(!before, "{database} is there already");
        env.run(&format!("user add luffy --openid {LUFFY} {options}")).assert_success();
        let file = rusqlite::Connection::open(env.path(database)).unwrap();
        file.query_row("SELECT app_id FROM bindings", [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(bound_in(&env, "", ".config/wxbox/wxhome.db"), "wxhome");
    env.set_variable("WXBOX_CONFIG", "env.toml");
    assert_eq!(bound_in(&env, "", "wxenv.db"), "wxenv");
    assert_eq!(bound_in(&env, "-c flag.toml", "wxflag.db"), "wxflag");
    env.set_variable("WXBOX_DATABASE", "variable.db").set_variable("WXBOX_APP_ID", "wxvariable");
    assert_eq!(bound_in(&env, "-c flag.toml", "variable.db"), "wxvariable");
    assert_eq!(bound_in(&env, "--database option.db", "option.db"), "wxvariable");
    let in_state = env.path("state/wxbox");
    env.set_variable("WXBOX_DATABASE", "").set_variable("WXBOX_CONFIG", "bare.toml");
    env.write_file("bare.toml", "app_id = \"wxbare\"\n");
    env.set_variable("STATE_DIRECTORY", in_state.to_str().unwrap());
    assert_eq!(bound_in(&env, "", "state/wxbox/wxbox.db"), "wxvariable");
}

#[test]
fn secret_comes_from_environment_or_file() {
    let mut env = TestEnv::new();
    let secret = env.sandbox().app_secret.clone();
    let config = env.read_config();
    env.write_config(&config.replace(&secret, "ffffffffffffffffffffffffffffffff"));
    assert_eq!(env.run("token").status(), Some(3));
    env.write_file("secret", format!("{secret}\r\n"));
    env.write_file("credentials/wxbox-app-secret", &secret);
    let directory = env.path("credentials");
    env.set_variable("CREDENTIALS_DIRECTORY", directory.to_str().unwrap());
    env.run("token --refresh").assert_success();
    env.set_variable("WXBOX_APP_SECRET_FILE", "absent");
    env.assert_session(str![[r#"
$ wxbox token --refresh
2> error: cannot read the AppSecret: the file in WXBOX_APP_SECRET_FILE does not exist
2> hint: use the path of a file that contains the AppSecret; the AppSecret itself belongs in app_secret or WXBOX_APP_SECRET
exit 3

"#]]);
    env.run("user list").assert_success();
    env.set_variable("WXBOX_APP_SECRET_FILE", "secret");
    env.run("token --refresh").assert_success();
    env.set_variable("WXBOX_APP_SECRET", "wrong");
    assert_eq!(env.run("token --refresh").status(), Some(3));
    env.set_variable("WXBOX_APP_SECRET", &format!("{secret}\n"));
    env.run("token --refresh").assert_success();
}

#[test]
fn forty_concurrent_processes_create_one_database() {
    let env = TestEnv::without_config();
    let all: Vec<_> = (0..40).map(|n| env.spawn(&format!("user add person-{n}"))).collect();
    for one in all {
        one.wait().assert_success();
    }
    assert_eq!(env.count("users"), 40);
    assert_eq!(env.query::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn ten_concurrent_adds_of_one_name_succeed_once() {
    let env = TestEnv::without_config();
    let all: Vec<_> = (0..10).map(|n| env.spawn(&format!("user add luffy --note n{n} --tag t{n}"))).collect();
    let mut ends: Vec<_> = all.into_iter().map(|one| one.wait().status()).collect();
    ends.sort();
    assert_eq!(ends, [&[Some(0)][..], &[Some(4); 9]].concat());
    assert_eq!(env.count("users"), 1);
    assert_eq!(env.count("tags"), 1);
}
