//! Files that the user who runs wxbox may not read.

use std::process::Command;

use snapbox::str;

use crate::certificate::Certificate;
use crate::harness::{Ran, World, mode};

/// Takes from root the right to read whatever there is: a new user is not needed for that.
const WITHOUT_RIGHTS: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/// Runs a line as somebody who may read no more than the modes say; says so where that cannot be had.
fn unprivileged(world: &World, line: &str) -> Option<Ran> {
    let wxbox = world.command(line);
    let [setpriv, rights] = WITHOUT_RIGHTS;
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
    command.args(wxbox.get_args()).env_clear().current_dir(world.home.path()).stdin(std::process::Stdio::null());
    command.envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(world.start(command, line).end())
}

#[test]
fn a_config_that_may_not_be_read() {
    let world = World::new();
    let config = world.path(".config/wxbox/config.toml");
    mode(&config, 0);
    let Some(ran) = unprivileged(&world, "user list") else { return };
    ran.is(str![[r#"
exit 3
--- stderr
error: cannot read the config file [HOME]/.config/wxbox/config.toml: Permission denied (os error 13)
hint: the user that wxbox runs as must be able to read [HOME]/.config/wxbox/config.toml

"#]]);
    mode(&config, 0o600);
    world.config("app_id = \"wx0123456789abcdef\"\napp_secret_file = \"secret\"\n");
    mode(&world.write(".config/wxbox/secret", "0123456789abcdef0123456789abcdef"), 0);
    unprivileged(&world, "token").unwrap().is(str![[r#"
exit 3
--- stderr
error: cannot read the secret file [HOME]/.config/wxbox/secret: Permission denied (os error 13)
hint: the file must exist, and the user that wxbox runs as must be able to read it

"#]]);
}

#[test]
fn a_key_or_a_certificate_that_may_not_be_read() {
    let world = World::new();
    world.wxbox("user add luffy").ok();
    let own = Certificate::new();
    let key = world.write(".config/wxbox/key.pem", &own.key);
    let certificate = world.write(".config/wxbox/cert.pem", &own.certificate);
    world.reconfigure(&[("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")]);
    mode(&key, 0);
    let Some(ran) = unprivileged(&world, "bind --user luffy") else { return };
    ran.is(str![[r#"
exit 3
--- stderr
error: listen.tls_key: cannot read [HOME]/.config/wxbox/key.pem: Permission denied (os error 13)
hint: let the user that runs wxbox read [HOME]/.config/wxbox/key.pem, for instance through its group

"#]]);
    mode(&key, 0o600);
    mode(&certificate, 0);
    unprivileged(&world, "--json bind --user luffy").unwrap().is(str![[r#"
exit 3
--- stderr
{"error":"listen.tls_cert: cannot read [HOME]/.config/wxbox/cert.pem: Permission denied (os error 13)","hint":"let the user that runs wxbox read [HOME]/.config/wxbox/cert.pem, for instance through its group","code":3}

"#]]);
}

/// A backup on a medium or in a place that cannot be written.
#[test]
fn a_database_that_may_only_be_read_is_read() {
    let world = World::new();
    world.wxbox("user add luffy --tag crew").ok();
    let dir = world.path("medium");
    std::fs::create_dir(&dir).unwrap();
    world.wxbox("backup medium/a%20b?.db").ok();
    let file = dir.join("a%20b?.db");
    mode(&file, 0o400);
    mode(&dir, 0o500);
    let read = |line: &str| unprivileged(&world, &format!("--database medium/a%20b?.db {line}"));
    let Some(ran) = read("user list") else { return };
    assert_eq!(ran.ok().stdout(), "luffy\t-\tcrew\t\n");
    for line in ["user show luffy", "user export", "outbox list", "outbox status", "backup copy.db"] {
        read(line).unwrap().ok();
    }
    std::fs::hard_link(&file, world.path("second.db")).unwrap();
    read("user list").unwrap().ok();
    std::fs::remove_file(world.path("second.db")).unwrap();
    read("user add nami").unwrap().is(str![[r#"
exit 1
--- stderr
error: the database medium/a%20b?.db cannot be written
hint: check the mode of the file and its directory, and whether the file system is mounted read-only

"#]]);
    // Each alone is enough.
    mode(&dir, 0o700);
    read("user list").unwrap().ok();
    mode(&dir, 0o500);
    mode(&file, 0o600);
    read("user list").unwrap().ok();
    let names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["a%20b?.db"]);
}

/// What root makes beside the database of another user, that user and the group can use.
#[test]
fn files_beside_the_database_belong_to_its_owner_and_group() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {}", crate::harness::LUFFY)).ok();
    let dir = world.database().parent().unwrap().to_owned();
    mode(&world.database(), 0o660);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(world.database(), Some(54321), Some(54322)).unwrap();
        std::os::unix::fs::chown(&dir, Some(54321), Some(54322)).unwrap();
    }
    let owner = world.database().metadata().unwrap();
    let relay = crate::relay::Relay::between(&mut world);
    relay.hold(crate::relay::Side::Answer, "/cgi-bin/message/");
    let sending = world.spawn("send -u luffy hello");
    relay.holds();
    world.wxbox("backup .local/share/wxbox/copy.db").ok();
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
    relay.release();
    sending.end().ok();
}
