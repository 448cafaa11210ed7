//! The fuzz target for `properties::cipher`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::cipher::check_cipher(bytes));
