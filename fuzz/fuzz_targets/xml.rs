//! The fuzz target for `properties::xml`.
#![no_main]

#[path = "../properties/mod.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::xml::check_push_xml(bytes));
