//! Runs, step by step: which requests a run starts, what it stores and what it reports. The test is
//! the driver: it answers the requests, and time passes when it says so. `threads` has the driver
//! itself.

mod answers;
mod ending;
pub(super) mod platform;
mod sending;
mod threads;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use super::scheduler::MAX_SUBMISSIONS_PER_STEP;
use super::token_source::TokenResult;
use super::uploads::{PendingUpload, UploadError, UploadResult};
use super::*;
use crate::access_token::{self, Account};
use crate::clock::{ClockReading, Timestamp};
use crate::secret::{ExposeSecret, Secret};
use crate::store::{
    self, Attachment, CachedMedia, CachedToken, ClaimScope, EnqueueResult, Expiry, Message, MessageState,
    MessageUpdate, NewRecipient, NewUser, OutboxTx, Payload, ResponseInfo, RetryState, Store, Submission, TxContext,
    User, WorkerLock,
};
use crate::wechat::{self, ApiError, Cause, Endpoint, SendResponse};

const APP_ID: &str = "wx1";
const START: Timestamp = Timestamp(1_795_412_475_000); // 2026-11-23T05:41:15Z, 13:41:15 in Beijing
const SECOND: Duration = Duration::from_secs(1);
/// Makes each end of an attempt fail.
const DISK_FULL_SQL: &str = "CREATE TRIGGER full BEFORE UPDATE ON attempts BEGIN SELECT RAISE(ABORT, 'disk full'); END";
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// A database, as other processes use it.
pub(super) struct Outbox {
    pub(super) store: Store,
    _dir: TempDir,
}

fn clock(passed: Duration) -> ClockReading {
    let uptime = format!("a:{}", 1_000_000 + passed.as_millis());
    ClockReading { wall: START.plus(passed), uptime: uptime.parse().ok() }
}

fn token(text: &str) -> CachedToken {
    CachedToken { token: text.to_owned().into(), fetched_at: START, expires_at: START.plus(SECOND * 7200) }
}

impl Outbox {
    /// Returns an outbox for a run by the clocks of this machine, which fetches a token.
    pub(super) fn without_token() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("wxbox.db")).unwrap().with_busy_timeout(Duration::ZERO).unwrap();
        Self { store, _dir: dir }
    }

    /// Returns an outbox with a token that is valid by the clock of a test, from [`START`].
    fn new() -> Self {
        let mut outbox = Self::without_token();
        outbox.store.save_token(APP_ID, &token("T")).unwrap();
        outbox
    }

    fn open(&self) -> Store {
        self.open_for_threads().with_busy_timeout(Duration::ZERO).unwrap()
    }

    /// Returns a connection that waits while another thread writes.
    pub(super) fn open_for_threads(&self) -> Store {
        Store::open(self.store.path()).unwrap()
    }

    /// Returns a connection that is not one of wxbox.
    fn connection(&self) -> Connection {
        Connection::open(self.store.path()).unwrap()
    }

    /// Adds a user who is bound to the openid of that name.
    fn user(&mut self, name: &str) -> User {
        let (uid, openid) = (format!("{name:x>32}"), format!("o-{name}"));
        let new = NewUser { username: name, uid: &uid, binding: Some((APP_ID, &openid)), ..NewUser::default() };
        self.store.add_user(&new, START).unwrap()
    }

    fn transaction<T>(&mut self, worker_id: &str, work: impl FnOnce(&OutboxTx<'_>) -> store::Result<T>) -> T {
        let now = clock(Duration::ZERO);
        let context = TxContext { app_id: APP_ID, worker_id, now: &now, server_now: None };
        self.store.transaction(context, true, work).unwrap()
    }

    fn queue(&mut self, submission: &Submission) -> Vec<i64> {
        let results = self.transaction("", |tx| tx.enqueue(submission, false));
        let id = |result: &EnqueueResult| match result {
            EnqueueResult::Queued(id) | EnqueueResult::QueuedAfter(id, _) => *id,
            other => panic!("{other:?}"),
        };
        results.iter().map(id).collect()
    }

    /// Queues a text by the clocks of this machine.
    pub(super) fn queue_text_now(&self) {
        let context = TxContext { app_id: APP_ID, worker_id: "", now: &ClockReading::now(), server_now: None };
        let mut store = self.open_for_threads();
        store.transaction(context, true, |tx| tx.enqueue(&text(&["o1"]), false)).unwrap();
    }

    pub(super) fn message(&self, id: i64) -> Message {
        self.store.message(APP_ID, id).unwrap().unwrap()
    }

    fn run(self, source: &DeliverySource, options: DeliveryOptions) -> TestRun {
        let lock = WorkerLock::acquire(self.store.path()).unwrap();
        let now = StepTime { instant: Instant::now(), clock: clock(Duration::ZERO), server: None };
        let jitter = Box::new(|| 0.5);
        let scheduler = Scheduler::new(self.open(), lock, options, source, LOCK_TIMEOUT, jitter, now.clone());
        TestRun {
            scheduler,
            start: now.instant,
            now,
            requests: Vec::new(),
            uploads: Vec::new(),
            log: Vec::new(),
            reported: Vec::new(),
            reader: self.connection(),
            outbox: self,
        }
    }
}

