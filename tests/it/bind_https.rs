//! The listener with its own certificate, and with the file by which WeChat verifies the domain.

use std::path::PathBuf;

use reqwest::Method;
use rustix::process::Signal;
use snapbox::str;

use crate::bind::{env_with_luffy, finish_after_report};
use crate::doctor::problem_lines;
use crate::support::certificate::TestCertificate;
use crate::support::env::{RunningCommand, TestEnv, authorize, http_client, page_title, set_mode};

/// Appends lines to the `[listen]` table of the config.
fn append_listen_config(env: &TestEnv, lines: &str) {
    env.replace_in_config(&[("[listen]\n", &format!("[listen]\n{lines}\n"))]);
}

/// Returns the listener's configured address without its port.
fn listen_host(env: &TestEnv) -> String {
    let text = env.read_config();
    let line = text.lines().find_map(|line| line.strip_prefix("address = \"")).unwrap();
    line.split_once(':').unwrap().0.to_owned()
}

/// Returns an environment with luffy and an HTTPS listener, and the listener's certificate.
fn env_with_tls() -> (TestEnv, TestCertificate) {
    let env = env_with_luffy();
    let own = TestCertificate::for_name(&listen_host(&env));
    env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
    env.write_file(".config/wxbox/key.pem", &own.key_pem);
    append_listen_config(&env, "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"");
    env.replace_in_config(&[("redirect_uri = \"http://", "redirect_uri = \"https://")]);
    (env, own)
}

/// Interrupts a bind once it is waiting.
fn stop_after_start(mut bind: RunningCommand) -> crate::support::env::CommandOutput {
    assert_ne!(bind.expect_line(), "");
    bind.signal(Signal::INT);
    bind.wait()
}

#[test]
fn phone_calls_back_over_https() {
    let (env, own) = env_with_tls();
    let mut bind = env.spawn("--json bind --user luffy --short-link");
    let event: serde_json::Value = serde_json::from_str(&bind.expect_line()).unwrap();
    let short = event["short_link"].as_str().unwrap();
    assert!(short.starts_with("https://"), "{short}");
    let sent_on = own.http_client().get(short).send().unwrap();
    assert_eq!(sent_on.headers()["location"], event["url"].as_str().unwrap());
    let callback = authorize(event["url"].as_str().unwrap(), "luffy");
    assert_eq!(callback.scheme(), "https");
    // Neither plain text nor an untrusted certificate is accepted.
    let mut clear = callback.clone();
    clear.set_scheme("http").unwrap();
    clear.set_port(callback.port()).unwrap();
    assert!(http_client().get(clear).send().is_err());
    assert!(http_client().get(callback.clone()).send().is_err());
    let answer = own.http_client().get(callback).send().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().unwrap().contains("绑定成功"));
    assert_eq!(finish_after_report(bind).assert_success().json_lines().len(), 2);
}

