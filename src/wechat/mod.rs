//! The client for the WeChat platform's API: one blocking HTTP client that keeps its connections
//! alive, and the calls grouped by subject. The calls follow the official pages at
//! developers.weixin.qq.com; paths such as `doc/service/…` are relative to that site.
//!
//! This module knows neither the database nor the terminal.

mod api_host;
mod cause;
mod client;
mod client_settings;
mod connect_failure;
mod connectivity;
pub mod errcode;
mod error;
pub(crate) mod followers;
mod host_health;
pub(crate) mod lenient_json;
mod mask;
pub(crate) mod media;
pub mod message;
pub(crate) mod message_json;
pub(crate) mod message_schema;
mod oauth;
mod proxy;
pub mod push;
pub(crate) mod push_url;
mod push_url_check;
mod qrcode;
pub(crate) mod quota;
pub(crate) mod redirect_uri;
pub(crate) mod request_trace;
mod server_clock;
pub mod template;
pub mod template_rules;
pub mod text;
mod tls;
mod token;
mod transport;

pub use api_host::ApiHost;
pub use cause::Cause;
pub use client::Client;
pub use client_settings::{ClientSettings, SecretSource};
pub use connect_failure::{ConnectFailure, find_tls_error, is_out_of_files, request_failure, response_failure};
pub use connectivity::HostProbe;
pub use error::{ApiError, ClientInitError, Error};
pub use message::SendResponse;
pub use oauth::{Grant, authorize_url};
pub use proxy::{ProxyInfo, proxy_for};
pub use push_url_check::{PingResult, PushUrlCheck};
pub use server_clock::ServerClock;
pub use tls::tls_config;
pub use token::{Endpoint, SECRET_ERRCODES};
pub use transport::{HttpResponse, Transport};

type Result<T> = std::result::Result<T, Error>;
