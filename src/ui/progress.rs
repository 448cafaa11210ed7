//! The spinner that shows how long something still waits, and the bar that shows how much is done.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::Ui;
use super::sanitize::sanitize;
use super::stream::StdStream;
use crate::t;

/// What is drawn just now; everything else on stderr makes room for it.
static ACTIVE_BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Notes what is drawn from now on.
fn set_active_bar(bar: Option<&ProgressBar>) {
    *ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// Lets `say` print above the spinner, where there is one. `say` itself must not come here again.
pub(super) fn suspend_for<T>(print: impl FnOnce() -> T) -> T {
    let live = ACTIVE_BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match live {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// Takes away what is drawn, from whatever state: nothing that may be locked is waited for.
pub(super) fn clear_active_bar() {
    if ACTIVE_BAR.try_lock().is_ok_and(|live| live.is_some()) {
        let _ = StdStream::terminal().clear_line();
    }
}

/// A spinner with the remaining time; drawn only where stderr is a terminal that can take it.
pub struct Countdown {
    bar: ProgressBar,
    deadline: Instant,
}

impl Countdown {
    /// Begins to show `text` and the time left of `whole`.
    pub fn new(ui: &mut Ui, text: &str, total: Duration) -> Self {
        let bar = ProgressBar::with_draw_target(None, draw_target(ui));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg}") {
            bar.set_style(if ui.capabilities.ascii_only { style.tick_chars("|/-\\ ") } else { style });
        }
        bar.set_prefix(text.to_owned());
        let waiting = Self { bar, deadline: Instant::now() + total };
        waiting.tick();
        print_static(ui, &format!("{text} {}", format_mm_ss(total)));
        set_active_bar(Some(&waiting.bar));
        waiting
    }

    /// How long until the time is up.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Redraws.
    pub fn tick(&self) {
        self.bar.set_message(format_mm_ss(self.remaining()));
        self.bar.tick();
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        set_active_bar(None);
        self.bar.finish_and_clear();
    }
}

/// A spinner for what is mostly over at once: it is made only when that has taken a while. Where nothing may move, and
/// with `--json`, there is none.
#[derive(Default)]
pub struct DelayedSpinner {
    /// When it is drawn next.
    next_frame_at: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl DelayedSpinner {
    /// How long nothing is said.
    const SPINNER_DELAY: Duration = Duration::from_millis(500);
    /// From one picture to the next.
    const FRAME_INTERVAL: Duration = Duration::from_millis(100);

    /// Something is being waited for from now on.
    pub fn start(&mut self, ui: &Ui) {
        if self.next_frame_at.is_none() && can_show_progress(ui) && !is_static(ui) && !ui.json {
            self.next_frame_at = Some(Instant::now() + Self::SPINNER_DELAY);
        }
    }

    /// When [`Slow::tick`] is to be called.
    pub fn next_frame_at(&self) -> Option<Instant> {
        self.next_frame_at
    }

    /// Draws, if it is time.
    pub fn tick(&mut self, ui: &Ui, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next_frame_at.is_none_or(|next| now < next) {
            return;
        }
        self.next_frame_at = Some(now + Self::FRAME_INTERVAL);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, draw_target(ui));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}") {
                bar.set_style(if ui.capabilities.ascii_only { style.tick_chars("|/-\\ ") } else { style });
            }
            bar.set_prefix(text());
            set_active_bar(Some(&bar));
            bar
        });
        bar.tick();
    }

    /// Nothing is being waited for any more.
    pub fn stop(&mut self) {
        self.next_frame_at = None;
        if let Some(bar) = self.bar.take() {
            set_active_bar(None);
            bar.finish_and_clear();
        }
    }
}

