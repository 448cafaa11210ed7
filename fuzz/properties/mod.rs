//! What must hold for any bytes from outside: a file a kind of input. The fuzz targets beside it and the stable
//! tests (tests/it/properties.rs) run the same functions, which use the library as anybody can.

// A fuzz target uses one of these.
#![allow(dead_code, missing_docs)]

pub mod answers;
pub mod batch;
pub mod callback;
pub mod config;
pub mod data;
pub mod head;
pub mod people;
pub mod run;
pub mod template;
