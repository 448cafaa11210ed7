//! Which layer wins, for each value that more than one can set.

use std::time::Duration;

use super::Place;
use crate::config::{Config, Flags, Origin, Scope};
use crate::secret::ExposeSecret;

const FILE: &str = "app_id = 'wxfile'\nappsecret = 'file'\nredirect_uri = 'http://file.example/'\n\
    scope = 'snsapi_base'\ndatabase = 'file.db'\n[listen]\naddress = ':1'\ntimeout = '1s'\n\
    [send]\nconcurrency = 1\nrate = 1\nexpire_after = '1s'\n";

fn load(place: &Place, flags: &Flags, variables: &[(&str, &str)]) -> Config {
    Config::load(flags, &place.environment(variables)).unwrap()
}

#[test]
fn the_file_wins_over_defaults() {
    let place = Place::with(FILE);
    let config = load(&place, &Flags::default(), &[("STATE_DIRECTORY", "/state"), ("XDG_DATA_HOME", "/data")]);
    let line = |line| Origin::File { path: place.config(), line };
    assert_eq!(config.path, Some(place.config()));
    assert_eq!(config.app_id.as_ref().unwrap().origin, line(1));
    assert_eq!(config.app_secret.as_ref().unwrap().origin, line(2));
    assert_eq!(config.database.value, place.path(".config/wxbox/file.db"));
    assert_eq!(config.listen.timeout.origin, line(8));
    assert_eq!(config.send.expire_after.origin, line(12));
    assert_eq!(config.send.expire_after.origin.to_string(), format!("{}:12", place.config().display()));
}

#[test]
fn the_environment_wins_over_the_file() {
    let place = Place::with(FILE);
    let variables = [
        ("WXBOX_APP_ID", "wxenv"),
        ("WXBOX_APP_SECRET", "env"),
        ("WXBOX_REDIRECT_URI", "https://env.example/"),
        ("WXBOX_DATABASE", "~/env.db"),
    ];
    let config = load(&place, &Flags::default(), &variables);
    let (app_id, secret) = config.credentials().unwrap();
    assert_eq!((app_id, secret.expose_secret()), ("wxenv", "env"));
    assert_eq!(config.app_id.as_ref().unwrap().origin.to_string(), "WXBOX_APP_ID");
    assert_eq!(config.redirect().unwrap().as_str(), "https://env.example/");
    assert_eq!(
        (&config.database.value, config.database.origin.to_string()),
        (&place.path("env.db"), "WXBOX_DATABASE".into())
    );
    let empty = variables.map(|(name, _)| (name, ""));
    assert_eq!(load(&place, &Flags::default(), &empty).credentials().unwrap().0, "wxfile");
    let wrong = place.environment(&[("WXBOX_REDIRECT_URI", "nowhere")]);
    let error = Config::load(&Flags::default(), &wrong).unwrap_err();
    assert!(error.to_string().starts_with("WXBOX_REDIRECT_URI: redirect_uri must be"), "{error}");
}

#[test]
fn the_command_line_wins_over_all() {
    let place = Place::with(FILE);
    let flags = Flags {
        database: Some("flag.db".into()),
        listen: Some("localhost:9".into()),
        scope: Some(Scope::UserInfo),
        timeout: Some(Duration::from_secs(9)),
        concurrency: Some(9),
        rate: Some(9),
        expire_after: Some(Duration::from_secs(9)),
        ..Flags::default()
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
    assert_eq!((config.scope.value, config.database.value.to_str()), (Scope::UserInfo, Some("flag.db")));
    for wrong in [
        Flags { listen: Some("80".into()), ..Flags::default() },
        Flags { timeout: Some(Duration::ZERO), ..Flags::default() },
        Flags { concurrency: Some(0), ..Flags::default() },
    ] {
        let error = Config::load(&wrong, &place.environment(&[])).unwrap_err();
        assert!(error.to_string().starts_with("--"), "{error}");
    }
}

#[test]
fn where_the_database_is_by_default() {
    let place = Place::new();
    let database = |variables: &[(&str, &str)]| load(&place, &Flags::default(), variables).database;
    assert_eq!(database(&[]).value, place.path(".local/share/wxbox/wxbox.db"));
    assert_eq!(database(&[("XDG_DATA_HOME", "/data")]).value.to_str(), Some("/data/wxbox/wxbox.db"));
    assert_eq!(database(&[("XDG_DATA_HOME", "not/absolute")]).origin, Origin::Default);
    let state = database(&[("STATE_DIRECTORY", "/state:/other"), ("XDG_DATA_HOME", "/data")]);
    assert_eq!((state.value.to_str(), state.origin), (Some("/state/wxbox.db"), Origin::Env("STATE_DIRECTORY")));
}

#[test]
fn the_secret_comes_from_the_nearest_place() {
    let place = Place::with("app_id = 'wx1'\napp_secret_file = 'own'");
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
        let config = load(&place, &Flags::default(), variables);
        assert_eq!(config.credentials().unwrap().1.expose_secret(), secret);
        assert_eq!(config.app_secret.unwrap().origin, origin);
    }
}
