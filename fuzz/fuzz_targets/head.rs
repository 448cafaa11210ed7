//! The fuzz target for `properties::head`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::head::check_http_stream(bytes));
