//! wxbox: reach people in WeChat from the command line.

pub mod callback;
pub mod config;
pub mod http;
pub mod sandbox;
pub mod secret;
pub mod words;
