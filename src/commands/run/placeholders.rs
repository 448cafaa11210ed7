//! The facts about a command that has ended, and their placeholders.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::child::ChildExit;
use crate::compose::placeholders::Placeholders;
use crate::i18n::long_duration;
use crate::t;
use crate::wechat::text::sanitize_text;

/// The maximum length of a reported command line in characters.
const MAX_COMMAND_CHARS: usize = 200;

/// The facts by placeholder name, and the default text.
///
/// The default text leaves out the command's arguments, which may hold passwords; a user who wants
/// them uses `{command}`.
pub(super) struct RunFacts {
    pub(super) placeholders: Placeholders,
    text: String,
}

impl RunFacts {
    /// Returns the facts of a command that ended with `exit`.
    pub(super) fn from_result(command: &[OsString], exit: &ChildExit, elapsed: Duration) -> Self {
        let line = shorten_command(&shell_words::join(command.iter().map(|word| word.to_string_lossy())));
        let program = command.first().map(Path::new);
        let program = program.map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
        let program = sanitize_text(&program.unwrap_or_default());
        let placeholders = Placeholders::of_machine();
        let host = placeholders.value("host").unwrap_or_default().to_owned();
        let elapsed = round_duration(elapsed);
        let duration = long_duration(elapsed);
        let signal = match exit {
            ChildExit::Signal(number) => signal_name(*number),
            _ => "-".to_owned(),
        };
        let status = exit.status().to_string();
        let result = if exit.status() == 0 { t!("run-result-good") } else { t!("run-result-bad") };
        let text = match exit {
            ChildExit::Status(0) => t!("run-text-good", host = host, duration = duration, program = program),
            ChildExit::Status(status) => {
                t!("run-text-bad", status = *status, host = host, duration = duration, program = program)
            }
            ChildExit::Signal(_) => {
                t!(
                    "run-text-signal",
                    signal = signal,
                    status = status,
                    host = host,
                    duration = duration,
                    program = program
                )
            }
            ChildExit::NotStarted(error) => {
                t!("run-text-not-started", status = status, host = host, program = program, cause = *error)
            }
        };
        let values = [
            ("result", result),
            ("status", status),
            ("signal", signal),
            ("duration", duration),
            ("command", line),
            ("program", program),
        ];
        Self { placeholders: placeholders.after(values), text }
    }

    /// Returns the default text, with the most important fact first.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }
}

/// Shortens a command line, and puts it on one line.
fn shorten_command(line: &str) -> String {
    let line = sanitize_text(line).replace(['\n', '\t'], " ");
    match line.char_indices().nth(MAX_COMMAND_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Rounds to seconds, or to milliseconds below one second.
fn round_duration(elapsed: Duration) -> Duration {
    match elapsed.as_secs() {
        0 => Duration::from_millis(u64::from(elapsed.subsec_millis())),
        seconds => Duration::from_secs(seconds),
    }
}

/// Returns the name of a signal, such as `SIGTERM`, else its number.
fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(command: &[&str], exit: &ChildExit, ms: u64) -> RunFacts {
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        RunFacts::from_result(&command, exit, Duration::from_millis(ms))
    }

    #[test]
    fn facts_replace_their_placeholders() {
        let run_facts = facts(&["/opt/bin/back up", "{status}"], &ChildExit::Status(3), 192_400);
        let cases = [
            ("{program}: {result}, {status}, {signal}", "back up: failed, 3, -"),
            ("{duration}", "3m 12s"),
            ("{command}", "'/opt/bin/back up' {status}"),
        ];
        for (text, expected) in cases {
            assert_eq!(run_facts.placeholders.substitute(text), expected, "{text}");
        }
    }

    #[test]
    fn signal_has_its_name_and_shell_exit_status() {
        let run_facts = facts(&["x"], &ChildExit::Signal(15), 0);
        assert_eq!(run_facts.placeholders.substitute("{signal} {status} {duration}"), "SIGTERM 143 0s");
        assert_eq!(
            facts(&["x"], &ChildExit::Signal(40), 999).placeholders.substitute("{signal} {status} {duration}"),
            "40 168 999ms"
        );
    }

    #[test]
    fn command_is_truncated_and_control_characters_are_removed() {
        let long = "好".repeat(300);
        assert_eq!(
            facts(&[&long], &ChildExit::Status(0), 0).placeholders.substitute("{command}").chars().count(),
            MAX_COMMAND_CHARS + 1
        );
        assert_eq!(facts(&["a\n\u{1b}b"], &ChildExit::Status(0), 0).placeholders.substitute("{command}"), "'a b'");
    }
}
