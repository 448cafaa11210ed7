//! Tests of which file is read, and of files that cannot be read or must not be trusted.

use super::{ConfigTestDir, set_mode};
use crate::config::{CliOverrides, Config, Error};
use crate::secret::ExposeSecret;

#[test]
fn config_file_of_highest_precedence_is_read() {
    let place = ConfigTestDir::new();
    let path = |flags: &CliOverrides, variables: &[(&str, &str)]| {
        let config = Config::load(flags, &place.environment(variables)).unwrap();
        config.path.map(|path| place.redact_paths(path.display()))
    };
    assert_eq!(path(&CliOverrides::default(), &[]), None);
    place.write("etc/config.toml", "");
    assert_eq!(path(&CliOverrides::default(), &[]).as_deref(), Some("DIR/etc/config.toml"));
    place.write(".config/wxbox/config.toml", "");
    assert_eq!(path(&CliOverrides::default(), &[]).as_deref(), Some("CONFIG"));
    let xdg = place.write("xdg/wxbox/config.toml", "");
    let xdg = ("XDG_CONFIG_HOME", xdg.parent().unwrap().parent().unwrap().to_str().unwrap().to_owned());
    let xdg = (xdg.0, xdg.1.as_str());
    assert_eq!(path(&CliOverrides::default(), &[xdg]).as_deref(), Some("DIR/xdg/wxbox/config.toml"));
    place.write("env.toml", "");
    assert_eq!(path(&CliOverrides::default(), &[xdg, ("WXBOX_CONFIG", "~/env.toml")]).as_deref(), Some("DIR/env.toml"));
    let flags = CliOverrides { config: Some(place.write("flag.toml", "")), ..CliOverrides::default() };
    assert_eq!(path(&flags, &[("WXBOX_CONFIG", "~/env.toml")]).as_deref(), Some("DIR/flag.toml"));
}

#[test]
fn named_config_file_must_exist() {
    let place = ConfigTestDir::with_config("");
    let flags = CliOverrides { config: Some(place.path("no.toml")), ..CliOverrides::default() };
    let by_flag = Config::load(&flags, &place.environment(&[])).unwrap_err();
    assert_eq!(place.redact_paths(&by_flag), "cannot read the config file DIR/no.toml: it does not exist");
    assert_eq!(by_flag.hint().as_deref(), Some("check --config, which names the file"));
    let by_variable = Config::load(&CliOverrides::default(), &place.environment(&[("WXBOX_CONFIG", "/no.toml")]));
    assert_eq!(by_variable.unwrap_err().hint().as_deref(), Some("check WXBOX_CONFIG, which names the file"));
    let flags = CliOverrides { config: Some(place.path(".config")), ..CliOverrides::default() };
    let directory = Config::load(&flags, &place.environment(&[])).unwrap_err();
    assert_eq!(place.redact_paths(&directory), "DIR/.config is a directory, not a config file");
    assert_eq!(
        place.redact_paths(directory.hint().unwrap()),
        "use the path of a file in it, such as DIR/.config/config.toml"
    );
}

#[test]
fn config_with_bom_is_read_and_gbk_is_rejected() {
    let marked = ConfigTestDir::with_config("\u{feff}app_id = 'wx1'\r\nscope = 'snsapi_base'\r\n").load().unwrap();
    assert_eq!(marked.require_app_id().unwrap(), "wx1");
    let gbk = ConfigTestDir::with_config(b"app_id = 'wx1'\n# \xd6\xd0\xce\xc4\n");
    let error = gbk.load().unwrap_err();
    assert_eq!(gbk.redact_paths(&error), "CONFIG:2: not UTF-8");
    assert_eq!(error.hint().as_deref(), Some("save the file as UTF-8"));
}

