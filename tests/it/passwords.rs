//! Passwords of users: how they are entered and stored.

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::files::database_contains;

#[test]
fn passwords_are_kept_as_argon2id() {
    let env = TestEnv::new();
    env.assert_session(str![[r#"
$ printf 'correct horse\n' | wxbox user add luffy --password-stdin
added luffy

"#]]);
    let hash: String = env.query("SELECT password FROM users");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    env.assert_session(str![[r#"
$ printf 'second\r\n' | wxbox user passwd luffy --password-stdin
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
    env.assert_session(str![[r#"
$ printf '\377\376\n' | wxbox user passwd luffy --password-stdin
2> error: standard input is not UTF-8
exit 2
$ wxbox user passwd luffy
2> error: the new password of luffy is missing
2> hint: use --password-stdin, or --remove to remove the password
exit 2
$ wxbox user passwd luffy --remove --json
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"","created_at":"[TIME]","reason":"not_bound","texts_until":null}

"#]]);
    assert_eq!(env.query::<Option<String>>("SELECT password FROM users"), None);
    env.assert_session(str![[r#"
$ wxbox user add nami --password-stdin
2> error: standard input must contain the password in one line
exit 2
$ printf 'x' | wxbox user add ' ' --password-stdin
2> error: the name is empty
exit 2
$ wxbox user passwd luffy --remove --password-stdin
2> error: --remove cannot be used with --password-stdin
2> hint: usage: wxbox user passwd [OPTIONS] NAME
exit 2
$ wxbox user list
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
