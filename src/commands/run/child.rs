//! Runs the child process with wxbox's streams, process group and environment without the secrets,
//! and forwards signals to it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use crate::config::ConfigSecret;
use crate::process_hardening;
use crate::signals::{ForwarderEvent, SignalForwarder, with_original_mask};
use crate::t;

/// The number of bytes that Linux reads to find a script's interpreter.
const SHEBANG_BYTES: u64 = 256;

/// How the child ended.
#[derive(Debug)]
pub(super) enum ChildExit {
    /// It exited with this status.
    Status(u8),
    /// This signal terminated it.
    Signal(i32),
    /// It could not be started.
    NotStarted(io::Error),
}

impl ChildExit {
    /// Returns the exit status by the convention of shells.
    pub(super) fn status(&self) -> u8 {
        match self {
            Self::Status(status) => *status,
            // Signal numbers are below 65.
            Self::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => 127,
            Self::NotStarted(_) => 126,
        }
    }
}

/// The interpreter of a script is missing. The system reports that the script is missing.
#[derive(Debug, thiserror::Error)]
#[error("{}", t!("run-bad-interpreter", interpreter = interpreter.escape_debug().to_string()))]
struct BadInterpreter {
    script: PathBuf,
    interpreter: String,
}

impl BadInterpreter {
    /// Returns the error for a program that was not found, if it is a script.
    fn detect(program: &OsStr) -> Option<Self> {
        // Scripts that are found through PATH are not examined.
        let script = PathBuf::from(program);
        let mut first = Vec::new();
        File::open(&script).ok()?.take(SHEBANG_BYTES).read_to_end(&mut first).ok()?;
        let line = first.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let text = String::from_utf8_lossy(line);
        let interpreter = text.trim_start_matches([' ', '\t']).split([' ', '\t']).next()?.to_owned();
        Some(Self { script, interpreter })
    }
}

/// Returns a hint for a command that could not be started.
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

/// Runs the command to its end.
///
/// # Errors
///
/// The operating system cannot wait for the child.
pub(super) fn run(forwarder: &mut SignalForwarder, command: &[OsString]) -> io::Result<ChildExit> {
    let [program, args @ ..] = command else { return Ok(ChildExit::NotStarted(io::ErrorKind::InvalidInput.into())) };
    // The loop below waits for any child: as PID 1 of a container, this process also gets orphans.
    let mut command = Command::new(program);
    command.args(args);
    for variable in ConfigSecret::ALL.into_iter().filter_map(ConfigSecret::variable) {
        command.env_remove(variable);
    }
    let child = match process_hardening::with_original_core_limit(|| with_original_mask(|| command.spawn())) {
        Ok(child) => Pid::from_child(&child),
        Err(error) => {
            let bad_interpreter =
                (error.kind() == io::ErrorKind::NotFound).then(|| BadInterpreter::detect(program)).flatten();
            return Ok(ChildExit::NotStarted(
                bad_interpreter
                    .map_or(error, |bad_interpreter| io::Error::new(io::ErrorKind::NotFound, bad_interpreter)),
            ));
        }
    };
    loop {
        match forwarder.next_event()? {
            ForwarderEvent::ChildExited => {
                if let Some(exit) = wait_child(child)? {
                    return Ok(exit);
                }
            }
            ForwarderEvent::Signal(signal) => signal.forward_to(child),
        }
    }
}

/// Reaps all children that have ended; returns how `child` ended if it is one of them.
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
