//! What is said on stderr beside results: what goes on, what may be wrong, what failed. On a terminal lines are broken
//! between words; elsewhere each is one line, whatever its length.

use serde::Serialize;

use super::cell::Tone;
use super::facts::{columns, hanging};
use super::{Ui, clean, width};
use crate::error::Report;
use crate::t;
use clean::line;

impl Ui {
    /// Says what is going on; not with `--quiet`.
    pub fn status(&mut self, text: &str) {
        if !self.quiet {
            let text = self.fitted(text, 0);
            self.raw_err(&format!("{text}\n"));
        }
    }

    /// Whether what is whispered is shown.
    pub fn whispers(&self) -> bool {
        self.err_terminal && !self.json && !self.quiet
    }

    /// Says to somebody who looks on what a script need not be told: why there is nothing to be seen, what is waited for.
    pub fn whisper(&mut self, text: &str) {
        if self.whispers() {
            let text = self.fitted(text, 0);
            let text = if self.manner.color_err { Tone::Past.paint(&text) } else { text };
            self.raw_err(&format!("{text}\n"));
        }
    }

    /// Says what may be wrong; not with `--quiet`.
    pub fn warn(&mut self, text: &str) {
        if !self.quiet && self.warned.as_mut().is_none_or(|said| said.insert(text.to_owned())) {
            self.labelled("33", &t!("ui-warning"), text);
        }
    }

    /// Says what failed and what to do.
    pub fn error(&mut self, report: &Report) {
        if self.json {
            #[derive(Serialize)]
            struct Line<'a> {
                error: &'a str,
                hint: Option<&'a str>,
                code: u8,
            }
            let line = Line { error: &report.what, hint: report.hint.as_deref(), code: report.exit.code() };
            if let Ok(line) = serde_json::to_string(&line) {
                self.raw_err(&format!("{}\n", clean::json(&line)));
            }
            return;
        }
        self.labelled("31", &t!("ui-error"), &report.what);
        if let Some(hint) = &report.hint {
            self.labelled("36", &t!("ui-hint"), hint);
        }
    }

    /// In lines that fit on a terminal, those after the first indented.
    fn fitted(&self, text: &str, indent: usize) -> String {
        let text = line(text);
        match self.err_terminal {
            true if self.manner.ascii => hanging(&clean::ascii(&text), indent, columns()),
            true => hanging(&text, indent, columns()),
            false => text,
        }
    }

    fn labelled(&mut self, style: &str, word: &str, text: &str) {
        let label = marked(word, "");
        let text = self.fitted(text, width(&label));
        let label = match self.manner.color_err {
            true => label.replacen(word, &format!("\u{1b}[1;{style}m{word}\u{1b}[0m"), 1),
            false => label,
        };
        self.raw_err(&format!("{label}{text}\n"));
    }
}

/// A text behind a word such as `error:`.
pub(super) fn marked(word: &str, text: &str) -> String {
    // A mark of full width brings its own gap.
    let gap = if word.ends_with('：') { "" } else { " " };
    format!("{word}{gap}{text}")
}
