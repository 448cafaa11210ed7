//! No secret leaks: into no output, log or file, for any failure.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::support::canned_server::{CannedResponse, CannedServer, http_response, json_response};
use crate::support::env::{LUFFY, NAMI, TestEnv, authorize, page_title};
use crate::support::files;

const PASSWORD: &str = "a-password-to-look-for";

/// Fails if one of the texts occurs in the output of a command, or in a file of the home that is
/// neither the config nor the database.
#[track_caller]
fn assert_line_keeps_secrets(env: &TestEnv, line: &str, stdin: &str, private: &[&str]) {
    let ran = env.run_with_stdin(line, stdin);
    for text in private {
        assert!(!ran.stdout().contains(text), "{line}: {text} on stdout: {}", ran.stdout());
        assert!(!ran.stderr().contains(text), "{line}: {text} on stderr: {}", ran.stderr());
    }
    assert_files_lack(env, private);
}

#[track_caller]
fn assert_files_lack(env: &TestEnv, private: &[&str]) {
    let own =
        |file: &Path| file.starts_with(env.path(".config")) || file.starts_with(env.database_path().parent().unwrap());
    for file in files::list_files(env.home.path()).iter().filter(|file| !own(file)) {
        for text in private {
            assert!(!files::contains(file, text), "{text} in {}", file.display());
        }
    }
}

/// Returns every command whose output could contain a secret.
fn command_lines() -> Vec<String> {
    let lines = [
        "user list",
        "user show luffy",
        "user show nobody",
        "user edit luffy --note x",
        "user passwd nobody --remove",
        "user add luffy",
        "send -u luffy hi",
        "send -u luffy -u nami -t backup -d host=a",
        "send -u luffy -t unknown_template",
        "send --all hi",
        "send -u luffy --dry-run hi",
        "send -u nobody hi",
        "outbox list",
        "outbox show 1",
        "outbox show 99",
        "unbind --user nobody",
        "bind --user nami --timeout 1ms",
        "bind --user nami --openid x",
        "bind --user luffy",
        "user sync",
        "follower list",
        "follower show oLuffy_wears_the_straw_hat_1",
        "follower remark oLuffy_wears_the_straw_hat_1 captain",
        "quota show",
        "quota clear --yes",
        "explain 40001",
        "doctor",
        "init",
        "-c new.toml init --secret-stdin --app-id wx1",
        "explain 6aac005a-01bfdbee-79769285",
        "sned",
        "send -u luffy --tempalte x",
        "user remove luffy",
    ];
    lines.iter().flat_map(|line| [(*line).to_owned(), format!("-vv {line}"), format!("--json -vv {line}")]).collect()
}

fn add_users(env: &TestEnv) {
    env.run_with_stdin(&format!("user add luffy --openid {LUFFY} --password-stdin"), PASSWORD).assert_success();
    env.run(&format!("user add zoro --openid {NAMI}")).assert_success();
    env.run_with_stdin("user add nami --password-stdin", PASSWORD).assert_success();
}

#[test]
fn successful_commands_reveal_no_secret() {
    let mut env = TestEnv::new();
    std::fs::remove_file(env.path("world.toml")).unwrap();
    add_users(&env);
    let token = env.run("token").assert_success().stdout().trim().to_owned();
    let secret = env.sandbox().app_secret.clone();
    for line in command_lines() {
        assert_line_keeps_secrets(&env, &line, "", &[&secret, &token, PASSWORD]);
    }
    for line in ["-vv bind --user nami --password-stdin --timeout 1ms", "-vv --json user passwd nami --password-stdin"]
    {
        assert_line_keeps_secrets(&env, line, PASSWORD, &[&secret, &token, PASSWORD]);
        assert_line_keeps_secrets(&env, line, &format!("{PASSWORD}\nsecond"), &[&secret, &token, PASSWORD]);
    }
}

#[test]
fn binding_reveals_no_code() {
    let env = TestEnv::new();
    env.run("user add nami").assert_success();
    for _ in 0..2 {
        let mut bind = env.spawn("-vv bind --user nami --rebind");
        let callback = authorize(&bind.expect_line(), "nami");
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let refused = callback.as_str().replace(&code, "a-code-that-is-refused");
        assert_eq!(page_title(&refused.parse().unwrap()).0 / 100, 4);
        assert_eq!(page_title(&callback).0, 200);
        let ran = bind.wait().assert_success();
        for text in [code.as_str(), "a-code-that-is-refused"] {
            assert!(!ran.stdout().contains(text) && !ran.stderr().contains(text), "{}", ran.stderr());
            assert!(!files::database_contains(&env, text), "a code in the database");
        }
        assert_files_lack(&env, &[&code]);
    }
}

