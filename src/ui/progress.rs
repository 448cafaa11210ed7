//! The spinner that shows how long something still waits, and the bar that shows how much is done.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::stream::Stream;
use super::{Ui, clean};
use crate::t;

/// What is drawn just now; everything else on stderr makes room for it.
static LIVE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Notes what is drawn from now on.
fn is_drawn(bar: Option<&ProgressBar>) {
    *LIVE.lock().unwrap_or_else(PoisonError::into_inner) = bar.cloned();
}

/// Lets `say` print above the spinner, where there is one. `say` itself must not come here again.
pub(super) fn above<T>(say: impl FnOnce() -> T) -> T {
    let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match live {
        Some(bar) => bar.suspend(say),
        None => say(),
    }
}

/// Takes away what is drawn, from whatever state: nothing that may be locked is waited for.
pub(super) fn wipe() {
    if LIVE.try_lock().is_ok_and(|live| live.is_some()) {
        let _ = Stream::terminal().clear_line();
    }
}

/// A spinner with the remaining time; drawn only where stderr is a terminal that can take it.
pub struct Waiting {
    bar: ProgressBar,
    until: Instant,
}

impl Waiting {
    /// Begins to show `text` and the time left of `whole`.
    pub fn begin(ui: &mut Ui, text: &str, whole: Duration) -> Self {
        let bar = ProgressBar::with_draw_target(None, target(ui));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg}") {
            bar.set_style(if ui.manner.ascii { style.tick_chars("|/-\\ ") } else { style });
        }
        bar.set_prefix(text.to_owned());
        let waiting = Self { bar, until: Instant::now() + whole };
        waiting.tick();
        still(ui, &format!("{text} {}", clock(whole)));
        is_drawn(Some(&waiting.bar));
        waiting
    }

    /// How long until the time is up.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Redraws.
    pub fn tick(&self) {
        self.bar.set_message(clock(self.left()));
        self.bar.tick();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        is_drawn(None);
        self.bar.finish_and_clear();
    }
}

/// A spinner for what is mostly over at once: it is made only when that has taken a while. Where nothing may move, and
/// with `--json`, there is none.
#[derive(Default)]
pub struct Slow {
    /// When it is drawn next.
    next: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Slow {
    /// How long nothing is said.
    const PATIENCE: Duration = Duration::from_millis(500);
    /// From one picture to the next.
    const PICTURE: Duration = Duration::from_millis(100);

    /// Something is being waited for from now on.
    pub fn begin(&mut self, ui: &Ui) {
        if self.next.is_none() && is_watched(ui) && !is_still(ui) && !ui.json {
            self.next = Some(Instant::now() + Self::PATIENCE);
        }
    }

    /// When [`Slow::tick`] is to be called.
    pub fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Draws, if it is time.
    pub fn tick(&mut self, ui: &Ui, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + Self::PICTURE);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, target(ui));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}") {
                bar.set_style(if ui.manner.ascii { style.tick_chars("|/-\\ ") } else { style });
            }
            bar.set_prefix(text());
            is_drawn(Some(&bar));
            bar
        });
        bar.tick();
    }

    /// Nothing is being waited for any more.
    pub fn end(&mut self) {
        self.next = None;
        if let Some(bar) = self.bar.take() {
            is_drawn(None);
            bar.finish_and_clear();
        }
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.end();
    }
}

/// A bar of how much is done; drawn only where stderr is a terminal that can take it.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show `text` and that nothing of `whole` is done.
    pub fn begin(ui: &mut Ui, text: &str, whole: u64) -> Self {
        Self::styled(ui, text, whole, "{prefix} {bar:30} {pos}/{len}")
    }

    /// The same for bytes.
    pub fn of_bytes(ui: &mut Ui, text: &str, whole: u64) -> Self {
        Self::styled(ui, text, whole, "{prefix} {bar:30} {bytes}/{total_bytes}")
    }

    fn styled(ui: &mut Ui, text: &str, whole: u64, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(whole), target(ui));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(if ui.manner.ascii { style.progress_chars(ASCII) } else { style });
        }
        bar.set_prefix(clean(text));
        bar.tick();
        still(ui, text);
        is_drawn(Some(&bar));
        Self(bar)
    }

    /// One more is done.
    pub fn step(&self) {
        self.steps(1);
    }

    /// So many more are done.
    pub fn steps(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// So much is done in all.
    pub fn is_at(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        is_drawn(None);
        self.0.finish_and_clear();
    }
}

/// A bar of messages that are delivered: how they ended, how fast it goes, how long it will take.
pub struct Delivered {
    bar: ProgressBar,
    shown: bool,
}

impl Delivered {
    /// Begins with so many to deliver.
    pub fn begin(ui: &Ui, whole: usize) -> Self {
        let shown = is_watched(ui);
        let bar = ProgressBar::with_draw_target(Some(whole as u64), target(ui));
        // Narrow terminals cut it at the right: what matters most comes first.
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {msg} {bar:16} {per_sec} {eta}") {
            let style = style.with_key("per_sec", |state: &ProgressState, w: &mut dyn fmt::Write| {
                // A rate of the first moment says nothing.
                let _ = write!(w, "{:.0}/s", if state.per_sec().is_finite() { state.per_sec() } else { 0.0 });
            });
            bar.set_style(if ui.manner.ascii { style.progress_chars(ASCII) } else { style });
        }
        bar.tick();
        is_drawn(Some(&bar));
        Self { bar, shown }
    }

    /// So many more have come.
    pub fn more(&self, count: usize) {
        self.bar.inc_length(count as u64);
    }

    /// One more has ended; so many are sent now, so many not.
    pub fn step(&self, sent: usize, not: usize) {
        self.bar.set_message(t!("ui-delivered", sent = sent, not = not));
        self.bar.inc(1);
    }

    /// Takes it away; whether somebody looked on, who wants to know how it ended.
    pub fn end(self) -> bool {
        self.shown
    }
}

impl Drop for Delivered {
    fn drop(&mut self) {
        is_drawn(None);
        self.bar.finish_and_clear();
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A bar of what is done and what is not, in ASCII.
const ASCII: &str = "#-";

/// Whether somebody looks on.
fn is_watched(ui: &Ui) -> bool {
    ui.err_terminal && !ui.quiet
}

/// Whether nothing may move. Whoever reads a pipe may write to this very terminal (`| cat`, `| tee`), and would write
/// behind what is drawn, so that it stays.
fn is_still(ui: &Ui) -> bool {
    ui.manner.still || ui.out_pipe
}

fn target(ui: &Ui) -> ProgressDrawTarget {
    match is_watched(ui) && !is_still(ui) {
        true => ProgressDrawTarget::term_like(Box::new(Line(Stream::terminal()))),
        false => ProgressDrawTarget::hidden(),
    }
}

/// Says once what goes on where nothing may move.
fn still(ui: &mut Ui, text: &str) {
    if is_watched(ui) && is_still(ui) {
        ui.status(text.trim_end_matches([',', '，']));
    }
}

/// The terminal without the blanks that the line would be filled up with: they leave the cursor at the
/// edge, where whatever is typed (the `^C` of Ctrl-C, above all) breaks the line, so that it stays.
#[derive(Debug)]
struct Line(Term);

impl TermLike for Line {
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
