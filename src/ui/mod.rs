//! The only way out to a person or a script: results on stdout, everything else on stderr.
//!
//! A result is one value with `Serialize` and `Display`; `--json` picks the rendering. A reader that
//! closes the pipe early is no failure: what follows is dropped. So it is where a reader does not read and a signal
//! asks the process to leave. Text from outside loses here what could drive the terminal.

mod cell;
mod clean;
mod crash;
mod facts;
mod keys;
mod lines;
mod log;
mod manner;
mod progress;
mod prompt;
mod qr;
mod qr_file;
mod said;
mod still;
mod stream;
mod table;
mod theme;
mod verdict;

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::mem::replace;

use serde::Serialize;

pub use cell::{Cell, Tone, clock, when};
pub use clean::clean;
pub use console::measure_text_width as width;
pub use crash::end_at_panic;
pub use facts::{Facts, columns, facts};
pub use lines::{Line, Lines};
pub use log::start as start_log;
pub use progress::{Delivered, Progress, Slow, Waiting};
pub use prompt::{
    Wrong, again, confirm, forget_typed, new_password, password, text, text_or_none, unseen, username, was_interrupted,
};
pub use qr::{Look, Qr};
pub use qr_file::{QrFile, qr_picture};
pub use table::Table;
pub use verdict::Level;

use crate::t;
use clean::line;
use manner::Manner;
use said::marked;
use stream::Stream;
use table::Screen;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
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
    closed: bool,
    /// Nobody read results, and a signal ended the wait for it.
    unread: bool,
    json: bool,
    quiet: bool,
    /// Warnings that were said, where none is to be said twice.
    warned: Option<HashSet<String>>,
    manner: Manner,
    /// stdout is a terminal.
    pub out_terminal: bool,
    /// stdout is a pipe or a socket, whoever reads it.
    out_pipe: bool,
    /// stderr is a terminal.
    pub err_terminal: bool,
    /// Whether somebody can be asked: stdin is a terminal, and so is stderr, where questions stand.
    pub in_terminal: bool,
}

impl Ui {
    /// The process's own streams.
    pub fn stdio() -> Self {
        Self {
            out_terminal: io::stdout().is_terminal(),
            out_pipe: stream::is_pipe(&io::stdout()),
            err_terminal: io::stderr().is_terminal(),
            in_terminal: io::stdin().is_terminal() && io::stderr().is_terminal(),
            ..Self::of(Stream::Out, Stream::Err)
        }
    }

