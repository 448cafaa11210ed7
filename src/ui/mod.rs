//! The only way out to a person or a script: results on stdout, everything else on stderr.
//!
//! A result is one value with `Serialize` and `Display`; `--json` picks the rendering. A reader that
//! closes the pipe early is no failure: what follows is dropped. So it is where a reader does not read and a signal
//! asks the process to leave. Text from outside loses here what could drive the terminal.

mod capabilities;
mod log;
mod messages;
mod panic_hook;
mod progress;
mod prompt;
mod qr;
mod sanitize;
mod stream;
mod table;

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::mem::replace;

use serde::Serialize;

pub use console::measure_text_width;
pub use log::init as start_log;
pub use messages::Level;
pub use panic_hook::install_panic_hook;
pub use progress::{Countdown, DelayedSpinner, DeliveryBar, Progress};
pub use prompt::stdin_lines::{StdinLine, StdinLines};
pub use prompt::{
    InvalidAnswer, confirm, confirm_retry, flush_input, prompt_new_password, prompt_optional_text, prompt_password,
    prompt_secret, prompt_text, prompt_username, was_interrupted,
};
pub use qr::file::{QrFile, encode_qr_png};
pub use qr::{Qr, QrStyle};
pub use sanitize::sanitize;
pub use table::Table;
pub use table::cell::{Cell, TextStyle, format_clock_time, format_time};
pub use table::key_values::{KeyValues, format_key_values, terminal_width};

