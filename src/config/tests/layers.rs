//! Tests of the precedence of the layers, for each value that several layers can set.

use std::time::Duration;

use super::ConfigTestDir;
use crate::config::{CliOverrides, Config, Error, OAuthScope, Origin};
use crate::secret::ExposeSecret;

const FILE: &str = "app_id = 'wxfile'\nappsecret = 'file'\nredirect_uri = 'http://file.example/'\n\
    scope = 'snsapi_base'\ndatabase = 'file.db'\n[listen]\naddress = ':1'\ntimeout = '1s'\n\
    [send]\nconcurrency = 1\nrate = 1\nexpire_after = '1s'\n";

fn load(place: &ConfigTestDir, flags: &CliOverrides, variables: &[(&str, &str)]) -> Config {
    Config::load(flags, &place.environment(variables)).unwrap()
}

#[test]
fn file_overrides_defaults() {
    let place = ConfigTestDir::with_config(FILE);
    let config = load(&place, &CliOverrides::default(), &[("STATE_DIRECTORY", "/state"), ("XDG_DATA_HOME", "/data")]);
    let line = |line| Origin::File { path: place.config_path(), line };
    assert_eq!(config.path, Some(place.config_path()));
    assert_eq!(config.app_id.as_ref().unwrap().origin, line(1));
    assert_eq!(config.app_secret.as_ref().unwrap().origin, line(2));
    assert_eq!(config.database.value, place.path(".config/wxbox/file.db"));
    assert_eq!(config.listen.timeout.origin, line(8));
    assert_eq!(config.send.expire_after.origin, line(12));
    assert_eq!(config.send.expire_after.origin.to_string(), format!("{}:12", place.config_path().display()));
}

#[test]
fn environment_overrides_file() {
    let place = ConfigTestDir::with_config(FILE);
    let variables = [
        ("WXBOX_APP_ID", "wxenv"),
        ("WXBOX_APP_SECRET", "env"),
        ("WXBOX_REDIRECT_URI", "https://env.example/"),
        ("WXBOX_DATABASE", "~/env.db"),
    ];
    let config = load(&place, &CliOverrides::default(), &variables);
    let (app_id, secret) = config.credentials().unwrap();
    assert_eq!((app_id, secret.expose_secret()), ("wxenv", "env"));
    assert_eq!(config.app_id.as_ref().unwrap().origin.to_string(), "WXBOX_APP_ID");
    assert_eq!(config.require_redirect_uri().unwrap().as_str(), "https://env.example/");
    assert_eq!(
        (&config.database.value, config.database.origin.to_string()),
        (&place.path("env.db"), "WXBOX_DATABASE".into())
    );
    let empty = variables.map(|(name, _)| (name, ""));
    assert_eq!(load(&place, &CliOverrides::default(), &empty).credentials().unwrap().0, "wxfile");
    let wrong = place.environment(&[("WXBOX_REDIRECT_URI", "nowhere")]);
    let error = Config::load(&CliOverrides::default(), &wrong).unwrap_err();
    assert!(error.to_string().starts_with("WXBOX_REDIRECT_URI: redirect_uri must be"), "{error}");
}

#[test]
fn command_line_overrides_environment_and_file() {
    let place = ConfigTestDir::with_config(FILE);
    let flags = CliOverrides {
        database: Some("flag.db".into()),
        listen: Some("localhost:9".into()),
        scope: Some(OAuthScope::UserInfo),
        timeout: Some(Duration::from_secs(9)),
        concurrency: Some(9),
        rate: Some(9),
        expire_after: Some(Duration::from_secs(9)),
        ..CliOverrides::default()
    };
    let config = load(&place, &flags, &[("WXBOX_DATABASE", "/env.db")]);
    let origins = [
        (&config.database.origin, "--database"),
        (&config.listen.address.as_ref().unwrap().origin, "--listen"),
        (&config.scope.origin, "--scope"),
        (&config.listen.timeout.origin, "--timeout"),
        (&config.send.concurrency.origin, "--concurrency"),
        (&config.send.rate.origin, "--rate"),
        (&config.send.expire_after.origin, "--expire-after"),
    ];
    for (origin, name) in origins {
        assert_eq!(origin.to_string(), name);
    }
    assert_eq!((config.send.rate.value, config.send.concurrency.value), (9, 9));
    assert_eq!((config.scope.value, config.database.value.to_str()), (OAuthScope::UserInfo, Some("flag.db")));
    for wrong in [
        CliOverrides { listen: Some("80".into()), ..CliOverrides::default() },
        CliOverrides { timeout: Some(Duration::ZERO), ..CliOverrides::default() },
        CliOverrides { concurrency: Some(0), ..CliOverrides::default() },
    ] {
        let error = Config::load(&wrong, &place.environment(&[])).unwrap_err();
        assert!(error.to_string().starts_with("--"), "{error}");
    }
}