    /// The caller's own streams, neither of them a terminal; nobody can be asked.
    pub fn of(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            closed: false,
            unread: false,
            json: false,
            quiet: false,
            warned: None,
            manner: Manner::default(),
            out_terminal: false,
            out_pipe: false,
            err_terminal: false,
            in_terminal: false,
        }
    }

    /// Takes over what the command line says of the output.
    pub fn configure(&mut self, json: bool, quiet: bool, color: Color) {
        crash::note(json);
        self.json = json;
        self.quiet = quiet;
        self.manner = Manner::of(color, self.out_terminal, self.err_terminal);
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
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Whether results were dropped since a signal came and nobody read them.
    pub fn unread(&self) -> bool {
        self.unread
    }

    /// Leaves stdout to another program: until `act` is done, results go to stderr.
    pub fn results_on_stderr<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let stdout = replace(&mut self.out, Box::new(Stream::Err));
        let terminal = replace(&mut self.out_terminal, self.err_terminal);
        let color = replace(&mut self.manner.color_out, self.manner.color_err);
        let done = act(self);
        (self.out, self.out_terminal, self.manner.color_out) = (stdout, terminal, color);
        done
    }

    /// Says no warning twice from now on: for what is done a second time.
    pub fn warn_once_each(&mut self) {
        self.warned.get_or_insert_default();
    }

    /// Shows data that was asked for.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn data(&mut self, it: &(impl Serialize + Display)) -> anyhow::Result<()> {
        let line = self.shown(it)?;
        self.line(&line)
    }

    fn shown(&self, it: &(impl Serialize + Display)) -> anyhow::Result<String> {
        Ok(match (self.json, self.out_terminal) {
            (true, _) => clean::json(&serde_json::to_string(it)?),
            // The other form is for people: see [`Facts`].
            (false, true) => clean(&format!("{it:#}")),
            (false, false) => clean(&it.to_string()),
        })
    }

    /// Shows what a command did; not with `--quiet`, unless as JSON.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn done(&mut self, it: &(impl Serialize + Display)) -> anyhow::Result<()> {
        if self.quiet && !self.json { Ok(()) } else { self.data(it) }
    }

    /// The same for several, in one go.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn done_all<T: Serialize + Display>(&mut self, them: &[T]) -> anyhow::Result<()> {
        if them.is_empty() || (self.quiet && !self.json) || self.closed {
            return Ok(());
        }
        let lines: Vec<String> = them.iter().map(|it| self.shown(it)).collect::<anyhow::Result<_>>()?;
        self.line(&lines.join("\n"))
    }

    /// Shows a table that was asked for: aligned on a terminal, tabs in a pipe.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn table(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.render(self.screen());
        if text.is_empty() { Ok(()) } else { self.line(text.trim_end_matches('\n')) }
    }

    /// Shows what came to a table since the last time, so that a long one need not be waited for.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn table_part(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let text = table.part(self.screen());
        if text.is_empty() { Ok(()) } else { self.line(text.trim_end_matches('\n')) }
    }

    fn screen(&self) -> Option<Screen> {
        let more = if self.manner.ascii { "..." } else { "…" };
        let (columns, color) = (columns(), self.manner.color_out);
        self.out_terminal.then_some(Screen { columns, color, more })
    }

    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        if self.closed {
            return Ok(());
        }
        let shown =
            if self.out_terminal && self.manner.ascii && !self.json { clean::ascii(line) } else { line.to_owned() };
        let mut write = || self.out.write_all(format!("{shown}\n").as_bytes()).and_then(|()| self.out.flush());
        // What is drawn on stderr is on the same terminal.
        let written = if self.out_terminal { progress::above(write) } else { write() };
        match written {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(e) if stream::is_unread(&e) => {
                (self.closed, self.unread) = (true, true);
                self.warn(&t!("ui-unread"));
                Ok(())
            }
            Err(e) => Err(anyhow::Error::new(e).context(t!("ui-stdout"))),
            Ok(()) => Ok(()),
        }
    }

    /// Begins a line on stderr that the person goes on with.
    pub fn question(&mut self, text: &str) {
        let said = marked(&line(text), "");
        self.raw_err(&said);
    }

    /// Writes to stderr as it is: the QR code, clap's own text.
    pub fn raw_err(&mut self, text: &str) {
        // Nothing can be told to somebody who closed stderr.
        let _ = progress::above(|| self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush()));
    }

    /// Writes to stdout as it is: help and version, what scripts and files take. On a terminal nothing can drive it.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn raw_out(&mut self, text: &str) -> anyhow::Result<()> {
        let text = text.trim_end_matches('\n');
        if self.out_terminal { self.line(&clean(text)) } else { self.line(text) }
    }

    /// Shows a command as one would type it, before it is run.
    ///
    /// # Errors
    /// The stream's, except a closed pipe.
    pub fn typed(&mut self, args: &[&str], after: &str) -> anyhow::Result<()> {
        let line = format!("$ wxbox {}{after}", shell_words::join(args));
        let line = if self.manner.color_out { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line };
        self.line(&format!("\n{line}"))
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

    struct Broken(io::ErrorKind);

    impl Write for Broken {
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
            ui.configure(json, quiet, Color::Never);
            ui.data(&Name("a")).unwrap();
            ui.done(&Name("b")).unwrap();
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
            ui.configure(json, quiet, Color::Never);
            ui.done_all::<Name>(&[]).unwrap();
            ui.done_all(&[Name("a"), Name("b")]).unwrap();
            assert_eq!(String::from_utf8(sink.0.lock().unwrap().clone()).unwrap(), expected);
        }
    }

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        let write = |kind| Ui { out: Box::new(Broken(kind)), ..Ui::stdio() }.data(&Name("a"));
        assert!(write(io::ErrorKind::BrokenPipe).is_ok());
        assert!(write(io::ErrorKind::StorageFull).is_err());
    }
}
