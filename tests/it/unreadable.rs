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
