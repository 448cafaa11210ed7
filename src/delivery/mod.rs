//! Delivery between the store and WeChat: a run claims queued messages, sends several at a time,
//! retries them if possible, and reports each result.
//!
//! One thread decides: within a run, the `scheduler` alone changes messages, one transaction per
//! step, so that one fsync covers all attempts that start together. It is a state machine without
//! threads, sockets and clocks (`step`), so that a simulation can run it (`tests/sim`); the
//! `driver` has those. `senders` perform the requests, so that neither the driver nor Ctrl-C waits
//! for WeChat. `outcome` says what follows from a response, `retry` when a message is due again.
//! Any number of processes share an outbox: each marks what it claims and holds a file lock while
//! it lives. A long-lived process has a `service`, which works in one run after the other.

mod content_cache;
mod driver;
mod error;
mod event_sink;
mod feedback;
mod lock_wait;
mod options;
mod outbox_watcher;
pub mod outcome;
mod recovery;
mod results;
mod retry;
mod run;
mod run_state;
mod run_supervisor;
mod scheduler;
mod senders;
mod service;
mod settlement;
mod shutdown;
mod step;
#[cfg(test)]
mod tests;
mod thread;
mod throttle;
mod timers;
mod token_source;
mod uploads;

pub(crate) use error::DeliveryError;
pub use event_sink::DeliveryEvent;
pub use run_state::Jitter;
pub use scheduler::Scheduler;
pub use senders::{SendJob, SendResult};
pub use step::{NextStep, StepAction, StepEvents, StepTime};

use event_sink::EventSink;
pub use options::{DeliveryOptions, DeliverySource, TaggedSubmission};
pub use outbox_watcher::{OutboxWatcher, WATCH_INTERVAL, WatchResult, file_id};
pub use recovery::recover_orphans;
pub use retry::is_within_dedupe_window;
pub use run::DeliveryRun;
pub use run_supervisor::{RunCommand, RunFailure, RunSupervisor};
pub use service::{DeliveryService, DeliveryServiceEvent, DeliveryServiceSettings};
