//! One crate for all integration tests, so that they link once.

mod callback;
mod canned;
mod front_door;
mod harness;
mod main_job;
mod send;
mod tidy;
mod users;
mod wire;
