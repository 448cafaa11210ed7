//! What is said on stderr beside results: what goes on, what may be wrong, what failed. On a terminal lines are broken
//! between words; elsewhere each is one line, whatever its length.

use console::measure_text_width;
use serde::Serialize;

use super::table::cell::TextStyle;
use super::table::key_values::{hanging_indent, terminal_width};
use super::{Ui, sanitize};
use crate::exit::ErrorReport;
use crate::t;
use sanitize::single_line;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and may not stay so.
    Warning,
    /// It does not work.
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
    /// Says what is going on; not with `--quiet`.
    pub fn status(&mut self, text: &str) {
        if !self.quiet {
            let text = self.wrap_to_terminal(text, 0);
            self.write_stderr(&format!("{text}\n"));
        }
    }

    /// Whether what is whispered is shown.
    pub fn shows_notes(&self) -> bool {
        self.err_terminal && !self.json && !self.quiet
    }

    /// Says to somebody who looks on what a script need not be told: why there is nothing to be seen, what is waited for.
    pub fn note(&mut self, text: &str) {
        if self.shows_notes() {
            let text = self.wrap_to_terminal(text, 0);
            let text = if self.capabilities.color_err { TextStyle::Muted.paint(&text) } else { text };
            self.write_stderr(&format!("{text}\n"));
        }
    }

    /// Says what may be wrong; not with `--quiet`.
    pub fn warn(&mut self, text: &str) {
        if !self.quiet && self.shown_warnings.as_mut().is_none_or(|said| said.insert(text.to_owned())) {
            self.print_labelled("33", &t!("ui-warning"), text);
        }
    }

    /// Says what failed and what to do.
    pub fn error(&mut self, report: &ErrorReport) {
        if self.json {
            #[derive(Serialize)]
            struct Line<'a> {
                error: &'a str,
                hint: Option<&'a str>,
                code: u8,
            }
            let line = Line { error: &report.message, hint: report.hint.as_deref(), code: report.exit.code() };
            if let Ok(line) = serde_json::to_string(&line) {
                self.write_stderr(&format!("{}\n", sanitize::escape_json(&line)));
            }
            return;
        }
        self.print_labelled("31", &t!("ui-error"), &report.message);
        if let Some(hint) = &report.hint {
            self.print_labelled("36", &t!("ui-hint"), hint);
        }
    }

    /// Shows a finding as data: `it` with `--json`, else its words, the remedy on a line of its own. With `--quiet`
    /// only what does not work.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
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
        let word = level.label();
        let widest = [Level::Ok, Level::Warning, Level::Failure].map(|value| measure_text_width(&value.label()));
        let width = widest.into_iter().max().unwrap_or(0) + 2;
        let gap = " ".repeat(width.saturating_sub(measure_text_width(&word)));
        let word = if self.capabilities.color_out { level.style().paint(&word) } else { word };
        let mut text = t!("ui-verdict", name = name, detail = single_line(detail));
        if let Some(fix) = fix {
            text += &format!("\n{}", t!("ui-verdict-fix", fix = single_line(fix)));
        }
        let columns = if self.out_terminal { terminal_width() } else { None };
        self.write_line(&format!("{word}{gap}{}", hanging_indent(&text, width, columns)))
    }

    /// In lines that fit on a terminal, those after the first indented.
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

/// A text behind a word such as `error:`.
pub(super) fn with_label(word: &str, text: &str) -> String {
    // A mark of full width brings its own gap.
    let gap = if word.ends_with('：') { "" } else { " " };
    format!("{word}{gap}{text}")
}
