//! Spinners and progress bars on stderr. They are drawn only if stderr is a terminal that supports
//! it.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::Ui;
use super::active_bar::set_active_bar;
use super::sanitize::sanitize;
use super::stream::StdStream;
use crate::i18n::exact_duration;
use crate::t;

/// A bar or a spinner that is the active bar until it is dropped.
struct DrawnBar(ProgressBar);

impl DrawnBar {
    /// Draws a bar of `total` steps, or a spinner without a total.
    fn new(ui: &Ui, total: Option<u64>, template: &str, prefix: &str) -> Self {
        let bar = ProgressBar::with_draw_target(total, draw_target(ui));
        if let Ok(style) = ProgressStyle::with_template(template) {
            let style = style.with_key("rate", |state: &ProgressState, w: &mut dyn fmt::Write| {
                // The rate is not finite at the first moment.
                let _ = write!(w, "{:.0}/s", if state.per_sec().is_finite() { state.per_sec() } else { 0.0 });
            });
            bar.set_style(match ui.capabilities.ascii_only {
                true if total.is_some() => style.progress_chars("#-"),
                true => style.tick_chars("|/-\\ "),
                false => style,
            });
        }
        bar.set_prefix(prefix.to_owned());
        set_active_bar(Some(&bar));
        Self(bar)
    }
}

impl Drop for DrawnBar {
    fn drop(&mut self) {
        set_active_bar(None);
        self.0.finish_and_clear();
    }
}

/// A spinner with the remaining time.
pub struct Countdown {
    bar: DrawnBar,
    text: String,
    deadline: Instant,
}

impl Countdown {
    /// Starts a countdown from `total`.
    pub fn new(ui: &mut Ui, text: &str, total: Duration) -> Self {
        let bar = DrawnBar::new(ui, None, "{spinner} {msg}", "");
        let countdown = Self { bar, text: text.to_owned(), deadline: Instant::now() + total };
        countdown.tick();
        print_static(ui, &t!("ui-at-most", text = text, time = exact_duration(total)));
        countdown
    }

    /// Returns the remaining time.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Redraws the countdown.
    pub fn tick(&self) {
        self.bar.0.set_message(t!("ui-countdown", text = self.text, time = format_mm_ss(self.remaining())));
        self.bar.0.tick();
    }
}

/// A spinner for a wait that is usually short: it appears only after half a second. There is none
/// with `--json`, or if nothing may move.
#[derive(Default)]
pub struct DelayedSpinner {
    next_frame_at: Option<Instant>,
    bar: Option<DrawnBar>,
}

impl DelayedSpinner {
    const SPINNER_DELAY: Duration = Duration::from_millis(500);
    const FRAME_INTERVAL: Duration = Duration::from_millis(100);

    /// Starts the delay.
    pub fn start(&mut self, ui: &Ui) {
        if self.next_frame_at.is_none() && can_show_progress(ui) && !is_static(ui) && !ui.json {
            self.next_frame_at = Some(Instant::now() + Self::SPINNER_DELAY);
        }
    }

    /// Returns when [`DelayedSpinner::tick`] must be called.
    pub fn next_frame_at(&self) -> Option<Instant> {
        self.next_frame_at
    }

    /// Draws the next frame if it is due.
    pub fn tick(&mut self, ui: &Ui, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next_frame_at.is_none_or(|next| now < next) {
            return;
        }
        self.next_frame_at = Some(now + Self::FRAME_INTERVAL);
        let bar = self.bar.get_or_insert_with(|| DrawnBar::new(ui, None, "{spinner} {prefix}", &text()));
        bar.0.tick();
    }

    /// Removes the spinner.
    pub fn stop(&mut self) {
        self.next_frame_at = None;
        self.bar = None;
    }
}

/// A progress bar of steps or bytes.
pub struct Progress(DrawnBar);

impl Progress {
    /// Starts a bar of `total` steps.
    pub fn new(ui: &mut Ui, text: &str, total: u64) -> Self {
        Self::with_template(ui, text, total, "{prefix} {bar:30} {pos}/{len}")
    }

    /// Starts a bar of `total` bytes.
    pub fn for_bytes(ui: &mut Ui, text: &str, total: u64) -> Self {
        Self::with_template(ui, text, total, "{prefix} {bar:30} {bytes}/{total_bytes}")
    }

    fn with_template(ui: &mut Ui, text: &str, total: u64, template: &str) -> Self {
        let bar = DrawnBar::new(ui, Some(total), template, &sanitize(text));
        bar.0.tick();
        print_static(ui, text);
        Self(bar)
    }

    /// Advances the bar by one step.
    pub fn increment(&self) {
        self.increment_by(1);
    }

    /// Advances the bar by `count` steps.
    pub fn increment_by(&self, count: usize) {
        self.0.0.inc(count as u64);
    }

    /// Sets the number of completed steps.
    pub fn set_position(&self, done: u64) {
        self.0.0.set_position(done);
    }
}

/// A progress bar of a delivery, with the results, the rate and the remaining time.
pub struct DeliveryBar {
    bar: DrawnBar,
}

impl DeliveryBar {
    /// Starts a bar of `total` messages.
    pub fn new(ui: &Ui, total: usize) -> Self {
        // The most important fields come first, because a narrow terminal cuts the line at the
        // right.
        let bar = DrawnBar::new(ui, Some(total as u64), "{pos}/{len} {msg} {bar:16} {rate} {eta}", "");
        bar.0.tick();
        Self { bar }
    }

    /// Adds `count` messages to the total.
    pub fn add_total(&self, count: usize) {
        self.bar.0.inc_length(count as u64);
    }

    /// Advances the bar by one message, and shows how many were sent and not sent so far.
    pub fn increment(&self, sent: usize, not_sent: usize) {
        self.bar.0.set_message(t!("ui-delivered", sent = sent, not = not_sent));
        self.bar.0.inc(1);
    }
}

/// Formats a time as minutes and seconds.
fn format_mm_ss(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Returns `true` if progress is printed.
fn can_show_progress(ui: &Ui) -> bool {
    ui.err_terminal && !ui.quiet
}

/// Returns `true` if nothing may move. The reader of a pipe may write to the same terminal (`|
/// cat`, `| tee`), after the bar on its line, which would then stay.
fn is_static(ui: &Ui) -> bool {
    ui.capabilities.no_animation || ui.out_pipe
}

fn draw_target(ui: &Ui) -> ProgressDrawTarget {
    match can_show_progress(ui) && !is_static(ui) {
        true => ProgressDrawTarget::term_like(Box::new(SingleLineTerm(StdStream::terminal()))),
        false => ProgressDrawTarget::hidden(),
    }
}

/// Prints `text` once, if nothing may move.
fn print_static(ui: &mut Ui, text: &str) {
    if can_show_progress(ui) && is_static(ui) {
        ui.status(text);
    }
}

/// A terminal that drops the spaces with which indicatif fills a line. They would leave the cursor
/// at the right edge, where typed characters such as `^C` break the line, and the bar remains on
/// the screen.
#[derive(Debug)]
struct SingleLineTerm(Term);

impl TermLike for SingleLineTerm {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.trim_matches(' ').is_empty() { Ok(()) } else { self.0.write_str(text) }
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