#[test]
fn missing_setting_is_reported_when_required() {
    let place = ConfigTestDir::new();
    let none = place.load().unwrap();
    let error = none.require_app_id().unwrap_err();
    assert_eq!(error.to_string(), "there is no config file");
    let hint = place.redact_paths(error.hint().unwrap());
    assert!(hint.contains("`wxbox init`") && hint.ends_with("to create CONFIG"), "{hint}");
    let place = ConfigTestDir::with_config("app_id = 'wx1'");
    let config = place.load().unwrap();
    let cases = [
        (config.credentials().map(|_| ()).unwrap_err(), "app_secret is not set", "WXBOX_APP_SECRET_FILE"),
        (config.require_redirect_uri().map(|_| ()).unwrap_err(), "redirect_uri is not set", "WXBOX_REDIRECT_URI"),
        (
            config.listen_address().map(|_| ()).unwrap_err(),
            "cannot determine where to listen: listen.address is not set, and redirect_uri is https",
            "use --listen",
        ),
    ];
    for (error, message, hint) in cases {
        assert_eq!(error.to_string(), message);
        let shown = place.redact_paths(error.hint().unwrap());
        assert!(shown.contains(hint) && shown.contains("in CONFIG"), "{shown}");
    }
}

#[test]
fn unusable_secret_file_fails_only_credentials() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret_file = '~/secret'");
    let trouble = |place: &ConfigTestDir| place.load().unwrap().credentials().map(|_| ()).unwrap_err();
    let error = trouble(&place);
    assert!(place.redact_paths(&error).starts_with("cannot read the secret file DIR/secret: "), "{error}");
    for empty in ["", "\n", "\r\n", "  \n"] {
        place.write("secret", empty);
        assert_eq!(place.redact_paths(trouble(&place)), "the secret file DIR/secret is empty");
    }
    for other in [&b"a\nb\n"[..], b"\xff\xfe", b"a\0b"] {
        place.write("secret", other);
        assert!(matches!(trouble(&place), Error::SecretInvalid { .. }));
    }
}

#[test]
fn quotes_and_blanks_around_secret_are_removed() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret_file = '~/secret'");
    for text in ["\u{feff}geheim", "\"geheim\"\n", "'geheim'\r\n", " geheim \n", "geheim\n\n", "“geheim”"] {
        place.write("secret", text);
        let config = place.load().unwrap();
        assert_eq!(config.credentials().unwrap().1.expose_secret(), "geheim", "{text:?}");
    }
    let place = ConfigTestDir::with_config("app_id = ' \"wx1\"'\napp_secret = '\u{feff}\"geheim\"\u{20}'");
    let config = place.load().unwrap();
    let (app_id, secret) = config.credentials().unwrap();
    assert_eq!((app_id, secret.expose_secret()), ("wx1", "geheim"));
}

#[test]
fn misplaced_secret_is_not_repeated_in_errors() {
    const SECRET: &str = "5ec2e7f000000000000000000000c0de";
    let texts = [
        format!("app_id = 'wx1'\napp_secret_file = '{SECRET}'"),
        format!("app_id = 'wx1'\napp_secret_file = './{SECRET}'"),
        "app_id = 'wx1'\napp_secret_file = '5ecret'".to_owned(),
        format!("app_id = '{SECRET}'\napp_secret = 'wx0123456789abcdef'"),
        format!("'{SECRET}' = 'app_secret'"),
        format!("app_secret.{SECRET} = 1"),
        format!("[templates.{SECRET}]\nid = 3"),
    ];
    for text in texts {
        let place = ConfigTestDir::with_config(&text);
        let shown = match place.load() {
            Err(error) => format!("{error} {:?}", error.hint()),
            Ok(config) => {
                let error = config.credentials().unwrap_err();
                format!("{error} {:?} {:?}", error.hint(), config.entries())
            }
        };
        assert!(!shown.contains("5ec2e7f0") && !shown.contains("5ecret"), "{text}: {shown}");
        let from = place.environment(&[("WXBOX_APP_SECRET_FILE", SECRET)]);
        let shown = Config::load(&CliOverrides::default(), &from).map(|config| config.credentials().map(|_| ()));
        assert!(!format!("{shown:?}").contains("5ec2e7f0"), "{shown:?}");
    }
}

