//! Sends the pushes, in threads of their own, and repeats those that were not accepted.

use std::cmp::{Ordering as CmpOrdering, Reverse};
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use url::Url;

use super::client::{PLATFORM_USER_AGENT, PushClient, PushResponse};
use super::line::PushLine;
use super::problem::PushProblem;
use super::queued::QueuedPush;
use super::reply::parse_reply;
use super::settings::PushSettings;
use crate::sandbox::faults::{PushFault, describe_effects};
use crate::sandbox::ids;
use crate::sandbox::state::Platform;
use crate::sandbox::time::{machine_now_ms, rfc3339};

/// The number of attempts of a push.
const MAX_ATTEMPTS: u8 = 3;
/// The number of threads. Pushes about one person stay in their order, since one thread sends them;
/// a server that does not respond delays other people as well, which WeChat would not do.
const THREADS: usize = 8;

/// Sends pushes until it is dropped.
pub(in crate::sandbox) struct PushDelivery {
    sender: Arc<PushSender>,
    threads: Vec<Sender<PushJob>>,
    hasher: RandomState,
    next_sequence: AtomicU64,
}

/// The state that all threads share.
struct PushSender {
    client: PushClient,
    platform: Arc<Mutex<Platform>>,
    on_line: Box<dyn Fn(PushLine) + Send + Sync>,
}

/// An attempt with the time when it is due. Attempts are sorted by that time, then by submission.
struct PushJob {
    due: Instant,
    sequence: u64,
    attempt: u8,
    push: QueuedPush,
}

impl PushDelivery {
    /// Starts the threads. They call `on_line` for each attempt.
    ///
    /// # Errors
    ///
    /// The system cannot start a thread.
    pub(in crate::sandbox) fn start(
        platform: Arc<Mutex<Platform>>,
        on_line: impl Fn(PushLine) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let sender = Arc::new(PushSender { client: PushClient::default(), platform, on_line: Box::new(on_line) });
        let mut threads = Vec::new();
        for _ in 0..THREADS {
            let (jobs, received) = unbounded();
            let sender = Arc::clone(&sender);
            thread::Builder::new().name("push".into()).spawn(move || run(&sender, &received))?;
            threads.push(jobs);
        }
        Ok(Self { sender, threads, hasher: RandomState::new(), next_sequence: AtomicU64::new(0) })
    }

    /// Sends a push when it is due.
    ///
    /// Returns immediately, or with [`PushFault::BeforeAnswer`] after the first attempt.
    pub(in crate::sandbox) fn submit(&self, push: QueuedPush) {
        let now = Instant::now();
        match push.push_fault() {
            Some(PushFault::Lost) => self.sender.log(&push, 0, None, None, Duration::ZERO),
            Some(PushFault::BeforeAnswer) => {
                if let Some(again) = self.sender.attempt(self.job(push, now)) {
                    self.enqueue(again);
                }
            }
            Some(PushFault::Twice) => {
                self.enqueue(self.job(push.clone(), now));
                self.enqueue(self.job(push, now));
            }
            Some(PushFault::Late) | None => self.enqueue(self.job(push, now)),
        }
    }

    /// Checks a URL as the platform does before it keeps it: its server must return the echostr.
    pub(in crate::sandbox) fn check(&self, settings: &PushSettings) -> Result<(), PushProblem> {
        let begun = Instant::now();
        let (nonce, echostr) = (ids::decimal_nonce(), ids::echostr());
        let url = settings.signed_url(machine_now_ms() / 1000, &nonce, &[("echostr", &echostr)]);
        let response = self.sender.client.get(&url, PLATFORM_USER_AGENT);
        let status = response.as_ref().ok().map(|response| response.status);
        let result = response.and_then(|PushResponse { status, body }| match body {
            _ if status != 200 => Err(PushProblem::Status),
            body if body == echostr.as_bytes() => Ok(()),
            body if body.trim_ascii() == format!("\"{echostr}\"").as_bytes() => Err(PushProblem::EchostrQuoted),
            _ => Err(PushProblem::Echostr),
        });
        self.sender.record(PushLine {
            event: "push",
            time: rfc3339(machine_now_ms()),
            push: "echostr",
            openid: None,
            attempt: 1,
            status,
            problem: result.err(),
            fault: None,
            ms: milliseconds(begun.elapsed()),
        });
        result
    }

