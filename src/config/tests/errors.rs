//! Tests of all errors in the config file: message and hint of each.

use super::ConfigTestDir;

/// The text of the config, the message and the hint (empty if there is none).
type Case = (&'static str, &'static str, &'static str);

fn assert_errors(cases: &[Case]) {
    for (text, message, hint) in cases {
        let place = ConfigTestDir::with_config(text);
        let error = place.load().expect_err(text);
        assert_eq!(place.redact_paths(&error), *message, "{text}");
        assert_eq!(place.redact_paths(error.hint().unwrap_or_default()), *hint, "{text}");
    }
}

#[test]
fn unknown_key_error_has_line_and_nearest_key() {
    const NO_IDEA: &str = "see config.example.toml for all keys";
    assert_errors(&[
        ("\nap_id = 'wx1'", "CONFIG:2: unknown key ap_id", "did you mean app_id?"),
        ("appid = 'wx1'", "CONFIG:1: unknown key appid", "did you mean app_id?"),
        ("App-Secret = 'x'", "CONFIG:1: unknown key App-Secret", "did you mean app_secret?"),
        ("[listen]\nadress = ':80'", "CONFIG:2: unknown key listen.adress", "did you mean listen.address?"),
        ("listen.adress = ':80'", "CONFIG:1: unknown key listen.adress", "did you mean listen.address?"),
        ("# x\n[netwrok]\ntimeout = '1s'", "CONFIG:2: unknown key netwrok", "did you mean network?"),
        ("concurrency = 3", "CONFIG:1: unknown key concurrency", "did you mean send.concurrency?"),
        (
            "[send]\nrate = 1\napp_secret = 's3cr3t'",
            "CONFIG:3: unknown key send.app_secret",
            "did you mean app_secret? Move it above the first [table]",
        ),
        ("zebra = 1", "CONFIG:1: unknown key zebra", NO_IDEA),
        ("\"\\u001b[2J\" = 1", "CONFIG:1: unknown key \"\\u{1b}[2J\"", NO_IDEA),
        ("[templates.a]\nid = 'x'\nlink = 'y'\nulr = 'z'", "CONFIG:3: unknown key templates.a.link", NO_IDEA),
        (
            "[templates.\"a b\"]\nulr = 'z'",
            "CONFIG:2: unknown key templates.\"a b\".ulr",
            "did you mean templates.\"a b\".url?",
        ),
        (
            "[templates.a]\nid = 'x'\n[templates.a.data]\nk = { value = 'v', colour = '#000000' }",
            "CONFIG:4: unknown key templates.a.data.k.colour",
            "did you mean templates.a.data.k.color?",
        ),
    ]);
}

#[test]
fn conflicting_and_incomplete_keys_are_rejected() {
    assert_errors(&[
        (
            "app_secret = 'a'\nappsecret = 'b'",
            "CONFIG:2: appsecret conflicts with app_secret",
            "remove either app_secret or appsecret",
        ),
        (
            "app_secret_file = 'a'\n\napp_secret = 'b'",
            "CONFIG:3: app_secret conflicts with app_secret_file",
            "remove either app_secret_file or app_secret",
        ),
        ("[listen]\ntls_cert = 'a'", "CONFIG:2: listen.tls_cert requires listen.tls_key", ""),
        ("listen.tls_key = 'a'", "CONFIG:1: listen.tls_key requires listen.tls_cert", ""),
        ("[templates.a]\nurl = 'https://x.example'", "CONFIG:1: templates.a requires templates.a.id", ""),
        (
            "[templates.a]\nid = 'x'\nminiprogram = { pagepath = 'p' }",
            "CONFIG:3: templates.a.miniprogram requires templates.a.miniprogram.appid",
            "",
        ),
    ]);
}

#[test]
fn invalid_values_are_rejected_with_expected_form() {
    assert_errors(&[
        (
            "app_id = 5",
            "CONFIG:1: app_id must be the AppID of the account in quotes, such as \"wx3d0d44e8d59b5b8c\"",
            "",
        ),
        ("app_secret = ' '", "CONFIG:1: app_secret must be text in quotes, and not empty", ""),
        ("app_secret_file = true", "CONFIG:1: app_secret_file must be a path in quotes", ""),
        ("database = ''", "CONFIG:1: database must be a path in quotes", ""),
        ("scope = 'x'", "CONFIG:1: scope must be \"snsapi_userinfo\" or \"snsapi_base\"", ""),
        ("token_endpoint = 'old'", "CONFIG:1: token_endpoint must be \"stable\" or \"classic\"", ""),
        ("listen = ':80'", "CONFIG:1: listen must be a table, as in [listen]", ""),
        ("\n[[listen]]\ntimeout = '1s'", "CONFIG:2: listen must be a table, as in [listen]", ""),
        ("templates = 3", "CONFIG:1: templates must be a table, as in [templates]", ""),
        ("[templates]\na = 'id'", "CONFIG:2: templates.a must be a table, as in [templates.a]", ""),
        (
            "[network]\ntimeout = 5",
            "CONFIG:2: network.timeout must be a duration in quotes, greater than 0, such as \"10s\", \"5m\" or \"24h\"",
            "",
        ),
        (
            "[send]\nwait = 'soon'",
            "CONFIG:2: send.wait must be a duration in quotes, such as \"30s\", \"5m\" or \"24h\"",
            "",
        ),
        ("send.concurrency = 0", "CONFIG:1: send.concurrency must be a whole number from 1 to 1024", ""),
        ("send.rate = 0.5", "CONFIG:1: send.rate must be a whole number, 0 for no limit", ""),
        (
            "network.proxy = 'socks5://u:s3cr3t@h:1'",
            "CONFIG:1: network.proxy must be an http or https address, such as \"http://proxy.example.com:3128\"",
            "",
        ),
        ("[templates.a]\nid = 'x'\nurl = 'pages'", "CONFIG:3: templates.a.url must be an http or https address", ""),
        (
            "[templates.a]\nid = 'x'\n[templates.a.data]\nk = { value = 'v', color = 'red' }",
            "CONFIG:4: templates.a.data.k.color must be a color such as \"#173177\"",
            "",
        ),
        (
            "[templates.a]\nid = 'x'\ndata.k = true",
            "CONFIG:3: templates.a.data.k must be text in quotes, a number, or { value = \"…\", color = \"#RRGGBB\" }",
            "",
        ),
        (
            "[templates.a]\nid = 'x'\ndata.k = { color = '#000000' }",
            "CONFIG:3: templates.a.data.k must be text in quotes, a number, or { value = \"…\", color = \"#RRGGBB\" }",
            "",
        ),
        (
            "redirect_uri = '/callback/'",
            "CONFIG:1: redirect_uri must be an absolute http or https address with a host, without fragment, user or \
             password",
            "use an address such as \"http://203.0.113.7/callback/\"; its domain must be under 网页授权域名 (微信公众平台 → 设置与开发 → 账号设置 → 功能设置)",
        ),
        (
            "listen.address = '80'",
            "CONFIG:1: listen.address must be a host and a port, such as \"0.0.0.0:80\", \"[::1]:8080\" or \":80\" \
             (every interface)",
            "",
        ),
        (
            "[network]\napi_base = 3",
            "CONFIG:2: network.api_base must be an https address without user, query or fragment, or a list of them \
             (plain http for this machine only, such as http://127.0.0.1:8899)",
            "",
        ),
        (
            "[network]\nopen_base = 'x'",
            "CONFIG:2: network.open_base must be an http or https address without user, query or fragment",
            "",
        ),
    ]);
}

#[test]
fn toml_syntax_error_does_not_repeat_secret() {
    let broken = [
        "app_secret = s3cr3t",
        "app_secret = \"s3cr3t",
        "app_secret = 's3cr3t",
        "app_secret = \"\"\"s3cr3t",
        "app_secret \"s3cr3t\"",
        "app_secret = \"s3cr3t\" s3cr3t",
        "app_secret = \"s3cr3t\\q\"",
        "app_secret = \"a\"\napp_secret = \"s3cr3t\"",
        "app_secret = [\"s3cr3t\"",
        "app_secret = { \"s3cr3t\" }",
        "app_secret.s3cr3t = 1\napp_secret = \"s3cr3t\"",
        "s3cr3t",
        "\"s3cr3t\"",
        "[s3cr3t",
        "= s3cr3t",
        "app_secret: s3cr3t",
        "{\"app_secret\": \"s3cr3t\"}",
        "app_secret = \u{201c}s3cr3t\u{201d}",
    ];
    for text in broken {
        let place = ConfigTestDir::with_config(text);
        let error = place.load().expect_err(text);
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(shown.contains("invalid TOML"), "{text}: {shown}");
        assert!(!shown.contains("s3cr3t"), "{text}: {shown}");
    }
    let place = ConfigTestDir::with_config("scope = 'snsapi_base'\n网 = \"未\" x\n");
    let error = place.load().unwrap_err();
    assert!(place.redact_paths(&error).starts_with("CONFIG:2:9: invalid TOML"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("write text in quotes: key = \"value\""));
    let place = ConfigTestDir::with_config("scope = 'snsapi_base'\ndatabase = \"未\" x\n");
    assert!(place.redact_paths(place.load().unwrap_err()).starts_with("CONFIG:2:16: invalid TOML"));
}

#[test]
fn first_error_of_file_is_reported() {
    assert_errors(&[("zebra = 1\nalpha = 2", "CONFIG:1: unknown key zebra", "see config.example.toml for all keys")]);
}
