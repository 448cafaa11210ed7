//! `run`: the streams, the environment, the exit status, the signals and the terminal of the
//! command.

use std::collections::BTreeSet;
use std::process::Command;

use rustix::process::Signal;
use snapbox::str;

use crate::run::received_reports;
use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

const CTRL_C: &str = "\x03";

/// Returns a shell script that runs until one of its own traps ends it, and leaves no process
/// behind.
fn shell_script(traps: &str) -> String {
    let script = format!("{traps}; sleep 600 >/dev/null 2>&1 & p=$!; echo ready; while :; do wait $p; done");
    format!("run -u luffy -- sh -c {}", shell_words::quote(&script))
}

/// Returns a command that runs in a shell that has done something else before.
pub fn command_after_shell(env: &TestEnv, before: &str, line: &str) -> Command {
    let wxbox = env.command(line);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(wxbox.get_program()).args(wxbox.get_args());
    shell.env_clear().envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(env.home.path());
    shell
}

#[test]
fn command_has_its_own_streams() {
    let env = TestEnv::with_bound_luffy();
    env.run_with_stdin("run -u luffy -- sh -c 'cat; echo trouble >&2; exit 3'", "from the pipe\n").assert_snapshot(
        str![[r#"
exit 3
--- stdout
from the pipe
--- stderr
trouble
sent message 1 (text) to luffy

"#]],
    );
    let raw = env.command("run -q -u luffy -- printf \\\\377\\\\000").output().unwrap();
    assert_eq!((raw.stdout, raw.stderr), (vec![0xff, 0], vec![]));
    env.assert_session(str![[r#"
$ wxbox run --json -u luffy -- echo plain
plain
2> {"id":3,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}

"#]]);
}

#[test]
fn exit_status_is_that_of_command() {
    let mut env = TestEnv::with_bound_luffy();
    env.write_file("no_program", "echo hi");
    env.write_file("no_interpreter", "#!/no/such/interpreter\n");
    env.write_file("no_first_line", "echo hi\n");
    for name in ["no_interpreter", "no_first_line"] {
        crate::support::env::set_mode(&env.path(name), 0o700);
    }
    let cases = [
        ("true", 0, "true succeeded (status 0) on HOST after TIME"),
        ("false", 1, "false failed (status 1) on HOST after TIME"),
        ("sh -c 'exit 255'", 255, "sh failed (status 255) on HOST after TIME"),
        ("sh -c 'kill -KILL $$'", 137, "sh ended by SIGKILL (status 137) on HOST after TIME"),
        ("sh -c 'kill -HUP $$'", 129, "sh ended by SIGHUP (status 129) on HOST after TIME"),
        ("./no_such --option", 127, "no_such not started (status 127) on HOST: No such file or directory (os error 2)"),
        ("./no_program", 126, "no_program not started (status 126) on HOST: Permission denied (os error 13)"),
        ("/", 126, "/ not started (status 126) on HOST: Permission denied (os error 13)"),
        (
            "./no_interpreter",
            127,
            "no_interpreter not started (status 127) on HOST: bad interpreter /no/such/interpreter",
        ),
        ("./no_first_line", 126, "no_first_line not started (status 126) on HOST: Exec format error (os error 8)"),
    ];
    for (command, status, text) in cases {
        env.sandbox().post_form("write", "person=luffy");
        assert_eq!(env.run(&format!("run -u luffy -- {command}")).status(), Some(status), "{command}");
        assert_eq!(received_reports(&mut env).last().unwrap(), text);
    }
    assert_eq!(received_reports(&mut env).len(), cases.len());
}

#[test]
fn unstartable_command_is_reported() {
    let env = TestEnv::with_bound_luffy();
    env.write_file("script", "echo hi\n");
    crate::support::env::set_mode(&env.path("script"), 0o700);
    env.write_file("windows", "#!/bin/sh\r\necho hi\r\n");
    crate::support::env::set_mode(&env.path("windows"), 0o700);
    env.assert_session(str![[r#"
$ wxbox run -q -u luffy -- ./windows
2> error: cannot run ./windows: bad interpreter /bin/sh\r
2> hint: run `sed -i 's/\r$//' ./windows` to convert the line ends of Windows (CR LF)
exit 127

"#]]);
    env.write_file("bin/odd", "#! /no/such -x\n");
    crate::support::env::set_mode(&env.path("bin/odd"), 0o700);
    env.assert_session(str![[r#"
$ wxbox run -q -u luffy -- bin/odd
2> error: cannot run bin/odd: bad interpreter /no/such
2> hint: install the interpreter, or correct the first line of bin/odd
exit 127
$ wxbox run -u luffy -- bin/nothing x
2> error: cannot run bin/nothing: No such file or directory (os error 2)
2> sent message 3 (text) to luffy
exit 127
$ wxbox run --json -q -u luffy -- ./script
2> {"error":"cannot run ./script: Exec format error (os error 8)","hint":"begin the script with the name of its interpreter, such as #!/bin/sh","code":126}
2> {"id":4,"user":"luffy","openid":"oLuffy_wears_the_straw_hat_1","type":"text","state":"sent","attempts":1,"msgid":null,"errcode":null,"errmsg":null,"rid":null,"error":null,"hint":null,"key":null,"created_at":"[TIME]","sent_at":"[TIME]","receipt":null,"receipt_at":null,"receipt_text":null}
exit 126

"#]]);
}

#[test]
fn command_environment_lacks_only_the_secrets() {
    let mut env = TestEnv::with_bound_luffy();
    let secret = env.sandbox().app_secret.clone();
    let config = env.read_config();
    env.write_config(&config.replace(&secret, "not-the-secret"));
    let push_secrets = [("WXBOX_PUSH_TOKEN", "T0ken"), ("WXBOX_PUSH_AES_KEY", "k3y")];
    for (name, value) in push_secrets {
        env.set_variable(name, value);
    }
    env.set_variable("WXBOX_APP_SECRET", &secret)
        .set_variable("WXBOX_LOG", "")
        .set_variable("EMPTY", "")
        .set_variable("MULTI", "a\nb=c");
    let lines = |text: &[u8]| -> BTreeSet<String> {
        text.split(|byte| *byte == 0).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect()
    };
    let mut direct = Command::new("/usr/bin/env");
    let wxbox = env.command("run -u luffy -- env -0");
    direct.arg("-0").env_clear().envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut expected = lines(&direct.output().unwrap().stdout);
    for (name, value) in push_secrets.into_iter().chain([("WXBOX_APP_SECRET", secret.as_str())]) {
        assert!(expected.remove(&format!("{name}={value}")), "{name}");
    }
    let ran = env.run("run -u luffy -- env -0");
    assert_eq!(lines(ran.stdout().as_bytes()), expected);
    // The secret was available to wxbox.
    assert_eq!(ran.stderr(), "sent message 1 (text) to luffy\n");
}

#[test]
fn signals_are_forwarded_to_command() {
    let mut env = TestEnv::with_bound_luffy();
    let traps = ["HUP", "INT", "QUIT", "USR1", "USR2"].map(|name| format!("trap 'echo {name}' {name}")).join("; ");
    let mut run = env.spawn(&shell_script(&format!("{traps}; trap 'kill $p; exit 7' TERM")));
    assert_eq!(run.expect_line(), "ready");
    let signals = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2];
    for (signal, name) in signals.into_iter().zip(["HUP", "INT", "QUIT", "USR1", "USR2"]) {
        run.signal(signal);
        assert_eq!(run.expect_line(), name);
    }
    run.signal(Signal::TERM);
    let ran = run.wait();
    assert_eq!((ran.status(), ran.stderr()), (Some(7), "sent message 1 (text) to luffy\n"));
    assert!(received_reports(&mut env)[0].starts_with("sh failed (status 7) on HOST after TIME"));
}

#[test]
fn uncaught_signal_ends_command_but_not_wxbox() {
    let mut env = TestEnv::with_bound_luffy();
    for (nth, (signal, name, status)) in
        [(Signal::TERM, "SIGTERM", 143), (Signal::INT, "SIGINT", 130), (Signal::HUP, "SIGHUP", 129)].iter().enumerate()
    {
        let mut run = env.spawn("run -u luffy -- sh -c 'echo ready; exec sleep 600'");
        assert_eq!(run.expect_line(), "ready");
        run.signal(*signal);
        assert_eq!(run.wait().status(), Some(*status));
        let expected = format!("sh ended by {name} (status {status}) on HOST after TIME");
        assert_eq!(received_reports(&mut env)[nth], expected);
    }
}

#[test]
fn ignored_signals_stay_ignored() {
    let env = TestEnv::with_bound_luffy();
    let line = "run -q -u luffy -- sh -c 'kill -HUP $PPID; kill -HUP $$; kill -INT $$; echo still here'";
    let output = command_after_shell(&env, "trap '' HUP INT", line).output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"still here\n".to_vec()));
    assert_eq!(command_after_shell(&env, ":", line).output().unwrap().status.code(), Some(129));
}

#[test]
fn inherited_children_are_ignored() {
    let mut env = TestEnv::with_bound_luffy();
    // The children belong to wxbox after the shell's `exec`; one ends before, the other after the
    // command has started.
    let before = "true & (read -r line <go) & mkfifo go 2>/dev/null";
    let status = Command::new("mkfifo").arg(env.path("go")).status().unwrap();
    assert!(status.success());
    let output = command_after_shell(&env, before, "run -u luffy -- sh -c 'echo now >go; exit 4'").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(received_reports(&mut env).len(), 1);
}

#[test]
fn terminal_ctrl_c_reaches_command_once() {
    let env = TestEnv::with_bound_luffy();
    let traps = "trap 'n=$((n+1)); echo heard $n' INT; trap 'kill $p; echo all in all $n; exit 5' USR1";
    let mut terminal = Terminal::start(env.command(&shell_script(traps)), 30, 100);
    terminal.wait_for("ready");
    // The command receives the signal while wxbox is stopped; then wxbox receives it, and forwards
    // its signals in this order.
    terminal.signal(Signal::STOP);
    terminal.type_keys(CTRL_C);
    terminal.wait_for("heard 1");
    terminal.signal(Signal::CONT);
    terminal.signal(Signal::USR1);
    let ended = terminal.wait().assert_status(5);
    let text = ended.text();
    assert!(text.contains("all in all 1") && text.contains("sent message 1 (text) to luffy"), "{text}");
    assert!(ended.is_echo_on);
}

#[test]
fn terminal_ctrl_c_is_forwarded_to_other_session() {
    let env = TestEnv::with_bound_luffy();
    let line = shell_script("trap 'kill $p; echo heard; exit 6' INT").replace("-- sh", "-- setsid sh");
    let mut terminal = Terminal::start(env.command(&line), 30, 100);
    terminal.answer("ready", CTRL_C);
    let text = terminal.wait().assert_status(6).text();
    assert!(text.contains("heard"), "{text}");
}

#[test]
fn terminal_ctrl_c_ends_command_and_is_reported() {
    let mut env = TestEnv::with_bound_luffy();
    let mut terminal = Terminal::start(env.command("run -u luffy -- sh -c 'echo ready; exec sleep 600'"), 30, 100);
    terminal.answer("ready", CTRL_C);
    terminal.wait().assert_status(130);
    let expected = "sh ended by SIGINT (status 130) on HOST after TIME";
    assert_eq!(received_reports(&mut env), [expected]);
}

#[test]
fn command_has_the_terminal() {
    let env = TestEnv::with_bound_luffy();
    let line =
        "run -u luffy -- sh -c 'test -t 0 && test -t 1 && test -t 2 && read -r word </dev/tty && echo got $word'";
    let mut terminal = Terminal::start(env.command(line), 30, 100);
    terminal.type_keys("something\n");
    terminal.wait_for("got something");
    terminal.wait().assert_status(0);
}
