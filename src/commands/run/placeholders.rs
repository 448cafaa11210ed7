//! What is known of a command that has ended, and how it gets into the report.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::child::ChildExit;
use crate::i18n::long_duration;
use crate::t;
use crate::wechat::text::sanitize_text;

/// The most of a command line that is told, in characters.
const MAX_COMMAND_CHARS: usize = 200;

/// The facts by their names between `{` and `}`, and a text of them. The text leaves out the arguments of the command,
/// which may hold passwords: whoever wants them sent asks for `{command}`.
pub(super) struct RunFacts {
    values: [(&'static str, String); 7],
    text: String,
}

impl RunFacts {
    /// Of a command that ended so, after so long.
    pub(super) fn from_result(command: &[OsString], ended: &ChildExit, took: Duration) -> Self {
        let line = shorten_command(&shell_words::join(command.iter().map(|word| word.to_string_lossy())));
        let program = command.first().map(Path::new);
        let program = program.map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
        let program = sanitize_text(&program.unwrap_or_default());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let took = round_duration(took);
        let duration = long_duration(took);
        let signal = match ended {
            ChildExit::Signal(number) => signal_name(*number),
            _ => "-".to_owned(),
        };
        let status = ended.status().to_string();
        let result = if ended.status() == 0 { t!("run-result-good") } else { t!("run-result-bad") };
        let text = match ended {
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
        let known = [
            ("result", result),
            ("status", status),
            ("signal", signal),
            ("duration", humantime::format_duration(took).to_string()),
            ("command", line),
            ("program", program),
            ("host", host),
        ];
        Self { values: known, text }
    }

    /// How it ended in a sentence, the most important first.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// The text with each `{name}` of a fact replaced by it; any other brace stays.
    pub(super) fn substitute(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled += before;
            let fact = after.split_once('}').and_then(|(name, behind)| {
                let (_, value) = self.values.iter().find(|(known, _)| *known == name)?;
                Some((value, behind))
            });
            (filled, rest) = match fact {
                Some((value, behind)) => (filled + value, behind),
                None => (filled + "{", after),
            };
        }
        filled + rest
    }

    /// What stands in `text` as the name of a fact does, and is none; each once.
    pub(super) fn unknown_placeholders<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let word = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        let named = text.split('{').skip(1).filter_map(|after| Some(after.split_once('}')?.0)).filter(word);
        let mut strangers: Vec<&str> = named.filter(|name| self.names().all(|known| known != *name)).collect();
        strangers.sort_unstable();
        strangers.dedup();
        strangers
    }

    /// The names of all facts.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, _)| *name)
    }
}

/// The beginning of a command line, in one line.
fn shorten_command(line: &str) -> String {
    let line = sanitize_text(line).replace(['\n', '\t'], " ");
    match line.char_indices().nth(MAX_COMMAND_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Whole seconds; below one, milliseconds.
fn round_duration(took: Duration) -> Duration {
    match took.as_secs() {
        0 => Duration::from_millis(u64::from(took.subsec_millis())),
        seconds => Duration::from_secs(seconds),
    }
}

/// `SIGTERM`; a number where it has no name.
fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(command: &[&str], ended: &ChildExit, ms: u64) -> RunFacts {
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        RunFacts::from_result(&command, ended, Duration::from_millis(ms))
    }

    #[test]
    fn facts_fill_their_names_and_nothing_else() {
        let it = facts(&["/opt/bin/back up", "{status}"], &ChildExit::Status(3), 192_400);
        let cases = [
            ("{program}: {result}, {status}, {signal}", "back up: failed, 3, -"),
            ("{{status}} {duration}", "{3} 3m 12s"),
            ("{ status} {nothing} {", "{ status} {nothing} {"),
            ("{status", "{status"),
            ("{x{status}}", "{x3}"),
            ("{command}", "'/opt/bin/back up' {status}"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(it.substitute(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_that_is_no_fact_is_found_and_other_braces_are_not() {
        let it = facts(&["x"], &ChildExit::Status(0), 0);
        let text = "{dration} {status} {\"a\": 1} {} {a b} {x{nme}} {dration} ${1} {";
        assert_eq!(it.unknown_placeholders(text), ["dration", "nme"]);
    }

    #[test]
    fn a_signal_has_its_name_and_the_status_that_shells_give_it() {
        let it = facts(&["x"], &ChildExit::Signal(15), 0);
        assert_eq!(it.substitute("{signal} {status} {duration}"), "SIGTERM 143 0s");
        assert_eq!(
            facts(&["x"], &ChildExit::Signal(40), 999).substitute("{signal} {status} {duration}"),
            "40 168 999ms"
        );
    }

    #[test]
    fn a_long_command_line_is_cut_and_control_characters_are_left_out() {
        let long = "好".repeat(300);
        assert_eq!(
            facts(&[&long], &ChildExit::Status(0), 0).substitute("{command}").chars().count(),
            MAX_COMMAND_CHARS + 1
        );
        assert_eq!(facts(&["a\n\u{1b}b"], &ChildExit::Status(0), 0).substitute("{command}"), "'a b'");
    }
}
