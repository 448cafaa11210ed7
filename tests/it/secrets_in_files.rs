//! Unusable files that hold a secret: the error contains no byte of their content.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

use snapbox::str;

use crate::support::certificate::TestCertificate;
use crate::support::env::{TestEnv, set_mode};

/// Returns a PEM text as certificate stores, editors and shells damage it.
fn damaged_pem_variants(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body = pem.trim_end();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(pem.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![
        ("one line", body.replace('\n', "").into()),
        ("blanks", body.replace('\n', " ").into()),
        ("literal line ends", body.replace('\n', "\\n").into()),
        ("a line of quotes", format!("\"{}\"", body.replace('\n', "\\n")).into()),
        ("header on the line of the data", pem.replacen("-----\n", "-----", 1).into()),
        ("footer on the line of the data", body.replace("\n-----END", "-----END").into()),
        ("without its end", body.lines().filter(|line| !line.contains("END")).collect::<Vec<_>>().join("\n").into()),
        ("cut", body[..body.len() * 2 / 3].into()),
        ("a mark before it", format!("\u{feff}{pem}").into()),
        ("UTF-16", utf16),
        ("as it is", pem.into()),
    ]
}

/// Returns a piece of the key that the text contains, as text or as the numbers of its bytes.
fn find_key_fragment(text: &str, key: &str) -> Option<String> {
    const PIECE: usize = 6;
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let pieces = body.as_bytes().windows(PIECE);
    pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap()).find(|piece| {
        let numbers = |piece: &str| piece.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>();
        let hex = piece.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        text.contains(piece)
            || text.contains(&numbers(piece).join(", "))
            || text.contains(&numbers(piece).join(","))
            || text.to_lowercase().contains(&hex)
    })
}

#[test]
fn damaged_pem_error_reveals_no_key_byte() {
    let env = TestEnv::with_bound_luffy();
    env.run("user add nami").assert_success();
    let own = TestCertificate::new();
    env.replace_in_config(&[
        ("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n"),
        ("[network]\n", "[network]\nca_file = \"ca.pem\"\n"),
    ]);
    let both = format!("{}{}", own.certificate_pem, own.key_pem);
    for (pem, most) in [(&own.key_pem, usize::MAX), (&both, 3)] {
        for (at, (form, bytes)) in damaged_pem_variants(pem).into_iter().take(most).enumerate() {
            // Each of the three in turn, and the first two with their names swapped.
            for which in ["cert.pem", "key.pem", "ca.pem", "swapped"] {
                let mut files = [("cert.pem", own.certificate_pem.clone()), ("key.pem", own.key_pem.clone())]
                    .map(|(name, text)| (name, text.into_bytes()))
                    .to_vec();
                files.push(("ca.pem", own.certificate_pem.clone().into_bytes()));
                match which {
                    "swapped" => (files[0].1, files[1].1) = (bytes.clone(), own.certificate_pem.clone().into_bytes()),
                    which => files.iter_mut().filter(|file| file.0 == which).for_each(|file| file.1 = bytes.clone()),
                }
                for (name, bytes) in files {
                    env.write_file(&format!(".config/wxbox/{name}"), bytes);
                }
                let (one, other) = if at % 2 == 0 { ("-vv", "--json -vv") } else { ("--json -vv", "-vv") };
                for (options, line) in [
                    (one, "bind -u nami --timeout 1ms"),
                    (other, "bind -u nami --timeout 1ms"),
                    (one, "doctor"),
                    (other, "config show --origin"),
                    (one, "send -u luffy hi"),
                ] {
                    let ran = env.run(&format!("{options} {line}"));
                    let output = format!("{}{}", ran.stdout(), ran.stderr());
                    assert_eq!(find_key_fragment(&output, &own.key_pem), None, "{form} in {which}: {line}: {output}");
                }
            }
        }
    }
}

