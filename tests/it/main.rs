//! One crate for all integration tests, so that they link once.

// A test that cannot go on fails (clippy.toml says so of test functions alone), one that is skipped says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod accounts;
mod bad_database;
mod bad_input;
mod bad_line;
mod bad_message;
mod bind;
mod bind_trouble;
mod callback;
mod canned;
mod demo;
mod files;
mod front_door;
mod harness;
mod main_job;
mod names;
mod pages;
mod passwords;
mod phone;
mod pty;
mod qr;
mod removal;
mod sandbox;
mod scripted;
mod secrets;
mod send;
mod send_left;
mod send_refused;
mod terminal;
mod tidy;
mod token;
mod users;
mod wire;
