//! Files that the user who runs wxbox may not read.

use std::process::Command;

use snapbox::str;

use crate::support::certificate::TestCertificate;
use crate::support::env::{CommandOutput, TestEnv, set_mode};

/// Drops root's right to read any file, so that no second user is needed.
const DROP_CAPABILITIES: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/// Runs a command that may read only what the file modes allow. Prints a note and returns `None` if
/// that is not possible.
fn run_unprivileged(env: &TestEnv, line: &str) -> Option<CommandOutput> {
    let wxbox = env.command(line);
    let [setpriv, rights] = DROP_CAPABILITIES;
    let without = |program: &std::ffi::OsStr| {
        let mut command = Command::new(if rustix::process::geteuid().is_root() { setpriv.as_ref() } else { program });
        if rustix::process::geteuid().is_root() {
            command.arg(rights).arg(program);
        }
        command
    };
    if !without("true".as_ref()).status().is_ok_and(|status| status.success()) {
        println!("skipped: root is not to be had without its rights here");
        return None;
    }
    let mut command = without(wxbox.get_program());
    command.args(wxbox.get_args()).env_clear().current_dir(env.home.path()).stdin(std::process::Stdio::null());
    command.envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(env.spawn_command(command, line).wait())
}

#[test]
fn unreadable_config_is_reported() {
    let env = TestEnv::new();
    let config = env.path(".config/wxbox/config.toml");
    set_mode(&config, 0);
    let Some(ran) = run_unprivileged(&env, "user list") else { return };
    ran.assert_snapshot(str![[r#"
exit 3
--- stderr
error: cannot read the config file [HOME]/.config/wxbox/config.toml: Permission denied (os error 13)
hint: check that the user of wxbox can read [HOME]/.config/wxbox/config.toml

"#]]);
    set_mode(&config, 0o600);
    env.write_config("app_id = \"wx0123456789abcdef\"\napp_secret_file = \"secret\"\n");
    set_mode(&env.write_file(".config/wxbox/secret", "0123456789abcdef0123456789abcdef"), 0);
    run_unprivileged(&env, "token").unwrap().assert_snapshot(str![[r#"
exit 3
--- stderr
error: cannot read the secret file [HOME]/.config/wxbox/secret: Permission denied (os error 13)
hint: check that the file exists and that the user of wxbox can read it

"#]]);
}

#[test]
fn unreadable_key_or_certificate_is_reported() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let own = TestCertificate::new();
    let key = env.write_file(".config/wxbox/key.pem", &own.key_pem);
    let certificate = env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
    env.replace_in_config(&[("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")]);
    set_mode(&key, 0);
    let Some(ran) = run_unprivileged(&env, "bind --user luffy") else { return };
    ran.assert_snapshot(str![[r#"
exit 3
--- stderr
error: listen.tls_key: cannot read [HOME]/.config/wxbox/key.pem: Permission denied (os error 13)
hint: permit the user of wxbox to read [HOME]/.config/wxbox/key.pem, for example through its group

"#]]);
    set_mode(&key, 0o600);
    set_mode(&certificate, 0);
    run_unprivileged(&env, "--json bind --user luffy").unwrap().assert_snapshot(str![[r#"
exit 3
--- stderr
{"error":"listen.tls_cert: cannot read [HOME]/.config/wxbox/cert.pem: Permission denied (os error 13)","hint":"permit the user of wxbox to read [HOME]/.config/wxbox/cert.pem, for example through its group","code":3}

"#]]);
}

/// A backup on a medium or in a directory that cannot be written.
#[test]
fn read_only_database_can_be_read() {
    let env = TestEnv::new();
    env.run("user add luffy --tag crew").assert_success();
    let dir = env.path("medium");
    std::fs::create_dir(&dir).unwrap();
    env.run("backup medium/a%20b?.db").assert_success();
    let file = dir.join("a%20b?.db");
    set_mode(&file, 0o400);
    set_mode(&dir, 0o500);
    let read = |line: &str| run_unprivileged(&env, &format!("--database medium/a%20b?.db {line}"));
    let Some(ran) = read("user list") else { return };
    assert_eq!(ran.assert_success().stdout(), "luffy\t-\tcrew\t\tnot bound\n");
    for line in ["user show luffy", "user export", "outbox list", "outbox status", "backup copy.db"] {
        read(line).unwrap().assert_success();
    }
    std::fs::hard_link(&file, env.path("second.db")).unwrap();
    read("user list").unwrap().assert_success();
    std::fs::remove_file(env.path("second.db")).unwrap();
    read("user add nami").unwrap().assert_snapshot(str![[r#"
exit 1
--- stderr
error: cannot write the database medium/a%20b?.db: it is read-only
hint: check the permissions of the file and its directory, and whether the file system is mounted read-only

"#]]);
    // The database is also readable if only the file, or only the directory, is read-only.
    set_mode(&dir, 0o700);
    read("user list").unwrap().assert_success();
    set_mode(&dir, 0o500);
    set_mode(&file, 0o600);
    read("user list").unwrap().assert_success();
    let names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a%20b?.db"]);
}

/// The files that root creates beside another user's database are usable by that user and group.
#[test]
fn sidecar_files_belong_to_database_owner_and_group() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mut env = TestEnv::new();
    env.run(&format!("user add luffy --openid {}", crate::support::env::LUFFY)).assert_success();
    let dir = env.database_path().parent().unwrap().to_owned();
    set_mode(&env.database_path(), 0o660);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(env.database_path(), Some(54321), Some(54322)).unwrap();
        std::os::unix::fs::chown(&dir, Some(54321), Some(54322)).unwrap();
    }
    let owner = env.database_path().metadata().unwrap();
    let relay = crate::support::proxy::InterceptingProxy::in_front_of(&mut env);
    relay.pause_at(crate::support::proxy::Direction::Response, "/cgi-bin/message/");
    let sending = env.spawn("send -u luffy hello");
    relay.expect_arrival();
    env.run("backup .local/share/wxbox/copy.db").assert_success();
    let mut seen = Vec::new();
    for file in std::fs::read_dir(&dir).unwrap() {
        let file = file.unwrap();
        let found = file.metadata().unwrap();
        assert_eq!((found.uid(), found.gid()), (owner.uid(), owner.gid()), "{:?}", file.file_name());
        assert_eq!(found.permissions().mode() & 0o777, 0o660, "{:?}", file.file_name());
        seen.push(file.file_name().into_string().unwrap());
    }
    for ending in ["-wal", "-shm", "-token-lock", "-worker-"] {
        assert!(seen.iter().any(|name| name.contains(ending)), "{seen:?}");
    }
    relay.resume_all();
    sending.wait().assert_success();
}
