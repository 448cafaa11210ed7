//! Signals that the parent process blocked or ignored, and output that is not read.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigSet, SigmaskHow, Signal as Blocked};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::delivery_durability::env_with_generated_users;
use crate::run::received_reports;
use crate::run_command::command_after_shell;
use crate::support::env::{TestEnv, set_mode};
use crate::support::pty::Terminal;

const SIGNAL_STATUSES: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

/// Starts processes with these signals blocked.
fn with_blocked_signals<T>(signals: &[Blocked], start: impl FnOnce() -> T) -> T {
    let set: SigSet = signals.iter().copied().collect();
    let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap();
    let started = start();
    before.thread_set_mask().unwrap();
    started
}

const BLOCKED_SIGNALS: [Blocked; 9] = [
    Blocked::SIGHUP,
    Blocked::SIGINT,
    Blocked::SIGQUIT,
    Blocked::SIGTERM,
    Blocked::SIGCHLD,
    Blocked::SIGPIPE,
    Blocked::SIGALRM,
    Blocked::SIGUSR1,
    Blocked::SIGUSR2,
];

#[test]
fn blocked_signals_do_not_stop_command_report() {
    let mut env = TestEnv::with_bound_luffy();
    for signal in BLOCKED_SIGNALS {
        env.sandbox().post_form("write", "person=luffy");
        let ran = with_blocked_signals(&[signal], || env.run("run -q -u luffy -- sh -c 'exit 3'"));
        assert_eq!(ran.status(), Some(3), "{signal}");
    }
    env.sandbox().post_form("write", "person=luffy");
    assert_eq!(with_blocked_signals(&BLOCKED_SIGNALS, || env.run("run -q -u luffy -- true")).status(), Some(0));
    assert_eq!(received_reports(&mut env).len(), BLOCKED_SIGNALS.len() + 1);
}

#[test]
fn command_inherits_signal_dispositions() {
    let env = TestEnv::with_bound_luffy();
    let look = "grep -E 'Sig(Blk|Ign)' /proc/self/status";
    let disposition = |before: &str, blocked: &[Blocked]| {
        let output = |command: &mut Command| {
            let output = with_blocked_signals(blocked, || command.output().unwrap());
            String::from_utf8(output.stdout).unwrap()
        };
        let run = output(&mut command_after_shell(&env, before, &format!("run -q -u luffy -- {look}")));
        let mut alone = Command::new("/bin/sh");
        let alone = output(alone.args(["-c", &format!("{before}; exec {look}")]));
        assert_eq!(run, alone, "{before} {blocked:?}");
        alone
    };
    let plain = disposition(":", &[]);
    assert_ne!(disposition(":", &BLOCKED_SIGNALS), plain);
    assert_ne!(disposition("trap '' HUP INT QUIT TERM USR1 USR2 ALRM", &[]), plain);
    assert_ne!(disposition("trap '' HUP TERM", &[Blocked::SIGTERM, Blocked::SIGCHLD]), plain);
}

#[test]
fn signal_is_forwarded_while_another_is_blocked() {
    let mut env = TestEnv::with_bound_luffy();
    let mut run = with_blocked_signals(&[Blocked::SIGCHLD, Blocked::SIGHUP], || {
        env.spawn("run -q -u luffy -- sh -c 'echo ready; exec sleep 600'")
    });
    assert_eq!(run.expect_line(), "ready");
    run.signal(Signal::TERM);
    assert_eq!(run.wait().status(), Some(143));
    assert_eq!(received_reports(&mut env).len(), 1);
}

#[test]
fn blocked_signal_still_ends_wait() {
    let env = TestEnv::with_bound_luffy();
    for line in ["bind --user luffy --rebind", "sandbox --json --listen 127.0.0.1:0"] {
        for (signal, status) in SIGNAL_STATUSES {
            let mut waiting = with_blocked_signals(&BLOCKED_SIGNALS, || env.spawn(line));
            waiting.expect_line();
            waiting.signal(signal);
            assert_eq!(waiting.wait().status(), Some(status), "{line}");
        }
    }
}

#[test]
fn ignored_signal_does_not_end_wait() {
    let env = TestEnv::with_bound_luffy();
    for line in ["bind --user luffy --rebind", "sandbox --json --listen 127.0.0.1:0"] {
        let mut waiting = env.spawn_command(command_after_shell(&env, "trap '' HUP INT", line), line);
        waiting.expect_line();
        waiting.signal(Signal::HUP);
        waiting.signal(Signal::INT);
        waiting.signal(Signal::TERM);
        // Signals with lower numbers would have been delivered first.
        assert_eq!(waiting.wait().status(), Some(143), "{line}");
    }
}

