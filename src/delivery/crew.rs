//! Those who send: threads that each make one request at a time over the client's kept-alive connections.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::secret::Secret;
use crate::wechat::message::Content;
use crate::wechat::{self, Client};

/// One request to make.
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) token: Secret,
    pub(super) content: Arc<Content>,
    pub(super) openid: String,
    pub(super) client_msg_id: Option<String>,
}

/// What came of it: WeChat's id of the message, where it gives one.
pub(super) struct Done {
    pub(super) id: i64,
    pub(super) token: Secret,
    pub(super) result: Result<Option<String>, wechat::Error>,
}

/// The threads; each begins when there is work for it.
pub(super) struct Crew {
    client: Client,
    jobs: (Sender<Job>, Receiver<Job>),
    done: (Sender<Done>, Receiver<Done>),
    size: usize,
}

impl Crew {
    pub(super) fn new(client: Client) -> Self {
        Self { client, jobs: unbounded(), done: unbounded(), size: 0 }
    }

    /// What has ended.
    pub(super) fn done(&self) -> &Receiver<Done> {
        &self.done.1
    }

    /// Has it done; with it, `under_way` jobs are.
    pub(super) fn take(&mut self, job: Job, under_way: usize) -> io::Result<()> {
        if under_way > self.size {
            self.hire()?;
        }
        // The other end is here.
        let _ = self.jobs.0.send(job);
        Ok(())
    }

    /// Does it at once, here.
    pub(super) fn make(&self, job: Job) {
        // The other end is here.
        let _ = self.done.0.send(make(&self.client, job));
    }

    fn hire(&mut self) -> io::Result<()> {
        let (client, jobs, done) = (self.client.clone(), self.jobs.1.clone(), self.done.0.clone());
        std::thread::Builder::new().name("sender".into()).spawn(move || {
            for job in jobs {
                if done.send(make(&client, job)).is_err() {
                    break;
                }
            }
        })?;
        self.size += 1;
        Ok(())
    }
}

fn make(client: &Client, Job { id, token, content, openid, client_msg_id }: Job) -> Done {
    let result = client.send(&token, &content, &openid, client_msg_id.as_deref());
    Done { id, token, result }
}
