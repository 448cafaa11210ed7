//! Passwords of people: how they are given and kept.

use snapbox::str;

use crate::files::database_holds;
use crate::harness::World;

#[test]
fn passwords_are_kept_as_argon2id() {
    let world = World::new();
    world.feed("user add luffy --password-stdin", "correct horse\n").is(str![[r#"
exit 0
--- stdout
added luffy

"#]]);
    let hash: String = world.sql("SELECT password FROM users");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    world.feed("user passwd luffy --password-stdin", "second\r\n").is(str![[r#"
exit 0
--- stdout
set the password of luffy

"#]]);
    let second: String = world.sql("SELECT password FROM users");
    assert_ne!(hash, second);
    for password in ["correct horse", "second"] {
        assert!(!database_holds(&world, password), "{password}");
    }
    // What surrounds it, as PowerShell and editors leave it, is no part of it.
    for surrounded in ["\u{feff}second\r\n", "second\n\n", "second"] {
        world.feed("user passwd luffy --password-stdin", surrounded).ok();
        let bind = world.feed("bind --user luffy --password-stdin --timeout 1ms", "second\n");
        assert_eq!(bind.status(), Some(8), "{}", bind.stderr());
    }
    for bad in ["", "\n", "\r\n", "\u{feff}\n", "two\nlines\n", &"x".repeat(5000)] {
        let before: String = world.sql("SELECT password FROM users");
        world.feed("user passwd luffy --password-stdin", bad).is(str![[r#"
exit 2
--- stderr
error: standard input must hold a password: one line, not empty

"#]]);
        assert_eq!(world.sql::<String>("SELECT password FROM users"), before);
    }
    world.feed("user passwd luffy --password-stdin", b"\xff\xfe\n").is(str![[r#"
exit 2
--- stderr
error: standard input is not UTF-8

"#]]);
    world.wxbox("user passwd luffy").is(str![[r#"
exit 2
--- stderr
error: no password is given for luffy
hint: give it with --password-stdin, or take it away with --remove

"#]]);
    world.wxbox("user passwd luffy --remove --json").is(str![[r#"
exit 0
--- stdout
{"username":"luffy","uid":"6cfbec608383fd05c271de92010d455f","openid":null,"bound":false,"bound_at":null,"reachable":false,"follows":null,"has_followed":false,"tags":[],"note":"","created_at":"[TIME]"}

"#]]);
    assert_eq!(world.sql::<Option<String>>("SELECT password FROM users"), None);
    world.feed("user add nami --password-stdin", "").is(str![[r#"
exit 2
--- stderr
error: standard input must hold a password: one line, not empty

"#]]);
    world.feed("user add ' ' --password-stdin", "x").is(str![[r#"
exit 2
--- stderr
error: the name is empty

"#]]);
    world.wxbox("user passwd luffy --remove --password-stdin").is(str![[r#"
exit 2
--- stderr
error: the argument '--remove' cannot be used with '--password-stdin'
hint: the usage is: wxbox user passwd --remove <NAME>

"#]]);
    world.wxbox("user list").is(str![[r#"
exit 0
--- stdout
luffy	-		

"#]]);
}

#[test]
fn a_line_end_after_the_password_does_not_count() {
    let world = World::new();
    for (name, typed) in [("a", "pass word"), ("b", "pass word\n"), ("c", "pass word\r\n")] {
        world.feed(&format!("user add {name} --password-stdin"), typed).ok();
        let bind = format!("bind --user {name} --password-stdin --timeout 1ms");
        assert_eq!(world.feed(&bind, "pass word ").status(), Some(3), "{typed:?}");
        assert_eq!(world.feed(&bind, "pass word").status(), Some(8), "{typed:?}");
    }
}
