//! A local stand-in for the WeChat platform: what the demo and the tests run against.
//!
//! [`Platform`] is the platform itself, pure but for its own state and its random ids: a request and
//! the time go in, a reply comes out. [`Sandbox`] puts it behind a port. The room shares no type with
//! the client's side, so that a wrong field name cannot be wrong on both sides at once.
//!
//! What cannot be known of the real platform is decided for the stricter reading, and says so where it
//! is decided.

mod admin;
mod api;
mod call;
mod faults;
mod ids;
mod origin;
mod pages;
mod paths;
mod qr_jpeg;
mod response;
mod router;
mod scenario;
mod server;
mod state;
mod time;

pub use faults::Fault;
pub use response::HandledRequest;
pub use scenario::Scenario;
pub use scenario::account_setup::{
    ArticleConfig, CardConfig, KfAccountConfig, PersonConfig, SubscriptionConfig, TemplateConfig,
};
pub use scenario::error::ScenarioError;
pub use scenario::template_library::{Keyword, LibraryTemplate};
pub use server::{Listening, RequestLine, Sandbox};
pub use state::Platform;

#[cfg(test)]
mod tests;
