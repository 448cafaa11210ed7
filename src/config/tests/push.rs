//! Tests of the tables `[serve]` and `[push]`.

use super::{ConfigTestDir, set_mode};
use crate::config::{CliOverrides, Config, ConfigSecret, Error, Origin, values};
use crate::secret::ExposeSecret;

const TOKEN: &str = "T0kenForPushes";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const PREVIOUS: &str = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfe+/ba";

fn load(place: &ConfigTestDir, variables: &[(&str, &str)]) -> Config {
    Config::load(&CliOverrides::default(), &place.environment(variables)).unwrap()
}

fn push_error(config: &Config) -> Error {
    config.push_secrets().map(|_| ()).unwrap_err()
}

/// Returns the Token and the keys as text.
fn exposed(config: &Config) -> (String, Vec<String>) {
    let secrets = config.push_secrets().unwrap();
    let keys = secrets.aes_keys.iter().map(|key| key.expose_secret().to_owned()).collect();
    (secrets.token.expose_secret().to_owned(), keys)
}

#[test]
fn push_secrets_are_read_from_source_of_highest_precedence() {
    for (key, variable, file_variable, credential) in [
        ("token", "WXBOX_PUSH_TOKEN", "WXBOX_PUSH_TOKEN_FILE", "wxbox-push-token"),
        ("aes_key", "WXBOX_PUSH_AES_KEY", "WXBOX_PUSH_AES_KEY_FILE", "wxbox-push-aes-key"),
    ] {
        let value = |letter: char| letter.to_string().repeat(if key == "token" { 3 } else { 43 });
        let other = if key == "token" { String::new() } else { format!("token = '{TOKEN}'\n") };
        let inline = ConfigTestDir::with_config(format!("[push]\n{other}{key} = ' {} '", value('i')));
        let place = ConfigTestDir::with_config(format!("[push]\n{other}{key}_file = 'own'"));
        let own = place.write(".config/wxbox/own", format!("{}\r\n", value('o')));
        let by_service = place.write(&format!("run/{credential}"), value('c'));
        let named = place.write("named", format!("\"{}\"\n", value('n')));
        let run = place.path("run");
        let by_service_directory = ("CREDENTIALS_DIRECTORY", run.to_str().unwrap());
        let by_file = (file_variable, named.to_str().unwrap());
        let direct = value('d');
        let blank = (variable, " \n");
        type Variables<'a> = &'a [(&'a str, &'a str)];
        let origin_inline = Origin::File { path: inline.config_path(), line: if key == "token" { 2 } else { 3 } };
        let cases: [(&ConfigTestDir, Variables<'_>, String, Origin); 6] = [
            (&inline, &[], value('i'), origin_inline),
            (&place, &[], value('o'), Origin::SecretFile(own)),
            (&place, &[by_service_directory], value('c'), Origin::Credentials(by_service)),
            (&place, &[by_service_directory, by_file], value('n'), Origin::SecretFile(named.clone())),
            (&place, &[by_service_directory, by_file, blank], value('n'), Origin::SecretFile(named.clone())),
            (
                &place,
                &[by_service_directory, by_file, (variable, &direct)],
                direct.clone(),
                Origin::Env(if key == "token" { "WXBOX_PUSH_TOKEN" } else { "WXBOX_PUSH_AES_KEY" }),
            ),
        ];
        for (place, variables, expected, origin) in cases {
            let config = load(place, variables);
            let (token, keys) = exposed(&config);
            assert_eq!(if key == "token" { token } else { keys[0].clone() }, expected, "{key} {variables:?}");
            let setting = if key == "token" { config.push.token } else { config.push.aes_key };
            assert_eq!(setting.unwrap().origin, origin, "{key} {variables:?}");
        }
    }
}

#[test]
fn current_key_comes_before_previous_key() {
    let text = format!("[push]\nprevious_aes_key = '{PREVIOUS}'\naes_key = '{AES_KEY}'\ntoken = '{TOKEN}'");
    let expected = (TOKEN.to_owned(), vec![AES_KEY.to_owned(), PREVIOUS.to_owned()]);
    assert_eq!(exposed(&ConfigTestDir::with_config(text).load().unwrap()), expected);
    let place = ConfigTestDir::with_config(format!(
        "[push]\nprevious_aes_key_file = 'old'\naes_key = '{AES_KEY}'\ntoken = '{TOKEN}'"
    ));
    place.write(".config/wxbox/old", PREVIOUS);
    assert_eq!(exposed(&place.load().unwrap()), expected);
    let plain = ConfigTestDir::with_config(format!("push.token = '{TOKEN}'")).load().unwrap();
    assert_eq!(exposed(&plain), (TOKEN.to_owned(), Vec::new()));
}

#[test]
fn secret_with_two_sources_in_the_file_is_rejected() {
    for name in ["token", "aes_key", "previous_aes_key"] {
        let place = ConfigTestDir::with_config(format!("[push]\n{name}_file = 'x'\n{name} = '{AES_KEY}'"));
        let error = place.load().unwrap_err();
        assert_eq!(place.redact_paths(&error), format!("CONFIG:3: push.{name} conflicts with push.{name}_file"));
        assert_eq!(error.hint().unwrap(), format!("remove either push.{name}_file or push.{name}"));
    }
}

#[test]
fn form_of_secret_is_checked_and_value_not_repeated() {
    const TOKEN_FORM: &str = "push.token must be a Token: 3 to 32 letters (A-Z, a-z) and digits";
    let key_form = |key: &str| format!("push.{key} must be an EncodingAESKey: 43 letters (A-Z, a-z), digits, + and /");
    let longest = "a".repeat(32);
    for good in ["abc", "123", longest.as_str()] {
        assert!(values::is_push_token(good), "{good}");
    }
    let bad_tokens =
        ["'zq'", "'zqzqzqzqzqzqzqzqzqzqzqzqzqzqzqzqz'", "'zq-zq'", "'zq zq'", "'zqé'", "'zq１２'", "''", "123456"];
    for bad in bad_tokens {
        let place = ConfigTestDir::with_config(format!("[push]\n\ntoken = {bad}"));
        let error = place.load().expect_err(bad);
        assert_eq!(place.redact_paths(&error), format!("CONFIG:3: {TOKEN_FORM}"), "{bad}");
        // The name of the directory is random.
        let shown = place.redact_paths(format!("{error:?} {:?}", error.hint()));
        assert!(!shown.contains("zq"), "{bad}: {shown}");
    }
    let bad_keys =
        [&AES_KEY[1..], &format!("{AES_KEY}A"), &format!("{}=", &AES_KEY[1..]), &format!("{}-", &AES_KEY[1..]), ""];
    for key in ["aes_key", "previous_aes_key"] {
        for bad in bad_keys {
            let place = ConfigTestDir::with_config(format!("[push]\n{key} = '{bad}'"));
            let error = place.load().expect_err(bad);
            assert_eq!(place.redact_paths(&error), format!("CONFIG:2: {}", key_form(key)), "{bad}");
            assert!(!format!("{error:?} {:?}", error.hint()).contains("bcdefgh"), "{bad}");
        }
    }
}

#[test]
fn wrong_secret_outside_the_file_fails_only_commands_that_need_it() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret = 's'\n[push]\ntoken_file = '~/token'");
    let file = place.write("token", "zq");
    let config = place.load().unwrap();
    assert!(config.has_push() && config.credentials().is_ok());
    let expected = "push.token must be a Token: 3 to 32 letters (A-Z, a-z) and digits";
    assert_eq!(place.redact_paths(push_error(&config)), format!("DIR/token: {expected}"));
    for binary in [&b"\xff\xfe"[..], b"abc\ndef", b"abc\0"] {
        place.write("token", binary);
        assert_eq!(place.redact_paths(push_error(&place.load().unwrap())), format!("DIR/token: {expected}"));
    }
    place.write("token", " \n");
    let error = push_error(&place.load().unwrap());
    assert_eq!(error, Error::SecretEmpty { secret: ConfigSecret::PushToken, path: file.clone() });
    assert_eq!(error.hint().unwrap(), "write the Token, and nothing else, to that file");
    std::fs::remove_file(file).unwrap();
    let config = place.load().unwrap();
    assert!(config.has_push() && config.credentials().is_ok() && config.push.token.is_none());
    assert!(place.redact_paths(push_error(&config)).starts_with("cannot read the secret file DIR/token: "));
    let config = load(&place, &[("WXBOX_PUSH_TOKEN", "z-q")]);
    assert!(config.has_push());
    assert_eq!(push_error(&config).to_string(), format!("WXBOX_PUSH_TOKEN: {expected}"));
    let error = Config::load(&CliOverrides::default(), &place.environment(&[("WXBOX_PUSH_TOKEN_FILE", "$HOME/x")]));
    assert_eq!(error.unwrap_err(), Error::UnexpandedPath { origin: Origin::Env("WXBOX_PUSH_TOKEN_FILE") });
}

