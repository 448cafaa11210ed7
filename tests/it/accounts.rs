//! Several accounts on one database, several processes at once, and which setting wins.

use snapbox::str;

use crate::harness::{LUFFY, NAMI, Sandbox, World};

/// A second account's sandbox, and `b.toml` that leads there.
fn second(world: &World) -> Sandbox {
    let settings = "app_id = \"wxbbbbbbbbbbbbbbbb\"\napp_secret = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n";
    let sandbox = Sandbox::start(&world.home, settings);
    world.write("b.toml", format!("{settings}[network]\napi_base = \"{}\"\n", sandbox.url));
    sandbox
}

#[test]
fn accounts_on_one_database_are_apart() {
    let mut world = World::new();
    let mut other = second(&world);
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.wxbox("-c b.toml user show luffy").is(str![[r#"
exit 0
--- stdout
Name    luffy
uid     6cfbec608383fd05c271de92010d455f
WeChat  not bound
Added   [TIME]

"#]]);
    world.wxbox("-c b.toml send -u luffy hi").is(str![[r#"
exit 4
--- stderr
error: luffy is not bound
hint: `wxbox bind --user 'luffy'` shows the QR code to scan

"#]]);
    world.wxbox(&format!("user add nami --openid {NAMI} -c b.toml")).ok();
    world.wxbox("user list --bound").is(str![[r#"
exit 0
--- stdout
luffy	oLuffy_wears_the_straw_hat_1		

"#]]);
    world.wxbox("user list --bound -c b.toml").is(str![[r#"
exit 0
--- stdout
nami	oNami_draws_maps_of_the_sea1		

"#]]);

    world.wxbox("send -u luffy -t backup").ok();
    world
        .wxbox("send --all -t backup_finished-0123456789abcdefghijklmnopq -d host=a -d size=1 -d time=2 -c b.toml")
        .ok();
    let once = [
        "POST /cgi-bin/stable_token 0",
        "GET /cgi-bin/template/get_all_private_template 0",
        "POST /cgi-bin/message/template/send 0",
    ];
    assert_eq!(world.sandbox().requests(), once);
    assert_eq!(other.requests(), once);
    assert_eq!(world.sql::<i64>("SELECT count(DISTINCT token) FROM tokens"), 2);
    world.wxbox("outbox list").is(str![[r#"
exit 0
--- stdout
1	sent	luffy	template	[TIME]	

"#]]);
    world.wxbox("outbox list -c b.toml").is(str![[r#"
exit 0
--- stdout
2	sent	nami	template	[TIME]	

"#]]);
    world.wxbox("outbox show 1 -c b.toml").is(str![[r#"
exit 4
--- stderr
error: there is no message 1
hint: `wxbox outbox list` shows the newest

"#]]);
    world.wxbox("-c b.toml unbind --user luffy").is(str![[r#"
exit 4
--- stderr
error: luffy is not bound

"#]]);
    world.wxbox("user show luffy").ok();
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM bindings"), 2);
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let mut world = World::empty();
    let config = |app_id: &str| format!("app_id = \"{app_id}\"\napp_secret = \"s\"\ndatabase = \"{app_id}.db\"\n");
    world.config(&config("wxhome"));
    for name in ["flag", "env"] {
        world.write(&format!("{name}.toml"), config(&format!("wx{name}")));
    }
    let bound_in = |world: &World, options: &str, database: &str| {
        let before = std::fs::metadata(world.path(database)).is_ok();
        assert!(!before, "{database} is there already");
        world.wxbox(&format!("user add luffy --openid {LUFFY} {options}")).ok();
        let file = rusqlite::Connection::open(world.path(database)).unwrap();
        file.query_row("SELECT app_id FROM bindings", [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(bound_in(&world, "", ".config/wxbox/wxhome.db"), "wxhome");
    world.set("WXBOX_CONFIG", "env.toml");
    assert_eq!(bound_in(&world, "", "wxenv.db"), "wxenv");
    assert_eq!(bound_in(&world, "-c flag.toml", "wxflag.db"), "wxflag");
    world.set("WXBOX_DATABASE", "variable.db").set("WXBOX_APP_ID", "wxvariable");
    assert_eq!(bound_in(&world, "-c flag.toml", "variable.db"), "wxvariable");
    assert_eq!(bound_in(&world, "--database option.db", "option.db"), "wxvariable");
    let in_state = world.path("state/wxbox");
    world.set("WXBOX_DATABASE", "").set("WXBOX_CONFIG", "bare.toml");
    world.write("bare.toml", "app_id = \"wxbare\"\n");
    world.set("STATE_DIRECTORY", in_state.to_str().unwrap());
    assert_eq!(bound_in(&world, "", "state/wxbox/wxbox.db"), "wxvariable");
}

#[test]
fn the_secret_comes_from_the_environment_or_a_file() {
    let mut world = World::new();
    let secret = world.sandbox().app_secret.clone();
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    world.config(&config.replace(&secret, "ffffffffffffffffffffffffffffffff"));
    assert_eq!(world.wxbox("token").status(), Some(3));
    world.write("secret", format!("{secret}\r\n"));
    world.write("credentials/wxbox-app-secret", &secret);
    let directory = world.path("credentials");
    world.set("CREDENTIALS_DIRECTORY", directory.to_str().unwrap());
    world.wxbox("token --refresh").ok();
    world.set("WXBOX_APP_SECRET_FILE", "absent");
    world.wxbox("token --refresh").is(str![[r#"
exit 3
--- stderr
error: the file that WXBOX_APP_SECRET_FILE names for the AppSecret is not there
hint: it must be the path of a file that holds the AppSecret; the AppSecret itself belongs in app_secret or the variable WXBOX_APP_SECRET

"#]]);
    world.wxbox("user list").ok();
    world.set("WXBOX_APP_SECRET_FILE", "secret");
    world.wxbox("token --refresh").ok();
    world.set("WXBOX_APP_SECRET", "wrong");
    assert_eq!(world.wxbox("token --refresh").status(), Some(3));
    world.set("WXBOX_APP_SECRET", &format!("{secret}\n"));
    world.wxbox("token --refresh").ok();
}

#[test]
fn forty_processes_make_one_database() {
    let world = World::empty();
    let all: Vec<_> = (0..40).map(|n| world.spawn(&format!("user add person-{n}"))).collect();
    for one in all {
        one.end().ok();
    }
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 40);
    assert_eq!(world.sql::<String>("PRAGMA integrity_check"), "ok");
}

#[test]
fn of_ten_who_add_a_name_one_wins() {
    let world = World::empty();
    let all: Vec<_> = (0..10).map(|n| world.spawn(&format!("user add luffy --note n{n} --tag t{n}"))).collect();
    let mut ends: Vec<_> = all.into_iter().map(|one| one.end().status()).collect();
    ends.sort();
    assert_eq!(ends, [&[Some(0)][..], &[Some(4); 9]].concat());
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM users"), 1);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM tags"), 1);
}
