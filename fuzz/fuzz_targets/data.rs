//! The fuzz target for `properties::data`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::data::check_template_data(bytes));
