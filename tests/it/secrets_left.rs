//! What is left of a run that crashes, beside it, and to the command that it runs: files for the owner alone, no core
//! dump, no link followed, and no secret.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use rustix::process::Signal;

use crate::files;
use crate::harness::{LUFFY, NAMI, World};
use crate::relay::{Relay, Side};
use crate::run_child::after;

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_for_the_owner_alone_whatever_the_umask_is() {
    for umask in ["000", "002", "022", "077", "177", "277", "777"] {
        let mut world = World::new();
        let _ = std::fs::remove_file(world.path("world.toml"));
        let run = |line: &str, status: i32| {
            let output: Output = after(&world, &format!("umask {umask}"), line).output().unwrap();
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
        world.set("WXBOX_APP_SECRET", "0123456789abcdef0123456789abcdef");
        let run = |line: &str| {
            let output = after(&world, &format!("umask {umask}"), line).output().unwrap();
            assert!(output.status.success(), "{umask} {line}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run(&format!("-c some/where/new.toml {init}"));
        run(&format!("-c some/where/new.toml {init} --force"));
        // One that is under way has a lock, and the write-ahead log and its index are there.
        let relay = Relay::between(&mut world);
        relay.hold(Side::Answer, "/cgi-bin/message/");
        let command = after(&world, &format!("umask {umask}"), "send -u luffy hi");
        let sending = world.start(command, "send -u luffy hi");
        relay.holds();
        let found: Vec<_> = files::below(world.home.path()).into_iter().filter(|it| !it.ends_with("old.db")).collect();
        assert!(found.iter().any(|it| it.to_string_lossy().contains("-worker-")), "{found:?}");
        assert!(found.iter().filter(|it| it.to_string_lossy().ends_with("-shm")).count() > 0, "{found:?}");
        for file in &found {
            assert_eq!(format!("{:o}", mode(file)), "600", "{umask}: {}", file.display());
        }
        for dir in [world.database().parent().unwrap(), &world.path("some"), &world.path("some/where")] {
            assert_eq!(format!("{:o}", mode(dir)), "700", "{umask}: {}", dir.display());
        }
        relay.release();
        sending.end().ok();
        assert!(!files::below(world.home.path()).iter().any(|it| it.to_string_lossy().contains("-worker-")));
    }
}

#[test]
fn a_crash_leaves_no_memory_behind() {
    // What a process that does nothing about it leaves, where this system keeps such things at all.
    let home = tempfile::tempdir().unwrap();
    let mut control = Command::new("sh");
    let control = control.args(["-c", "ulimit -c unlimited; kill -SEGV $$"]).current_dir(home.path()).status().unwrap();
    if !control.core_dumped() {
        println!("this system dumps nobody's memory: only the limit is looked at");
    }
    let world = World::new();
    world.wxbox("user add luffy").ok();
    for signal in [Signal::QUIT, Signal::ABORT, Signal::ILL] {
        let command = after(&world, "ulimit -c unlimited 2>/dev/null", "bind --user luffy");
        let mut bind = world.start(command, "bind --user luffy");
        assert_ne!(bind.next_line(), "");
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", bind.pid().as_raw_pid())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
        bind.signal(signal);
        let ended = bind.end();
        assert_eq!(ended.output.status.signal(), Some(signal.as_raw()));
        assert!(!ended.output.status.core_dumped());
        assert!("Open the URL in WeChat, as luffy.\n".starts_with(ended.stderr()), "{}", ended.stderr());
    }
    assert!(
        !files::below(world.home.path()).iter().any(|it| it.file_name().unwrap().to_string_lossy().contains("core"))
    );
}

#[test]
fn a_command_that_is_run_has_all_that_is_its_own_and_no_secret() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    let secret = world.sandbox().app_secret.clone();
    let config = std::fs::read_to_string(world.path(".config/wxbox/config.toml")).unwrap();
    world.write("credentials/wxbox-app-secret", &secret);
    let without = config.lines().filter(|line| !line.starts_with("app_secret")).map(|line| format!("{line}\n"));
    world.config(&without.collect::<String>());
    let credentials = world.path("credentials");
    world.set("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    world.set("HTTPS_PROXY", "http://user:its-own@127.0.0.1:1").set("WXBOX_LOG", "info").set("ODD NAME", "x\ny");
    let state = "umask 013; ulimit -S -c 1234; ulimit -S -n 777; nice -n 3 true";
    let look = "env -0; umask; ulimit -a; ls /proc/self/fd; ps -o ni= -p $$; grep -E 'Sig(Blk|Ign)|Dumpable' /proc/self/status";
    // One shell starts both: what else this process has open, another test's terminal for a moment, is the same for both.
    let before = format!("{state}; sh -c {} >alone; exec >run", shell_words::quote(look));
    let line = format!("run -q -u luffy -- sh -c {}", shell_words::quote(look));
    let run = after(&world, &before, &line).output().unwrap();
    let [run_said, alone_said] = ["run", "alone"].map(|it| std::fs::read_to_string(world.path(it)).unwrap());
    // Each shell counts the shells that it is in.
    let level =
        |text: String| regex::Regex::new("SHLVL=[0-9]+|\\b_=[^\0]*").unwrap().replace_all(&text, "").into_owned();
    assert_eq!(level(run_said.clone()), level(alone_said));
    assert!(run_said.contains("1234") && run_said.contains("its-own"), "{run_said}");
    assert!(!run_said.contains(&secret), "{run_said}");
    assert_eq!(world.sandbox().inbox().len(), 1, "{}", String::from_utf8_lossy(&run.stderr));
}

/// In a directory where others can put things, a link must not have wxbox write elsewhere.
#[test]
fn links_that_were_planted_are_not_followed() {
    const THEIRS: &str = "a file of somebody's\n";
    let home = |link: &str, there: bool| {
        let world = World::new();
        world.wxbox(&format!("user add nami --openid {NAMI}")).ok();
        if there {
            world.write("victim", THEIRS);
        }
        let link = world.path(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&link);
        symlink(world.path("victim"), link).unwrap();
        world
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
            let mut world = home(link, there);
            if line.contains("init") {
                world.write("c/new.toml", "app_id = \"wx2\"\n");
                world.set("WXBOX_APP_SECRET", "0123456789abcdef0123456789abcdef");
            }
            let ran = world.wxbox(line);
            // SQLite removes some, and some it will not open.
            let done = ran.status() == Some(*status) || *status < 0 && matches!(ran.status(), Some(0 | 1));
            assert!(done, "{link} {there}: {}", ran.stderr());
            match std::fs::read_to_string(world.path("victim")) {
                Ok(text) => assert!(there && text == THEIRS, "{link}: {line}"),
                Err(_) => assert!(!there, "{link}: {line}"),
            }
        }
    }
}

#[test]
fn links_that_were_made_on_purpose_are_followed() {
    let mut world = World::new();
    let secret = world.sandbox().app_secret.clone();
    for dir in ["dotfiles", "disk"] {
        std::fs::create_dir(world.path(dir)).unwrap();
    }
    let config = world.path(".config/wxbox/config.toml");
    std::fs::rename(&config, world.path("dotfiles/wxbox.toml")).unwrap();
    symlink(world.path("dotfiles/wxbox.toml"), &config).unwrap();
    world.write("disk/secret", &secret);
    symlink(world.path("disk/secret"), world.path("secret")).unwrap();
    let file = world.path("secret");
    world.set("WXBOX_APP_SECRET_FILE", file.to_str().unwrap());
    std::fs::create_dir_all(world.database().parent().unwrap()).unwrap();
    world.wxbox(&format!("--database disk/real.db user add luffy --openid {LUFFY}")).ok();
    symlink(world.path("disk/real.db"), world.database()).unwrap();
    world.wxbox("send -u luffy hello").ok();
    symlink(world.path("disk"), world.path("link")).unwrap();
    world.wxbox("backup link/copy.db").ok();
    world.wxbox("man link").ok();
    assert!(world.path("disk/copy.db").exists() && world.path("disk/wxbox.1").exists());
    let beside: Vec<_> = std::fs::read_dir(world.database().parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "what belongs to the file is beside the file: {beside:?}");
    assert!(std::fs::symlink_metadata(&config).unwrap().is_symlink());
}