#[test]
fn key_that_lacks_its_partner_is_reported_by_commands_that_need_it() {
    let cases = [
        (format!("[push]\naes_key = '{AES_KEY}'"), "CONFIG:2: push.aes_key requires push.token"),
        (
            format!("[push]\ntoken = '{TOKEN}'\nprevious_aes_key = '{PREVIOUS}'"),
            "CONFIG:3: push.previous_aes_key requires push.aes_key",
        ),
        (format!("[push]\nprevious_aes_key = '{PREVIOUS}'"), "CONFIG:2: push.previous_aes_key requires push.aes_key"),
    ];
    for (text, message) in cases {
        let place = ConfigTestDir::with_config(&text);
        let config = place.load().unwrap();
        assert!(config.has_push(), "{text}");
        let error = push_error(&config);
        assert!(matches!(error, Error::MissingPartner { .. }), "{text}");
        assert_eq!(place.redact_paths(error), message, "{text}");
    }
    // The environment of a service may have the missing value.
    let place = ConfigTestDir::with_config(format!("[push]\nprevious_aes_key = '{PREVIOUS}'"));
    let config = load(&place, &[("WXBOX_PUSH_TOKEN", TOKEN), ("WXBOX_PUSH_AES_KEY", AES_KEY)]);
    assert_eq!(exposed(&config), (TOKEN.to_owned(), vec![AES_KEY.to_owned(), PREVIOUS.to_owned()]));
    let config = load(&ConfigTestDir::new(), &[("WXBOX_PUSH_AES_KEY", AES_KEY)]);
    assert_eq!(push_error(&config).to_string(), "WXBOX_PUSH_AES_KEY: push.aes_key requires push.token");
}

