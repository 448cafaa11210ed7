//! The fuzz target for `properties::people`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::people::check_user_import(bytes));
