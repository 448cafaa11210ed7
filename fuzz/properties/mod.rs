//! Properties that must hold for any input, with one file per kind of input. The fuzz targets and
//! the tests in `tests/it/properties.rs` run the same functions, which use the public API only.

// Each fuzz target uses one of these modules.
#![allow(dead_code, missing_docs)]

pub mod answers;
pub mod batch;
pub mod callback;
pub mod cipher;
pub mod config;
pub mod data;
pub mod head;
pub mod people;
pub mod push;
pub mod run;
pub mod template;
pub mod xml;
