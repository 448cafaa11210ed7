//! The platform's API, as the official pages at developers.weixin.qq.com describe it: one blocking,
//! kept-alive client, and the calls by subject. Knows no database and no terminal.

mod client;
mod connect_failure;
mod connectivity;
pub mod errcode;
mod error;
pub mod followers;
mod host_health;
pub mod lenient_json;
pub mod media;
pub mod message;
pub mod message_schema;
mod oauth;
mod proxy;
mod qrcode;
pub mod quota;
pub mod redirect_uri;
pub mod request_trace;
mod server_clock;
pub mod template;
pub mod template_rules;
mod tls;
mod token;

pub use client::{Client, ClientSettings, SecretSource};
pub use connect_failure::{ConnectFailure, find_tls_error, is_out_of_files};
pub use connectivity::HostProbe;
pub use error::{ApiError, ClientInitError, Error};
pub use message::SendResponse;
pub use oauth::{Grant, authorize_url};
pub use proxy::{ProxyInfo, proxy_for};
pub use server_clock::ServerClock;
pub use tls::tls_config;
pub use token::Endpoint;

type Result<T> = std::result::Result<T, Error>;
