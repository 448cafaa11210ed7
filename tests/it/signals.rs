//! Signals whatever the parent left blocked or ignored, and whoever does not read what is written.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigSet, SigmaskHow, Signal as Blocked};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::delivery_kept::crowd;
use crate::harness::mode;
use crate::pty::Terminal;
use crate::run::{reports, with_luffy};
use crate::run_child::after;

const ENDING: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

/// What is started meanwhile has these signals blocked.
fn blocking<T>(signals: &[Blocked], start: impl FnOnce() -> T) -> T {
    let set: SigSet = signals.iter().copied().collect();
    let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap();
    let started = start();
    before.thread_set_mask().unwrap();
    started
}

const ALL: [Blocked; 9] = [
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
fn a_command_ends_and_is_reported_whatever_is_blocked() {
    let mut world = with_luffy();
    for signal in ALL {
        world.sandbox().form("write", "person=luffy");
        let ran = blocking(&[signal], || world.wxbox("run -q -u luffy -- sh -c 'exit 3'"));
        assert_eq!(ran.status(), Some(3), "{signal}");
    }
    world.sandbox().form("write", "person=luffy");
    assert_eq!(blocking(&ALL, || world.wxbox("run -q -u luffy -- true")).status(), Some(0));
    assert_eq!(reports(&mut world).len(), ALL.len() + 1);
}

#[test]
fn a_command_has_the_signals_as_they_were_given() {
    let world = with_luffy();
    let look = "grep -E 'Sig(Blk|Ign)' /proc/self/status";
    let given = |before: &str, blocked: &[Blocked]| {
        let output = |command: &mut Command| {
            let output = blocking(blocked, || command.output().unwrap());
            String::from_utf8(output.stdout).unwrap()
        };
        let run = output(&mut after(&world, before, &format!("run -q -u luffy -- {look}")));
        let mut alone = Command::new("/bin/sh");
        let alone = output(alone.args(["-c", &format!("{before}; exec {look}")]));
        assert_eq!(run, alone, "{before} {blocked:?}");
        alone
    };
    let plain = given(":", &[]);
    assert_ne!(given(":", &ALL), plain);
    assert_ne!(given("trap '' HUP INT QUIT TERM USR1 USR2 ALRM", &[]), plain);
    assert_ne!(given("trap '' HUP TERM", &[Blocked::SIGTERM, Blocked::SIGCHLD]), plain);
}

#[test]
fn a_signal_is_passed_on_though_another_was_blocked() {
    let mut world = with_luffy();
    let mut run = blocking(&[Blocked::SIGCHLD, Blocked::SIGHUP], || {
        world.spawn("run -q -u luffy -- sh -c 'echo ready; exec sleep 600'")
    });
    assert_eq!(run.next_line(), "ready");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status(), Some(143));
    assert_eq!(reports(&mut world).len(), 1);
}

#[test]
fn a_wait_is_ended_though_the_signal_was_blocked() {
    let world = with_luffy();
    for line in ["bind --user luffy --rebind", "sandbox --json --listen 127.0.0.1:0"] {
        for (signal, status) in ENDING {
            let mut waiting = blocking(&ALL, || world.spawn(line));
            waiting.next_line();
            waiting.signal(signal);
            assert_eq!(waiting.end().status(), Some(status), "{line}");
        }
    }
}

#[test]
fn a_wait_goes_on_where_the_signal_was_ignored() {
    let world = with_luffy();
    for line in ["bind --user luffy --rebind", "sandbox --json --listen 127.0.0.1:0"] {
        let mut waiting = world.start(after(&world, "trap '' HUP INT", line), line);
        waiting.next_line();
        waiting.signal(Signal::HUP);
        waiting.signal(Signal::INT);
        waiting.signal(Signal::TERM);
        // Those with the smaller numbers would have been taken first.
        assert_eq!(waiting.end().status(), Some(143), "{line}");
    }
}

