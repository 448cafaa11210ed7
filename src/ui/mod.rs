//! All output of the process: results on stdout, everything else on stderr.
//!
//! A result is one value with `Serialize` and `Display`; `--json` selects the rendering. If a
//! reader closes the pipe early, the remaining output is dropped, and the command succeeds. Output
//! is also dropped if a reader does not read and a signal asks the process to stop. Text from
//! outside is sanitized here, so that it cannot control the terminal.

mod active_bar;
mod capabilities;
mod editor;
mod link;
mod log;
mod messages;
mod pager;
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
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

pub use capabilities::ColorMode;
pub use console::measure_text_width;
pub use editor::edit_text;
pub use link::Link;
pub use log::init as start_log;
pub use messages::Level;
pub use panic_hook::{ignore_panics, install_panic_hook};
pub use progress::{Countdown, DelayedSpinner, DeliveryBar, Progress};
pub use prompt::stdin_lines::{StdinLine, StdinLines};
pub use prompt::{
    InvalidAnswer, PromptAborted, confirm, confirm_or_back, confirm_yes, flush_input, pick, pick_several,
    prompt_edited_text, prompt_new_password, prompt_optional_text, prompt_password, prompt_secret,
    prompt_secret_or_keep, prompt_text, prompt_username,
};
pub use qr::file::{QrFile, encode_qr_png};
pub use qr::{Qr, QrStyle};
pub use sanitize::sanitize;
pub use table::Table;
pub use table::cell::{Cell, TextStyle, format_clock_time, format_time};
use table::key_values::hanging_indent;
pub(crate) use table::key_values::wrap;
pub use table::key_values::{KeyValues, format_key_values, terminal_width};
pub(crate) use table::truncate;

use crate::t;
use capabilities::TerminalCapabilities;
use stream::StdStream;
use table::RenderOptions;

/// Whether errors are printed as JSON, for the panic hook.
static ERRORS_AS_JSON: AtomicBool = AtomicBool::new(false);

/// The two output streams and their settings.
pub struct Ui {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    stdout_closed: bool,
    /// Results were dropped, because a signal arrived and the reader did not read.
    results_dropped: bool,
    json: bool,
    quiet: bool,
    /// The warnings that were printed, if duplicates are suppressed.
    shown_warnings: Option<HashSet<String>>,
    capabilities: TerminalCapabilities,
    /// Whether stdout is a terminal.
    pub out_terminal: bool,
    /// Whether stdout is a pipe or a socket.
    out_pipe: bool,
    /// Whether stderr is a terminal.
    pub err_terminal: bool,
    /// Whether wxbox can prompt: stdin and stderr, where prompts are printed, are terminals.
    pub can_prompt: bool,
}

impl Ui {
    /// Creates an output to the streams of the process.
    pub fn stdio() -> Self {
        Self {
            out_terminal: io::stdout().is_terminal(),
            out_pipe: stream::is_pipe(&io::stdout()),
            err_terminal: io::stderr().is_terminal(),
            can_prompt: io::stdin().is_terminal() && io::stderr().is_terminal(),
            ..Self::new(StdStream::Stdout, StdStream::Stderr)
        }
    }

    /// Creates an output to other streams, which are no terminals. It cannot prompt.
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

    /// Returns `true` if wxbox may ask for missing arguments: a person is at the terminal, and no
    /// script reads the output.
    pub fn can_ask(&self) -> bool {
        self.can_prompt && !self.json && !self.quiet
    }

    /// Applies the options of the command line.
    pub fn configure(&mut self, json: bool, quiet: bool, color: ColorMode) {
        ERRORS_AS_JSON.store(json, Ordering::Relaxed);
        self.json = json;
        self.quiet = quiet;
        self.capabilities = TerminalCapabilities::detect(color, self.out_terminal, self.err_terminal);
    }

