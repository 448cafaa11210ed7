//! Edits a text in the user's editor, which gets the terminal until it exits.
//!
//! The text is in a private directory, because editors write backups and recovery files beside the
//! file that they edit. `docs/decisions.md` says why no crate does this.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus as ProcessStatus, Stdio};

use anyhow::Context as _;
use rustix::process::Pid;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::Ui;
use crate::exit::{CommandError, ExitStatus};
use crate::files;
use crate::i18n::join_list;
use crate::process_hardening::with_original_core_limit;
use crate::signals::{ForwarderEvent, Signal, SignalForwarder, with_original_mask};
use crate::t;

/// The editors that are tried without `VISUAL` and `EDITOR`. The first one is Debian's link to the
/// editor of the machine.
const DEFAULT_EDITORS: [&str; 3] = ["editor", "vi", "nano"];

/// The size limit of an edited text in bytes.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Opens `initial_text` in the editor that `VISUAL` or `EDITOR` names, as a file called
/// `file_name`, and returns the edited text. Returns `None` if the editor exits with an error, as
/// vi does after `:cq`: the user wants to discard the text. A text that was not changed is returned
/// too.
///
/// Ctrl-C is for the editor while it runs; SIGTERM and SIGHUP end the editor and then this command.
///
/// # Errors
/// A usage error if wxbox cannot prompt; there is no such editor; the text is not UTF-8 or too
/// long; a signal asks wxbox to stop.
pub fn edit_text(ui: &Ui, initial_text: &str, file_name: &str) -> anyhow::Result<Option<String>> {
    if !ui.can_prompt {
        return Err(CommandError::usage(t!("ui-editor-no-terminal")).into());
    }
    let dir = tempfile::Builder::new().prefix("wxbox-").permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
    let path = dir.path().join(file_name);
    files::create_private(&path)?.write_all(initial_text.as_bytes())?;
    let modes = tcgetattr(io::stdin()).ok();
    let ended = run_editor(&editor_commands()?, &path);
    if let Some(modes) = modes {
        // An editor that crashed has left its own modes.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }
    match ended? {
        EditorEnd::Stopped(signal) => {
            Err(CommandError { exit: signal.exit_status(), message: t!("ui-interrupted"), hint: None }.into())
        }
        EditorEnd::Exited(status) if status.success() => read_text(&path).map(Some),
        EditorEnd::Exited(_) => Ok(None),
    }
}

/// How the editor ended.
#[derive(Debug)]
enum EditorEnd {
    Exited(ProcessStatus),
    /// This signal asked wxbox to stop.
    Stopped(Signal),
}

/// Returns the commands to try, each with its options.
fn editor_commands() -> anyhow::Result<Vec<Vec<OsString>>> {
    let configured = ["VISUAL", "EDITOR"].into_iter().find_map(|name| {
        let value = std::env::var_os(name)?;
        (!value.as_os_str().as_encoded_bytes().trim_ascii().is_empty()).then_some((name, value))
    });
    let Some((name, value)) = configured else {
        return Ok(DEFAULT_EDITORS.map(|editor| vec![editor.into()]).into());
    };
    let words = match value.to_str().map(shell_words::split) {
        Some(Ok(words)) => words.into_iter().map(OsString::from).collect(),
        Some(Err(_)) => return Err(CommandError::usage(t!("ui-editor-quotes", variable = name)).into()),
        // A path that is not Unicode has no options.
        None => vec![value],
    };
    Ok(vec![words])
}

/// Runs the first of the commands that exists, and waits until it exits.
///
/// # Errors
/// None of the editors exists, or one cannot be started.
fn run_editor(commands: &[Vec<OsString>], path: &Path) -> anyhow::Result<EditorEnd> {
    let mut forwarder = SignalForwarder::new()?;
    for words in commands {
        let Some((program, options)) = words.split_first() else { continue };
        match start_editor(program, options, path) {
            Ok(child) => return Ok(wait_for_exit(&mut forwarder, child)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let editor = program.to_string_lossy().into_owned();
                return Err(anyhow::Error::new(error).context(t!("ui-editor-not-started", editor = editor)));
            }
        }
    }
    let names: Vec<String> =
        commands.iter().filter_map(|words| Some(words.first()?.to_string_lossy().into())).collect();
    let message = t!("ui-editor-missing", editor = join_list(names));
    Err(CommandError { exit: ExitStatus::Usage, message, hint: Some(t!("ui-editor-missing-hint")) }.into())
}

fn start_editor(program: &OsStr, options: &[OsString], path: &Path) -> io::Result<Child> {
    // The output of wxbox may be a file; the editor draws on the terminal.
    let terminal = Stdio::from(io::stderr().as_fd().try_clone_to_owned()?);
    let mut command = Command::new(program);
    command.args(options).arg(path).stdout(terminal);
    with_original_core_limit(|| with_original_mask(|| command.spawn()))
}

/// Waits for the editor. A signal of the terminal reaches the editor without wxbox, and is ignored
/// here.
fn wait_for_exit(forwarder: &mut SignalForwarder, mut child: Child) -> io::Result<EditorEnd> {
    let pid = Pid::from_child(&child);
    let mut stop_signal = None;
    loop {
        match forwarder.next_event()? {
            ForwarderEvent::ChildExited => {
                if let Some(status) = child.try_wait()? {
                    return Ok(stop_signal.map_or(EditorEnd::Exited(status), EditorEnd::Stopped));
                }
            }
            ForwarderEvent::Signal(signal) => {
                signal.forward_to(pid);
                stop_signal = stop_signal.or(signal.stop_signal());
            }
        }
    }
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| t!("ui-editor-unreadable"))?;
    let bytes = files::read_limited(file, MAX_TEXT_BYTES).with_context(|| t!("ui-editor-unreadable"))?;
    Ok(String::from_utf8(bytes).map_err(|_| CommandError::usage(t!("ui-editor-not-utf8")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<OsString> {
        ["/bin/sh", "-c", script, "editor"].map(OsString::from).into()
    }

    fn path_with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text");
        fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn first_editor_that_exists_edits_the_file() {
        let (_dir, path) = path_with("one\n");
        let commands = [vec!["/nonexistent/editor".into()], shell("echo two >> \"$1\"")];
        let EditorEnd::Exited(status) = run_editor(&commands, &path).unwrap() else { panic!("no signal was sent") };
        assert!(status.success());
        assert_eq!(read_text(&path).unwrap(), "one\ntwo\n");
        let EditorEnd::Exited(status) = run_editor(&[shell("exit 3")], &path).unwrap() else { panic!("as above") };
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn missing_editors_are_named() {
        let (_dir, path) = path_with("");
        let commands = [vec!["/nonexistent/a".into()], vec!["/nonexistent/b".into(), "-x".into()]];
        let error = run_editor(&commands, &path).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/a") && error.contains("/nonexistent/b"), "{error}");
        let error = run_editor(&[vec![path.clone().into()]], &path).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }

    #[test]
    fn text_that_is_not_utf8_or_too_long_is_rejected() {
        let (_dir, path) = path_with("");
        fs::write(&path, b"caf\xe9").unwrap();
        assert!(read_text(&path).is_err());
        fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), 1 << 20);
        fs::write(&path, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert!(read_text(&path).is_err());
    }
}
