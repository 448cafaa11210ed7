//! Rejects systems that are not Unix. On Linux, links the unwinder from the C compiler's static
//! library if there is one, so that wxbox loads one shared library less at each start (0.1 ms of 4).

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

/// Returns whether the linker that cargo uses has the library. gcc and clang print the path of a
/// library that they have, and else its bare name; zig prints that of another compiler, and fails.
fn has_unwinder() -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let asked = Command::new(linker).arg(format!("-print-file-name={UNWINDER}")).output();
    asked.is_ok_and(|said| {
        said.status.success() && Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_absolute()
    })
}