#[test]
fn database_defaults_to_xdg_data_directory() {
    let place = ConfigTestDir::new();
    let database = |variables: &[(&str, &str)]| load(&place, &CliOverrides::default(), variables).database;
    assert_eq!(database(&[]).value, place.path(".local/share/wxbox/wxbox.db"));
    assert_eq!(database(&[("XDG_DATA_HOME", "/data")]).value.to_str(), Some("/data/wxbox/wxbox.db"));
    assert_eq!(database(&[("XDG_DATA_HOME", "not/absolute")]).origin, Origin::Default);
    assert_eq!(database(&[("XDG_DATA_HOME", "~/data")]).value, place.path("data/wxbox/wxbox.db"));
}

#[test]
fn state_directory_is_used_only_if_it_belongs_to_wxbox() {
    let place = ConfigTestDir::new();
    let origin = |directories: &str| {
        let variables = [("STATE_DIRECTORY", directories), ("XDG_DATA_HOME", "/data")];
        let setting = load(&place, &CliOverrides::default(), &variables).database;
        (setting.value.to_str().unwrap().to_owned(), setting.origin)
    };
    let state = |path: &str| (path.to_owned(), Origin::Env("STATE_DIRECTORY"));
    assert_eq!(origin("/var/lib/wxbox"), state("/var/lib/wxbox/wxbox.db"));
    assert_eq!(origin("/var/lib/other:/var/lib/wxbox"), state("/var/lib/wxbox/wxbox.db"));
    // The directory belongs to the unit that runs wxbox.
    assert_eq!(origin("/var/lib/other").1, Origin::Env("XDG_DATA_HOME"));
    assert_eq!(origin("wxbox").1, Origin::Env("XDG_DATA_HOME"), "a relative one");
    let file = place.write("kept/wxbox.db", "");
    let state_dir = file.parent().unwrap().to_str().unwrap();
    assert_eq!(origin(&format!("/var/lib/wxbox:{state_dir}")), state(file.to_str().unwrap()));
}

#[test]
fn shell_variables_in_paths_are_rejected_and_tilde_is_expanded() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'");
    let load = |flags: &CliOverrides, variables: &[(&str, &str)]| Config::load(flags, &place.environment(variables));
    for path in ["$HOME/x.db", "${HOME}/x.db", "x/$USER.db", "~nobody/x.db"] {
        for name in ["WXBOX_CONFIG", "WXBOX_DATABASE", "WXBOX_APP_SECRET_FILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            let error = load(&CliOverrides::default(), &[(name, path)]).unwrap_err();
            assert_eq!(error, Error::UnexpandedPath { origin: Origin::Env(name) }, "{path}");
            assert!(!error.is_usage() && error.hint().is_some());
        }
        let typed = CliOverrides { database: Some(path.into()), ..CliOverrides::default() };
        assert!(load(&typed, &[]).unwrap_err().is_usage(), "{path}");
        let typed = CliOverrides { config: Some(path.into()), ..CliOverrides::default() };
        assert!(load(&typed, &[]).unwrap_err().is_usage(), "{path}");
        for key in ["database", "app_secret_file", "network.ca_file", "listen.domain_verify_file"] {
            let place = ConfigTestDir::with_config(format!("\n{key} = '{path}'"));
            let error = place.load().unwrap_err();
            assert_eq!(
                error,
                Error::UnexpandedPath { origin: Origin::File { path: place.config_path(), line: 2 } },
                "{key}"
            );
        }
    }
    let typed = CliOverrides { database: Some("~/x.db".into()), ..CliOverrides::default() };
    assert_eq!(load(&typed, &[]).unwrap().database.value, place.path("x.db"));
    let odd = CliOverrides { database: Some("~x.db".into()), ..CliOverrides::default() };
    assert_eq!(load(&odd, &[]).unwrap().database.value.to_str(), Some("~x.db"), "a file of that name");
    let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    let error = ConfigTestDir::with_config(format!("network.ca_file = \"\"\"{key}\"\"\"")).load().unwrap_err();
    assert!(matches!(error, Error::NotAPath { .. }) && !error.to_string().contains("c2VjcmV0"), "{error}");
}

