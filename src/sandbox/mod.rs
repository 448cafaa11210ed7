//! A local stand-in for the WeChat platform: what the demo and the tests run against.
//!
//! [`Platform`] is the platform itself, pure but for its own state and its random ids: a request and
//! the time go in, a reply comes out. [`Sandbox`] puts it behind a port. The room shares no type with
//! the client's side, so that a wrong field name cannot be wrong on both sides at once.
//!
//! What cannot be known of the real platform is decided for the stricter reading, and says so where it
//! is decided.

mod answer;
mod call;
mod code_picture;
mod control;
mod crowd;
mod custom;
mod faults;
mod inbox;
mod industry;
mod library;
mod media;
mod oauth;
mod origin;
mod pages;
mod people;
mod platform;
mod qrcode;
mod quota;
mod random;
mod requests;
mod routes;
mod server;
mod sns;
mod stats;
mod subscribe;
mod tags;
mod template_fields;
mod template_types;
mod templates;
mod tickets;
mod tokens;
mod world;

pub use faults::Fault;
pub use library::{Keyword, LibraryTemplate};
pub use platform::{HandledRequest, Platform};
pub use server::{Listening, RequestLine, Sandbox};
pub use world::{
    ArticleConfig, CardConfig, KfAccountConfig, PersonConfig, Scenario, ScenarioError, SubscriptionConfig,
    TemplateConfig,
};

#[cfg(test)]
mod tests;
