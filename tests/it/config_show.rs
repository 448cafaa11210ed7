//! `config show` and `config path`.

use snapbox::str;

use crate::support::env::{TestEnv, set_mode};

#[test]
fn every_value_is_shown_with_its_origin() {
    let mut env = TestEnv::without_config();
    env.write_config(
        "app_id = \"wx1\"\napp_secret = \"hunter2\"\n[network]\nproxy = \"http://me:hunter3@proxy.example:3128\"\n\
         [send]\nrate = 5\n[templates.\"a b\"]\nid = \"T\"\ndata = { host = \"x\" }\n",
    );
    env.set_variable("WXBOX_REDIRECT_URI", "http://203.0.113.7/callback/");
    env.assert_session(str![[r#"
$ wxbox config show
app_id = "wx1"
app_secret = "***"
app_secret_file = (not set)
redirect_uri = "http://203.0.113.7/callback/"
scope = "snsapi_userinfo"
token_endpoint = "stable"
database = "[HOME]/.local/share/wxbox/wxbox.db"
language = (not set)
time_zone = (not set)
listen.address = (not set)
listen.timeout = "5m"
listen.tls_cert = (not set)
listen.tls_key = (not set)
listen.domain_verify_file = (not set)
serve.address = (not set)
serve.public_url = (not set)
push.token = (not set)
push.token_file = (not set)
push.aes_key = (not set)
push.aes_key_file = (not set)
push.previous_aes_key = (not set)
push.previous_aes_key_file = (not set)
push.path = "/push"
push.forward_to = (not set)
network.api_base = ["https://api.weixin.qq.com/", "https://api2.weixin.qq.com/"]
network.open_base = "https://open.weixin.qq.com/"
network.timeout = "10s"
network.proxy = "http://***@proxy.example:3128/"
network.ca_file = (not set)
send.to = (not set)
send.concurrency = 16
send.rate = 5
send.wait = "30s"
send.max_attempts = 0
send.expire_after = "24h"
send.retain = "90d"
templates."a b".id = "T"
templates."a b".data.host = "x"
$ wxbox config show --origin --database other.db
app_id = "wx1"	[HOME]/.config/wxbox/config.toml:1
app_secret = "***"	[HOME]/.config/wxbox/config.toml:2
app_secret_file = (not set)	
redirect_uri = "http://203.0.113.7/callback/"	WXBOX_REDIRECT_URI
scope = "snsapi_userinfo"	default
token_endpoint = "stable"	default
database = "other.db"	--database
language = (not set)	
time_zone = (not set)	
listen.address = (not set)	
listen.timeout = "5m"	default
listen.tls_cert = (not set)	
listen.tls_key = (not set)	
listen.domain_verify_file = (not set)	
serve.address = (not set)	
serve.public_url = (not set)	
push.token = (not set)	
push.token_file = (not set)	
push.aes_key = (not set)	
push.aes_key_file = (not set)	
push.previous_aes_key = (not set)	
push.previous_aes_key_file = (not set)	
push.path = "/push"	default
push.forward_to = (not set)	
network.api_base = ["https://api.weixin.qq.com/", "https://api2.weixin.qq.com/"]	default
network.open_base = "https://open.weixin.qq.com/"	default
network.timeout = "10s"	default
network.proxy = "http://***@proxy.example:3128/"	[HOME]/.config/wxbox/config.toml:4
network.ca_file = (not set)	
send.to = (not set)	
send.concurrency = 16	default
send.rate = 5	[HOME]/.config/wxbox/config.toml:6
send.wait = "30s"	default
send.max_attempts = 0	default
send.expire_after = "24h"	default
send.retain = "90d"	default
templates."a b".id = "T"	[HOME]/.config/wxbox/config.toml:8
templates."a b".data.host = "x"	[HOME]/.config/wxbox/config.toml:9

"#]]);
    env.write_file("b.toml", "scope = 'snsapi_base'\n[send]\nrate = 5\n");
    let ended =
        crate::support::pty::Terminal::start(env.command("-c b.toml --database d.db config show --origin"), 40, 100)
            .wait();
    let screen = ended.text();
    for line in [
        "scope = \"snsapi_base\"                              b.toml:1",
        "send.rate = 5                                      b.toml:3",
        "app_secret = (not set)",
    ] {
        assert!(screen.lines().any(|screen| screen == line), "{line}: {screen}");
    }
    // No line exceeds a small window, and the home is abbreviated to `~`.
    let small = crate::support::pty::Terminal::start(env.command("config show --origin"), 60, 80).wait();
    let screen = small.text();
    assert!(
        screen
            .lines()
            .any(|line| line.starts_with("app_id = \"wx1\" ") && line.ends_with(" ~/.config/wxbox/config.toml:1")),
        "{screen}"
    );
    let long = "network.api_base = [\"https://api.weixin.qq.com/\", \"https://api2.weixin.qq.com/\"]\n    default\n";
    assert!(screen.contains(long), "{screen}");
    env.assert_session(str![[r#"
$ wxbox --json config show
{"key":"app_id","value":"wx1","origin":"[HOME]/.config/wxbox/config.toml:1"}
{"key":"app_secret","value":"***","origin":"[HOME]/.config/wxbox/config.toml:2"}
{"key":"app_secret_file","value":null,"origin":null}
{"key":"redirect_uri","value":"http://203.0.113.7/callback/","origin":"WXBOX_REDIRECT_URI"}
{"key":"scope","value":"snsapi_userinfo","origin":"default"}
{"key":"token_endpoint","value":"stable","origin":"default"}
{"key":"database","value":"[HOME]/.local/share/wxbox/wxbox.db","origin":"default"}
{"key":"language","value":null,"origin":null}
{"key":"time_zone","value":null,"origin":null}
{"key":"listen.address","value":null,"origin":null}
{"key":"listen.timeout","value":"5m","origin":"default"}
{"key":"listen.tls_cert","value":null,"origin":null}
{"key":"listen.tls_key","value":null,"origin":null}
{"key":"listen.domain_verify_file","value":null,"origin":null}
{"key":"serve.address","value":null,"origin":null}
{"key":"serve.public_url","value":null,"origin":null}
{"key":"push.token","value":null,"origin":null}
{"key":"push.token_file","value":null,"origin":null}
{"key":"push.aes_key","value":null,"origin":null}
{"key":"push.aes_key_file","value":null,"origin":null}
{"key":"push.previous_aes_key","value":null,"origin":null}
{"key":"push.previous_aes_key_file","value":null,"origin":null}
{"key":"push.path","value":"/push","origin":"default"}
{"key":"push.forward_to","value":null,"origin":null}
{"key":"network.api_base","value":["https://api.weixin.qq.com/","https://api2.weixin.qq.com/"],"origin":"default"}
{"key":"network.open_base","value":"https://open.weixin.qq.com/","origin":"default"}
{"key":"network.timeout","value":"10s","origin":"default"}
{"key":"network.proxy","value":"http://***@proxy.example:3128/","origin":"[HOME]/.config/wxbox/config.toml:4"}
{"key":"network.ca_file","value":null,"origin":null}
{"key":"send.to","value":null,"origin":null}
{"key":"send.concurrency","value":16,"origin":"default"}
{"key":"send.rate","value":5,"origin":"[HOME]/.config/wxbox/config.toml:6"}
{"key":"send.wait","value":"30s","origin":"default"}
{"key":"send.max_attempts","value":0,"origin":"default"}
{"key":"send.expire_after","value":"24h","origin":"default"}
{"key":"send.retain","value":"90d","origin":"default"}
{"key":"templates.\"a b\".id","value":"T","origin":"[HOME]/.config/wxbox/config.toml:8"}
{"key":"templates.\"a b\".data.host","value":"x","origin":"[HOME]/.config/wxbox/config.toml:9"}

"#]]);
    for line in ["config show --origin -vv", "config show --json -vv"] {
        let ran = env.run(line);
        assert!(!(ran.stdout().to_owned() + ran.stderr()).contains("hunter"));
    }
}

#[test]
fn unreadable_secret_is_reported() {
    let env = TestEnv::without_config();
    env.write_config("app_id = \"wx1\"\napp_secret_file = \"absent\"\n");
    let ran = env.run("config show --origin");
    assert_eq!(
        ran.stderr().replace(env.home.path().to_str().unwrap(), "HOME"),
        "warning: cannot read the AppSecret: the file in HOME/.config/wxbox/config.toml:2 does not exist\n"
    );
}

#[test]
fn config_path_is_the_file_in_use() {
    let mut env = TestEnv::without_config();
    env.assert_session(str![[r#"
$ wxbox config path
[HOME]/.config/wxbox/config.toml
2> [HOME]/.config/wxbox/config.toml does not exist yet
$ wxbox --json config path -q
{"path":"[HOME]/.config/wxbox/config.toml","exists":false}

"#]]);
    // The path of an invalid config is printed as well.
    env.write_config("broken");
    set_mode(&env.path(".config/wxbox/config.toml"), 0o666);
    env.assert_session(str![[r#"
$ wxbox config path
[HOME]/.config/wxbox/config.toml
$ wxbox config path -c other.toml
other.toml
2> other.toml does not exist yet

"#]]);
    env.set_variable("WXBOX_CONFIG", "~/third.toml");
    env.write_file("third.toml", "");
    env.assert_session(str![[r#"
$ wxbox config path
[HOME]/third.toml

"#]]);
}
