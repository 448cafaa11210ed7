//! The log that `-v` prints on stderr. Records of other crates are never printed, because an HTTP
//! library may log complete URLs with their secrets.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::messages::with_label;
use crate::t;

struct StderrLogger;

impl Log for StderrLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().split("::").next() == Some("wxbox")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = super::sanitize::single_line(&record.args().to_string());
            let line = format!("{}\n", with_label(&level_label(record.level()), &text));
            // There is no way to report that stderr is closed.
            let _ = super::active_bar::suspend_for(|| super::stream::StdStream::Stderr.write_all(line.as_bytes()));
        }
    }

    fn flush(&self) {}
}

fn level_label(level: Level) -> String {
    match level {
        Level::Error => t!("ui-error"),
        Level::Warn => t!("ui-warning"),
        Level::Info => t!("ui-info"),
        // These records are for developers, and in English.
        Level::Debug => "debug:".to_owned(),
        Level::Trace => "trace:".to_owned(),
    }
}

/// Initializes the log: info for `verbose` 1, debug for 2 or more. For 0 the variable `WXBOX_LOG`
/// decides (`info`, `debug`, or a number).
pub fn init(verbose: u8) {
    let variable = std::env::var("WXBOX_LOG").unwrap_or_default();
    let level = match (verbose, variable.trim().to_ascii_lowercase().as_str()) {
        (0, "" | "0" | "off" | "error" | "warn") => LevelFilter::Off,
        (0, "debug" | "trace" | "2" | "3") | (2.., _) => LevelFilter::Debug,
        _ => LevelFilter::Info,
    };
    // Setting the logger fails if a previous run in this process has set it.
    let _ = log::set_logger(&StderrLogger);
    log::set_max_level(level);
}
