//! The pushes of the platform to the server of the account: messages and events.
//!
//! From the bottom up: `cipher` and `xml`; `settings`; `event`; `queued`, a push that is ready to
//! be sent; `reply`, which reads the responses; `queue`, which adds to the state of the platform;
//! `client`, `line` and `delivery`, which have the sockets, the log and the threads.

pub(super) mod cipher;
pub(super) mod client;
pub(super) mod delivery;
pub(super) mod event;
pub(super) mod line;
pub(super) mod problem;
mod queue;
pub(super) mod queued;
pub(super) mod reply;
pub(super) mod settings;
pub(super) mod xml;
