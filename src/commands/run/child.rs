//! The command itself: our streams, our process group, our environment but for the secret, and the signals that
//! are sent to us.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use crate::private;
use crate::signals::{Heard, Relay};
use crate::t;

/// The variable that is ours alone.
const SECRET: &str = "WXBOX_APP_SECRET";

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself, with this status.
    Status(u8),
    /// By this signal.
    Signal(i32),
    /// It never began.
    NotStarted(io::Error),
}

impl Ended {
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

/// What to do about a command that cannot be started.
pub(super) fn hint(error: &io::Error) -> Option<String> {
    (error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error())).then(|| t!("run-interpreter-hint"))
}

/// Runs it to its end.
///
/// # Errors
/// The operating system's, where signals cannot be passed on or the end cannot be waited for.
pub(super) fn run(command: &[OsString]) -> io::Result<Ended> {
    let mut relay = Relay::begin()?;
    let [program, args @ ..] = command else { return Ok(Ended::NotStarted(io::ErrorKind::InvalidInput.into())) };
    // It is waited for below, by its number: as the first process of a container we get the orphans of others too.
    let mut command = Command::new(program);
    command.args(args).env_remove(SECRET);
    let child = match private::unsealed(|| command.spawn()) {
        Ok(child) => Pid::from_child(&child),
        Err(error) => return Ok(Ended::NotStarted(error)),
    };
    loop {
        match relay.hear()? {
            Heard::Children => {
                if let Some(ended) = reap(child)? {
                    return Ok(ended);
                }
            }
            Heard::Signal(signal) => signal.pass_on(child),
        }
    }
}

/// Takes note of all children that have ended; how ours did, if it is among them.
fn reap(child: Pid) -> io::Result<Option<Ended>> {
    while let Some((pid, status)) = wait(WaitOptions::NOHANG)? {
        if pid == child {
            return Ok(Some(of(status)));
        }
    }
    Ok(None)
}

fn of(status: WaitStatus) -> Ended {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(status), _) => Ended::Status(u8::try_from(status).unwrap_or(u8::MAX)),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}
