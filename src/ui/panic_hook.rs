//! What is said where wxbox itself fails: at which place, and not a word of what it was about, for the text of a
//! panic may hold anything.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Ui, progress, prompt};
use crate::exit::{ErrorReport, ExitStatus};
use crate::t;

/// Whether errors are JSON.
static ERRORS_AS_JSON: AtomicBool = AtomicBool::new(false);
/// Whether some thread is reporting already.
static IS_REPORTING: AtomicBool = AtomicBool::new(false);

/// Notes how errors are written.
pub(super) fn set_json(json: bool) {
    ERRORS_AS_JSON.store(json, Ordering::Relaxed);
}

/// From now on a panic of any thread ends the process: the terminal is put back, the place is said, the exit status
/// is 1. For programs; a library leaves that to whoever uses it.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        if IS_REPORTING.swap(true, Ordering::Relaxed) {
            loop {
                std::thread::park();
            }
        }
        progress::clear_active_bar();
        prompt::restore_terminal();
        let mut ui = Ui::stdio();
        ui.json = ERRORS_AS_JSON.load(Ordering::Relaxed);
        let report = build_report(panic.location());
        ui.error(&report);
        // Where panics abort, nothing else ends with a status.
        #[expect(clippy::exit)]
        std::process::exit(report.exit.code().into());
    }));
}

fn build_report(location: Option<&Location<'_>>) -> ErrorReport {
    let place = location.map_or_else(|| "?".to_owned(), |it| format!("{}:{}", strip_build_path(it.file()), it.line()));
    let what = t!("ui-crash", place = place, version = env!("CARGO_PKG_VERSION"));
    ErrorReport { exit: ExitStatus::Unexpected, message: what, hint: Some(t!("ui-crash-hint")) }
}

/// The file without the directories of the machine that built the program: `tokio-1.50.0/src/lib.rs`.
fn strip_build_path(file: &str) -> &str {
    file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')).map_or(file, |(_, own)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_the_place_and_asks_to_tell_of_it() {
        let here = Location::caller();
        let report = build_report(Some(here));
        let expected = format!("a fault in wxbox itself, at src/ui/crash.rs:{} (version ", here.line());
        assert!(report.message.starts_with(&expected), "{}", report.message);
        assert_eq!(report.exit.code(), 1);
    }

    #[test]
    fn the_builders_directories_are_not_told() {
        let file = "/home/who/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.50.0/src/runtime/mod.rs";
        assert_eq!(strip_build_path(file), "tokio-1.50.0/src/runtime/mod.rs");
        assert_eq!(strip_build_path("src/main.rs"), "src/main.rs");
    }
}