#[test]
fn missing_token_is_reported_with_what_to_set_up() {
    let place = ConfigTestDir::with_config("[push]\npath = '/events'");
    let config = place.load().unwrap();
    assert!(!config.has_push());
    let error = push_error(&config);
    assert_eq!(error.to_string(), "push.token is not set");
    let hint = place.redact_paths(error.hint().unwrap());
    assert!(hint.starts_with("set token and aes_key under [push] in CONFIG, or set WXBOX_PUSH_TOKEN"), "{hint}");
    let none = ConfigTestDir::new().load().unwrap();
    assert!(push_error(&none).hint().unwrap().contains("`wxbox init`"));
}

#[test]
fn misplaced_push_secret_is_not_repeated_in_errors() {
    let absolute = PREVIOUS.replacen('G', "/", 1);
    let texts = [
        format!("[push]\naes_key_file = '{AES_KEY}'\ntoken = '{TOKEN}'"),
        format!("[push]\naes_key_file = './{AES_KEY}'\ntoken = '{TOKEN}'"),
        format!("[push]\naes_key_file = '{PREVIOUS}'\ntoken = '{TOKEN}'"),
        format!("[push]\naes_key_file = '{absolute}'\ntoken = '{TOKEN}'"),
        format!("[push]\ntoken_file = '{TOKEN}'"),
        format!("[push]\ntoken = '{AES_KEY}'"),
        format!("[push]\naes_key = '{TOKEN}'"),
        format!("[push]\n'{AES_KEY}' = 'aes_key'"),
        format!("[push.{AES_KEY}]\nx = 1"),
    ];
    for text in texts {
        let place = ConfigTestDir::with_config(&text);
        let shown = match place.load() {
            Err(error) => format!("{error} {error:?} {:?}", error.hint()),
            Ok(config) => {
                let error = push_error(&config);
                format!("{error} {error:?} {:?} {:?} {config:?}", error.hint(), config.entries())
            }
        };
        for secret in ["bcdefgh", "FEDCBA98", TOKEN] {
            assert!(!shown.contains(secret), "{text}: {shown}");
        }
    }
}

#[test]
fn readable_files_with_push_secrets_warn() {
    let cases = [
        (format!("push.token = '{TOKEN}'"), 1),
        (format!("push.token = '{TOKEN}'\npush.aes_key = '{AES_KEY}'"), 1),
        ("push.forward_to = 'https://u:p@x.example/'".to_owned(), 1),
        ("push.forward_to = 'https://x.example/'".to_owned(), 0),
        ("push.token_file = '~/token'".to_owned(), 0),
    ];
    for (text, warnings) in cases {
        let place = ConfigTestDir::with_config(&text);
        place.write("token", TOKEN);
        set_mode(&place.config_path(), 0o644);
        assert_eq!(place.load().unwrap().world_readable_files.len(), warnings, "{text}");
    }
    let place = ConfigTestDir::with_config("push.token_file = '~/token'");
    let file = place.write("token", TOKEN);
    for (mode, warnings) in [(0o600, Some(0)), (0o440, Some(0)), (0o644, Some(1)), (0o660, None)] {
        set_mode(&file, mode);
        let config = place.load().unwrap();
        let count = config.push_secrets().is_ok().then_some(config.world_readable_files.len());
        assert_eq!(count, warnings, "{mode:o}");
    }
    assert!(matches!(push_error(&place.load().unwrap()), Error::WritableByOthers { .. }));
}

