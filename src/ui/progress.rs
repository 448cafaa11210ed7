//! The spinner that shows how long something still waits.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;

/// A spinner with the remaining time; drawn only where stderr is a terminal that can take it.
pub struct Waiting {
    bar: ProgressBar,
    until: Instant,
}

impl Waiting {
    /// Begins to show `text` and the time left of `whole`.
    pub fn begin(ui: &Ui, text: &str, whole: Duration) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let target = if ui.err_terminal && !ui.quiet && !dumb {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(text.to_owned());
        let waiting = Self { bar, until: Instant::now() + whole };
        waiting.tick();
        waiting
    }

    /// How long until the time is up.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Redraws.
    pub fn tick(&self) {
        let seconds = self.left().as_secs();
        self.bar.set_message(format!("{}:{:02}", seconds / 60, seconds % 60));
        self.bar.tick();
    }

    /// Prints a line above the spinner, through `say`.
    pub fn pause(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
