//! The first config, written without a question.

use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::files;
use crate::harness::{World, mode, own_address};

const ID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const URI: &str = "http://127.0.0.1:8080/callback/";

/// A home without a config, a sandbox, and where that is.
fn bare(settings: &str) -> (World, String) {
    let mut world = World::of(settings);
    let url = world.sandbox().url.clone();
    std::fs::remove_dir_all(world.path(".config")).unwrap();
    (world, url)
}

fn line(url: &str) -> String {
    line_to(url, URI)
}

fn line_to(url: &str, uri: &str) -> String {
    format!("init --sandbox {url} --app-id {ID} --redirect-uri {uri} --secret-stdin")
}

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap()
}

#[test]
fn a_config_that_works_is_written_for_the_owner_alone() {
    let (mut world, url) = bare("");
    let listen = own_address();
    let uri = format!("http://{listen}/callback/");
    world.feed(&format!("{} --listen {listen}", line_to(&url, &uri)), format!("{SECRET}\n")).is(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
--- stderr
Next:
  wxbox doctor
  wxbox user add luffy
  wxbox bind --user luffy

"#]]);
    assert_eq!(world.sandbox().requests(), ["POST /cgi-bin/stable_token 0"]);
    let bits = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([bits(".config/wxbox/config.toml"), bits(".config/wxbox"), bits(".config")], [0o600, 0o700, 0o700]);
    world.wxbox("-q doctor").ok();
    let shown = world.wxbox("config show").ok();
    for set in [
        format!("app_id = \"{ID}\""),
        format!("redirect_uri = \"{uri}\""),
        format!("network.api_base = [\"{url}/\"]"),
        format!("network.open_base = \"{url}/\""),
        format!("listen.address = \"{listen}\""),
        "send.retain = \"90d\"".into(),
    ] {
        assert!(shown.stdout().lines().any(|line| line == set), "{set}: {}", shown.stdout());
    }
    // The comments of the example, with its head replaced.
    let text = config(&world);
    assert!(text.starts_with("# wxbox: a config file with every key, written by `wxbox init`."), "{text}");
    assert!(text.contains("# How long one request may take.\ntimeout = \"10s\"\n") && !text.contains("chmod 600"));
}

#[test]
fn answers_come_from_the_environment_too() {
    let (mut world, url) = bare("");
    world
        .set("WXBOX_APP_ID", ID)
        .set("WXBOX_APP_SECRET", SECRET)
        .set("WXBOX_REDIRECT_URI", "https://wx.example.com/cb");
    world.wxbox(&format!("--json -c own.toml init --sandbox {url} --listen :8081")).is(str![[r#"
exit 0
--- stdout
{"event":"config_written","path":"own.toml","app_id":"wx0123456789abcdef","checked":true,"kept":null}
--- stderr
Next:
  wxbox -c own.toml doctor
  wxbox -c own.toml user add luffy
  wxbox -c own.toml bind --user luffy

"#]]);
    let mut plain = World::empty();
    std::mem::swap(&mut plain.home, &mut world.home);
    plain.wxbox("-q -c own.toml config show").ok();
    let text = std::fs::read_to_string(plain.path("own.toml")).unwrap();
    for own in [format!("app_secret = \"{SECRET}\""), "address = \":8081\"".into()] {
        assert!(text.lines().any(|line| line == own), "{own}: {text}");
    }
    // An option wins over a variable, and the secret on standard input over its own.
    world.feed(&format!("-c other.toml {} --no-check", line(&url)), "another secret").ok();
    let text = std::fs::read_to_string(world.path("other.toml")).unwrap();
    assert!(text.contains("app_secret = \"another secret\"") && text.contains(URI), "{text}");
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let world = World::empty();
    world.wxbox("init").is(str![[r#"
exit 2
--- stderr
error: nobody can be asked, and these are missing: --app-id, --secret-stdin (or the variable WXBOX_APP_SECRET), --redirect-uri
hint: give them as options, the secret by WXBOX_APP_SECRET or on standard input; in a terminal `wxbox init` asks for them

"#]]);
    world.wxbox("init --secret-stdin --app-id wx1").is(str![[r#"
exit 2
--- stderr
error: nobody can be asked, and these are missing: --redirect-uri
hint: give them as options, the secret by WXBOX_APP_SECRET or on standard input; in a terminal `wxbox init` asks for them

"#]]);
    world.feed("init --secret-stdin --app-id wx1 --redirect-uri http://192.0.2.1/ --no-check", "").is(str![[r#"
exit 2
--- stderr
error: standard input must hold the AppSecret: one line, not empty

"#]]);
    world.wxbox("init --app-id 'wx 1'").is(str![[r#"
exit 2
--- stderr
error: --app-id must be an app id, such as wx3d0d44e8d59b5b8c

"#]]);
    world.wxbox("init --redirect-uri 192.0.2.1:8080").is(str![[r#"
exit 2
--- stderr
error: --redirect-uri must be an http or https address with a host, such as http://203.0.113.7:8080/callback/

"#]]);
    world.wxbox("init --listen here").is(str![[r#"
exit 2
--- stderr
error: here is not an address to listen on
hint: give a host and a port, such as 0.0.0.0:80 or :8080

"#]]);
    world.wxbox("init --sandbox http://192.0.2.1").is(str![[r#"
exit 2
--- stderr
error: --sandbox must be the address of a sandbox, such as http://127.0.0.1:[PORT]

"#]]);
    assert_eq!(files::below(world.home.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn what_wechat_refuses_is_not_written() {
    let (mut world, url) = bare("");
    world.feed(&line(&url), "0123456789abcdef0123456789abcdee").is(str![[r#"
exit 3
--- stderr
error: nothing was written: WeChat says 40125 (invalid appsecret): AppSecret wrong
hint: Compare the AppSecret with the console (微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥); reset it there only if it is lost, since that ends it for every other program

"#]]);
    world.sandbox().requests();
    let (other, refusing) = bare("ip_whitelist = [\"192.0.2.1\"]");
    other.feed(&line(&refusing), SECRET).is(str![[r#"
exit 3
--- stderr
error: nothing was written: WeChat says 40164 (invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist): caller IP not in the whitelist
hint: add 127.0.0.1 to the account's IP allow-list (API IP 白名单: 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥), wait up to 10 minutes, try again

"#]]);
    world.feed(&line("http://127.0.0.1:1"), SECRET).is(str![[r#"
exit 1
--- stderr
error: nothing was written: cannot reach 127.0.0.1:1: Connection refused (os error 111)
hint: check the network and the variable HTTPS_PROXY; --no-check writes the config without asking WeChat

"#]]);
    assert!(!world.path(".config").exists() && !other.path(".config").exists());
    world.feed(&format!("{} --no-check", line("http://127.0.0.1:1")), SECRET).is(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
--- stderr
Next:
  wxbox doctor
  wxbox user add luffy
  wxbox bind --user luffy

"#]]);
    assert!(world.sandbox().requests().is_empty());
}

#[test]
fn a_config_that_is_there_is_replaced_only_by_force_and_kept() {
    let (world, url) = bare("");
    world.config("app_id = \"old\"\n");
    mode(&world.path(".config/wxbox/config.toml"), 0o644);
    world.feed(&line(&url), SECRET).is(str![[r#"
exit 2
--- stderr
error: [HOME]/.config/wxbox/config.toml exists already
hint: --force replaces it; it is kept as FILE.bak

"#]]);
    assert_eq!(config(&world), "app_id = \"old\"\n");
    world.feed(&format!("{} --force", line(&url)), SECRET).is(str![[r#"
exit 0
--- stdout
wrote [HOME]/.config/wxbox/config.toml
what was there is kept as [HOME]/.config/wxbox/config.toml.bak
--- stderr
Next:
  wxbox doctor
  wxbox user add luffy
  wxbox bind --user luffy

"#]]);
    assert!(config(&world).contains(SECRET));
    let kept = world.path(".config/wxbox/config.toml.bak");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "app_id = \"old\"\n");
    assert_eq!(std::fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);
    // A config that cannot even be read is no reason not to write a good one.
    world.config("app_id = 3\n");
    world.feed(&format!("{} --force", line(&url)), SECRET).ok();
    world.wxbox("config show").ok();
}

#[test]
fn places_that_take_no_config() {
    let (world, url) = bare("");
    world.write("text", "x");
    world.feed(&format!("-c text/config.toml {}", line(&url)), SECRET).is(str![[r#"
exit 1
--- stderr
error: cannot write text/config.toml: not a directory
hint: name another place with -c or the variable WXBOX_CONFIG

"#]]);
    world.feed(&format!("-c . {}", line(&url)), SECRET).is(str![[r#"
exit 2
--- stderr
error: . is a directory, not a config file
hint: name the file in it, such as ./config.toml

"#]]);
    let left = world.feed(&format!("-c /proc/wxbox.toml {}", line(&url)), SECRET);
    assert_eq!(left.status(), Some(1));
    assert!(left.stderr().starts_with("error: cannot write /proc/wxbox.toml: "), "{}", left.stderr());
}
