//! The senders: threads that each perform one request at a time over the client's
//! kept-alive connections.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::i18n;
use crate::secret::Secret;
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::{Client, SendResponse};

/// A request to send.
pub struct SendJob {
    /// The message's ID.
    pub id: i64,
    /// The access token.
    pub token: Secret,
    /// The content to send.
    pub content: Arc<Content>,
    /// The recipient.
    pub openid: String,
    /// The 32 hex digits by which WeChat detects duplicates.
    pub client_msg_id: Option<String>,
}

/// The result of a [`SendJob`].
pub struct SendResult {
    /// The message's ID.
    pub id: i64,
    /// The access token that the request used.
    pub token: Secret,
    /// WeChat's response, or why there is none.
    pub response: SendResponse,
}

/// The jobs that no sender has started. It is not a channel, because a thread that waits on a
/// channel spins before it sleeps. With more senders than processors, that costs more than sleeping
/// immediately.
#[derive(Default)]
struct JobQueue {
    state: Mutex<JobQueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct JobQueueState {
    waiting: VecDeque<SendJob>,
    /// Whether no more jobs will be submitted.
    is_closed: bool,
}

impl JobQueue {
    fn state(&self) -> MutexGuard<'_, JobQueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: SendJob) {
        self.state().waiting.push_back(job);
        self.changed.notify_one();
    }

    /// Waits for the next job and returns it; `None` once the queue is closed.
    fn next(&self) -> Option<SendJob> {
        let mut state = self.state();
        loop {
            match state.waiting.pop_front() {
                _ if state.is_closed => return None,
                Some(job) => return Some(job),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }
}

/// The senders. Each is spawned when there is a job for it, and ends with the pool after its
/// request.
pub(super) struct SenderPool {
    client: Client,
    jobs: Arc<JobQueue>,
    results: (Sender<SendResult>, Receiver<SendResult>),
    sender_count: usize,
    /// Whether the system refused a thread: then the pool no longer grows.
    spawn_failed: bool,
}

impl SenderPool {
    pub(super) fn new(client: Client) -> Self {
        Self { client, jobs: Arc::default(), results: unbounded(), sender_count: 0, spawn_failed: false }
    }

    pub(super) fn results(&self) -> &Receiver<SendResult> {
        &self.results.1
    }

    /// Returns how many of `wanted` jobs can be in flight; fewer if the system refuses more
    /// threads.
    pub(super) fn max_in_flight(&self, wanted: usize) -> usize {
        if self.spawn_failed { wanted.min(self.sender_count.max(1)) } else { wanted }
    }

    /// Submits a job and spawns another sender if `in_flight_count`, which includes the job,
    /// exceeds the pool size. Performs the job inline if there is no sender.
    pub(super) fn submit(&mut self, job: SendJob, in_flight_count: usize) {
        if in_flight_count > self.sender_count
            && !self.spawn_failed
            && let Err(error) = self.spawn_sender()
        {
            self.spawn_failed = true;
            log::info!("{}", t!("delivery-no-thread", count = self.sender_count, cause = i18n::io_error_text(&error)));
        }
        if self.sender_count == 0 {
            // `self` owns the receiver, so this cannot fail.
            let _ = self.results.0.send(job.perform(&self.client));
        } else {
            self.jobs.push(job);
        }
    }

    /// Removes and returns the IDs of the jobs that no sender has started; no byte of them was
    /// sent.
    pub(super) fn drain_unstarted(&self) -> HashSet<i64> {
        self.jobs.state().waiting.drain(..).map(|job| job.id).collect()
    }

    fn spawn_sender(&mut self) -> io::Result<()> {
        let (client, jobs, results) = (self.client.clone(), self.jobs.clone(), self.results.0.clone());
        let work = move || {
            while let Some(job) = jobs.next() {
                // The run may have ended in the meantime.
                let _ = results.send(job.perform(&client));
            }
        };
        std::thread::Builder::new().name("sender".into()).spawn(work)?;
        self.sender_count += 1;
        Ok(())
    }
}

impl Drop for SenderPool {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

impl SendJob {
    /// Performs the request.
    pub fn perform(self, client: &Client) -> SendResult {
        let Self { id, token, content, openid, client_msg_id } = self;
        let response = client.send(&token, &content, &openid, client_msg_id.as_deref());
        SendResult { id, token, response }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::platform::{ACCEPTED, Platform, TEST_TIMEOUT, answer};
    use super::*;
    use crate::wechat::ClientSettings;

    fn pool_without_host() -> SenderPool {
        SenderPool::new(Client::new(&ClientSettings::without_host()).unwrap())
    }

    fn job(id: i64) -> SendJob {
        let json = r#"{"type":"text","content":"x"}"#;
        let content = Arc::new(serde_json::from_str(json).unwrap());
        SendJob { id, token: "T".to_owned().into(), content, openid: "o1".to_owned(), client_msg_id: None }
    }

    #[test]
    fn threads_of_a_pool_end_with_it() {
        let mut pool = pool_without_host();
        pool.spawn_sender().unwrap();
        pool.spawn_sender().unwrap();
        let results = pool.results().clone();
        drop(pool);
        // The threads hold the other senders of this channel.
        assert_eq!(results.recv().err(), Some(crossbeam_channel::RecvError));
    }

    #[test]
    fn jobs_that_no_sender_has_started_can_be_taken_back() {
        let platform = Platform::start();
        let mut pool = SenderPool::new(platform.client());
        pool.submit(job(1), 1);
        // The only sender waits for its response.
        let in_flight = platform.expect_message();
        pool.submit(job(2), 1);
        assert_eq!(pool.drain_unstarted(), HashSet::from([2]));
        assert_eq!(pool.drain_unstarted(), HashSet::new());
        answer(in_flight, ACCEPTED);
        assert_eq!(pool.results().recv_timeout(TEST_TIMEOUT).unwrap().id, 1);
    }

    #[test]
    fn a_pool_grows_to_the_jobs_in_flight() {
        let platform = Platform::start();
        let mut pool = SenderPool::new(platform.client());
        for count in 1..=3 {
            pool.submit(job(1), count);
        }
        let in_flight = [(); 3].map(|()| platform.expect_message());
        pool.submit(job(2), 3);
        assert_eq!(pool.sender_count, 3);
        in_flight.into_iter().for_each(|request| answer(request, ACCEPTED));
        answer(platform.expect_message(), ACCEPTED);
    }

    #[test]
    fn a_refused_thread_limits_the_requests_in_flight() {
        let mut pool = pool_without_host();
        assert_eq!(pool.max_in_flight(5), 5);
        pool.spawn_failed = true;
        assert_eq!(pool.max_in_flight(5), 1);
        // Without a sender, the job is performed inline.
        pool.submit(job(1), 1);
        assert_eq!(pool.results().try_recv().unwrap().id, 1);
        pool.spawn_sender().unwrap();
        pool.spawn_sender().unwrap();
        assert_eq!((pool.max_in_flight(5), pool.max_in_flight(1)), (2, 1));
        pool.submit(job(2), 3);
        assert_eq!(pool.results().recv_timeout(TEST_TIMEOUT).unwrap().id, 2);
        assert_eq!(pool.sender_count, 2);
    }
}