#[test]
fn invalid_certificate_or_key_fails_before_listening() {
    let (env, own) = env_with_tls();
    let try_with = |certificate: &str, key: &str| {
        env.write_file(".config/wxbox/cert.pem", certificate);
        env.write_file(".config/wxbox/key.pem", key);
        env.run("bind --user luffy")
    };
    let other = TestCertificate::new();
    try_with(&own.certificate_pem, &other.key_pem).assert_snapshot(str![[r#"
exit 3
--- stderr
error: the key in [HOME]/.config/wxbox/key.pem does not belong to the certificate in [HOME]/.config/wxbox/cert.pem
hint: use the key of the first certificate in the file, which must be the certificate of this server

"#]]);
    try_with("", &own.key_pem).assert_snapshot(str![[r#"
exit 3
--- stderr
error: listen.tls_cert: cannot use [HOME]/.config/wxbox/cert.pem: the file contains no usable block that begins with -----BEGIN
hint: set listen.tls_cert to a PEM file (-----BEGIN CERTIFICATE-----) with the certificate of this server and its chain, such as fullchain.pem

"#]]);
    try_with(&own.certificate_pem.replacen("MII", "MIX", 1), &own.key_pem).assert_snapshot(str![[r#"
exit 3
--- stderr
error: listen.tls_cert: cannot use [HOME]/.config/wxbox/cert.pem: the block that begins on line 1 is damaged
hint: copy the whole file again from where it was created

"#]]);
    try_with(&own.certificate_pem, "nonsense").assert_snapshot(str![[r#"
exit 3
--- stderr
error: listen.tls_key: cannot use [HOME]/.config/wxbox/key.pem: the file contains no usable block that begins with -----BEGIN
hint: set listen.tls_key to a PEM file with an RSA, ECDSA or Ed25519 key (-----BEGIN PRIVATE KEY-----), such as privkey.pem

"#]]);
    try_with(&own.certificate_pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----").assert_snapshot(str![[r#"
exit 3
--- stderr
error: cannot use the key in [HOME]/.config/wxbox/key.pem: it is encrypted
hint: run `(umask 077; openssl pkey -in '[HOME]/.config/wxbox/key.pem' -out '[HOME]/.config/wxbox/key.pem.plain')` to decrypt it, and set listen.tls_key to the new file

"#]]);
    try_with(&own.certificate_pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").assert_snapshot(
        str![[r#"
exit 3
--- stderr
error: cannot use the key in [HOME]/.config/wxbox/key.pem
hint: set listen.tls_key to a PEM file with an RSA, ECDSA or Ed25519 key (-----BEGIN PRIVATE KEY-----), such as privkey.pem

"#]],
    );
    std::fs::remove_file(env.path(".config/wxbox/key.pem")).unwrap();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: listen.tls_key: cannot read [HOME]/.config/wxbox/key.pem: No such file or directory (os error 2)
2> hint: check listen.tls_key; a relative path starts at the directory of the config
exit 3

"#]]);
    env.replace_in_config(&[("tls_key = \"key.pem\"\n", "")]);
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: [HOME]/.config/wxbox/config.toml:5: listen.tls_cert requires listen.tls_key
exit 3

"#]]);
}

#[test]
fn readable_key_and_plain_http_are_warned_of() {
    let (env, _) = env_with_tls();
    set_mode(&env.path(".config/wxbox/key.pem"), 0o644);
    env.replace_in_config(&[("redirect_uri = \"https://", "redirect_uri = \"http://")]);
    stop_after_start(env.spawn("bind --user luffy")).assert_snapshot(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
warning: every user of this machine can read [HOME]/.config/wxbox/key.pem, which contains a secret: run `chmod 600 '[HOME]/.config/wxbox/key.pem'`
warning: http://[LISTENER]/callback/ is http, but with listen.tls_cert the listener serves only HTTPS, so phones cannot connect: begin redirect_uri with https, or remove listen.tls_cert and listen.tls_key
Open the URL in the WeChat app of luffy.
interrupted

"#]]);
    let found = problem_lines(&env.run("--json doctor"));
    assert!(
        found.iter().any(|line| line.starts_with("warning permissions: ") && line.contains("key.pem")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|line| line.starts_with("warning callback: ") && line.contains("serves only HTTPS")),
        "{found:?}"
    );
    // Without a listener these settings have no effect.
    let mut command = env.command("bind --user luffy --paste");
    let (theirs, _ours) = std::io::pipe().unwrap();
    command.stdin(theirs);
    assert!(!stop_after_start(env.spawn_command(command, "paste")).stderr().contains("warning"));
}

#[test]
fn the_doctor_calls_over_https() {
    let (env, _) = env_with_tls();
    let callback = |env: &TestEnv| -> Vec<String> {
        let found = problem_lines(&env.run("--json doctor")).into_iter();
        found.filter(|line| line.contains(" callback: ")).collect()
    };
    // No phone trusts this certificate.
    let found = callback(&env);
    assert!(found.len() == 1 && found[0].starts_with("failure callback: ") && found[0].contains("trust"), "{found:?}");
    env.replace_in_config(&[("[network]\n", "[network]\nca_file = \"cert.pem\"\n")]);
    assert_eq!(callback(&env), Vec::<String>::new());
    env.write_file(".config/wxbox/key.pem", "");
    let found = callback(&env);
    assert!(found[0].starts_with("failure callback: listen.tls_key: cannot use "), "{found:?}");
}

/// Returns an environment with luffy and a verification file in the config directory.
fn env_with_verification_file(name: &str, content: &[u8]) -> (TestEnv, PathBuf) {
    let env = env_with_luffy();
    let path = env.write_file(&format!(".config/wxbox/{name}"), content);
    append_listen_config(&env, &format!("domain_verify_file = \"{name}\""));
    (env, path)
}

#[test]
fn verification_file_is_served_during_bind() {
    const NAME: &str = "MP_verify_a1B2c3D4e5F6g7H8.txt";
    let (env, _) = env_with_verification_file(NAME, b"a1B2c3D4e5F6g7H8");
    let mut bind = env.spawn("bind --user luffy");
    let callback = authorize(&bind.expect_line(), "luffy");
    let get = |method: Method, path: &str| {
        let mut url = callback.clone();
        url.set_path(path);
        url.set_query(None);
        let answer = http_client().request(method, url).send().unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.text().unwrap())
    };
    let served = (200, "text/plain; charset=utf-8".to_owned(), "a1B2c3D4e5F6g7H8".to_owned());
    assert_eq!(get(Method::GET, &format!("/{NAME}")), served);
    assert_eq!(get(Method::GET, &format!("/callback/{NAME}")), served);
    assert_eq!(get(Method::HEAD, &format!("/{NAME}")).0, 200);
    for path in ["/MP_verify_a1B2c3D4e5F6g7H9.txt", &format!("/other/{NAME}"), &format!("/callback/..%2f{NAME}")] {
        assert_eq!(get(Method::GET, path).0, 404, "{path}");
    }
    // The request does not affect the binding.
    assert_eq!(page_title(&callback).0, 200);
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Open the URL in the WeChat app of luffy.

"#]]);
}

#[test]
fn invalid_verification_file_is_not_served() {
    let (env, path) = env_with_verification_file("MP_verify_a1B2c3D4e5F6g7H8.txt", b"");
    std::fs::remove_file(&path).unwrap();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: listen.domain_verify_file: cannot read [HOME]/.config/wxbox/MP_verify_a1B2c3D4e5F6g7H8.txt: No such file or directory (os error 2)
2> hint: check listen.domain_verify_file; a relative path starts at the directory of the config
exit 3

"#]]);
    std::fs::create_dir(&path).unwrap();
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: listen.domain_verify_file: cannot read [HOME]/.config/wxbox/MP_verify_a1B2c3D4e5F6g7H8.txt: Is a directory (os error 21)
2> hint: check listen.domain_verify_file; a relative path starts at the directory of the config
exit 3

"#]]);
    let (env, _) = env_with_verification_file("MP_verify_a1B2c3D4e5F6g7H8.txt", &[b'x'; 2000]);
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: listen.domain_verify_file: cannot read [HOME]/.config/wxbox/MP_verify_a1B2c3D4e5F6g7H8.txt: file too large
2> hint: check listen.domain_verify_file; a relative path starts at the directory of the config
exit 3

"#]]);
    let (env, _) = env_with_verification_file("MP_verify.txt", b"");
    env.assert_session(str![[r#"
$ wxbox bind --user luffy
2> error: [HOME]/.config/wxbox/MP_verify.txt is not the file of WeChat: unexpected file name
2> hint: set listen.domain_verify_file to the file that 网页授权域名 provides (微信公众平台 → 设置与开发 → 账号设置 → 功能设置): MP_verify_, 16 letters or digits, .txt
exit 3

"#]]);
    let found = problem_lines(&env.run("--json doctor"));
    assert!(
        found.iter().any(|line| line.starts_with("failure callback: ") && line.contains("MP_verify.txt")),
        "{found:?}"
    );
    // The file is served unchanged, because WeChat decides whether it is valid.
    let (env, _) = env_with_verification_file("MP_verify_a1B2c3D4e5F6g7H8.txt", b"something else");
    stop_after_start(env.spawn("bind --user luffy")).assert_snapshot(str![[r#"
exit 130
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
--- stderr
warning: WeChat will not accept [HOME]/.config/wxbox/MP_verify_a1B2c3D4e5F6g7H8.txt: it does not contain the 16 characters of its name: download the file again from the WeChat console, and do not change it
Open the URL in the WeChat app of luffy.
interrupted

"#]]);
}
