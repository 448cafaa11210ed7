//! `init` behind something that inspects TLS; and its questions in a narrow window.

use wxbox::http::{Door, Limits, Reply, Running, Tls};

use crate::canned::TOKEN;
use crate::certificate::Certificate;
use crate::harness::World;
use crate::pty::Terminal;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A world with the file of an authority that nobody trusts yet, and a platform with a certificate by it.
fn world() -> (World, Running, String) {
    let own = Certificate::new();
    let tls = Tls::new(own.certificate.as_bytes(), own.key.as_bytes()).unwrap();
    let door = Door::bind("127.0.0.1:0", Limits::sandbox()).unwrap().speaking(Some(tls));
    let running = door.open(|_| Reply::json(200, TOKEN)).unwrap();
    let world = World::empty();
    world.write("company.pem", &own.certificate);
    let line = format!(
        "init --sandbox https://{} --app-id wx0123456789abcdef --redirect-uri http://127.0.0.1:8080/callback/",
        running.local_addr()
    );
    (world, running, line)
}

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap_or_default()
}

#[test]
fn an_authority_can_be_named_where_nobody_is_asked() {
    let (mut world, _running, line) = world();
    world.set("WXBOX_APP_SECRET", SECRET);
    let ran = world.wxbox(&line);
    assert!(ran.stderr().contains("signed by an authority that is not trusted here"), "{}", ran.stderr());
    assert!(ran.stderr().contains("--ca-file names the file") && ran.status() == Some(1), "{}", ran.stderr());
    let ran = world.wxbox(&format!("{line} --ca-file missing.pem"));
    assert!(ran.stderr().contains("cannot use the CA file") && ran.status() == Some(3), "{}", ran.stderr());
    assert_eq!(config(&world), "");

    let path = world.path("company.pem");
    world.wxbox(&format!("{line} --ca-file {}", path.display())).ok();
    assert!(config(&world).contains(&format!("\nca_file = \"{}\"\n", path.display())), "{}", config(&world));
    world.wxbox("token").ok();
    // The config stands elsewhere, so what is relative to here would be lost there.
    let mut command = world.command(&format!("{line} --force --ca-file company.pem"));
    assert!(command.current_dir(path.parent().unwrap()).output().unwrap().status.success());
    world.wxbox("token").ok();
}

#[test]
fn an_authority_is_asked_for_where_it_is_wanted() {
    let (world, _running, line) = world();
    let mut terminal = Terminal::start(world.command(&line), 60, 120);
    terminal.until("AppSecret (not shown):");
    terminal.unseen_keys(&format!("{SECRET}\r"));
    terminal.until("CA certificate file (PEM), or Enter if there is none:");
    terminal.keys("missing.pem\r");
    terminal.until("error: cannot use the CA file");
    // What was refused stands there for editing. Whoever has none is asked what to do then.
    terminal.keys(&format!("{}\r", "\u{7f}".repeat("missing.pem".len())));
    terminal.until("Try again?");
    terminal.keys("y\r");
    terminal.until_so_often("CA certificate file (PEM), or Enter if there is none:", 2);
    terminal.keys(&format!("{}\r", world.path("company.pem").display()));
    terminal.until("WeChat takes them.");
    let ended = terminal.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.screen.contents());
    assert!(config(&world).contains("company.pem\""), "{}", config(&world));
    world.wxbox("token").ok();
}
