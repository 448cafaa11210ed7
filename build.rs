//! Says which systems wxbox is for. And takes the unwinder from the C compiler's static library, where it has one: a
//! shared library less to load each time that wxbox starts (0.1 ms of 4).

use std::env;
use std::path::Path;
use std::process::Command;

const UNWINDER: &str = "libgcc_eh.a";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_CFG_UNIX").is_none() {
        println!(
            "cargo::error=wxbox needs signals, file modes and locks as Unix has them: Linux or macOS; on Windows, WSL"
        );
    }
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if glibc && env::var("HOST") == env::var("TARGET") && has_unwinder() {
        println!("cargo::rustc-link-lib=static:-bundle,+verbatim={UNWINDER}");
    }
}

/// Asks the linker that cargo will use. gcc and clang print the path of a library that they have, and the bare name of
/// one that they have not; zig prints that of another compiler, and fails.
fn has_unwinder() -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let asked = Command::new(linker).arg(format!("-print-file-name={UNWINDER}")).output();
    asked.is_ok_and(|said| {
        said.status.success() && Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_absolute()
    })
}
