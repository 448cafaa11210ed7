//! The input and output of a step of the scheduler. The scheduler itself has no thread, no socket
//! and no clock: a [driver](super::driver) passes events and the time in, and performs the actions.

use std::sync::Arc;
use std::time::Instant;

use super::event_sink::DeliveryEvent;
use super::options::TaggedSubmission;
use super::senders::{SendJob, SendResult};
use super::token_source::TokenResult;
use super::uploads::{PendingUpload, UploadResult};
use crate::clock::{ClockReading, Timestamp};
use crate::secret::Secret;

/// The time of a step, by all clocks.
#[derive(Clone, Debug)]
pub struct StepTime {
    /// The clock that measures pauses; it cannot be set.
    pub instant: Instant,
    /// The system clock and the uptime.
    pub clock: ClockReading,
    /// WeChat's clock; `None` before the first response.
    pub server: Option<Timestamp>,
}

/// The events since the last step.
#[derive(Default)]
pub struct StepEvents {
    /// The results of requests.
    pub sent: Vec<SendResult>,
    /// The results of uploads.
    pub uploaded: Vec<UploadResult>,
    /// The result of a token fetch.
    pub token: Option<TokenResult>,
    /// Submissions, as far as
    /// [`Scheduler::submission_capacity`](super::Scheduler::submission_capacity) allows.
    pub submissions: Vec<TaggedSubmission>,
    /// No more submissions come.
    pub submissions_closed: bool,
    /// More messages may be due, for a [continuous](super::DeliverySource::Continuous) run.
    pub due_changed: bool,
    /// A continuous run ends: it starts nothing more.
    pub due_closed: bool,
    /// A request to stop: the deadline of the requests in flight.
    pub stop_at: Option<Instant>,
    /// The maximum number of requests in flight.
    pub max_in_flight: usize,
}

/// An action of the driver after a step. Actions are performed in their order.
pub enum StepAction {
    /// Send an event to the command.
    Emit(DeliveryEvent),
    /// Send a message.
    Send {
        /// The request.
        job: SendJob,
        /// The number of requests in flight including this one.
        in_flight_count: usize,
    },
    /// Upload a file.
    Upload {
        /// The file.
        upload: PendingUpload,
        /// Its content; `None` if it is no longer stored.
        bytes: Option<Arc<[u8]>>,
        /// The access token.
        token: Secret,
    },
    /// Get an access token other than the one that WeChat refused.
    FetchToken {
        /// The refused token.
        refused: Option<Secret>,
    },
}

/// When the next step is due.
#[derive(Debug)]
pub enum NextStep {
    /// Immediately: there is more to do.
    Continue,
    /// When an event arrives, or at this time.
    Wait(Option<Instant>),
    /// The deadline has passed: the driver calls [`Scheduler::abandon`](super::Scheduler::abandon).
    Abandon,
    /// The run is over.
    Finish(anyhow::Result<()>),
}
