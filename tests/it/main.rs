//! One crate for all integration tests, so that they link once.

// A test that cannot go on fails; clippy.toml says so of test functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod callback;
mod canned;
mod files;
mod front_door;
mod harness;
mod main_job;
mod names;
mod passwords;
mod removal;
mod send;
mod send_left;
mod send_refused;
mod tidy;
mod users;
mod wire;