    /// Returns `true` if results are JSON Lines.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Returns `true` if only data and errors are printed.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Returns `true` if the reader of the results has closed the pipe, so that no more are needed.
    pub fn stdout_closed(&self) -> bool {
        self.stdout_closed
    }

    /// Returns `true` if no process reads the results. Unlike [`Ui::stdout_closed`], this method
    /// detects it before the next write.
    pub fn has_lost_reader(&self) -> bool {
        self.stdout_closed || self.out_pipe && stream::is_broken(&io::stdout())
    }

    /// Returns `true` if results were dropped, because a signal arrived and the reader did not
    /// read.
    pub fn results_dropped(&self) -> bool {
        self.results_dropped
    }

    /// Runs `action` with results on stderr, because another program writes to stdout.
    pub fn with_results_on_stderr<T>(&mut self, action: impl FnOnce(&mut Self) -> T) -> T {
        let stdout = replace(&mut self.out, Box::new(StdStream::Stderr));
        let terminal = replace(&mut self.out_terminal, self.err_terminal);
        let color = replace(&mut self.capabilities.color_out, self.capabilities.color_err);
        let result = action(self);
        (self.out, self.out_terminal, self.capabilities.color_out) = (stdout, terminal, color);
        result
    }

    /// Suppresses duplicate warnings from now on, for an action that is repeated.
    pub fn dedupe_warnings(&mut self) {
        self.shown_warnings.get_or_insert_default();
    }

