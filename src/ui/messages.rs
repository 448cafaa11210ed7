//! Status messages, notes, warnings and errors on stderr, and findings with a level on stdout.
//!
//! On a terminal, messages are wrapped between words. Elsewhere each message is one line.

use console::measure_text_width;
use serde::Serialize;

use super::table::cell::TextStyle;
use super::table::key_values::{hanging_indent, terminal_width};
use super::{Ui, sanitize};
use crate::exit::CommandError;
use crate::t;
use sanitize::single_line;

/// The level of a finding. The label names it; the color repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The check passed.
    Ok,
    /// Something works now but may fail later.
    Warning,
    /// Something does not work.
    Failure,
}

impl Level {
    fn label(self) -> String {
        match self {
            Self::Ok => t!("ui-level-ok"),
            Self::Warning => t!("ui-level-warning"),
            Self::Failure => t!("ui-level-failure"),
        }
    }

    fn style(self) -> TextStyle {
        match self {
            Self::Ok => TextStyle::Good,
            Self::Warning => TextStyle::Warning,
            Self::Failure => TextStyle::Error,
        }
    }
}

impl Ui {
    /// Prints a status message, unless `--quiet` is set.
    pub fn status(&mut self, text: &str) {
        if !self.quiet {
            let text = self.wrap_to_terminal(text, 0);
            self.write_stderr(&format!("{text}\n"));
        }
    }

    /// Prints a prompt on stderr; the user types on the same line.
    pub fn prompt_line(&mut self, text: &str) {
        let prompt = with_label(&single_line(text), "");
        self.write_stderr(&prompt);
    }

    /// Returns `true` if notes are printed.
    pub fn shows_notes(&self) -> bool {
        self.err_terminal && !self.json && !self.quiet
    }

    /// Prints a note for interactive users only, such as what the command waits for.
    pub fn note(&mut self, text: &str) {
        if self.shows_notes() {
            let text = self.wrap_to_terminal(text, 0);
            let text = if self.capabilities.color_err { TextStyle::Muted.paint(&text) } else { text };
            self.write_stderr(&format!("{text}\n"));
        }
    }

    /// Tells a person at the terminal how to end standard input, before it is read.
    pub fn explain_stdin(&mut self) {
        if self.can_prompt {
            self.note(&t!("ui-stdin-end"));
        }
    }

    /// Prints a warning, unless `--quiet` is set.
    pub fn warn(&mut self, text: &str) {
        if !self.quiet && self.shown_warnings.as_mut().is_none_or(|shown| shown.insert(text.to_owned())) {
            self.print_labelled("33", &t!("ui-warning"), text);
        }
    }

    /// Prints an error with its hint.
    pub fn error(&mut self, error: &CommandError) {
        self.print_error("31", &t!("ui-error"), error);
    }

    /// Prints an error that does not end the command as a warning, also with `--quiet`. With
    /// `--json` it is an error object.
    pub fn error_as_warning(&mut self, error: &CommandError) {
        self.print_error("33", &t!("ui-warning"), error);
    }

    fn print_error(&mut self, style: &str, label: &str, error: &CommandError) {
        if self.json {
            #[derive(Serialize)]
            struct JsonError<'a> {
                error: &'a str,
                hint: Option<&'a str>,
                code: u8,
            }
            let error = JsonError { error: &error.message, hint: error.hint.as_deref(), code: error.exit.code() };
            if let Ok(line) = serde_json::to_string(&error) {
                self.write_stderr(&format!("{}\n", sanitize::escape_json(&line)));
            }
            return;
        }
        self.print_labelled(style, label, &error.message);
        if let Some(hint) = &error.hint {
            self.print_labelled("36", &t!("ui-hint"), hint);
        }
    }

    /// Prints a finding: `value` with `--json`, otherwise the text, with the fix on a line of its
    /// own. With `--quiet`, only failures are printed as text.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_finding(
        &mut self,
        value: &impl Serialize,
        level: Level,
        name: &str,
        detail: &str,
        fix: Option<&str>,
    ) -> anyhow::Result<()> {
        if self.quiet && !self.json && level != Level::Failure {
            return Ok(());
        }
        if self.json {
            let text = sanitize::escape_json(&serde_json::to_string(value)?);
            return self.write_line(&text);
        }
        let label = level.label();
        let label_widths = [Level::Ok, Level::Warning, Level::Failure].map(|level| measure_text_width(&level.label()));
        let width = label_widths.into_iter().max().unwrap_or(0) + 2;
        let gap = " ".repeat(width.saturating_sub(measure_text_width(&label)));
        let label = if self.capabilities.color_out { level.style().paint(&label) } else { label };
        let mut text = t!("ui-check-result", name = name, detail = single_line(detail));
        if let Some(fix) = fix {
            text += &format!("\n{}", t!("ui-check-fix", fix = single_line(fix)));
        }
        let columns = if self.out_terminal { terminal_width() } else { None };
        self.write_line(&format!("{label}{gap}{}", hanging_indent(&text, width, columns)))
    }

    /// Returns `text` wrapped to the terminal, with the lines after the first indented.
    fn wrap_to_terminal(&self, text: &str, indent: usize) -> String {
        let text = single_line(text);
        match self.err_terminal {
            true if self.capabilities.ascii_only => {
                hanging_indent(&sanitize::to_ascii(&text), indent, terminal_width())
            }
            true => hanging_indent(&text, indent, terminal_width()),
            false => text,
        }
    }

    fn print_labelled(&mut self, style: &str, word: &str, text: &str) {
        let label = with_label(word, "");
        let text = self.wrap_to_terminal(text, measure_text_width(&label));
        let label = match self.capabilities.color_err {
            true => label.replacen(word, &format!("\u{1b}[1;{style}m{word}\u{1b}[0m"), 1),
            false => label,
        };
        self.write_stderr(&format!("{label}{text}\n"));
    }
}

/// Returns `text` after a label such as `error:`.
pub(super) fn with_label(label: &str, text: &str) -> String {
    // A full-width colon includes a gap.
    let gap = if label.ends_with('：') { "" } else { " " };
    format!("{label}{gap}{text}")
}
