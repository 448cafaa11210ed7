//! The platform's API, as the official pages at developers.weixin.qq.com describe it: one blocking,
//! kept-alive client, and the calls by subject. Knows no database and no terminal.

mod client;
pub mod errcode;
mod error;
pub mod kinds;
pub mod lenient;
pub mod media;
pub mod message;
mod oauth;
pub mod people;
mod qrcode;
pub mod quota;
mod reach;
pub mod redirect;
mod rests;
pub mod rid;
mod server_clock;
pub mod template;
pub mod template_rules;
mod token;

pub use client::{Client, SecretFrom, Settings, tls};
pub use error::{Error, Refusal};
pub use message::Delivered;
pub use oauth::{Grant, authorize_url};
pub use reach::{Reached, Via, proxy_of};
pub use server_clock::ServerClock;
pub use token::Endpoint;

type Result<T> = std::result::Result<T, Error>;