#[test]
fn missing_line_ends_are_explained_and_bom_is_accepted() {
    let env = TestEnv::new();
    env.run("user add nami").assert_success();
    let own = TestCertificate::new();
    env.replace_in_config(&[("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")]);
    env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
    env.write_file(".config/wxbox/key.pem", own.key_pem.replace('\n', "\\n"));
    env.assert_session(str![[r#"
$ wxbox bind -u nami --timeout 1ms
2> error: listen.tls_key: cannot use [HOME]/.config/wxbox/key.pem: line 1 has lost its line breaks: BEGIN, the data and END must be on separate lines
2> hint: write the file again with line breaks; `printf '%b' "$PEM"` converts \n in a variable
exit 3

"#]]);
    env.write_file(".config/wxbox/cert.pem", &own.key_pem);
    env.write_file(".config/wxbox/key.pem", &own.certificate_pem);
    env.assert_session(str![[r#"
$ wxbox bind -u nami --timeout 1ms
2> error: listen.tls_cert: cannot use [HOME]/.config/wxbox/cert.pem: the file contains a private key and no certificate
2> hint: set listen.tls_cert to a PEM file (-----BEGIN CERTIFICATE-----) with the certificate of this server and its chain, such as fullchain.pem
exit 3

"#]]);
    env.write_file(".config/wxbox/cert.pem", format!("\u{feff}{}", own.certificate_pem));
    env.write_file(".config/wxbox/key.pem", format!("\u{feff}{}", own.key_pem.replace('\n', "\r\n")));
    assert_eq!(env.run("bind -u nami --timeout 1ms").status(), Some(8));
    env.replace_in_config(&[("[network]\n", "[network]\nca_file = \"ca.pem\"\n")]);
    env.write_file(".config/wxbox/ca.pem", own.certificate_pem.replace('\n', " "));
    env.assert_session(str![[r#"
$ wxbox token
2> error: cannot use the CA file [HOME]/.config/wxbox/ca.pem: line 1 has lost its line breaks: BEGIN, the data and END must be on separate lines; write the file again with line breaks; `printf '%b' "$PEM"` converts \n in a variable
exit 3

"#]]);
    env.write_file(".config/wxbox/ca.pem", format!("\u{feff}{}", own.certificate_pem));
    env.run("token").assert_success();
}

#[test]
fn rejected_secret_is_reported_with_origin() {
    let mut env = TestEnv::new();
    let good = env.sandbox().app_secret.clone();
    env.set_variable("WXBOX_APP_SECRET", "5ec2e7f000000000000000000000c0de");
    env.assert_session(str![[r#"
$ wxbox token
2> error: cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
2> hint: compare the AppSecret in WXBOX_APP_SECRET with 微信开发者平台 → 我的业务 → 服务号 → 基础信息 → 开发密钥 (test account: its page); reset it there only if it is lost, because every program that uses the old one stops working
exit 3

"#]]);
    env.set_variable("WXBOX_APP_SECRET", "too-short");
    env.assert_session(str![[r#"
$ wxbox token
2> error: cannot get an access token: WeChat returned 40125 (invalid appsecret): the AppSecret is wrong
2> hint: copy the whole AppSecret to WXBOX_APP_SECRET again: it has 32 digits 0-9 and a-f; no reset is needed
exit 3

"#]]);
    env.set_variable("WXBOX_APP_SECRET", "").set_variable("WXBOX_APP_SECRET_FILE", "secret.txt");
    // The text as PowerShell and env files write it.
    for text in [format!("\u{feff}{good}"), format!("\"{good}\"\r\n"), format!("{good}\n\n")] {
        env.write_file("secret.txt", text);
        env.run("token --refresh").assert_success();
    }
    env.write_file("secret.txt", "5ec2e7f000000000000000000000c0de");
    let ran = env.run("token --refresh");
    assert!(ran.stderr().contains("compare the AppSecret in secret.txt"), "{}", ran.stderr());
}

#[test]
fn readable_secret_file_warns_and_writable_is_rejected() {
    let mut env = TestEnv::new();
    let good = env.sandbox().app_secret.clone();
    let file = env.write_file("secret.txt", good);
    env.set_variable("WXBOX_APP_SECRET_FILE", "secret.txt");
    set_mode(&file, 0o644);
    let ran = env.run("token").assert_success();
    assert!(ran.stderr().contains("every user of this machine can read secret.txt"), "{}", ran.stderr());
    set_mode(&file, 0o666);
    env.assert_session(str![[r#"
$ wxbox token
2> error: other users can change secret.txt (mode 666)
2> hint: run `chmod go-w 'secret.txt'`
exit 3

"#]]);
    // A command that needs no secret still works.
    env.run("user list").assert_success();
    // The same rule applies to the listener's key.
    env.set_variable("WXBOX_APP_SECRET_FILE", "");
    let own = TestCertificate::new();
    env.write_file(".config/wxbox/cert.pem", &own.certificate_pem);
    let key = env.write_file(".config/wxbox/key.pem", &own.key_pem);
    env.replace_in_config(&[("[listen]\n", "[listen]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n")]);
    env.run("user add nami").assert_success();
    set_mode(&key, 0o620);
    let ran = env.run("bind -u nami --timeout 1ms");
    assert!(ran.status() == Some(3) && ran.stderr().contains("other users can change "), "{}", ran.stderr());
}

#[test]
fn file_of_other_user_is_rejected_except_root() {
    const OTHER: u32 = 65_533;
    const SERVICE: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file to another user.
        return;
    }
    let env = TestEnv::new();
    let config = env.path(".config/wxbox/config.toml");
    set_mode(env.home.path(), 0o755);
    // The program itself may be in a directory that only root can enter.
    let program = env.path("wxbox");
    // `cp` copies the program: a child of another test would hold a copy made by this process open
    // for writing, and it could not be executed.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_wxbox")).arg(&program).status().unwrap();
    assert!(copied.success());
    set_mode(&program, 0o755);
    let as_service = || {
        let mut command = Command::new(&program);
        command.args(["config", "show"]).env_clear().env("HOME", env.home.path()).uid(SERVICE).gid(SERVICE);
        let output = command.current_dir("/").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    set_mode(&config, 0o644);
    chown(&config, Some(OTHER), None).unwrap();
    let (status, said) = as_service();
    assert!(status == Some(3) && said.contains("belongs to another user (uid 65533)"), "{said}");
    for owner in [SERVICE, 0] {
        chown(&config, Some(owner), None).unwrap();
        assert_eq!(as_service().0, Some(0), "{}", as_service().1);
    }
    chown(&config, Some(SERVICE), None).unwrap();
    env.run("config show").assert_success();
    // The file is root's, but another user owns the symbolic link to it.
    let real = env.path("real.toml");
    std::fs::rename(&config, &real).unwrap();
    chown(&real, Some(0), None).unwrap();
    std::os::unix::fs::symlink(&real, &config).unwrap();
    assert_eq!(as_service().0, Some(0));
    std::os::unix::fs::lchown(&config, Some(OTHER), None).unwrap();
    let (status, said) = as_service();
    assert!(status == Some(3) && said.contains("belongs to another user"), "{said}");
}