use crate::t;
use capabilities::TerminalCapabilities;
use messages::with_label;
use sanitize::single_line;
use stream::StdStream;
use table::RenderOptions;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorMode {
    /// On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// The two streams and how they are written.
pub struct Ui {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    stdout_closed: bool,
    /// Nobody read results, and a signal ended the wait for it.
    results_dropped: bool,
    json: bool,
    quiet: bool,
    /// Warnings that were said, where none is to be said twice.
    shown_warnings: Option<HashSet<String>>,
    capabilities: TerminalCapabilities,
    /// stdout is a terminal.
    pub out_terminal: bool,
    /// stdout is a pipe or a socket, whoever reads it.
    out_pipe: bool,
    /// stderr is a terminal.
    pub err_terminal: bool,
    /// Whether somebody can be asked: stdin is a terminal, and so is stderr, where questions stand.
    pub can_prompt: bool,
}

impl Ui {
    /// The process's own streams.
    pub fn stdio() -> Self {
        Self {
            out_terminal: io::stdout().is_terminal(),
            out_pipe: stream::is_pipe(&io::stdout()),
            err_terminal: io::stderr().is_terminal(),
            can_prompt: io::stdin().is_terminal() && io::stderr().is_terminal(),
            ..Self::new(StdStream::Stdout, StdStream::Stderr)
        }
    }

    /// The caller's own streams, neither of them a terminal; nobody can be asked.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            stdout_closed: false,
            results_dropped: false,
            json: false,
            quiet: false,
            shown_warnings: None,
            capabilities: TerminalCapabilities::default(),
            out_terminal: false,
            out_pipe: false,
            err_terminal: false,
            can_prompt: false,
        }
    }

    /// Takes over what the command line says of the output.
    pub fn configure(&mut self, json: bool, quiet: bool, color: ColorMode) {
        panic_hook::set_json(json);
        self.json = json;
        self.quiet = quiet;
        self.capabilities = TerminalCapabilities::detect(color, self.out_terminal, self.err_terminal);
    }

    /// Whether results are JSON Lines.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether only data and errors are wanted.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether whoever read the results has gone: nobody needs any more of them.
    pub fn stdout_closed(&self) -> bool {
        self.stdout_closed
    }

    /// Whether results were dropped since a signal came and nobody read them.
    pub fn results_dropped(&self) -> bool {
        self.results_dropped
    }

    /// Leaves stdout to another program: until `act` is done, results go to stderr.
    pub fn with_results_on_stderr<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let stdout = replace(&mut self.out, Box::new(StdStream::Stderr));
        let terminal = replace(&mut self.out_terminal, self.err_terminal);
        let color = replace(&mut self.capabilities.color_out, self.capabilities.color_err);
        let done = act(self);
        (self.out, self.out_terminal, self.capabilities.color_out) = (stdout, terminal, color);
        done
    }

    /// Says no warning twice from now on: for what is done a second time.
    pub fn dedupe_warnings(&mut self) {
        self.shown_warnings.get_or_insert_default();
    }

    /// Shows data that was asked for.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn print(&mut self, value: &(impl Serialize + Display)) -> anyhow::Result<()> {
        let line = self.render(value)?;
        self.write_line(&line)
    }

    fn render(&self, value: &(impl Serialize + Display)) -> anyhow::Result<String> {
        Ok(match (self.json, self.out_terminal) {
            (true, _) => sanitize::escape_json(&serde_json::to_string(value)?),
            // The other form is for people: see [`Facts`].
            (false, true) => sanitize(&format!("{value:#}")),
            (false, false) => sanitize(&value.to_string()),
        })
    }

    /// Shows what a command did; not with `--quiet`, unless as JSON.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn print_result(&mut self, value: &(impl Serialize + Display)) -> anyhow::Result<()> {
        if self.quiet && !self.json { Ok(()) } else { self.print(value) }
    }

    /// The same for several, in one go.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn print_results<T: Serialize + Display>(&mut self, values: &[T]) -> anyhow::Result<()> {
        if values.is_empty() || (self.quiet && !self.json) || self.stdout_closed {
            return Ok(());
        }
        let lines: Vec<String> = values.iter().map(|it| self.render(it)).collect::<anyhow::Result<_>>()?;
        self.write_line(&lines.join("\n"))
    }

    /// Shows a table that was asked for: aligned on a terminal, tabs in a pipe.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn print_table(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.render(self.render_options());
        if text.is_empty() { Ok(()) } else { self.write_line(text.trim_end_matches('\n')) }
    }

    /// Shows what came to a table since the last time, so that a long one need not be waited for.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn print_new_rows(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.render_new_rows(self.render_options());
        if text.is_empty() { Ok(()) } else { self.write_line(text.trim_end_matches('\n')) }
    }

    fn render_options(&self) -> Option<RenderOptions> {
        let more = if self.capabilities.ascii_only { "..." } else { "…" };
        let (columns, color) = (terminal_width(), self.capabilities.color_out);
        self.out_terminal.then_some(RenderOptions { width: columns, color, ellipsis: more })
    }

    fn write_line(&mut self, line: &str) -> anyhow::Result<()> {
        if self.stdout_closed {
            return Ok(());
        }
        let shown = if self.out_terminal && self.capabilities.ascii_only && !self.json {
            sanitize::to_ascii(line)
        } else {
            line.to_owned()
        };
        let mut write = || self.out.write_all(format!("{shown}\n").as_bytes()).and_then(|()| self.out.flush());
        // What is drawn on stderr is on the same terminal.
        let written = if self.out_terminal { progress::suspend_for(write) } else { write() };
        match written {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.stdout_closed = true;
                Ok(())
            }
            Err(e) if stream::is_unread_error(&e) => {
                (self.stdout_closed, self.results_dropped) = (true, true);
                self.warn(&t!("ui-unread"));
                Ok(())
            }
            Err(e) => Err(anyhow::Error::new(e).context(t!("ui-stdout"))),
            Ok(()) => Ok(()),
        }
    }

    /// Begins a line on stderr that the person goes on with.
    pub fn prompt_line(&mut self, text: &str) {
        let said = with_label(&single_line(text), "");
        self.write_stderr(&said);
    }

    /// Writes to stderr as it is: the QR code, clap's own text.
    pub fn write_stderr(&mut self, text: &str) {
        // Nothing can be told to somebody who closed stderr.
        let _ = progress::suspend_for(|| self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush()));
    }

    /// Writes to stdout as it is: help and version, what scripts and files take. On a terminal nothing can drive it.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn write_stdout(&mut self, text: &str) -> anyhow::Result<()> {
        let text = text.trim_end_matches('\n');
        if self.out_terminal { self.write_line(&sanitize(text)) } else { self.write_line(text) }
    }

    /// Shows a command as one would type it, before it is run.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn echo_command(&mut self, args: &[&str], after: &str) -> anyhow::Result<()> {
        let line = format!("$ wxbox {}{after}", shell_words::join(args));
        let line = if self.capabilities.color_out { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line };
        self.write_line(&format!("\n{line}"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct FailingWriter(io::ErrorKind);

    impl Write for FailingWriter {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[derive(Serialize)]
    struct Name(&'static str);

    impl Display for Name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "name {}", self.0)
        }
    }

    #[test]
    fn quiet_hides_what_was_done_but_neither_data_nor_json() {
        for (json, quiet, expected) in [
            (false, false, "name a\nname b\n"),
            (false, true, "name a\n"),
            (true, false, "\"a\"\n\"b\"\n"),
            (true, true, "\"a\"\n\"b\"\n"),
        ] {
            let sink = Sink::default();
            let mut ui = Ui { out: Box::new(sink.clone()), ..Ui::stdio() };
            ui.configure(json, quiet, ColorMode::Never);
            ui.print(&Name("a")).unwrap();
            ui.print_result(&Name("b")).unwrap();
            assert_eq!(String::from_utf8(sink.0.lock().unwrap().clone()).unwrap(), expected);
        }
    }

    #[test]
    fn several_are_shown_as_if_one_by_one_and_none_is_no_line() {
        for (json, quiet, expected) in
            [(false, false, "name a\nname b\n"), (false, true, ""), (true, true, "\"a\"\n\"b\"\n")]
        {
            let sink = Sink::default();
            let mut ui = Ui { out: Box::new(sink.clone()), ..Ui::stdio() };
            ui.configure(json, quiet, ColorMode::Never);
            ui.print_results::<Name>(&[]).unwrap();
            ui.print_results(&[Name("a"), Name("b")]).unwrap();
            assert_eq!(String::from_utf8(sink.0.lock().unwrap().clone()).unwrap(), expected);
        }
    }

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        let write = |kind| Ui { out: Box::new(FailingWriter(kind)), ..Ui::stdio() }.print(&Name("a"));
        assert!(write(io::ErrorKind::BrokenPipe).is_ok());
        assert!(write(io::ErrorKind::StorageFull).is_err());
    }
}
