//! One crate for all integration tests, so that they link once.

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
