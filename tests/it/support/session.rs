//! Sessions: commands with their output, as in a terminal.

use snapbox::IntoData;
use snapbox::data::Inline;

use crate::support::env::{CommandOutput, TestEnv};
use crate::support::files;

impl TestEnv {
    /// Runs the commands of a session, and compares it with the output of each.
    ///
    /// A command follows `$ ` and is run by a shell. Its stdout is below it, then its stderr with
    /// `2> ` before each line, then its status unless that is 0. A comment follows `# `.
    #[track_caller]
    pub fn assert_session(&self, expected: Inline) {
        compare_session(expected, |line| self.run_in_shell(line));
    }

    /// Does the same. No command of wxbox may change any file in the home.
    #[track_caller]
    pub fn assert_unchanged_session(&self, expected: Inline) {
        compare_session(expected, |line| match line.contains("wxbox ") {
            true => assert_unchanged(self, line, || self.run_in_shell(line)),
            false => self.run_in_shell(line),
        });
    }
}

#[track_caller]
fn compare_session(expected: Inline, run: impl Fn(&str) -> CommandOutput) {
    let expected = expected.into_data();
    let mut session = String::new();
    for line in expected.render().unwrap().lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            session += &format!("{line}\n{}", run(command).transcript());
        } else if line.starts_with("# ") {
            session += &format!("{line}\n");
        }
    }
    assert!(session.contains("$ "), "a session without a command");
    let assert = snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    assert.eq(session, expected);
}

/// Runs a command that must not change any file in the home.
pub fn run_unchanged(env: &TestEnv, line: &str) -> CommandOutput {
    assert_unchanged(env, line, || env.run(line))
}

fn assert_unchanged(env: &TestEnv, line: &str, run: impl FnOnce() -> CommandOutput) -> CommandOutput {
    let read = || {
        let mut all: Vec<_> = files::list_files(env.home.path())
            .into_iter()
            .map(|file| (std::fs::read(&file).unwrap(), file))
            // A reader also creates an empty write-ahead log, and its index for the locks.
            .filter(|(bytes, file)| {
                let name = file.to_string_lossy();
                !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())
            })
            .collect();
        all.sort();
        all
    };
    let before = read();
    let ran = run();
    assert!(before == read(), "{line} changed a file");
    ran
}
