//! Nothing that is secret gets out: not in output, not in a log, not in a file, whatever fails.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::canned::{Answer, Canned, answer, json};
use crate::files;
use crate::harness::{LUFFY, NAMI, World, allow, open};

const PASSWORD: &str = "a-password-to-look-for";

/// Fails if one of the texts stands in the output of a line, or in a file of the home that is neither the
/// config nor the database.
#[track_caller]
fn keeps(world: &World, line: &str, stdin: &str, private: &[&str]) {
    let ran = world.feed(line, stdin);
    for text in private {
        assert!(!ran.stdout().contains(text), "{line}: {text} on stdout: {}", ran.stdout());
        assert!(!ran.stderr().contains(text), "{line}: {text} on stderr: {}", ran.stderr());
    }
    nowhere_in(world, private);
}

#[track_caller]
fn nowhere_in(world: &World, private: &[&str]) {
    let own =
        |file: &Path| file.starts_with(world.path(".config")) || file.starts_with(world.database().parent().unwrap());
    for file in files::below(world.home.path()).iter().filter(|file| !own(file)) {
        for text in private {
            assert!(!files::holds(file, text), "{text} in {}", file.display());
        }
    }
}

/// Every command that could say too much.
fn every_line() -> Vec<String> {
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

fn people(world: &World) {
    world.feed(&format!("user add luffy --openid {LUFFY} --password-stdin"), PASSWORD).ok();
    world.wxbox(&format!("user add zoro --openid {NAMI}")).ok();
    world.feed("user add nami --password-stdin", PASSWORD).ok();
}

#[test]
fn no_command_says_a_secret_while_all_goes_well() {
    let mut world = World::new();
    std::fs::remove_file(world.path("world.toml")).unwrap();
    people(&world);
    let token = world.wxbox("token").ok().stdout().trim().to_owned();
    let secret = world.sandbox().app_secret.clone();
    for line in every_line() {
        keeps(&world, &line, "", &[&secret, &token, PASSWORD]);
    }
    for line in ["-vv bind --user nami --password-stdin --timeout 1ms", "-vv --json user passwd nami --password-stdin"]
    {
        keeps(&world, line, PASSWORD, &[&secret, &token, PASSWORD]);
        keeps(&world, line, &format!("{PASSWORD}\nsecond"), &[&secret, &token, PASSWORD]);
    }
}

#[test]
fn no_code_is_said_when_a_binding_ends_well_or_badly() {
    let world = World::new();
    world.wxbox("user add nami").ok();
    for _ in 0..2 {
        let mut bind = world.spawn("-vv bind --user nami --rebind");
        let callback = allow(&bind.next_line(), "nami");
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let refused = callback.as_str().replace(&code, "a-code-that-is-refused");
        assert_eq!(open(&refused.parse().unwrap()).0 / 100, 4);
        assert_eq!(open(&callback).0, 200);
        let ran = bind.end().ok();
        for text in [code.as_str(), "a-code-that-is-refused"] {
            assert!(!ran.stdout().contains(text) && !ran.stderr().contains(text), "{}", ran.stderr());
            assert!(!files::database_holds(&world, text), "a code in the database");
        }
        nowhere_in(&world, &[&code]);
    }
}

#[test]
fn no_command_says_a_secret_while_all_goes_wrong() {
    let refused = "ip_whitelist = [\"192.0.2.1\"]\n";
    let mut world = World::of(refused);
    std::fs::remove_file(world.path("world.toml")).unwrap();
    people(&world);
    let secret = world.sandbox().app_secret.clone();
    for line in every_line().into_iter().chain(["-vv token".to_owned(), "--json token --refresh".to_owned()]) {
        keeps(&world, &line, "", &[&secret, PASSWORD]);
    }
    let init = "-vv -c refused.toml init --app-id wx1 --redirect-uri http://192.0.2.1/ --secret-stdin";
    for line in [init.to_owned(), format!("--json {init}"), format!("{init} --sandbox {}", world.sandbox().url)] {
        world.set("HTTPS_PROXY", "http://127.0.0.1:1");
        keeps(&world, &line, "a-secret-to-look-for", &["a-secret-to-look-for"]);
    }
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    let api = world.sandbox().url.clone();
    for broken in [
        config.replace(&api, "http://127.0.0.1:1"),
        config.replace("app_secret = ", "app_secret = x"),
        config.replace("app_secret = ", "app_sceret = "),
        config.replace("app_secret = ", "[templates.x]\nid = \"a\"\n[templates.x.data]\nkey = { value = 1, color = ")
            + "}",
        format!("{config}\n[network]\nproxy = \"http://user:{PASSWORD}@127.0.0.1:1\"\n"),
        config.replace("[network]\n", &format!("[network]\nproxy = \"http://user:{PASSWORD}@[::\"\n")),
    ] {
        world.config(&broken);
        for line in [
            "-vv send -u luffy hi",
            "-vv token",
            "-vv --json token",
            "-vv user list",
            "-vv bind --user nami",
            "-vv doctor",
            "-vv --json doctor",
        ] {
            keeps(&world, line, "", &[&secret, PASSWORD]);
        }
    }
}

#[test]
fn an_answer_that_reflects_the_request_is_not_shown() {
    let token = r#"{"access_token":"canned-token-1","expires_in":7200}"#;
    let page = "<html>GET /cgi-bin/x?access_token=canned-token-1&secret=canned-secret</html>";
    let refusal = r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#;
    let lies: [fn(&str) -> Answer; 3] = [
        |page| answer("502 Bad Gateway", "text/html", page),
        |page| answer("200 OK", "text/html", page),
        |page| {
            let location = format!("http://127.0.0.1:1/?{page}").replace(['<', '>', ' '], "");
            Answer::Bytes(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into())
        },
    ];
    for lie in lies {
        let server = Canned::new(vec![lie(page), json(refusal), json(token), lie(page), lie(page)]);
        let world = server.world("", "");
        world.config_first("token_endpoint = \"classic\"");
        for line in ["-vv token", "-vv token", "-vv send -u luffy hi", "-vv --json send -u luffy hi"] {
            keeps(&world, line, "", &["canned-token-1", "canned-secret"]);
        }
    }
}

#[test]
fn files_are_for_the_owner_alone_whatever_the_umask() {
    let world = World::new();
    let loose = |line: &str| {
        let command = world.command(line);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(world.home.path()).arg0("sh");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    loose(&format!("user add luffy --openid {LUFFY}"));
    loose("send -u luffy hi");
    loose("doctor");
    // A connection that stays open keeps the write-ahead log and its index in place.
    let open = rusqlite::Connection::open(world.database()).unwrap();
    open.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0)).unwrap();
    loose("user edit luffy --note x");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = world.database().parent().unwrap().to_owned();
    let mut found: Vec<_> = files::below(&directory)
        .iter()
        .map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), format!("{:o}", mode(file))))
        .collect();
    found.sort();
    let expected = ["wxbox.db", "wxbox.db-shm", "wxbox.db-token-lock", "wxbox.db-wal"];
    assert_eq!(found, expected.map(|name| (name.to_owned(), "600".to_owned())));
    assert_eq!(format!("{:o}", mode(&directory)), "700");
}
