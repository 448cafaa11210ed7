//! The platform's API, as the official pages at developers.weixin.qq.com describe it: one blocking,
//! kept-alive client, and the calls by subject. Knows no database and no terminal.

mod authorities;
mod client;
pub mod errcode;
mod error;
pub mod kinds;
pub mod lenient;
pub mod media;
pub mod message;
mod oauth;
pub mod people;
mod proxy;
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
mod trouble;

pub use authorities::tls_config;
pub use client::{Client, ClientSettings, SecretSource};
pub use error::{ApiError, ClientInitError, Error};
pub use message::SendResponse;
pub use oauth::{Grant, authorize_url};
pub use proxy::{ProxyInfo, proxy_for};
pub use reach::HostProbe;
pub use server_clock::ServerClock;
pub use token::Endpoint;
pub use trouble::{ConnectFailure, find_tls_error, is_out_of_files};

type Result<T> = std::result::Result<T, Error>;
