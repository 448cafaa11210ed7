//! A local stand-in for the WeChat platform, which the demo and the tests run against.
//!
//! [`Platform`] is the platform itself. It is pure except for its own state and its random ids: it
//! takes a request and the time, and returns a reply. [`Sandbox`] serves it on a port. The module
//! shares no type with the client side, so that a wrong field name cannot be wrong on both sides.
//!
//! Where the behavior of the real platform is not known, the sandbox takes the stricter reading,
//! and a comment says so.
//!
//! No two files of the module import each other. From the bottom up: `time`, `paths`, `ids`, `call`
//! and `response`; `faults`, the settings and events of `push`, and `scenario`; `state`; the
//! requests that `api` parses; `pages`; the other files of `api`, and `admin`; `router`, which
//! alone imports the handlers; the delivery of `push`; `server`.

mod admin;
mod api;
mod call;
mod faults;
mod ids;
mod origin;
mod pages;
mod paths;
mod push;
mod qr_jpeg;
mod response;
mod router;
mod scenario;
mod server;
mod state;
mod time;

pub use faults::Fault;
pub use push::line::PushLine;
pub use push::problem::PushProblem;
pub use scenario::Scenario;
pub use scenario::account_setup::{
    ArticleConfig, CardConfig, KfAccountConfig, PersonConfig, SubscriptionConfig, TemplateConfig,
};
pub use scenario::error::ScenarioError;
pub use scenario::push_setup::PushConfig;
pub use scenario::template_library::{Keyword, LibraryTemplate};
pub use server::{LogLine, RequestLine, Sandbox, SandboxInfo};
pub use state::Platform;

#[cfg(test)]
mod tests;
