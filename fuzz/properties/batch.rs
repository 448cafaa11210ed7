//! The lines of a batch: each is a message that WeChat accepts, or is reported with an error.

use std::sync::LazyLock;

use super::run::{TestHome, assert_body_valid};

static HOME: LazyLock<TestHome> = LazyLock::new(|| {
    let home = TestHome::new();
    let add = ["user", "add", "luffy", "--openid", super::run::OPENID].map(Into::into);
    assert_eq!(home.run("wxbox.db", add).status, 0);
    home
});

/// The input is a file of lines.
pub fn check_batch(bytes: &[u8]) {
    // Lines may name other openids than the expected one.
    if bytes.windows(6).any(|part| part == b"openid") || bytes.windows(2).any(|part| part == b"\\u") {
        return;
    }
    let file = HOME.write_file("batch", bytes);
    let ran = HOME.run("wxbox.db", ["send".into(), "--batch".into(), file.into(), "--dry-run".into()]);
    let is_error = |line: &&str| line.starts_with("error: ");
    let (good, bad) = (ran.stdout.lines().count(), ran.stderr.lines().filter(is_error).count());
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(good + bad, lines, "{ran:?}");
    let expected = match (good, bad) {
        (_, 0) => 0,
        (0, _) => 5,
        _ => 7,
    };
    assert_eq!(ran.status, expected, "{ran:?}");
    ran.stdout.lines().for_each(assert_body_valid);
}