#[test]
fn push_secrets_are_masked_in_output() {
    let place = ConfigTestDir::with_config(format!(
        "[push]\ntoken = '{TOKEN}'\naes_key_file = '~/key'\nprevious_aes_key = '{PREVIOUS}'\n\
         forward_to = 'https://u5er:s3cr3t@x.example/wx?a=b'"
    ));
    let key = place.write("key", AES_KEY);
    let config = place.load().unwrap();
    let shown = format!("{:?} {config:?}", config.entries());
    for secret in [TOKEN, AES_KEY, PREVIOUS, "u5er", "s3cr3t"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let value = |key: &str| config.value_and_origin(key).unwrap().0;
    assert_eq!(value("push.token"), Some("***".into()));
    assert_eq!(value("push.token_file"), None);
    assert_eq!(value("push.aes_key"), Some("***".into()));
    assert_eq!(value("push.aes_key_file"), Some(key.to_str().unwrap().into()));
    assert_eq!(value("push.previous_aes_key"), Some("***".into()));
    assert_eq!(value("push.forward_to"), Some("https://***@x.example/wx?a=b".into()));
    assert_eq!(config.push.forward_to.unwrap().password(), Some("s3cr3t"));
}

#[test]
fn serve_listens_on_flag_then_own_address_then_that_of_bind() {
    const REDIRECT: &str = "redirect_uri = 'http://x.example:81/'";
    let (listen, serve) = ("listen.address = '127.0.0.1:82'", "serve.address = ':83'");
    let flag = CliOverrides { listen: Some("[::1]:84".to_owned()), ..CliOverrides::default() };
    let cases = [
        (vec![REDIRECT], None, ":81", ":81"),
        (vec![REDIRECT, listen], None, "127.0.0.1:82", "127.0.0.1:82"),
        (vec![REDIRECT, serve], None, ":83", ":81"),
        (vec![REDIRECT, listen, serve], None, ":83", "127.0.0.1:82"),
        (vec![REDIRECT, listen, serve], Some(&flag), "[::1]:84", "[::1]:84"),
    ];
    for (lines, flag, for_serve, for_bind) in cases {
        let place = ConfigTestDir::with_config(lines.join("\n"));
        let flags = flag.cloned().unwrap_or_default();
        let config = Config::load(&flags, &place.environment(&[])).unwrap();
        assert_eq!(config.serve_address().unwrap().to_string(), for_serve, "{lines:?}");
        assert_eq!(config.listen_address().unwrap().to_string(), for_bind, "{lines:?}");
    }
    let nothing = ConfigTestDir::new().load().unwrap();
    assert!(matches!(nothing.serve_address(), Err(Error::MissingKey { .. })));
    let place = ConfigTestDir::with_config("[serve]\naddress = '80'");
    let message = place.redact_paths(place.load().unwrap_err());
    assert!(message.starts_with("CONFIG:2: serve.address must be a host and a port"), "{message}");
}

#[test]
fn public_url_is_origin_with_optional_prefix() {
    for (text, expected) in [
        ("https://wx.example.com", Some("https://wx.example.com/")),
        ("https://wx.example.com/", Some("https://wx.example.com/")),
        ("http://203.0.113.7:8080", Some("http://203.0.113.7:8080/")),
        ("https://wx.example.com/wx", Some("https://wx.example.com/wx/")),
        ("https://wx.example.com/wx/", Some("https://wx.example.com/wx/")),
        ("https://wx.example.com?a=b", None),
        ("https://wx.example.com#a", None),
        ("https://u:p@wx.example.com", None),
        ("https:wx.example.com", None),
        ("https:///wx.example.com", None),
        ("ftp://wx.example.com", None),
        ("wx.example.com", None),
        ("", None),
    ] {
        assert_eq!(values::parse_public_url(text).as_ref().map(url::Url::as_str), expected, "{text}");
    }
    let public = |text: &str| ConfigTestDir::with_config(text).load().unwrap().public_url().map(String::from);
    assert_eq!(public(""), None);
    assert_eq!(public("redirect_uri = 'http://x.example:81/cb/?a=b'").as_deref(), Some("http://x.example:81/"));
    let both = "redirect_uri = 'http://x.example:81/cb/'\nserve.public_url = 'https://y.example/wx'";
    assert_eq!(public(both).as_deref(), Some("https://y.example/wx/"));
    let place = ConfigTestDir::with_config("[serve]\npublic_url = 'x'");
    assert_eq!(
        place.redact_paths(place.load().unwrap_err()),
        "CONFIG:2: serve.public_url must be an http or https address without user, query or fragment"
    );
}

#[test]
fn push_path_is_plain_and_not_reserved() {
    for good in ["/push", "/a/b", "/push/", "/%E6%8E%A8", "/healthz/x", "/p.u-s_h~"] {
        assert_eq!(values::parse_push_path(good).as_deref(), Some(good));
    }
    let bad =
        ["", "/", "//", "push", "/a?b", "/a#b", "/a b", "/a\tb", "/a\nb", "/推送", "/a\\b", "/../a", "/./a", "//a"];
    for bad in bad.into_iter().chain(["/healthz", "/healthz/", "/metrics", "http://x.example/push"]) {
        assert_eq!(values::parse_push_path(bad), None, "{bad:?}");
    }
    let place = ConfigTestDir::with_config("[push]\npath = 'push'");
    let message = place.redact_paths(place.load().unwrap_err());
    assert!(message.starts_with("CONFIG:2: push.path must be a path such as \"/push\": it begins with /"), "{message}");
}

#[test]
fn push_path_differs_from_path_of_redirect_uri() {
    let token = format!("push.token = '{TOKEN}'");
    let own = "push.path = '/wx'";
    let public = "serve.public_url = 'https://x.example/wx'";
    let redirect = |path: &str| format!("redirect_uri = 'http://x.example{path}'");
    let at_path = "CONFIG:3: push.path conflicts with redirect_uri";
    let at_redirect = "CONFIG:1: redirect_uri conflicts with push.path";
    let cases = [
        (vec![redirect("/wx/"), token.clone(), own.to_owned()], Some(at_path)),
        (vec![redirect("//wx?a=b"), token.clone(), own.to_owned()], Some(at_path)),
        (vec![redirect("/%77x"), token.clone(), own.to_owned()], Some(at_path)),
        (vec![redirect("/push"), token.clone()], Some(at_redirect)),
        (vec![redirect("/wx/push"), token.clone(), public.to_owned()], Some(at_redirect)),
        (vec![redirect("/wx/push"), token.clone()], None),
        (vec![redirect("/wx/callback"), token.clone(), own.to_owned()], None),
        // Without events the path is not used.
        (vec![redirect("/wx/"), String::new(), own.to_owned()], None),
    ];
    for (lines, expected) in cases {
        let place = ConfigTestDir::with_config(lines.join("\n"));
        let error = place.load().err();
        assert_eq!(error.as_ref().map(|error| place.redact_paths(error)).as_deref(), expected, "{lines:?}");
        let hint = error.map(|error| (matches!(error, Error::Conflict { .. }), error.hint().unwrap()));
        let expected = (true, "set push.path to another path than that of redirect_uri".to_owned());
        assert!(hint.is_none_or(|hint| hint == expected), "{lines:?}");
    }
}

#[test]
fn forward_url_is_https_or_loopback() {
    for good in [
        "https://x.example/wx?a=b",
        "https://u:p@x.example/",
        "http://127.0.0.1:9000/wx",
        "http://127.9.0.1/",
        "http://[::1]:9000/",
        "http://localhost/",
    ] {
        assert_eq!(values::parse_forward_url(good).unwrap().as_str(), good);
    }
    for bad in [
        "http://x.example/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://[::2]/",
        "https://x.example/#a",
        "https:x.example",
        "https://x.exam\nple/",
        "ftp://127.0.0.1/",
        "127.0.0.1:9000",
        "",
    ] {
        assert_eq!(values::parse_forward_url(bad), None, "{bad:?}");
    }
    let place = ConfigTestDir::with_config("[push]\nforward_to = 'http://u:s3cr3t@x.example/'");
    assert_eq!(
        place.redact_paths(place.load().unwrap_err()),
        "CONFIG:2: push.forward_to must be an https address, or an http address of this machine such as \
         \"http://127.0.0.1:9000/wx\", without fragment"
    );
}
