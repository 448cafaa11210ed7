//! Helpers of all tests: the environment that a test runs in, servers, a terminal and the
//! redactions of snapshots.

use std::time::Duration;

pub mod canned_server;
pub mod certificate;
pub mod env;
pub mod files;
pub mod inherited_signals;
pub mod proxy;
pub mod pty;
pub mod push;
pub mod push_receiver;
pub mod redactions;
pub mod scripted_server;
pub mod session;

/// The time that any test waits for an event. It is generous: it only keeps a broken program from
/// hanging the tests.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(60);
