//! Those who send: threads that each make one request at a time over the client's kept-alive connections.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::secret::Secret;
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::{Client, Delivered};
use crate::words;

/// One request to make.
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) token: Secret,
    pub(super) content: Arc<Content>,
    pub(super) openid: String,
    pub(super) client_msg_id: Option<String>,
}

/// What came of it.
pub(super) struct Done {
    pub(super) id: i64,
    pub(super) token: Secret,
    pub(super) delivered: Delivered,
}

/// The jobs that no worker has begun. Not a channel: whoever waits for one gives its processor away several times before
/// it sleeps, which takes longer than to sleep at once where there are more workers than processors.
#[derive(Default)]
struct Jobs {
    waiting: Mutex<VecDeque<Job>>,
    came: Condvar,
}

impl Jobs {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job) {
        self.waiting().push_back(job);
        self.came.notify_one();
    }

    /// The next, which is waited for.
    fn next(&self) -> Job {
        let mut waiting = self.waiting();
        loop {
            match waiting.pop_front() {
                Some(job) => return job,
                None => waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// The threads; each begins when there is work for it, and ends with the process.
pub(super) struct Crew {
    client: Client,
    jobs: Arc<Jobs>,
    done: (Sender<Done>, Receiver<Done>),
    size: usize,
    /// The system gave no further thread: there are no more workers than these.
    is_limited: bool,
}

impl Crew {
    pub(super) fn new(client: Client) -> Self {
        Self { client, jobs: Arc::default(), done: unbounded(), size: 0, is_limited: false }
    }

    /// What has ended.
    pub(super) fn done(&self) -> &Receiver<Done> {
        &self.done.1
    }

    /// How many jobs can be under way of `wanted`: fewer where the system gives no more threads.
    pub(super) fn limit(&self, wanted: usize) -> usize {
        if self.is_limited { wanted.min(self.size.max(1)) } else { wanted }
    }

    /// Has it done; with it, `under_way` jobs are. Without any worker it is done here.
    pub(super) fn take(&mut self, job: Job, under_way: usize) {
        if under_way > self.size
            && !self.is_limited
            && let Err(error) = self.hire()
        {
            self.is_limited = true;
            log::info!("{}", t!("delivery-no-thread", count = self.size, cause = words::system(&error)));
        }
        if self.size == 0 {
            self.make(job);
        } else {
            self.jobs.put(job);
        }
    }

    /// Takes back what no worker has begun: nothing of it has left.
    pub(super) fn take_back(&self) -> HashSet<i64> {
        self.jobs.waiting().drain(..).map(|job| job.id).collect()
    }

    /// Does it at once, here.
    pub(super) fn make(&self, job: Job) {
        // The other end is here.
        let _ = self.done.0.send(make(&self.client, job));
    }

    fn hire(&mut self) -> io::Result<()> {
        let (client, jobs, done) = (self.client.clone(), self.jobs.clone(), self.done.0.clone());
        std::thread::Builder::new()
            .name("sender".into())
            .spawn(move || while done.send(make(&client, jobs.next())).is_ok() {})?;
        self.size += 1;
        Ok(())
    }
}

fn make(client: &Client, Job { id, token, content, openid, client_msg_id }: Job) -> Done {
    let delivered = client.send(&token, &content, &openid, client_msg_id.as_deref());
    Done { id, token, delivered }
}
