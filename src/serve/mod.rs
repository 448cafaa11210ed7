//! Receives WeChat's pushes, answers phones for other processes, and reports its state to
//! monitoring. `wxbox serve` runs it as a service; `bind` and `init` use it while they wait for one
//! push.
//!
//! `push_endpoint` checks a push, has it recorded by `recorder` and answers it; `forwarder` passes
//! it on. `event` translates between pushes, the database and the output. `phone_bindings` answers
//! phones, `database_status` answers monitoring, `router` routes all requests.
//! `push_rejection_counter` counts rejected pushes, and `push_rejection` describes them.
//! `served_config` is the note about the config in force.

mod database_status;
mod event;
mod forwarder;
mod metrics;
mod phone_bindings;
mod push_endpoint;
mod push_rejection;
mod push_rejection_counter;
mod recorder;
mod reply;
mod router;
mod served_config;

pub use database_status::DatabaseStatus;
pub use event::{ServeEvent, ServeEventKind, to_new_event, to_serve_events};
pub use forwarder::Forwarder;
pub use metrics::Metrics;
pub use phone_bindings::PhoneBindings;
pub use push_endpoint::{PushEndpoint, seal_reply};
pub use push_rejection::{PushRejectionReport, console_place, describe_rejection};
pub use recorder::{EventRecorder, NotRecorded};
pub use router::{ServeRouter, loggable_path};
pub use served_config::ServedConfig;
