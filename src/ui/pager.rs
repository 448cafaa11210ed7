//! Shows output that is longer than the screen in the pager of the user.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use console::{Term, measure_text_width};
use crossbeam_channel::{bounded, select};
use rustix::process::{Pid, kill_process};

use crate::signals::{Signal, SignalReceiver, with_original_mask};

/// The pager if the environment names none.
const DEFAULT_PAGER: &str = "less";
/// A pager that means "none", as in git and gh.
const NO_PAGER: &str = "cat";
/// The options of `less` unless the user has set some, as in git: `less` exits immediately if the
/// text fits the screen, passes colors on, and leaves the text on the screen.
const LESS_OPTIONS: &str = "FRX";

/// Returns whether the text has more lines than the screen. Its size is unknown if stdout is no
/// terminal.
pub(super) fn is_longer_than_screen(text: &str) -> bool {
    let Some((rows, columns)) = Term::stdout().size_checked() else { return false };
    let columns = usize::from(columns).max(1);
    let lines = text.lines().map(|line| measure_text_width(line).div_ceil(columns).max(1));
    lines.sum::<usize>() > usize::from(rows)
}

/// Shows the text in the pager, and waits until it ends. Returns `false` if there is none, or if it
/// cannot be started.
pub(super) fn show(text: &str) -> bool {
    let Some(mut command) = pager_command() else { return false };
    // While this exists, only the pager gets Ctrl-C.
    let Ok(signals) = SignalReceiver::new() else { return false };
    let Ok(child) = with_original_mask(|| command.stdin(Stdio::piped()).spawn()) else { return false };
    let pid = Pid::from_child(&child);
    let (sender, ended) = bounded(1);
    let text = text.to_owned();
    let feeder = move || {
        feed(child, &text);
        // The receiver is alive.
        let _ = sender.send(());
    };
    if std::thread::Builder::new().name("pager".into()).spawn(feeder).is_err() {
        return false;
    }
    loop {
        select! {
            recv(ended) -> _ => return true,
            recv(signals.events) -> signal => if signal.is_ok_and(|signal| signal != Signal::Interrupt) {
                // The pager may have ended.
                let _ = kill_process(pid, rustix::process::Signal::TERM);
            },
        }
    }
}

/// Passes the text to the pager, which may end before it has read everything, and waits for its
/// end.
fn feed(mut pager: Child, text: &str) {
    if let Some(mut input) = pager.stdin.take() {
        let _ = input.write_all(text.as_bytes());
    }
    let _ = pager.wait();
}

/// Returns the pager that `WXBOX_PAGER` or `PAGER` names, else `less`; `None` if the user wants
/// none.
fn pager_command() -> Option<Command> {
    let named = ["WXBOX_PAGER", "PAGER"].into_iter().find_map(|name| std::env::var(name).ok());
    let words = shell_words::split(named.as_deref().unwrap_or(DEFAULT_PAGER)).ok()?;
    let (program, args) = words.split_first().filter(|(program, _)| *program != NO_PAGER)?;
    let mut command = Command::new(program);
    command.args(args);
    // The output is UTF-8, also in a locale that `less` does not know.
    for (name, value) in [("LESS", LESS_OPTIONS), ("LESSCHARSET", "utf-8"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    Some(command)
}
