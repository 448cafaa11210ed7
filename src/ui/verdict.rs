//! Findings: each with a word for how bad it is. The word says all; its colour says it again.

use console::measure_text_width;
use serde::Serialize;

use super::Ui;
use super::cell::Tone;
use super::clean::{json, line};
use super::facts::{columns, hanging};
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
    fn said(self) -> String {
        match self {
            Self::Ok => t!("ui-level-ok"),
            Self::Warning => t!("ui-level-warning"),
            Self::Failure => t!("ui-level-failure"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Warning => Tone::Odd,
            Self::Failure => Tone::Bad,
        }
    }
}

impl Ui {
    /// Shows a finding as data: `it` with `--json`, else its words, the remedy on a line of its own. With `--quiet`
    /// only what does not work.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn verdict(
        &mut self,
        it: &impl Serialize,
        level: Level,
        name: &str,
        detail: &str,
        fix: Option<&str>,
    ) -> anyhow::Result<()> {
        if self.quiet && !self.json && level != Level::Failure {
            return Ok(());
        }
        if self.json {
            let text = json(&serde_json::to_string(it)?);
            return self.line(&text);
        }
        let word = level.said();
        let widest = [Level::Ok, Level::Warning, Level::Failure].map(|it| measure_text_width(&it.said()));
        let width = widest.into_iter().max().unwrap_or(0) + 2;
        let gap = " ".repeat(width.saturating_sub(measure_text_width(&word)));
        let word = if self.manner.color_out { level.tone().paint(&word) } else { word };
        let mut text = t!("ui-verdict", name = name, detail = line(detail));
        if let Some(fix) = fix {
            text += &format!("\n{}", t!("ui-verdict-fix", fix = line(fix)));
        }
        let columns = if self.out_terminal { columns() } else { None };
        self.line(&format!("{word}{gap}{}", hanging(&text, width, columns)))
    }
}
