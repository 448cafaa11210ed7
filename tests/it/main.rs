//! One crate for all integration tests, so that they link once.

mod callback;
mod front_door;
mod harness;
mod main_job;
mod tidy;
