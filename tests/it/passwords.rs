//! Passwords of users: how they are entered and stored.

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::files::database_contains;

#[test]
fn passwords_are_kept_as_argon2id() {
    let env = TestEnv::new();
    env.run_with_stdin("user add luffy --password-stdin", "correct horse\n").assert_snapshot(str![[r#"
exit 0
--- stdout
added luffy

"#]]);
    let hash: String = env.query("SELECT password FROM users");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    env.run_with_stdin("user passwd luffy --password-stdin", "second\r\n").assert_snapshot(str![[r#"
exit 0
--- stdout
set the password of luffy

"#]]);
    let second: String = env.query("SELECT password FROM users");
    assert_ne!(hash, second);
    for password in ["correct horse", "second"] {
        assert!(!database_contains(&env, password), "{password}");
    }
    // Surrounding characters that PowerShell and editors add are not part of it.
    for surrounded in ["\u{feff}second\r\n", "second\n\n", "second"] {
        env.run_with_stdin("user passwd luffy --password-stdin", surrounded).assert_success();
        let bind = env.run_with_stdin("bind --user luffy --password-stdin --timeout 1ms", "second\n");
        assert_eq!(bind.status(), Some(8), "{}", bind.stderr());
    }
    for bad in ["", "\n", "\r\n", "\u{feff}\n", "two\nlines\n", &"x".repeat(5000)] {
        let before: String = env.query("SELECT password FROM users");
        env.run_with_stdin("user passwd luffy --password-stdin", bad).assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input must contain the password in one line

"#]]);
        assert_eq!(env.query::<String>("SELECT password FROM users"), before);
    }
    env.run_with_stdin("user passwd luffy --password-stdin", b"\xff\xfe\n").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8

"#]]);
    env.run("user passwd luffy").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the new password of luffy is missing
hint: use --password-stdin, or --remove to remove the password

"#]]);
    env.run("user passwd luffy --remove --json").assert_snapshot(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"","created_at":"[TIME]","reason":"not_bound","texts_until":null}

"#]]);
    assert_eq!(env.query::<Option<String>>("SELECT password FROM users"), None);
    env.run_with_stdin("user add nami --password-stdin", "").assert_snapshot(str![[r#"
exit 2
--- stderr
error: standard input must contain the password in one line

"#]]);
    env.run_with_stdin("user add ' ' --password-stdin", "x").assert_snapshot(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    env.run("user passwd luffy --remove --password-stdin").assert_snapshot(str![[r#"
exit 2
--- stderr
error: --remove cannot be used with --password-stdin
hint: usage: wxbox user passwd [OPTIONS] NAME

"#]]);
    env.run("user list").assert_snapshot(str![[r#"
exit 0
--- stdout
luffy	-			not bound

"#]]);
}

#[test]
fn a_line_end_after_the_password_does_not_count() {
    let env = TestEnv::new();
    for (name, typed) in [("a", "pass word"), ("b", "pass word\n"), ("c", "pass word\r\n")] {
        env.run_with_stdin(&format!("user add {name} --password-stdin"), typed).assert_success();
        let bind = format!("bind --user {name} --password-stdin --timeout 1ms");
        assert_eq!(env.run_with_stdin(&bind, "pass word ").status(), Some(3), "{typed:?}");
        assert_eq!(env.run_with_stdin(&bind, "pass word").status(), Some(8), "{typed:?}");
    }
}
