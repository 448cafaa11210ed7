//! `init` behind a proxy that inspects TLS, and its prompts in a narrow window.

use wxbox::http_server::{HttpResponse, HttpServer, Limits, ServerHandle, ServerTls};

use crate::support::canned_server::TOKEN_BODY;
use crate::support::certificate::TestCertificate;
use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Returns an environment with the file of a CA that is not trusted yet, and a platform with a
/// certificate of that CA.
fn env_with_untrusted_ca() -> (TestEnv, ServerHandle, String) {
    let own = TestCertificate::new();
    let tls = ServerTls::new(own.certificate_pem.as_bytes(), own.key_pem.as_bytes()).unwrap();
    let server = HttpServer::bind("127.0.0.1:0", Limits::sandbox()).unwrap().with_tls(Some(tls));
    let running = server.start(|_| HttpResponse::json(200, TOKEN_BODY)).unwrap();
    let env = TestEnv::without_config();
    env.write_file("company.pem", &own.certificate_pem);
    let line = format!(
        "init --sandbox https://{} --app-id wx0123456789abcdef --redirect-uri http://127.0.0.1:8080/callback/",
        running.local_addr()
    );
    (env, running, line)
}

#[test]
fn ca_file_option_works_without_terminal() {
    let (mut env, _running, line) = env_with_untrusted_ca();
    env.set_variable("WXBOX_APP_SECRET", SECRET);
    let ran = env.run(&line);
    assert!(ran.stderr().contains("does not trust the authority that signed"), "{}", ran.stderr());
    assert!(
        ran.stderr().contains("use --ca-file with its CA certificate") && ran.status() == Some(1),
        "{}",
        ran.stderr()
    );
    let ran = env.run(&format!("{line} --ca-file missing.pem"));
    assert!(ran.stderr().contains("cannot use the CA file") && ran.status() == Some(3), "{}", ran.stderr());
    assert_eq!(env.read_config(), "");

    let path = env.path("company.pem");
    env.run(&format!("{line} --ca-file {}", path.display())).assert_success();
    assert!(env.read_config().contains(&format!("\nca_file = \"{}\"\n", path.display())), "{}", env.read_config());
    env.run("token").assert_success();
    // The config is in another directory, so a path relative to the current one would be wrong
    // there.
    let mut command = env.command(&format!("{line} --force --ca-file company.pem"));
    assert!(command.current_dir(path.parent().unwrap()).output().unwrap().status.success());
    env.run("token").assert_success();
}

#[test]
fn untrusted_certificate_prompts_for_ca_file() {
    let (env, _running, line) = env_with_untrusted_ca();
    let mut terminal = Terminal::start(env.command(&line), 60, 120);
    terminal.answer_hidden("AppSecret (not shown; press Enter to use the one of", &format!("{SECRET}\r"));
    terminal.answer("Receive WeChat's events?", "\r");
    terminal.answer("Press Enter to continue", "\r");
    terminal.answer("CA certificate file (PEM); press Enter if there is none:", "missing.pem\r");
    terminal.wait_for("error: cannot use the CA file");
    // The rejected answer can be edited. After an empty one, `init` asks how to continue.
    terminal.type_keys(&format!("{}\r", "\u{7f}".repeat("missing.pem".len())));
    terminal.answer("Try again?", "y\r");
    terminal.wait_for_count("CA certificate file (PEM); press Enter if there is none:", 2);
    terminal.type_keys(&format!("{}\r", env.path("company.pem").display()));
    terminal.wait_for("Verified.");
    terminal.wait().assert_status(0);
    assert!(env.read_config().contains("company.pem\""), "{}", env.read_config());
    env.run("token").assert_success();
}
