//! Keeps the memory of this process, which holds secrets, out of core dumps and away from other
//! programs of this user.

use std::io;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit on core dumps that this process was started with.
static ORIGINAL_CORE_LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// Disables core dumps of this process. On Linux, other programs of this user can then read neither
/// its memory nor its environment. The setting does not survive the start of another program.
pub fn disable_core_dumps() {
    // If the system refuses, the process runs without the protection.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    ORIGINAL_CORE_LIMIT.get_or_init(|| getrlimit(Resource::Core));
    set_core_limit(Some(0));
}

/// Starts another program with the limit on core dumps that this process was started with.
pub(crate) fn with_original_core_limit<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let Some(original) = ORIGINAL_CORE_LIMIT.get() else { return start() };
    set_core_limit(original.current);
    let result = start();
    set_core_limit(Some(0));
    result
}

/// Sets the soft limit only, because an unprivileged process cannot raise the hard limit again.
/// `None` means no limit.
fn set_core_limit(current: Option<u64>) {
    let maximum = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
}