#[test]
fn signal_at_prompt_ends_program_after_answer() {
    let env = TestEnv::with_bound_luffy();
    let lock = rusqlite::Connection::open(env.database_path()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (signal, status) in SIGNAL_STATUSES {
        let mut terminal = Terminal::start(env.command("user remove luffy"), 24, 100);
        terminal.answer("[y/N]", "y\r");
        terminal.wait_for("yes");
        terminal.signal(signal);
        // The lock is held until the command has ended; the prompt may not have read the answer
        // yet.
        let ended = terminal.wait().status;
        assert!(ended.signal() == Some(signal.as_raw()) || ended.code() == Some(status), "{ended}");
    }
}

/// A pipe without a reader.
struct UnreadPipe {
    _reader: File,
    writer: File,
}

impl UnreadPipe {
    fn new() -> Self {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        Self { _reader: reader.into(), writer: writer.into() }
    }

    /// Returns a pipe that cannot be written to.
    fn full() -> Self {
        let pipe = Self::new();
        let blocking = rustix::fs::fcntl_getfl(&pipe.writer).unwrap();
        rustix::fs::fcntl_setfl(&pipe.writer, blocking | rustix::fs::OFlags::NONBLOCK).unwrap();
        while rustix::io::write(&pipe.writer, &[b'x'; 512]).is_ok() {}
        while rustix::io::write(&pipe.writer, b"x").is_ok() {}
        rustix::fs::fcntl_setfl(&pipe.writer, blocking).unwrap();
        pipe
    }

    fn is_full(&self) -> bool {
        let mut poll_fds = [PollFd::new(&self.writer, PollFlags::OUT)];
        poll(&mut poll_fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 0
    }

    fn writer_stdio(&self) -> Stdio {
        self.writer.try_clone().unwrap().into()
    }
}

fn status_after(mut child: Child, signal: Signal) -> Option<i32> {
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn stuck_stdout_does_not_block_batch_exit() {
    for (signal, status) in SIGNAL_STATUSES {
        let mut env = env_with_generated_users(1, "");
        let line = |n: usize| {
            format!("{{\"user\":\"crowd000001\",\"template\":\"backup\",\"data\":{{\"host\":\"db{n}\"}}}}\n")
        };
        env.write_file("batch", (1..=2000).map(line).collect::<String>());
        let pipe = UnreadPipe::new();
        let mut command = env.command("send --batch batch --concurrency 16");
        let child = command.stdout(pipe.writer_stdio()).stderr(Stdio::piped()).spawn().unwrap();
        while !pipe.is_full() {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(status), "{stderr}");
        assert!(stderr.contains("does not read them"), "{stderr}");
        assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'unknown'"), 0);
        let sent: i64 = env.query("SELECT count(*) FROM messages WHERE state = 'sent'");
        assert_eq!(env.sandbox().stats()["delivered"], sent);
    }
}

#[test]
fn stuck_stdout_does_not_block_exit() {
    let mut env = TestEnv::with_bound_luffy();
    for (signal, status) in SIGNAL_STATUSES {
        // The signal is sent once the command has something to write.
        let delivered = env.sandbox().stats()["delivered"].as_u64().unwrap();
        let full = UnreadPipe::full();
        let child = env.command("send -u luffy hi").stdout(full.writer_stdio()).stderr(Stdio::null()).spawn().unwrap();
        while env.sandbox().stats()["delivered"] != delivered + 1 {}
        assert_eq!(status_after(child, signal), Some(status));
        let child =
            env.command("send -v -u luffy hi").stdout(Stdio::null()).stderr(full.writer_stdio()).spawn().unwrap();
        // The command announces each step before it begins.
        let code = status_after(child, Signal::TERM);
        assert!(code == Some(143) || code.is_none(), "{code:?}");
    }
    assert_eq!(env.query::<i64>("SELECT count(*) FROM messages WHERE state = 'unknown'"), 0);
}

#[test]
fn stuck_stderr_does_not_block_run() {
    let mut env = TestEnv::with_bound_luffy();
    env.write_file("end", "#!/bin/sh\nexit 5\n");
    set_mode(&env.path("end"), 0o700);
    let full = UnreadPipe::full();
    let child = env.command("run -u luffy -- ./end").stderr(full.writer_stdio()).spawn().unwrap();
    while env.sandbox().stats()["delivered"] != 1 {}
    assert_eq!(status_after(child, Signal::TERM), Some(5));
}