#[test]
fn failing_commands_reveal_no_secret() {
    let refused = "ip_whitelist = [\"192.0.2.1\"]\n";
    let mut env = TestEnv::with_scenario(refused);
    std::fs::remove_file(env.path("world.toml")).unwrap();
    add_users(&env);
    let secret = env.sandbox().app_secret.clone();
    for line in command_lines().into_iter().chain(["-vv token".to_owned(), "--json token --refresh".to_owned()]) {
        assert_line_keeps_secrets(&env, &line, "", &[&secret, PASSWORD]);
    }
    let init = "-vv -c refused.toml init --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin";
    for line in [init.to_owned(), format!("--json {init}"), format!("{init} --sandbox {}", env.sandbox().url)] {
        env.set_variable("HTTPS_PROXY", "http://127.0.0.1:1");
        assert_line_keeps_secrets(&env, &line, "a-secret-to-look-for", &["a-secret-to-look-for"]);
    }
    let config = env.read_config();
    let api = env.sandbox().url.clone();
    for broken in [
        config.replace(&api, "http://127.0.0.1:1"),
        config.replace("app_secret = ", "app_secret = x"),
        config.replace("app_secret = ", "app_sceret = "),
        config.replace("app_secret = ", "[templates.x]\nid = \"a\"\n[templates.x.data]\nkey = { value = 1, color = ")
            + "}",
        format!("{config}\n[network]\nproxy = \"http://user:{PASSWORD}@127.0.0.1:1\"\n"),
        config.replace("[network]\n", &format!("[network]\nproxy = \"http://user:{PASSWORD}@[::\"\n")),
    ] {
        env.write_config(&broken);
        for line in [
            "-vv send -u luffy hi",
            "-vv token",
            "-vv --json token",
            "-vv user list",
            "-vv bind --user nami",
            "-vv doctor",
            "-vv --json doctor",
        ] {
            assert_line_keeps_secrets(&env, line, "", &[&secret, PASSWORD]);
        }
    }
}

#[test]
fn reflected_request_is_redacted() {
    let token = r#"{"access_token":"canned-token-1","expires_in":7200}"#;
    let page = "<html>GET /cgi-bin/x?access_token=canned-token-1&secret=canned-secret</html>";
    let refusal = r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#;
    let lies: [fn(&str) -> CannedResponse; 3] = [
        |page| http_response("502 Bad Gateway", "text/html", page),
        |page| http_response("200 OK", "text/html", page),
        |page| {
            let location = format!("http://127.0.0.1:1/?{page}").replace(['<', '>', ' '], "");
            CannedResponse::Bytes(
                format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into(),
            )
        },
    ];
    for lie in lies {
        let server =
            CannedServer::new(vec![lie(page), json_response(refusal), json_response(token), lie(page), lie(page)]);
        let env = server.env("", "");
        env.prepend_config("token_endpoint = \"classic\"");
        for line in ["-vv token", "-vv token", "-vv send -u luffy hi", "-vv --json send -u luffy hi"] {
            assert_line_keeps_secrets(&env, line, "", &["canned-token-1", "canned-secret"]);
        }
    }
}

#[test]
fn created_files_are_private_under_any_umask() {
    let env = TestEnv::new();
    let loose = |line: &str| {
        let command = env.command(line);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(env.home.path()).arg0("sh");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    loose(&format!("user add luffy --openid {LUFFY}"));
    loose("send -u luffy hi");
    loose("doctor");
    // A connection that stays open keeps the write-ahead log and its index in place.
    let open = rusqlite::Connection::open(env.database_path()).unwrap();
    open.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0)).unwrap();
    loose("user edit luffy --note x");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = env.database_path().parent().unwrap().to_owned();
    let mut found: Vec<_> = files::list_files(&directory)
        .iter()
        .map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), format!("{:o}", mode(file))))
        .collect();
    found.sort();
    let expected = ["wxbox.db", "wxbox.db-shm", "wxbox.db-token-lock", "wxbox.db-wal"];
    assert_eq!(found, expected.map(|name| (name.to_owned(), "600".to_owned())));
    assert_eq!(format!("{:o}", mode(&directory)), "700");
}
