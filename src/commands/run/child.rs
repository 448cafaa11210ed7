//! The command itself: our streams, our process group, our environment but for the secret, and the signals that
//! are sent to us.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use crate::process_hardening;
use crate::signals::{ForwarderEvent, SignalForwarder, with_original_mask};
use crate::t;

/// The variable that is ours alone.
const SECRET_VARIABLE: &str = "WXBOX_APP_SECRET";

/// As much of a script as Linux reads to find its interpreter.
const SHEBANG_BYTES: u64 = 256;

/// How a command ended.
#[derive(Debug)]
pub(super) enum ChildExit {
    /// By itself, with this status.
    Status(u8),
    /// By this signal.
    Signal(i32),
    /// It never began.
    NotStarted(io::Error),
}

impl ChildExit {
    /// The status to leave with, as shells have it.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Status(status) => *status,
            // A signal's number is below 65.
            Self::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => 127,
            Self::NotStarted(_) => 126,
        }
    }
}

/// The system says that a script is not there where it means the interpreter that its first line names.
#[derive(Debug, thiserror::Error)]
#[error("{}", t!("run-bad-interpreter", interpreter = interpreter.escape_debug().to_string()))]
struct BadInterpreter {
    script: PathBuf,
    interpreter: String,
}

impl BadInterpreter {
    /// That of a program that was not found, if it is a script.
    fn detect(program: &OsStr) -> Option<Self> {
        // One that is found by PATH is left to the person.
        let script = PathBuf::from(program);
        let mut first = Vec::new();
        File::open(&script).ok()?.take(SHEBANG_BYTES).read_to_end(&mut first).ok()?;
        let line = first.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let text = String::from_utf8_lossy(line);
        let interpreter = text.trim_start_matches([' ', '\t']).split([' ', '\t']).next()?.to_owned();
        Some(Self { script, interpreter })
    }
}

/// What to do about a command that cannot be started.
pub(super) fn start_hint(error: &io::Error) -> Option<String> {
    if let Some(BadInterpreter { script, interpreter }) = error.get_ref().and_then(|error| error.downcast_ref()) {
        let file = shell_words::quote(&script.to_string_lossy()).into_owned();
        return Some(match interpreter.ends_with('\r') {
            true => t!("run-interpreter-crlf-hint", file = file),
            false => t!("run-interpreter-missing-hint", file = file),
        });
    }
    (error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error())).then(|| t!("run-interpreter-hint"))
}

/// Runs it to its end.
///
/// # Errors
/// The operating system's, where the end cannot be waited for.
pub(super) fn run(forwarder: &mut SignalForwarder, command: &[OsString]) -> io::Result<ChildExit> {
    let [program, args @ ..] = command else { return Ok(ChildExit::NotStarted(io::ErrorKind::InvalidInput.into())) };
    // It is waited for below, by its number: as the first process of a container we get the orphans of others too.
    let mut command = Command::new(program);
    command.args(args).env_remove(SECRET_VARIABLE);
    let child = match process_hardening::with_original_core_limit(|| with_original_mask(|| command.spawn())) {
        Ok(child) => Pid::from_child(&child),
        Err(error) => {
            let bad = (error.kind() == io::ErrorKind::NotFound).then(|| BadInterpreter::detect(program)).flatten();
            return Ok(ChildExit::NotStarted(bad.map_or(error, |bad| io::Error::new(io::ErrorKind::NotFound, bad))));
        }
    };
    loop {
        match forwarder.next_event()? {
            ForwarderEvent::ChildExited => {
                if let Some(ended) = wait_child(child)? {
                    return Ok(ended);
                }
            }
            ForwarderEvent::Signal(signal) => signal.forward_to(child),
        }
    }
}

/// Takes note of all children that have ended; how ours did, if it is among them.
fn wait_child(child: Pid) -> io::Result<Option<ChildExit>> {
    while let Some((pid, status)) = wait(WaitOptions::NOHANG)? {
        if pid == child {
            return Ok(Some(from_wait_status(status)));
        }
    }
    Ok(None)
}

fn from_wait_status(status: WaitStatus) -> ChildExit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(status), _) => ChildExit::Status(u8::try_from(status).unwrap_or(u8::MAX)),
        (None, signal) => ChildExit::Signal(signal.unwrap_or_default()),
    }
}
