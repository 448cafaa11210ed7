//! Findings: each with a word for how bad it is. The word says all; its colour says it again.

use console::measure_text_width;
use serde::Serialize;

use super::Ui;
use super::sanitize::{escape_json, single_line};
use super::table::cell::TextStyle;
use super::table::key_values::{hanging_indent, terminal_width};
use crate::t;

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
            let text = escape_json(&serde_json::to_string(value)?);
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
}