    /// Calls a callback address as a phone, and ignores the result: the phone is redirected in any
    /// case.
    pub(in crate::sandbox) fn call_as_phone(&self, url: &Url) {
        if url.scheme() == "http" {
            let _ = self.sender.client.get(url, "MicroMessenger");
        }
    }

    fn job(&self, push: QueuedPush, now: Instant) -> PushJob {
        let sequence = self.next_sequence.fetch_add(1, Ordering::Relaxed);
        PushJob { due: now + push.delay, sequence, attempt: 1, push }
    }

    fn enqueue(&self, job: PushJob) {
        let count = self.threads.len() as u64;
        let index = usize::try_from(self.hasher.hash_one(&job.push.header.openid) % count).unwrap_or_default();
        if let Some(thread) = self.threads.get(index) {
            // A closed channel means that the sandbox is stopping.
            let _ = thread.send(job);
        }
    }
}

/// Sends pushes when they are due, until the channel is closed.
fn run(sender: &PushSender, received: &Receiver<PushJob>) {
    let mut waiting = BinaryHeap::new();
    loop {
        let next = match waiting.peek() {
            None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(Reverse(PushJob { due, .. })) => received.recv_deadline(*due),
        };
        match next {
            Ok(job) => waiting.push(Reverse(job)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // A push that was submitted in the meantime may be due before the waiting ones.
        waiting.extend(received.try_iter().map(Reverse));
        if waiting.peek().is_some_and(|Reverse(job)| job.due <= Instant::now())
            && let Some(Reverse(job)) = waiting.pop()
            && let Some(again) = sender.attempt(job)
        {
            waiting.push(Reverse(again));
        }
    }
}

impl PushSender {
    /// Sends a push once; returns the next attempt if it was not accepted and may be repeated.
    fn attempt(&self, job: PushJob) -> Option<PushJob> {
        let PushJob { due: _, sequence, attempt, push } = job;
        let begun = Instant::now();
        let response = self.client.post(push.to_request(machine_now_ms() / 1000));
        let status = response.as_ref().ok().map(|response| response.status);
        let reply = response.and_then(|response| match response.status {
            200 => parse_reply(&push, &response.body),
            _ => Err(PushProblem::Status),
        });
        let (elapsed, problem) = (begun.elapsed(), reply.as_ref().err().copied());
        let is_repeated = problem.is_some() && attempt < MAX_ATTEMPTS;
        // Change the phone before the log line of the attempt is written.
        match reply {
            Ok(Some(text)) => {
                self.lock_platform().receive_reply(&push.header.openid, text, machine_now_ms());
            }
            Err(_) if push.event.expects_reply() && !is_repeated => {
                self.lock_platform().report_unavailable(&push.header.openid, machine_now_ms());
            }
            _ => {}
        }
        self.log(&push, attempt, status, problem, elapsed);
        is_repeated.then(|| PushJob { due: begun + push.retry_after, sequence, attempt: attempt + 1, push })
    }

    fn lock_platform(&self) -> MutexGuard<'_, Platform> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, line: PushLine) {
        self.lock_platform().pushes.record(line.clone());
        (self.on_line)(line);
    }

    fn log(
        &self,
        push: &QueuedPush,
        attempt: u8,
        status: Option<u16>,
        problem: Option<PushProblem>,
        elapsed: Duration,
    ) {
        self.record(PushLine {
            event: "push",
            time: rfc3339(machine_now_ms()),
            push: push.event.name(),
            openid: Some(push.header.openid.clone()),
            attempt,
            status,
            problem,
            fault: describe_effects(&push.faults),
            ms: milliseconds(elapsed),
        });
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Ord for PushJob {
    fn cmp(&self, other: &Self) -> CmpOrdering {
        (self.due, self.sequence).cmp(&(other.due, other.sequence))
    }
}

impl PartialOrd for PushJob {
    fn partial_cmp(&self, other: &Self) -> Option<CmpOrdering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PushJob {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PushJob {}
