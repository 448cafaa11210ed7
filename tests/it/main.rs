//! One crate for all integration tests, so that they link once.

mod callback;
mod front_door;