pub(super) fn options() -> DeliveryOptions {
    let secret = "s".to_owned().into();
    DeliveryOptions {
        account: Account { app_id: APP_ID.to_owned(), secret, endpoint: Endpoint::Stable },
        concurrency: 1,
        rate: 0,
        wait: SECOND * 30,
        max_attempts: 0,
        retain: SECOND * 86_400,
        deliver: true,
    }
}

fn submissions() -> DeliverySource {
    DeliverySource::Submissions(crossbeam_channel::never())
}

pub(super) fn text(openids: &[&str]) -> Submission {
    Submission::text_to(openids)
}

/// A text in this many parts.
fn parts(count: usize) -> Submission {
    text(&["o1"]).in_parts(count)
}

fn template_payload() -> Payload {
    let json = r#"{"type":"template","template_id":"T1","data":{}}"#.to_owned();
    Payload { kind: "template", json }
}

/// A template message to users.
fn template(users: &[&User]) -> Submission {
    let recipient = |user: &&User| NewRecipient {
        user_id: Some(user.id),
        user: Some(user.username.clone()),
        openid: user.binding.as_ref().unwrap().openid.clone(),
        client_msg_id: Some(format!("{:032}", user.id)),
    };
    Submission { payload: template_payload(), recipients: users.iter().map(recipient).collect(), ..text(&[]) }
}

/// An image from a file.
fn image(name: &str) -> Submission {
    let json = format!(
        r#"{{"type":"custom","msgtype":"image","branch":{{"media_id":{{"file":"{name}","sha256":"{name}"}}}}}}"#
    );
    let files = vec![Attachment { sha256: name.to_owned(), bytes: Vec::from(name).into() }];
    Submission { payload: Payload { kind: "image", json }, files, ..text(&["o1"]) }
}

fn tagged(correlation_id: u64, submission: Submission) -> TaggedSubmission {
    TaggedSubmission { submission, correlation_id: Some(correlation_id) }
}

/// WeChat's answer to a request.
type Answer = Result<Option<String>, wechat::Error>;

fn accepted() -> Answer {
    Ok(Some("100".to_owned()))
}

fn api_error(errcode: i64) -> wechat::Error {
    wechat::Error::Api(ApiError {
        api: "/x",
        errcode,
        errmsg: "no".to_owned(),
        rid: Some("r1".to_owned()),
        remedy: None,
    })
}

fn refused(errcode: i64) -> Answer {
    Err(api_error(errcode))
}

fn unreachable() -> wechat::Error {
    wechat::Error::Connect { host: "api".to_owned(), cause: Cause::TimedOut, failure: Default::default() }
}

fn no_response() -> Answer {
    Err(wechat::Error::NoResponse { host: "api".to_owned(), cause: Cause::TimedOut })
}

struct TestRun {
    scheduler: Scheduler,
    start: Instant,
    now: StepTime,
    /// The requests and uploads that are not answered yet.
    requests: Vec<SendJob>,
    uploads: Vec<(PendingUpload, Secret)>,
    /// Lines about what the run did, until the test takes them.
    log: Vec<String>,
    /// The messages that were reported, with the correlation ID of each report.
    reported: Vec<(i64, Option<u64>)>,
    /// A connection that is not one of wxbox.
    reader: Connection,
    outbox: Outbox,
}