impl Drop for DelayedSpinner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A bar of how much is done; drawn only where stderr is a terminal that can take it.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show `text` and that nothing of `whole` is done.
    pub fn new(ui: &mut Ui, text: &str, total: u64) -> Self {
        Self::with_template(ui, text, total, "{prefix} {bar:30} {pos}/{len}")
    }

    /// The same for bytes.
    pub fn for_bytes(ui: &mut Ui, text: &str, total: u64) -> Self {
        Self::with_template(ui, text, total, "{prefix} {bar:30} {bytes}/{total_bytes}")
    }

    fn with_template(ui: &mut Ui, text: &str, total: u64, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), draw_target(ui));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(if ui.capabilities.ascii_only { style.progress_chars(ASCII_BAR_CHARS) } else { style });
        }
        bar.set_prefix(sanitize(text));
        bar.tick();
        print_static(ui, text);
        set_active_bar(Some(&bar));
        Self(bar)
    }

    /// One more is done.
    pub fn increment(&self) {
        self.increment_by(1);
    }

    /// So many more are done.
    pub fn increment_by(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// So much is done in all.
    pub fn set_position(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        set_active_bar(None);
        self.0.finish_and_clear();
    }
}

/// A bar of messages that are delivered: how they ended, how fast it goes, how long it will take.
pub struct DeliveryBar {
    bar: ProgressBar,
    is_visible: bool,
}

impl DeliveryBar {
    /// Begins with so many to deliver.
    pub fn new(ui: &Ui, total: usize) -> Self {
        let is_visible = can_show_progress(ui);
        let bar = ProgressBar::with_draw_target(Some(total as u64), draw_target(ui));
        // Narrow terminals cut it at the right: what matters most comes first.
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {msg} {bar:16} {per_sec} {eta}") {
            let style = style.with_key("per_sec", |state: &ProgressState, w: &mut dyn fmt::Write| {
                // A rate of the first moment says nothing.
                let _ = write!(w, "{:.0}/s", if state.per_sec().is_finite() { state.per_sec() } else { 0.0 });
            });
            bar.set_style(if ui.capabilities.ascii_only { style.progress_chars(ASCII_BAR_CHARS) } else { style });
        }
        bar.tick();
        set_active_bar(Some(&bar));
        Self { bar, is_visible }
    }

    /// So many more have come.
    pub fn add_total(&self, count: usize) {
        self.bar.inc_length(count as u64);
    }

    /// One more has ended; so many are sent now, so many not.
    pub fn increment(&self, sent: usize, not: usize) {
        self.bar.set_message(t!("ui-delivered", sent = sent, not = not));
        self.bar.inc(1);
    }

    /// Takes it away; whether somebody looked on, who wants to know how it ended.
    pub fn finish(self) -> bool {
        self.is_visible
    }
}

impl Drop for DeliveryBar {
    fn drop(&mut self) {
        set_active_bar(None);
        self.bar.finish_and_clear();
    }
}

/// Minutes and seconds.
fn format_mm_ss(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A bar of what is done and what is not, in ASCII.
const ASCII_BAR_CHARS: &str = "#-";

/// Whether somebody looks on.
fn can_show_progress(ui: &Ui) -> bool {
    ui.err_terminal && !ui.quiet
}

/// Whether nothing may move. Whoever reads a pipe may write to this very terminal (`| cat`, `| tee`), and would write
/// behind what is drawn, so that it stays.
fn is_static(ui: &Ui) -> bool {
    ui.capabilities.no_animation || ui.out_pipe
}

fn draw_target(ui: &Ui) -> ProgressDrawTarget {
    match can_show_progress(ui) && !is_static(ui) {
        true => ProgressDrawTarget::term_like(Box::new(SingleLineTerm(StdStream::terminal()))),
        false => ProgressDrawTarget::hidden(),
    }
}

/// Says once what goes on where nothing may move.
fn print_static(ui: &mut Ui, text: &str) {
    if can_show_progress(ui) && is_static(ui) {
        ui.status(text.trim_end_matches([',', '，']));
    }
}

/// The terminal without the blanks that the line would be filled up with: they leave the cursor at the
/// edge, where whatever is typed (the `^C` of Ctrl-C, above all) breaks the line, so that it stays.
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