#[test]
fn a_signal_ends_the_program_once_a_question_is_answered() {
    let world = with_luffy();
    let lock = rusqlite::Connection::open(world.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (signal, status) in ENDING {
        let mut terminal = Terminal::start(world.command("user remove luffy"), 24, 100);
        terminal.until("[y/N]");
        terminal.keys("y\r");
        terminal.until("yes");
        terminal.signal(signal);
        // The lock is held until it has ended; the question may not know yet that it was answered.
        let ended = terminal.end().status;
        assert!(ended.signal() == Some(signal.as_raw()) || ended.code() == Some(status), "{ended}");
    }
}

/// A pipe that nobody reads.
struct Unread {
    _reader: File,
    writer: File,
}

impl Unread {
    fn new() -> Self {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        Self { _reader: reader.into(), writer: writer.into() }
    }

    /// Nobody can write to it.
    fn full() -> Self {
        let it = Self::new();
        let blocking = rustix::fs::fcntl_getfl(&it.writer).unwrap();
        rustix::fs::fcntl_setfl(&it.writer, blocking | rustix::fs::OFlags::NONBLOCK).unwrap();
        while rustix::io::write(&it.writer, &[b'x'; 512]).is_ok() {}
        while rustix::io::write(&it.writer, b"x").is_ok() {}
        rustix::fs::fcntl_setfl(&it.writer, blocking).unwrap();
        it
    }

    fn is_full(&self) -> bool {
        let mut wanted = [PollFd::new(&self.writer, PollFlags::OUT)];
        poll(&mut wanted, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 0
    }

    fn end(&self) -> Stdio {
        self.writer.try_clone().unwrap().into()
    }
}

fn status_after(mut child: Child, signal: Signal) -> Option<i32> {
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn a_reader_that_does_not_read_keeps_no_batch_from_leaving_with_all_answers() {
    for (signal, status) in ENDING {
        let mut world = crowd(1, "");
        let line = |n: usize| {
            format!("{{\"user\":\"crowd000001\",\"template\":\"backup\",\"data\":{{\"host\":\"db{n}\"}}}}\n")
        };
        world.write("batch", (1..=2000).map(line).collect::<String>());
        let pipe = Unread::new();
        let mut command = world.command("send --batch batch --concurrency 16");
        let child = command.stdout(pipe.end()).stderr(Stdio::piped()).spawn().unwrap();
        while !pipe.is_full() {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(status), "{said}");
        assert!(said.contains("nobody reads them"), "{said}");
        assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'unknown'"), 0);
        let sent: i64 = world.sql("SELECT count(*) FROM messages WHERE state = 'sent'");
        assert_eq!(world.sandbox().stats()["delivered"], sent);
    }
}

#[test]
fn a_reader_that_does_not_read_keeps_nobody_from_leaving() {
    let mut world = with_luffy();
    for (signal, status) in ENDING {
        // It is asked to leave once it has something to say.
        let delivered = world.sandbox().stats()["delivered"].as_u64().unwrap();
        let full = Unread::full();
        let child = world.command("send -u luffy hi").stdout(full.end()).stderr(Stdio::null()).spawn().unwrap();
        while world.sandbox().stats()["delivered"] != delivered + 1 {}
        assert_eq!(status_after(child, signal), Some(status));
        let child = world.command("send -v -u luffy hi").stdout(Stdio::null()).stderr(full.end()).spawn().unwrap();
        // It says what it does before it does it.
        let code = status_after(child, Signal::TERM);
        assert!(code == Some(143) || code.is_none(), "{code:?}");
    }
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages WHERE state = 'unknown'"), 0);
}

#[test]
fn a_report_that_nobody_reads_keeps_run_from_nothing() {
    let mut world = with_luffy();
    world.write("end", "#!/bin/sh\nexit 5\n");
    mode(&world.path("end"), 0o700);
    let full = Unread::full();
    let child = world.command("run -u luffy -- ./end").stderr(full.end()).spawn().unwrap();
    while world.sandbox().stats()["delivered"] != 1 {}
    assert_eq!(status_after(child, Signal::TERM), Some(5));
}