impl TestRun {
    /// Takes steps until the run waits or ends.
    fn step(&mut self, events: StepEvents) -> NextStep {
        let max_in_flight = self.scheduler.run_state.options.concurrency;
        let mut events = StepEvents { max_in_flight, ..events };
        for _ in 0..1000 {
            let submissions_closed = events.submissions_closed;
            let generation = self.generation();
            let next = self.scheduler.step(events, self.now.clone());
            let claimed = "SELECT count(*) FROM messages WHERE claimed_by NOTNULL";
            let held: u32 = self.reader.query_row(claimed, [], |row| row.get(0)).unwrap();
            assert!(held as usize <= 2 * max_in_flight, "{held} messages are claimed");
            let is_promise = |action: &StepAction| {
                matches!(action, StepAction::Send { .. } | StepAction::Emit(DeliveryEvent::SubmissionCommitted(_)))
            };
            let actions = self.scheduler.take_actions();
            let is_durable = generation != self.generation();
            assert!(is_durable || !actions.iter().any(is_promise), "a power cut may undo what the run relies on");
            self.perform(actions);
            if let NextStep::Wait(Some(until)) = next {
                assert!(until > self.now.instant, "the run waits for a time that has passed");
            }
            if !matches!(next, NextStep::Continue) {
                return next;
            }
            events = StepEvents { max_in_flight, submissions_closed, ..StepEvents::default() };
        }
        panic!("the run does not wait");
    }

    /// Returns a number that grows by one with each commit that waits for the disk.
    fn generation(&self) -> i64 {
        let version: i64 = self.reader.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        version >> 8
    }

    fn perform(&mut self, actions: Vec<StepAction>) {
        for action in actions {
            match action {
                StepAction::Emit(event) => {
                    self.check_report(&event);
                    self.log.extend(describe(&event));
                    self.reported.extend(correlation(&event));
                }
                StepAction::Send { job, in_flight_count } => {
                    assert_eq!(in_flight_count, self.requests.len() + 1);
                    self.log.push(format!("send {} {} to {}", job.id, job.content.kind(), job.openid));
                    self.requests.push(job);
                }
                StepAction::Upload { upload, token, .. } => {
                    self.log.push(format!("upload {}", upload.file_name));
                    self.uploads.push((upload, token));
                }
                StepAction::FetchToken { refused } => {
                    let other = refused.map(|token| format!(" but {}", token.expose_secret())).unwrap_or_default();
                    self.log.push(format!("fetch a token{other}"));
                }
            }
        }
    }

    /// Checks that a report agrees with the database.
    fn check_report(&self, event: &DeliveryEvent) {
        let DeliveryEvent::Settled { message, .. } = event else { return };
        let facts = |message: &Message| {
            let Message { state, attempts, sent_at, msgid, errcode, errmsg, rid, error, openid, .. } = message.clone();
            let due_at = (state == MessageState::Queued).then_some(message.due_at);
            (state, attempts, sent_at, msgid, (errcode, errmsg, rid), error, openid, due_at)
        };
        assert_eq!(facts(message), facts(&self.outbox.message(message.id)), "{}", message.id);
    }

    /// Takes steps in which nothing arrives.
    fn idle(&mut self) -> NextStep {
        self.step(StepEvents::default())
    }

    fn submit(&mut self, submissions: Vec<TaggedSubmission>) -> NextStep {
        self.step(StepEvents { submissions, ..StepEvents::default() })
    }

    fn close(&mut self) -> NextStep {
        self.step(StepEvents { submissions_closed: true, ..StepEvents::default() })
    }

    /// Returns the result of the request for a message.
    fn result(&mut self, id: i64, answer: Answer) -> SendResult {
        let index = self.requests.iter().position(|job| job.id == id).expect("a request");
        let job = self.requests.remove(index);
        let response = SendResponse { result: answer, host: Some("api".to_owned()), server_at: None };
        SendResult { id, token: job.token, response }
    }

    fn answer(&mut self, id: i64, answer: Answer) -> NextStep {
        let sent = vec![self.result(id, answer)];
        self.step(StepEvents { sent, ..StepEvents::default() })
    }

