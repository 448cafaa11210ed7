//! Helpers of all tests: the environment that a test runs in, servers, a terminal and the
//! redactions of snapshots.

pub mod canned_server;
pub mod certificate;
pub mod env;
pub mod files;
pub mod inherited_signals;
pub mod proxy;
pub mod pty;
pub mod redactions;
pub mod scripted_server;
