//! One crate for all integration tests, so that they link once.

// Helpers of tests are tests to us, though not to clippy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bind;
mod bind_trouble;
mod callback;
mod demo;
mod front_door;
mod harness;
mod main_job;
mod phone;
mod pty;
mod qr;
mod sandbox;
mod scripted;
mod terminal;
mod tidy;