    /// Ends the oldest upload.
    fn end_upload(&mut self, result: Result<&str, wechat::Error>) -> NextStep {
        let (PendingUpload { key, file_name }, token) = self.uploads.remove(0);
        let media = |id: &str| CachedMedia {
            media_id: id.to_owned(),
            created_at: self.now.clock.wall,
            expires_at: START.plus(SECOND * 86_400),
        };
        let result = result.map(media).map_err(UploadError::Api);
        let uploaded = vec![UploadResult { key, file_name, token, result }];
        self.step(StepEvents { uploaded, ..StepEvents::default() })
    }

    /// Ends the fetch of a token.
    fn end_fetch(&mut self, text: &str) -> NextStep {
        self.end_fetch_with(Ok(token(text)))
    }

    fn end_fetch_with(&mut self, result: TokenResult) -> NextStep {
        self.step(StepEvents { token: Some(result), ..StepEvents::default() })
    }

    /// Lets time pass by all clocks.
    fn pass(&mut self, span: Duration) {
        self.now.instant += span;
        self.now.clock = clock(self.now.instant - self.start);
    }

    /// Lets time pass until the run is to go on, and takes the next steps.
    fn resume(&mut self, next: &NextStep) -> NextStep {
        let NextStep::Wait(Some(until)) = next else { panic!("{next:?}") };
        // The clocks of messages have milliseconds.
        let wait = (*until - self.now.instant).as_micros().div_ceil(1000);
        self.pass(Duration::from_millis(u64::try_from(wait).unwrap()));
        self.idle()
    }

    /// Lets time pass until the run ends.
    fn resume_until_end(&mut self, mut next: NextStep) -> NextStep {
        for _ in 0..1000 {
            match next {
                NextStep::Wait(_) => next = self.resume(&next),
                end => return end,
            }
        }
        panic!("the run does not end");
    }

    /// Accepts all messages that the run sends, and returns their IDs.
    fn accept_all(&mut self) -> Vec<i64> {
        let mut ids = Vec::new();
        while let Some(job) = self.requests.first() {
            ids.push(job.id);
            assert!(ids.len() < 100, "{ids:?}");
            self.answer(ids[ids.len() - 1], accepted());
        }
        ids
    }

    /// Returns what the run did since the last look.
    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

fn describe(event: &DeliveryEvent) -> Option<String> {
    Some(match event {
        DeliveryEvent::Settled { message, duplicate, .. } => {
            let kind = if *duplicate { "duplicate" } else { "settled" };
            let error = message.error.as_ref().map(|error| format!(" ({})", error.kind)).unwrap_or_default();
            format!("{kind} {} {}{error}", message.id, message.state)
        }
        DeliveryEvent::Deleted { id, attempt_started, .. } => format!("deleted {id}, attempted: {attempt_started}"),
        DeliveryEvent::NotBound { user, .. } => format!("not bound: {user}"),
        DeliveryEvent::Queued(count) => format!("queued {count}"),
        DeliveryEvent::SubmissionCommitted(correlation_id) => format!("committed #{correlation_id}"),
        DeliveryEvent::DatabaseLocked { in_flight_count, .. } => format!("locked with {in_flight_count} in flight"),
        DeliveryEvent::ResultNotSaved { id, state, .. } => format!("not saved: {id} {state}"),
        DeliveryEvent::Retrying(_) => "retrying".to_owned(),
        DeliveryEvent::SendingStopped(_) => "stopped".to_owned(),
        DeliveryEvent::LeftQueued(count) => format!("left {count}"),
        _ => return None,
    })
}

fn correlation(event: &DeliveryEvent) -> Option<(i64, Option<u64>)> {
    match event {
        DeliveryEvent::Settled { message, correlation_id, .. } => Some((message.id, *correlation_id)),
        DeliveryEvent::Deleted { id, correlation_id, .. }
        | DeliveryEvent::ResultNotSaved { id, correlation_id, .. } => Some((*id, *correlation_id)),
        _ => None,
    }
}

fn is_finished(next: &NextStep) -> bool {
    matches!(next, NextStep::Finish(Ok(())))
}