#[test]
fn secret_file_permissions_are_checked_like_config() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret_file = '~/secret'");
    let secret = place.write("secret", "geheim");
    for (mode, warnings) in [(0o600, Some(0)), (0o440, Some(0)), (0o644, Some(1)), (0o660, None), (0o666, None)] {
        set_mode(&secret, mode);
        let config = place.load().unwrap();
        let warning_count = config.credentials().is_ok().then_some(config.world_readable_files.len());
        assert_eq!(warning_count, warnings, "{mode:o}");
        if warnings.is_none() {
            assert!(matches!(config.secret_error(), Some(Error::WritableByOthers { .. })));
        }
    }
}

#[test]
fn config_in_world_writable_directory_is_rejected() {
    let place = ConfigTestDir::with_config("app_id = 'wx1'\napp_secret = 'geheim'");
    let above = place.path(".config");
    set_mode(&above, 0o777);
    let error = place.load().unwrap_err();
    assert_eq!(place.redact_paths(&error), "other users can change DIR/.config, and can therefore replace CONFIG");
    assert_eq!(place.redact_paths(error.hint().unwrap()), "run `chmod go-w 'DIR/.config'`");
    set_mode(&above, 0o1777);
    assert!(place.load().is_ok(), "a sticky one");
    // A link leads from a safe directory into a world-writable one.
    let open = place.write("open/config.toml", "app_id = 'wx1'");
    set_mode(open.parent().unwrap(), 0o777);
    std::fs::remove_file(place.config_path()).unwrap();
    std::os::unix::fs::symlink(&open, place.config_path()).unwrap();
    assert!(matches!(place.load(), Err(Error::WorldWritableDirectory { .. })));
}

#[test]
fn secret_symlinks_of_kubernetes_volume_are_followed() {
    let place = ConfigTestDir::new();
    let real = place.write("secrets/..2026_11_29/app-secret", "geheim");
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, place.path(name)).unwrap();
    link("..2026_11_29", "secrets/..data");
    link("..data/app-secret", "secrets/app-secret");
    set_mode(&place.path("secrets"), 0o1777);
    for mode in [0o644, 0o440, 0o640] {
        set_mode(&real, mode);
        let file = place.path("secrets/app-secret");
        let environment =
            place.environment(&[("WXBOX_APP_ID", "wx1"), ("WXBOX_APP_SECRET_FILE", file.to_str().unwrap())]);
        let config = Config::load(&CliOverrides::default(), &environment).unwrap();
        assert!(config.credentials().is_ok(), "{mode:o}");
    }
}

#[test]
fn config_readable_by_others_warns_and_writable_fails() {
    let secret = "app_secret = 's'";
    let cases = [
        (secret, 0o600, Some(0)),
        (secret, 0o640, Some(0)),
        (secret, 0o644, Some(1)),
        ("network.proxy = 'http://u:p@x.example'", 0o644, Some(1)),
        ("network.proxy = 'http://x.example'", 0o644, Some(0)),
        ("app_secret_file = 'x'", 0o644, Some(0)),
        (secret, 0o660, None),
        ("", 0o602, None),
    ];
    for (text, mode, warnings) in cases {
        let place = ConfigTestDir::with_config(text);
        set_mode(&place.config_path(), mode);
        assert_eq!(place.load().ok().map(|config| config.world_readable_files.len()), warnings, "{text} {mode:o}");
    }
    let place = ConfigTestDir::with_config(secret);
    set_mode(&place.config_path(), 0o644);
    assert_eq!(place.load().unwrap().world_readable_files, [place.config_path()]);
    set_mode(&place.config_path(), 0o666);
    let error = place.load().unwrap_err();
    assert!(place.redact_paths(&error).starts_with("other users can change CONFIG (mode 666)"), "{error}");
    assert_eq!(place.redact_paths(error.hint().unwrap()), "run `chmod go-w 'CONFIG'`");
}

#[test]
fn relative_path_is_resolved_beside_config_symlink() {
    let place = ConfigTestDir::new();
    let real = place.write("real/config.toml", "app_id = 'wx1'\nappsecret = 's'\ndatabase = 'x.db'");
    std::fs::create_dir_all(place.path(".config/wxbox")).unwrap();
    std::os::unix::fs::symlink(real, place.config_path()).unwrap();
    assert_eq!(place.load().unwrap().database.value, place.path(".config/wxbox/x.db"));
}
