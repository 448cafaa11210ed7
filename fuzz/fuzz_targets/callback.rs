//! The fuzz target for `properties::callback`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::callback::check_callback(bytes));
