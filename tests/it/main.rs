//! One crate for all integration tests, so that they link once.

// Clippy's allowance for tests knows test functions, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod accounts;
mod backup;
mod bad_database;
mod bad_input;
mod bad_line;
mod bad_message;
mod bind;
mod bind_trouble;
mod callback;
mod canned;
mod config_show;
mod demo;
mod docs;
mod explain;
mod fields;
mod files;
mod followers;
mod front_door;
mod harness;
mod import;
mod import_bad;
mod lines;
mod main_job;
mod names;
mod original;
mod outbox_tend;
mod pages;
mod passwords;
mod phone;
mod pty;
mod qr;
mod qr_file;
mod quota;
mod removal;
mod sandbox;
mod scripted;
mod secrets;
mod send;
mod send_left;
mod send_refused;
mod sync;
mod templates;
mod terminal;
mod tidy;
mod token;
mod users;
mod versions;
mod wire;
