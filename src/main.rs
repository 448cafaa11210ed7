//! The `wxbox` program.
fn main() {}
