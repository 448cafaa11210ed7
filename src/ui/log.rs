//! What `-v` shows: this crate's own log lines, on stderr. Lines of other crates are never shown, since
//! an HTTP library may log whole addresses.

use std::io::Write;

use log::{LevelFilter, Log, Metadata, Record};

struct StderrLogger;

impl Log for StderrLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().split("::").next() == Some("wxbox")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!(
                "{}: {}\n",
                record.level().as_str().to_lowercase(),
                super::sanitize::single_line(&record.args().to_string())
            );
            // Nothing can be told to somebody who closed stderr.
            let _ = super::progress::suspend_for(|| super::stream::StdStream::Stderr.write_all(line.as_bytes()));
        }
    }

    fn flush(&self) {}
}

/// Shows what is done (`verbose` 1) and how (2 or more); 0 asks `WXBOX_LOG` (`info`, `debug`, or a number).
pub fn init(verbose: u8) {
    let asked = std::env::var("WXBOX_LOG").unwrap_or_default();
    let level = match (verbose, asked.trim().to_ascii_lowercase().as_str()) {
        (0, "" | "0" | "off" | "error" | "warn") => LevelFilter::Off,
        (0, "debug" | "trace" | "2" | "3") | (2.., _) => LevelFilter::Debug,
        _ => LevelFilter::Info,
    };
    // A second run in the same process finds the logger in place.
    let _ = log::set_logger(&StderrLogger);
    log::set_max_level(level);
}