    /// Prints data that the user asked for.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print(&mut self, value: &(impl Serialize + Display)) -> anyhow::Result<()> {
        let line = self.render(value)?;
        self.write_line(&line)
    }

    /// Prints data as [`Ui::print`] does. Where the terminal shows hyperlinks, some of its texts
    /// are links.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_linked(&mut self, value: &(impl Serialize + Display), links: &[Link]) -> anyhow::Result<()> {
        let mut text = self.render(value)?;
        if self.out_terminal && self.capabilities.links_out && !self.json {
            text = links.iter().fold(text, |text, link| link.apply(&text));
        }
        self.write_line(&text)
    }

    fn render(&self, value: &(impl Serialize + Display)) -> anyhow::Result<String> {
        Ok(match (self.json, self.out_terminal) {
            (true, _) => sanitize::escape_json(&serde_json::to_string(value)?),
            // The alternate form is for people: see [`KeyValues`].
            (false, true) => sanitize(&format!("{value:#}")),
            (false, false) => sanitize(&value.to_string()),
        })
    }

    /// Prints the result of a command. With `--quiet`, it is printed as JSON only.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_result(&mut self, value: &(impl Serialize + Display)) -> anyhow::Result<()> {
        if self.quiet && !self.json {
            return Ok(());
        }
        let text = self.render(value)?;
        self.write_result(text)
    }

    fn write_result(&mut self, text: String) -> anyhow::Result<()> {
        let text = if self.json { text } else { self.wrap_for_stdout(&text) };
        self.write_line(&text)
    }

    /// Returns text with its lines wrapped if stdout is a terminal. A link and a token stay in one
    /// piece.
    fn wrap_for_stdout(&self, text: &str) -> String {
        let columns = if self.out_terminal { terminal_width() } else { None };
        hanging_indent(text, 0, columns)
    }

    /// Prints several results in one write; see [`Ui::print_result`].
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_results<T: Serialize + Display>(&mut self, values: &[T]) -> anyhow::Result<()> {
        if values.is_empty() || (self.quiet && !self.json) || self.stdout_closed {
            return Ok(());
        }
        let lines: Vec<String> = values.iter().map(|value| self.render(value)).collect::<anyhow::Result<_>>()?;
        self.write_result(lines.join("\n"))
    }

    /// Prints a table: aligned on a terminal, in a pager if it is long, and separated by tabs
    /// otherwise.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_table(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.render(self.render_options());
        if text.is_empty() { Ok(()) } else { self.write_paged(text.trim_end_matches('\n')) }
    }

    /// Prints the rows that were added since the last call, so that a long table appears gradually.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn print_new_rows(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.render_new_rows(self.render_options());
        if text.is_empty() { Ok(()) } else { self.write_line(text.trim_end_matches('\n')) }
    }

    fn render_options(&self) -> Option<RenderOptions> {
        let (width, color) = (terminal_width(), self.capabilities.color_out);
        self.out_terminal.then_some(RenderOptions { width, color, ellipsis: self.ellipsis() })
    }

    fn ellipsis(&self) -> &'static str {
        if self.capabilities.ascii_only { "..." } else { "…" }
    }

    fn write_line(&mut self, line: &str) -> anyhow::Result<()> {
        if self.stdout_closed {
            return Ok(());
        }
        let text = if self.out_terminal && self.capabilities.ascii_only && !self.json {
            sanitize::to_ascii(line)
        } else {
            line.to_owned()
        };
        let mut write = || self.out.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.out.flush());
        // A progress bar on stderr is on the same terminal.
        let result = if self.out_terminal { active_bar::suspend_for(write) } else { write() };
        match result {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.stdout_closed = true;
                Ok(())
            }
            Err(e) if stream::is_unread_error(&e) => {
                self.stdout_closed = true;
                self.results_dropped = true;
                self.warn(&t!("ui-unread"));
                Ok(())
            }
            Err(e) => Err(anyhow::Error::new(e).context(t!("ui-stdout"))),
            Ok(()) => Ok(()),
        }
    }

    /// Writes `text` to stderr unchanged, such as a QR code or the text of clap.
    pub fn write_stderr(&mut self, text: &str) {
        // There is no way to report that stderr is closed.
        let _ = active_bar::suspend_for(|| self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush()));
    }

    /// Writes `text` to stdout unchanged, such as the help or a script. On a terminal it is
    /// sanitized.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn write_stdout(&mut self, text: &str) -> anyhow::Result<()> {
        let text = text.trim_end_matches('\n');
        if self.out_terminal { self.write_line(&sanitize(text)) } else { self.write_line(text) }
    }

    /// Writes `text` to stdout as [`Ui::write_stdout`] does, with its lines wrapped to a terminal.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn write_wrapped(&mut self, text: &str) -> anyhow::Result<()> {
        self.write_stdout(&self.wrap_for_stdout(text))
    }

    /// Writes a document, such as the help, as [`Ui::write_stdout`] does; in a pager if it is
    /// longer than the terminal.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
    pub fn write_document(&mut self, text: &str) -> anyhow::Result<()> {
        let text = text.trim_end_matches('\n');
        if self.out_terminal { self.write_paged(&sanitize(text)) } else { self.write_line(text) }
    }

    /// Writes sanitized text; in a pager if it is longer than the terminal.
    fn write_paged(&mut self, text: &str) -> anyhow::Result<()> {
        let can_page = self.out_terminal && !self.json && !self.capabilities.no_animation && !self.stdout_closed;
        if can_page && pager::is_longer_than_screen(text) {
            let text = if self.capabilities.ascii_only { sanitize::to_ascii(text) } else { text.to_owned() };
            if pager::show(&format!("{text}\n")) {
                return Ok(());
            }
        }
        self.write_line(text)
    }

    /// Prints a command as a user would type it, before it runs.
    ///
    /// # Errors
    /// Writing fails for a reason other than a closed pipe.
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
    fn quiet_hides_results_but_not_data_and_json() {
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
    fn several_results_are_printed_one_per_line() {
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
    fn closed_pipe_is_success_and_full_disk_is_not() {
        let write = |kind| Ui { out: Box::new(FailingWriter(kind)), ..Ui::stdio() }.print(&Name("a"));
        assert!(write(io::ErrorKind::BrokenPipe).is_ok());
        assert!(write(io::ErrorKind::StorageFull).is_err());
    }
}
