//! The fuzz target for `properties::batch`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::batch::check_batch(bytes));
