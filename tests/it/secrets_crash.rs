//! The traces of a run that crashes, its sidecar files, and the environment of its command: private
//! files, no core dump, no followed link, and no secret.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use rustix::process::Signal;

use crate::run_command::command_after_shell;
use crate::support::env::{LUFFY, NAMI, TestEnv};
use crate::support::files;
use crate::support::proxy::{Direction, InterceptingProxy};

fn file_mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_private_under_any_umask() {
    for umask in ["000", "002", "022", "077", "177", "277", "777"] {
        let mut env = TestEnv::new();
        let _ = std::fs::remove_file(env.path("world.toml"));
        let run = |line: &str, status: i32| {
            let output: Output = command_after_shell(&env, &format!("umask {umask}"), line).output().unwrap();
            assert_eq!(
                output.status.code(),
                Some(status),
                "{umask} {line}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        };
        run(&format!("user add luffy --openid {LUFFY}"), 0);
        run("user add nami", 0);
        run("send -u luffy hi", 0);
        run("backup copy.db", 0);
        run("backup --force copy.db", 0);
        run("bind --user nami --timeout 1ms --qr-file code.png", 8);
        let init = "init --app-id wx0123456789abcdef --redirect-uri http://192.0.2.1/ --no-check";
        env.set_variable("WXBOX_APP_SECRET", "0123456789abcdef0123456789abcdef");
        let run = |line: &str| {
            let output = command_after_shell(&env, &format!("umask {umask}"), line).output().unwrap();
            assert!(output.status.success(), "{umask} {line}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run(&format!("-c some/where/new.toml {init}"));
        run(&format!("-c some/where/new.toml {init} --force"));
        // A running send holds a lock, and has the write-ahead log and its index.
        let relay = InterceptingProxy::in_front_of(&mut env);
        relay.pause_at(Direction::Response, "/cgi-bin/message/");
        let command = command_after_shell(&env, &format!("umask {umask}"), "send -u luffy hi");
        let sending = env.spawn_command(command, "send -u luffy hi");
        relay.expect_arrival();
        let found: Vec<_> =
            files::list_files(env.home.path()).into_iter().filter(|path| !path.ends_with("old.db")).collect();
        assert!(found.iter().any(|path| path.to_string_lossy().contains("-worker-")), "{found:?}");
        assert!(found.iter().filter(|path| path.to_string_lossy().ends_with("-shm")).count() > 0, "{found:?}");
        for file in &found {
            assert_eq!(format!("{:o}", file_mode(file)), "600", "{umask}: {}", file.display());
        }
        for dir in [env.database_path().parent().unwrap(), &env.path("some"), &env.path("some/where")] {
            assert_eq!(format!("{:o}", file_mode(dir)), "700", "{umask}: {}", dir.display());
        }
        relay.resume_all();
        sending.wait().assert_success();
        assert!(!files::list_files(env.home.path()).iter().any(|path| path.to_string_lossy().contains("-worker-")));
    }
}

#[test]
fn crash_leaves_no_core_dump() {
    // The core dump of a process that does not prevent it, if this system keeps core dumps at all.
    let home = tempfile::tempdir().unwrap();
    let mut control = Command::new("/bin/sh");
    let control = control.args(["-c", "ulimit -c unlimited; kill -SEGV $$"]).current_dir(home.path()).status().unwrap();
    if !control.core_dumped() {
        println!("this system dumps nobody's memory: only the limit is looked at");
    }
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    for signal in [Signal::QUIT, Signal::ABORT, Signal::ILL] {
        let command = command_after_shell(&env, "ulimit -c unlimited 2>/dev/null", "bind --user luffy");
        let mut bind = env.spawn_command(command, "bind --user luffy");
        assert_ne!(bind.expect_line(), "");
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", bind.pid().as_raw_pid())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
        bind.signal(signal);
        let ended = bind.wait();
        assert_eq!(ended.output.status.signal(), Some(signal.as_raw()));
        assert!(!ended.output.status.core_dumped());
        assert!("Open the URL in the WeChat app of luffy.\n".starts_with(ended.stderr()), "{}", ended.stderr());
    }
    assert!(
        !files::list_files(env.home.path()).iter().any(|path| path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .contains("core"))
    );
}

#[test]
fn child_environment_is_complete_without_secret() {
    let mut env = TestEnv::with_bound_luffy();
    let secret = env.sandbox().app_secret.clone();
    let config = env.read_config();
    env.write_file("credentials/wxbox-app-secret", &secret);
    let without = config.lines().filter(|line| !line.starts_with("app_secret")).map(|line| format!("{line}\n"));
    env.write_config(&without.collect::<String>());
    let credentials = env.path("credentials");
    env.set_variable("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    env.set_variable("HTTPS_PROXY", "http://user:its-own@127.0.0.1:1")
        .set_variable("WXBOX_LOG", "info")
        .set_variable("ODD NAME", "x\ny");
    let state = "umask 013; ulimit -S -c 1234; ulimit -S -n 777; nice -n 3 true";
    let look = "env -0; umask; ulimit -a; ls /proc/self/fd; ps -o ni= -p $$; grep -E 'Sig(Blk|Ign)|Dumpable' /proc/self/status";
    // One shell starts both, so that other open files of this process, such as another test's
    // terminal, are the same for both.
    let before = format!("{state}; sh -c {} >alone; exec >run", shell_words::quote(look));
    let line = format!("run -q -u luffy -- sh -c {}", shell_words::quote(look));
    let run = command_after_shell(&env, &before, &line).output().unwrap();
    let [run_said, alone_said] = ["run", "alone"].map(|name| std::fs::read_to_string(env.path(name)).unwrap());
    // Each shell increments SHLVL.
    let level =
        |text: String| regex::Regex::new("SHLVL=[0-9]+|\\b_=[^\0]*").unwrap().replace_all(&text, "").into_owned();
    assert_eq!(level(run_said.clone()), level(alone_said));
    assert!(run_said.contains("1234") && run_said.contains("its-own"), "{run_said}");
    assert!(!run_said.contains(&secret), "{run_said}");
    assert_eq!(env.sandbox().inbox().len(), 1, "{}", String::from_utf8_lossy(&run.stderr));
}

/// In a directory that others can write to, a symbolic link must not make wxbox write elsewhere.
#[test]
fn planted_symlinks_are_not_followed() {
    const THEIRS: &str = "a file of somebody's\n";
    let home = |link: &str, there: bool| {
        let env = TestEnv::new();
        env.run(&format!("user add nami --openid {NAMI}")).assert_success();
        if there {
            env.write_file("victim", THEIRS);
        }
        let link = env.path(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&link);
        symlink(env.path("victim"), link).unwrap();
        env
    };
    let data = ".local/share/wxbox/wxbox.db";
    let init = "-c c/new.toml init --app-id wx1 --redirect-uri http://192.0.2.1/ --no-check --force";
    let cases = [
        (format!("{data}-token-lock"), "token".to_owned(), 0),
        (format!("{data}-wal"), "user add luffy".into(), 1),
        (format!("{data}-shm"), "user add luffy".into(), 1),
        (format!("{data}-journal"), "user add luffy".into(), -1),
        ("other.db".into(), "--database other.db user add luffy".into(), 1),
        ("other.db-wal".into(), "--database other.db user add luffy".into(), -1),
        ("copy.db".into(), "backup copy.db --force".into(), 0),
        ("copy.db".into(), "backup copy.db".into(), 2),
        ("copy.db-wal".into(), "backup copy.db".into(), 0),
        ("code.png".into(), "bind --user nami --rebind --timeout 1ms --qr-file code.png".into(), 8),
        ("pages/wxbox.1".into(), "man pages".into(), 0),
        ("c/new.toml.bak".into(), init.into(), 0),
    ];
    for (link, line, status) in &cases {
        for there in [true, false] {
            let mut env = home(link, there);
            if line.contains("init") {
                env.write_file("c/new.toml", "app_id = \"wx2\"\n");
                env.set_variable("WXBOX_APP_SECRET", "0123456789abcdef0123456789abcdef");
            }
            let ran = env.run(line);
            // SQLite removes some, and does not open others.
            let is_expected = ran.status() == Some(*status) || *status < 0 && matches!(ran.status(), Some(0 | 1));
            assert!(is_expected, "{link} {there}: {}", ran.stderr());
            match std::fs::read_to_string(env.path("victim")) {
                Ok(text) => assert!(there && text == THEIRS, "{link}: {line}"),
                Err(_) => assert!(!there, "{link}: {line}"),
            }
        }
    }
}

#[test]
fn intended_symlinks_are_followed() {
    let mut env = TestEnv::new();
    let secret = env.sandbox().app_secret.clone();
    for dir in ["dotfiles", "disk"] {
        std::fs::create_dir(env.path(dir)).unwrap();
    }
    let config = env.path(".config/wxbox/config.toml");
    std::fs::rename(&config, env.path("dotfiles/wxbox.toml")).unwrap();
    symlink(env.path("dotfiles/wxbox.toml"), &config).unwrap();
    env.write_file("disk/secret", &secret);
    symlink(env.path("disk/secret"), env.path("secret")).unwrap();
    let file = env.path("secret");
    env.set_variable("WXBOX_APP_SECRET_FILE", file.to_str().unwrap());
    std::fs::create_dir_all(env.database_path().parent().unwrap()).unwrap();
    env.run(&format!("--database disk/real.db user add luffy --openid {LUFFY}")).assert_success();
    symlink(env.path("disk/real.db"), env.database_path()).unwrap();
    env.run("send -u luffy hello").assert_success();
    symlink(env.path("disk"), env.path("link")).unwrap();
    env.run("backup link/copy.db").assert_success();
    env.run("man link").assert_success();
    assert!(env.path("disk/copy.db").exists() && env.path("disk/wxbox.1").exists());
    let beside: Vec<_> = std::fs::read_dir(env.database_path().parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "what belongs to the file is beside the file: {beside:?}");
    assert!(std::fs::symlink_metadata(&config).unwrap().is_symlink());
}
