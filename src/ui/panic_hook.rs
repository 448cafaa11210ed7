//! The panic hook. It reports where wxbox failed, but not the message of the panic, which may
//! contain secrets.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ERRORS_AS_JSON, Ui, active_bar, prompt};
use crate::exit::{CommandError, ExitStatus};
use crate::t;

/// Whether a thread already reports a panic.
static IS_REPORTING: AtomicBool = AtomicBool::new(false);

/// Makes a panic of any thread end the process with exit status 1, after the terminal is restored
/// and the location is printed. Only the program calls this; a library leaves the hook to its user.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        if IS_REPORTING.swap(true, Ordering::Relaxed) {
            loop {
                std::thread::park();
            }
        }
        active_bar::clear_active_bar();
        prompt::restore_terminal();
        let mut ui = Ui::stdio();
        ui.json = ERRORS_AS_JSON.load(Ordering::Relaxed);
        let error = build_error(panic.location());
        ui.error(&error);
        // With `panic = "abort"`, the process would otherwise end without an exit status.
        #[expect(clippy::exit)]
        std::process::exit(error.exit.code().into());
    }));
}

/// Makes a panic end the process with exit status 0 and without output, for a completion, during
/// which the user edits a line. A library leaves the hook to its user.
pub fn ignore_panics() {
    std::panic::set_hook(Box::new(|_| {
        // With `panic = "abort"`, the process would otherwise end by a signal.
        #[expect(clippy::exit)]
        std::process::exit(ExitStatus::Success.code().into());
    }));
}

fn build_error(location: Option<&Location<'_>>) -> CommandError {
    let place = match location {
        Some(location) => format!("{}:{}", strip_build_path(location.file()), location.line()),
        None => "?".to_owned(),
    };
    let message = t!("ui-crash", place = place, version = env!("CARGO_PKG_VERSION"));
    CommandError { exit: ExitStatus::Unexpected, message, hint: Some(t!("ui-crash-hint")) }
}

/// Returns the path without the directories of the build machine, such as
/// `tokio-1.50.0/src/lib.rs`.
fn strip_build_path(file: &str) -> &str {
    file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/')).map_or(file, |(_, own)| own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_contains_location() {
        let here = Location::caller();
        let error = build_error(Some(here));
        let expected = format!("internal error at src/ui/panic_hook.rs:{} (wxbox ", here.line());
        assert!(error.message.starts_with(&expected), "{}", error.message);
        assert_eq!(error.exit.code(), 1);
    }

    #[test]
    fn build_directories_are_stripped() {
        let file = "/home/user/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.50.0/src/runtime/mod.rs";
        assert_eq!(strip_build_path(file), "tokio-1.50.0/src/runtime/mod.rs");
        assert_eq!(strip_build_path("src/main.rs"), "src/main.rs");
    }
}