#[test]
fn quotes_and_blanks_around_variable_value_are_removed() {
    let place = ConfigTestDir::new();
    for (open, close) in [("", "\r"), ("\"", "\""), (" ", " "), ("'", "'\n"), ("\u{feff}", "")] {
        let around = |text: &str| format!("{open}{text}{close}");
        let (app_id, secret) = (around("wx0123456789abcdef"), around("geheim"));
        let uri = around("http://192.0.2.1/callback/");
        let variables = [("WXBOX_APP_ID", &*app_id), ("WXBOX_APP_SECRET", &secret), ("WXBOX_REDIRECT_URI", &uri)];
        let config = load(&place, &CliOverrides::default(), &variables);
        let (app_id, secret) = config.credentials().unwrap();
        assert_eq!((app_id, secret.expose_secret()), ("wx0123456789abcdef", "geheim"));
        assert_eq!(config.require_redirect_uri().unwrap().as_str(), "http://192.0.2.1/callback/");
    }
    let wrong = Config::load(&CliOverrides::default(), &place.environment(&[("WXBOX_APP_ID", "wx 1")])).unwrap_err();
    assert!(!wrong.to_string().contains("quotes"), "{wrong}");
    let several = load(&place, &CliOverrides::default(), &[("WXBOX_APP_ID", "wx1"), ("WXBOX_APP_SECRET", "a\nb")]);
    let error = several.credentials().unwrap_err().to_string();
    assert!(error.contains("WXBOX_APP_SECRET") && !error.contains("a\nb"), "{error}");
}

#[test]
fn secret_is_read_from_source_of_highest_precedence() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret_file = 'own'");
    place.write(".config/wxbox/own", "own\r\n");
    let credentials = place.write("run/wxbox-app-secret", "credential");
    let file = place.write("named", "named\n");
    let run = place.path("run");
    let by_service = ("CREDENTIALS_DIRECTORY", run.to_str().unwrap());
    let by_file = ("WXBOX_APP_SECRET_FILE", file.to_str().unwrap());
    let nowhere = ("CREDENTIALS_DIRECTORY", "/nonexistent");
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Variables<'_>, &str, Origin); 6] = [
        (&[], "own", Origin::SecretFile(place.path(".config/wxbox/own"))),
        (&[nowhere], "own", Origin::SecretFile(place.path(".config/wxbox/own"))),
        (&[by_service], "credential", Origin::Credentials(credentials)),
        (&[by_service, by_file], "named", Origin::SecretFile(file.clone())),
        (&[by_service, by_file, ("WXBOX_APP_SECRET", " \n")], "named", Origin::SecretFile(file.clone())),
        (&[by_service, by_file, ("WXBOX_APP_SECRET", "direct")], "direct", Origin::Env("WXBOX_APP_SECRET")),
    ];
    for (variables, secret, origin) in cases {
        let config = load(&place, &CliOverrides::default(), variables);
        assert_eq!(config.credentials().unwrap().1.expose_secret(), secret);
        assert_eq!(config.app_secret.unwrap().origin, origin);
    }
}
