//! One crate for all integration tests, so that they link once.

mod front_door;
