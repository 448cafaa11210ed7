//! The report of a panic in wxbox itself. If no thread can be started, wxbox reports an error, but
//! one library panics: the tests cause a panic that way.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::support::env::{TestEnv, set_mode};
use crate::support::files;

/// A user id that no user of this machine has.
const UNUSED_UID: u32 = 154_321;

#[test]
fn panic_reports_location_only() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("not tried: only root can run a program as another, whose threads are counted");
    }
    let env = TestEnv::without_config();
    // A host name is resolved on a thread of its own.
    env.write_config("app_id = \"wx1\"\napp_secret = \"geheim\"\n[network]\napi_base = \"http://localhost:1\"\n");
    let program = env.path("wxbox");
    // A file that this process had open for writing could not be run while another test forks.
    assert!(Command::new("cp").args([env!("CARGO_BIN_EXE_wxbox").as_ref(), &*program]).status().unwrap().success());
    for path in files::list_files(env.home.path()) {
        path.ancestors().take_while(|path| path.starts_with(env.home.path())).for_each(|path| {
            chown(path, Some(UNUSED_UID), Some(UNUSED_UID)).unwrap();
        });
    }
    set_mode(&program, 0o755);
    for json in [false, true] {
        let mut shell = Command::new("/bin/bash");
        shell.args(["-c", "ulimit -u 2; exec \"$0\" \"$@\""]).arg(&program).arg("token").args(json.then_some("--json"));
        shell.env_clear().env("HOME", env.home.path()).env("RUST_BACKTRACE", "1").current_dir(env.home.path());
        let output = shell.uid(UNUSED_UID).gid(UNUSED_UID).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
        let place = |text: &str| {
            let place = text.strip_prefix("internal error at ").and_then(|place| place.strip_suffix(" (wxbox 0.1.0)"));
            let (file, line) = place.and_then(|place| place.rsplit_once(':')).unwrap_or_else(|| panic!("{stderr}"));
            assert!(file.ends_with(".rs") && !file.starts_with('/') && line.parse::<u32>().is_ok(), "{stderr}");
        };
        if json {
            let error: serde_json::Value = serde_json::from_str(&stderr).unwrap();
            place(error["error"].as_str().unwrap());
            assert_eq!(error["code"], 1);
        } else {
            let [what, hint] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("{stderr}") };
            place(what.strip_prefix("error: ").unwrap());
            assert_eq!(hint, "hint: report this line as a bug; queued messages are still in the outbox");
        }
    }
}
