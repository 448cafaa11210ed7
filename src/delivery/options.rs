//! The options of a run, and the messages that it delivers.

use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::access_token::Account;
use crate::store::Submission;

/// The options of a run.
#[derive(Clone, Debug)]
pub struct DeliveryOptions {
    /// The account that sends.
    pub account: Account,
    /// The number of concurrent requests.
    pub concurrency: usize,
    /// The maximum number of messages per second; 0 for no limit.
    pub rate: u32,
    /// How long the run retries a message after its first failure before it leaves the message to a
    /// later run.
    pub wait: Duration,
    /// The maximum number of attempts for a message; 0 for no limit before it expires.
    pub max_attempts: u32,
    /// Finished messages older than this are deleted.
    pub retain: Duration,
    /// Whether to send the messages, or only to queue them.
    pub deliver: bool,
}

/// The messages that a run delivers.
pub enum DeliverySource {
    /// Submissions from a channel until it is closed; each is queued, then delivered.
    Submissions(Receiver<TaggedSubmission>),
    /// Messages with these IDs, which are queued already.
    Messages(Vec<i64>),
    /// All messages that are due.
    Due,
    /// All messages that are due, and those that become due until the channel is closed. Each value
    /// says that more may be due; an unread value covers later ones, so a channel with room for one
    /// suffices. After the channel is closed, the run starts nothing more, and ends with the
    /// requests and uploads in flight. It does not report messages that stay queued: the next run
    /// continues with them.
    Continuous(Receiver<()>),
}

/// A submission with the ID by which its sender identifies it.
pub struct TaggedSubmission {
    /// The content and the recipients.
    pub submission: Submission,
    /// Returned in the events of the submission's messages.
    pub correlation_id: Option<u64>,
}
