//! The delivery service of a long-lived process. It delivers the messages that any process queues,
//! and those that become due. It works in runs, one after the other, and has no run while nothing
//! is due. The `run_supervisor` has the rules; the `outbox_watcher` reads the database.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};

use super::outbox_watcher::{OutboxWatcher, WATCH_INTERVAL, WatchResult, file_id};
use super::run_supervisor::{RunCommand, RunFailure, RunSupervisor};
use super::{DeliveryEvent, DeliveryOptions, DeliveryRun, DeliverySource};
use crate::access_token;
use crate::clock::ClockReading;
use crate::store::{self, MessageState, Store};
use crate::t;
use crate::wechat::Client;

/// How long a run waits for a locked database while nothing is in flight: short, because the
/// service may have to stop.
const RUN_BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest time for which a run retries a message itself. It ends after a minute, and later
/// retries are left to the next one.
const MAX_RUN_WAIT: Duration = Duration::from_secs(30);

/// The time after the deadline of a stop in which the runs may still record and report.
const STOP_GRACE: Duration = Duration::from_millis(400);

/// An event of a service.
#[derive(Debug)]
pub enum DeliveryServiceEvent {
    /// An event of a run. The service reports ends and failures of runs itself.
    Run(DeliveryEvent),
    /// Nothing can be delivered now: the account is refused, WeChat cannot be reached, or the
    /// database is locked or damaged. The service keeps trying. The same failure is reported once
    /// until [`Recovered`](Self::Recovered).
    Failing {
        /// The failure.
        error: anyhow::Error,
        /// The pause before the next try; later pauses are longer.
        pause: Duration,
    },
    /// The source of the last reported failure works again.
    Recovered,
    /// The service has ended; the last event.
    Stopped,
}

/// The client and the options for the next run of a service.
#[derive(Clone)]
pub struct DeliveryServiceSettings {
    /// The client for WeChat.
    pub client: Client,
    /// The options of a run.
    pub options: DeliveryOptions,
}

enum ServiceRequest {
    Reload(Box<DeliveryServiceSettings>),
    Stop(Instant),
}

/// A delivery service in progress. Dropping it stops it within [`WATCH_INTERVAL`].
pub struct DeliveryService {
    requests: Sender<ServiceRequest>,
    thread: JoinHandle<()>,
}

impl DeliveryService {
    /// Starts the service. `on_event` is called on its thread; while it blocks, the runs wait.
    ///
    /// # Errors
    ///
    /// The system refuses a thread. A database that cannot be used is an event, and no error.
    pub fn start(
        database: PathBuf,
        settings: DeliveryServiceSettings,
        on_event: impl FnMut(DeliveryServiceEvent) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (requests, received) = unbounded();
        let service = ServiceLoop {
            database,
            settings,
            requests: received,
            on_event: Box::new(on_event),
            watcher: None,
            supervisor: RunSupervisor::default(),
            runs: Vec::new(),
            failure: None,
            deadline: None,
        };
        let thread = std::thread::Builder::new().name("service".into()).spawn(move || service.run());
        Ok(Self { requests, thread: thread.with_context(|| t!("delivery-thread"))? })
    }

    /// Replaces the settings for the next run, which may start immediately. The current run ends
    /// with its requests in flight.
    pub fn reload(&self, settings: DeliveryServiceSettings) {
        self.request(ServiceRequest::Reload(Box::new(settings)));
    }

    /// Starts no more messages, waits for responses in flight until this deadline, and abandons
    /// them after it. A later call can bring the deadline forward.
    pub fn stop(&self, deadline: Instant) {
        self.request(ServiceRequest::Stop(deadline));
    }

    fn request(&self, request: ServiceRequest) {
        // The service may have ended already.
        let _ = self.requests.send(request);
        self.thread.thread().unpark();
    }

    /// Waits for the end of a service that was told to [`stop`](Self::stop): at most half a second
    /// after the deadline.
    pub fn join(self) {
        // A panic was reported by its hook.
        let _ = self.thread.join();
    }
}

/// A run of the service.
struct ServiceRun {
    run: DeliveryRun,
    /// Tells the run that more is due; `None` after the run was told to end.
    due_changes: Option<Sender<()>>,
    has_failed: bool,
}

/// The failure that was reported last.
struct ReportedFailure {
    text: String,
    source: FailureSource,
}

/// The part that failed, which determines when it has recovered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FailureSource {
    /// The database cannot be opened or read.
    Watcher,
    /// A run could not use the database.
    Database,
    /// A run could not send, or the service could not start one.
    Sending,
}

struct ServiceLoop {
    database: PathBuf,
    settings: DeliveryServiceSettings,
    requests: Receiver<ServiceRequest>,
    on_event: Box<dyn FnMut(DeliveryServiceEvent) + Send>,
    /// The watcher with the device and inode of the file: another file at its path is another
    /// database.
    watcher: Option<(OutboxWatcher, Option<(u64, u64)>)>,
    supervisor: RunSupervisor,
    /// The current run, which is the last one, and the runs that are ending.
    runs: Vec<ServiceRun>,
    failure: Option<ReportedFailure>,
    /// The deadline of the requests in flight, set by a stop.
    deadline: Option<Instant>,
}

impl ServiceLoop {
    fn run(mut self) {
        let mut next_look = Instant::now();
        loop {
            self.take_requests();
            self.take_run_events();
            let now = Instant::now();
            if let Some(deadline) = self.deadline {
                if self.runs.is_empty() || now >= deadline + STOP_GRACE {
                    break;
                }
                Self::wait(deadline + STOP_GRACE);
                continue;
            }
            if now >= next_look {
                self.look(now);
                next_look = now + WATCH_INTERVAL;
            }
            Self::wait(next_look);
        }
        self.abandon();
        (self.on_event)(DeliveryServiceEvent::Stopped);
    }

    /// Waits until a request or an event of a run arrives, or until `until`. It parks the thread
    /// instead of waiting on the channels: a wait on several channels spins first and takes 108 µs
    /// of CPU, parking takes 36 µs.
    fn wait(until: Instant) {
        // Another wait of this thread may have consumed the wake-up, so each wait is short.
        std::thread::park_timeout(until.saturating_duration_since(Instant::now()).min(WATCH_INTERVAL));
    }

    fn take_requests(&mut self) {
        loop {
            match self.requests.try_recv() {
                Ok(ServiceRequest::Reload(settings)) => {
                    self.settings = *settings;
                    self.close_runs();
                    self.supervisor.reset();
                    // The new settings may be for another account.
                    self.watcher = None;
                }
                Ok(ServiceRequest::Stop(deadline)) => self.stop_runs(deadline),
                Err(TryRecvError::Disconnected) if self.deadline.is_none() => return self.stop_runs(Instant::now()),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn stop_runs(&mut self, deadline: Instant) {
        let deadline = self.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        self.deadline = Some(deadline);
        self.runs.iter().for_each(|run| run.run.stop(deadline));
    }

    fn close_runs(&mut self) {
        self.runs.iter_mut().for_each(|run| run.due_changes = None);
    }

    /// Polls the database and performs the supervisor's command.
    fn look(&mut self, now: Instant) {
        if self.watcher.is_none() && self.supervisor.is_paused(now) {
            return;
        }
        let status = match self.poll_outbox(now) {
            Ok(status) => status,
            Err(error) => {
                self.watcher = None;
                return self.fail(error.into(), FailureSource::Watcher, now);
            }
        };
        self.report_recovery(FailureSource::Watcher);
        if status.has_changed {
            self.supervisor.on_change();
        }
        while let Some(command) = self.supervisor.next_command(status.is_due, now) {
            match command {
                RunCommand::Start => {
                    if let Err(error) = self.start_run() {
                        let is_of_database = store_error(&error).is_some();
                        let source = if is_of_database { FailureSource::Database } else { FailureSource::Sending };
                        return self.fail(error, source, now);
                    }
                }
                RunCommand::NotifyDue => {
                    if let Some(due_changes) = self.runs.last().and_then(|run| run.due_changes.as_ref()) {
                        // The run has not yet read the last one, or is ending.
                        let _ = due_changes.try_send(());
                    }
                }
                RunCommand::Close => self.close_runs(),
            }
        }
    }

    fn poll_outbox(&mut self, now: Instant) -> store::Result<WatchResult> {
        let file_id = file_id(&self.database);
        let watcher = match &mut self.watcher {
            Some((watcher, opened_id)) if *opened_id == file_id => watcher,
            _ => {
                // Close the old file before the new one is opened, so that its locks are released.
                self.watcher = None;
                let opened = OutboxWatcher::open(&self.database, &self.settings.options.account.app_id)?;
                &mut self.watcher.insert((opened, file_id)).0
            }
        };
        watcher.poll(now, &ClockReading::now())
    }

    fn start_run(&mut self) -> anyhow::Result<()> {
        let store = Store::open(&self.database)?.with_busy_timeout(RUN_BUSY_TIMEOUT)?;
        let DeliveryServiceSettings { client, mut options } = self.settings.clone();
        options.wait = options.wait.min(MAX_RUN_WAIT);
        let (due_changes, changed) = bounded(1);
        let service = std::thread::current();
        let source = DeliverySource::Continuous(changed);
        let run = DeliveryRun::start(store, client, options, source, move || service.unpark())?;
        self.runs.push(ServiceRun { run, due_changes: Some(due_changes), has_failed: false });
        Ok(())
    }

    fn take_run_events(&mut self) {
        for index in (0..self.runs.len()).rev() {
            if self.take_events_of(index) {
                self.runs.remove(index);
            }
        }
    }

    /// Handles the events of a run. Returns whether it has ended.
    fn take_events_of(&mut self, index: usize) -> bool {
        loop {
            let Some(run) = self.runs.get(index) else { return false };
            match run.run.events.try_recv() {
                Ok(DeliveryEvent::Aborted(error)) => {
                    self.fail_run(index, error);
                    return true;
                }
                Ok(DeliveryEvent::Finished) => {
                    if !run.has_failed {
                        self.supervisor.on_success();
                    }
                    return true;
                }
                // Its thread panicked, which the panic hook has reported.
                Err(TryRecvError::Disconnected) => {
                    if run.due_changes.is_some() {
                        self.supervisor.on_failure(RunFailure::Other, Instant::now());
                    }
                    return true;
                }
                Err(TryRecvError::Empty) => return false,
                Ok(event) => self.on_run_event(index, event),
            }
        }
    }

    fn on_run_event(&mut self, index: usize, event: DeliveryEvent) {
        match event {
            DeliveryEvent::SendingStopped(error) => return self.fail_run(index, error),
            // If the failure lasts, sending stops.
            DeliveryEvent::Retrying(error) => return log::info!("{error}"),
            // The run could write to the database.
            DeliveryEvent::Queued(_) => return self.report_recovery(FailureSource::Database),
            _ => {}
        }
        if matches!(&event, DeliveryEvent::Settled { message, .. } if message.state == MessageState::Sent) {
            self.supervisor.on_success();
            self.report_recovery(FailureSource::Sending);
        }
        (self.on_event)(DeliveryServiceEvent::Run(event));
    }

    /// Handles the failure of a run, which starts nothing more.
    fn fail_run(&mut self, index: usize, error: anyhow::Error) {
        let Some(run) = self.runs.get_mut(index) else { return };
        let is_current = run.due_changes.take().is_some();
        if std::mem::replace(&mut run.has_failed, true) || self.deadline.is_some() {
            return;
        }
        if !is_current {
            // The next run has started, and will notice the failure itself.
            return log::info!("{error}");
        }
        let source = if store_error(&error).is_some() { FailureSource::Database } else { FailureSource::Sending };
        self.fail(error, source, Instant::now());
    }

    /// Pauses after a failure, and reports it unless it is the one that was reported last.
    fn fail(&mut self, error: anyhow::Error, source: FailureSource, now: Instant) {
        let failure = match store_error(&error) {
            Some(store::Error::Busy { .. }) => RunFailure::DatabaseLocked,
            _ => RunFailure::Other,
        };
        // A run that has not failed continues until it ends.
        self.close_runs();
        let pause = self.supervisor.on_failure(failure, now);
        let text = error.to_string();
        if self.failure.as_ref().is_none_or(|reported| reported.text != text) {
            self.failure = Some(ReportedFailure { text, source });
            (self.on_event)(DeliveryServiceEvent::Failing { error, pause });
        }
    }

    /// Reports that the source of the last failure works again. [`FailureSource::Sending`] needs
    /// the other two, so it also clears their failures.
    fn report_recovery(&mut self, source: FailureSource) {
        let is_over = |failure: &mut ReportedFailure| source == FailureSource::Sending || failure.source == source;
        if self.failure.take_if(is_over).is_some() {
            (self.on_event)(DeliveryServiceEvent::Recovered);
        }
    }

    /// Abandons the runs that have not ended in time.
    fn abandon(&mut self) {
        for run in std::mem::take(&mut self.runs) {
            match run.run.abandon() {
                Ok(messages) => messages.into_iter().for_each(|message| {
                    let event =
                        DeliveryEvent::Settled { message: Box::new(message), correlation_id: None, duplicate: false };
                    (self.on_event)(DeliveryServiceEvent::Run(event));
                }),
                // The next process recovers the messages.
                Err(error) => log::info!("{error}"),
            }
        }
    }
}

/// Returns the database error in the chain, if there is one.
fn store_error(error: &anyhow::Error) -> Option<&store::Error> {
    error.downcast_ref::<store::Error>().or_else(|| match error.downcast_ref::<access_token::Error>() {
        Some(access_token::Error::Store(error)) => Some(error),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use tiny_http::Request;

    use super::super::tests::platform::{ACCEPTED, Platform, TEST_TIMEOUT, answer};
    use super::super::tests::{Outbox, options};
    use super::*;
    use crate::wechat::ClientSettings;

    /// Returns a service that is not started, with a closed request channel, and its events.
    fn service() -> (ServiceLoop, Receiver<DeliveryServiceEvent>) {
        let client = Client::new(&ClientSettings::without_host()).unwrap();
        let (sender, events) = unbounded();
        let service = ServiceLoop {
            database: PathBuf::new(),
            settings: DeliveryServiceSettings { client, options: options() },
            requests: unbounded().1,
            on_event: Box::new(move |event| sender.send(event).unwrap()),
            watcher: None,
            supervisor: RunSupervisor::default(),
            runs: Vec::new(),
            failure: None,
            deadline: None,
        };
        (service, events)
    }

    fn locked() -> store::Error {
        store::Error::Busy { path: PathBuf::from("wxbox.db") }
    }

    #[test]
    fn each_failure_is_reported_once_with_its_pause() {
        let (mut service, events) = service();
        let now = Instant::now();
        for failure in ["refused", "refused", "unreachable"] {
            service.fail(anyhow::anyhow!(failure), FailureSource::Sending, now);
        }
        // A lock can also end the fetch of a token.
        service.fail(access_token::Error::Store(locked()).into(), FailureSource::Database, now);
        let pause_seconds = |event| match event {
            DeliveryServiceEvent::Failing { pause, .. } => pause.as_secs(),
            other => panic!("{other:?}"),
        };
        // A lock may end at any time, so its pause does not grow.
        assert_eq!(events.try_iter().map(pause_seconds).collect::<Vec<_>>(), [1, 4, 1]);
    }

    #[test]
    fn a_recovery_ends_the_failures_of_its_source() {
        let (mut service, events) = service();
        for (failed, working, is_over) in [
            (FailureSource::Database, FailureSource::Watcher, false),
            (FailureSource::Database, FailureSource::Database, true),
            (FailureSource::Sending, FailureSource::Database, false),
            (FailureSource::Sending, FailureSource::Sending, true),
            (FailureSource::Watcher, FailureSource::Sending, true),
        ] {
            service.failure = None;
            service.fail(locked().into(), failed, Instant::now());
            service.report_recovery(working);
            let last = events.try_iter().last();
            assert_eq!(matches!(last, Some(DeliveryServiceEvent::Recovered)), is_over, "{last:?}");
        }
    }

    /// Starts a service for this database; `platform` answers as WeChat.
    fn start(outbox: &Outbox, platform: &Platform) -> (DeliveryService, Receiver<DeliveryServiceEvent>) {
        let (sender, events) = unbounded();
        let settings = DeliveryServiceSettings { client: platform.client(), options: options() };
        let on_event = move |event| sender.send(event).unwrap();
        (DeliveryService::start(outbox.store.path().to_owned(), settings, on_event).unwrap(), events)
    }

    /// Starts a service as [`start`] does, and queues a text, whose request waits for its response.
    fn start_with_text_in_flight(
        outbox: &Outbox,
        platform: &Platform,
    ) -> (DeliveryService, Receiver<DeliveryServiceEvent>, Request) {
        let (service, events) = start(outbox, platform);
        outbox.queue_text_now();
        platform.answer_token_fetch();
        (service, events, platform.expect_message())
    }

    /// Returns the states of the messages that were reported, and whether the service has stopped.
    fn settled_states(events: &Receiver<DeliveryServiceEvent>) -> (Vec<MessageState>, bool) {
        let events: Vec<_> = events.try_iter().collect();
        let is_stopped = matches!(events.last(), Some(DeliveryServiceEvent::Stopped));
        let settled = events.into_iter().filter_map(|event| match event {
            DeliveryServiceEvent::Run(DeliveryEvent::Settled { message, .. }) => Some(message.state),
            _ => None,
        });
        (settled.collect(), is_stopped)
    }

    #[test]
    fn a_stop_waits_for_the_response_in_flight() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (service, events, in_flight) = start_with_text_in_flight(&outbox, &platform);
        service.stop(Instant::now() + TEST_TIMEOUT);
        answer(in_flight, ACCEPTED);
        service.join();
        assert_eq!(settled_states(&events), (vec![MessageState::Sent], true));
    }

    #[test]
    fn messages_that_are_queued_later_are_delivered() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (service, events, in_flight) = start_with_text_in_flight(&outbox, &platform);
        outbox.queue_text_now();
        answer(in_flight, ACCEPTED);
        answer(platform.expect_message(), ACCEPTED);
        outbox.queue_text_now();
        answer(platform.expect_message(), ACCEPTED);
        service.stop(Instant::now() + TEST_TIMEOUT);
        service.join();
        assert_eq!(settled_states(&events), (vec![MessageState::Sent; 3], true));
    }

    #[test]
    fn a_response_after_the_deadline_of_a_stop_is_not_waited_for() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (service, events, _in_flight) = start_with_text_in_flight(&outbox, &platform);
        service.stop(Instant::now());
        service.join();
        // A run whose commit takes longer than the grace period cannot report the message.
        let (reported, is_stopped) = settled_states(&events);
        assert!(is_stopped && reported.iter().all(|state| *state == MessageState::Unknown), "{reported:?}");
        // This transaction waits for such a commit.
        outbox.queue_text_now();
        assert_eq!(outbox.message(1).state, MessageState::Unknown);
    }

    #[test]
    fn a_refused_account_is_reported_as_a_failure() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (service, events) = start(&outbox, &platform);
        outbox.queue_text_now();
        let refusal = r#"{"errcode": 40125, "errmsg": "invalid appsecret"}"#;
        answer(platform.expect_request("/cgi-bin/stable_token"), refusal);
        let is_sending_stopped =
            |event: &DeliveryServiceEvent| matches!(event, DeliveryServiceEvent::Run(DeliveryEvent::SendingStopped(_)));
        loop {
            let event = events.recv_timeout(TEST_TIMEOUT).expect("a failure");
            assert!(!is_sending_stopped(&event), "{event:?}");
            if let DeliveryServiceEvent::Failing { error, .. } = event {
                assert!(error.to_string().contains("40125"), "{error}");
                break;
            }
        }
        service.stop(Instant::now());
        service.join();
    }

    /// Returns a service with a run on this database, and its events.
    fn service_with_run(outbox: &Outbox) -> (ServiceLoop, Receiver<DeliveryServiceEvent>) {
        let (mut service, events) = service();
        service.database = outbox.store.path().to_owned();
        service.start_run().unwrap();
        (service, events)
    }

    #[test]
    fn new_settings_end_the_run_and_close_the_watcher() {
        let outbox = Outbox::without_token();
        let (mut service, _events) = service_with_run(&outbox);
        let (sender, requests) = unbounded();
        service.requests = requests;
        let now = Instant::now();
        service.look(now);
        assert!(service.watcher.is_some());
        service.supervisor.on_failure(RunFailure::Other, now);
        sender.send(ServiceRequest::Reload(Box::new(service.settings.clone()))).unwrap();
        service.take_requests();
        assert!(service.runs[0].due_changes.is_none());
        assert!(service.watcher.is_none());
        assert!(!service.supervisor.is_paused(now));
    }

    #[test]
    fn a_stop_does_not_wait_for_its_deadline_without_a_run() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (service, events) = start(&outbox, &platform);
        service.stop(Instant::now() + 2 * TEST_TIMEOUT);
        assert!(matches!(events.recv_timeout(TEST_TIMEOUT), Ok(DeliveryServiceEvent::Stopped)));
        service.join();
    }

    #[test]
    fn the_earliest_deadline_counts_also_after_a_drop() {
        let (mut service, _events) = service();
        let (sender, requests) = unbounded();
        service.requests = requests;
        let now = Instant::now();
        let [earlier, later] = [5, 9].map(|seconds| now + Duration::from_secs(seconds));
        for deadline in [later, earlier, later] {
            sender.send(ServiceRequest::Stop(deadline)).unwrap();
        }
        drop(sender);
        service.take_requests();
        assert_eq!(service.deadline, Some(earlier));
    }

    #[test]
    fn a_closed_request_channel_stops_the_service() {
        let (mut service, _events) = service();
        service.take_requests();
        assert!(service.deadline.is_some_and(|deadline| deadline <= Instant::now()));
    }

    #[test]
    fn a_run_that_failed_is_reported_once_and_not_during_a_stop() {
        let outbox = Outbox::without_token();
        let failures = |is_stopping: bool| {
            let (mut service, events) = service_with_run(&outbox);
            service.deadline = is_stopping.then(Instant::now);
            for failure in ["refused", "unreachable"] {
                service.fail_run(0, anyhow::anyhow!(failure));
            }
            events.try_iter().map(|event| format!("{event:?}")).collect::<Vec<_>>()
        };
        assert_eq!(failures(true), Vec::<String>::new());
        let reported = failures(false);
        assert!(matches!(&reported[..], [only] if only.contains("refused")), "{reported:?}");
    }

    #[test]
    fn an_abandoned_message_is_reported_as_unknown() {
        let (outbox, platform) = (Outbox::without_token(), Platform::start());
        let (mut service, events) = service();
        service.settings.client = platform.client();
        service.database = outbox.store.path().to_owned();
        outbox.queue_text_now();
        service.look(Instant::now());
        platform.answer_token_fetch();
        let _in_flight = platform.expect_message();
        service.abandon();
        assert_eq!(settled_states(&events), (vec![MessageState::Unknown], false));
    }

    #[test]
    fn another_file_in_the_place_of_the_database_is_opened() {
        let [outbox, other] = [Outbox::without_token(), Outbox::without_token()];
        let (mut service, _events) = service();
        service.database = outbox.store.path().to_owned();
        let now = Instant::now();
        assert!(service.poll_outbox(now).unwrap().has_changed);
        assert!(!service.poll_outbox(now).unwrap().has_changed);
        // The logs are empty, so that of the one file is no problem beside the other.
        std::fs::rename(other.store.path(), &service.database).unwrap();
        assert!(service.poll_outbox(now).unwrap().has_changed);
        assert_eq!(service.watcher.unwrap().1, file_id(&service.database));
    }

    #[test]
    fn pauses_are_short_again_after_a_run_without_a_failure() {
        let outbox = Outbox::without_token();
        let next_pause = |fails: bool| {
            let (mut service, _events) = service_with_run(&outbox);
            if fails {
                service.fail_run(0, anyhow::anyhow!("refused"));
            } else {
                service.supervisor.on_failure(RunFailure::Other, Instant::now());
                service.close_runs();
            }
            let events = service.runs[0].run.events.clone();
            while !service.runs.is_empty() {
                let mut select = crossbeam_channel::Select::new();
                select.recv(&events);
                select.ready_timeout(TEST_TIMEOUT).expect("the end of the run");
                service.take_run_events();
            }
            service.supervisor.on_failure(RunFailure::Other, Instant::now()).as_secs()
        };
        assert_eq!([true, false].map(next_pause), [2, 1]);
    }

    #[test]
    fn a_run_that_can_write_ends_a_failure_of_the_database() {
        let outbox = Outbox::without_token();
        let (mut service, events) = service_with_run(&outbox);
        service.fail(locked().into(), FailureSource::Database, Instant::now());
        service.on_run_event(0, DeliveryEvent::Retrying(anyhow::anyhow!("busy")));
        service.on_run_event(0, DeliveryEvent::Queued(1));
        let events: Vec<_> = events.try_iter().collect();
        assert!(
            matches!(&events[..], [DeliveryServiceEvent::Failing { .. }, DeliveryServiceEvent::Recovered]),
            "{events:?}"
        );
    }

    #[test]
    fn a_reload_sends_a_request() {
        let (requests, received) = unbounded();
        let service = DeliveryService { requests, thread: std::thread::spawn(|| {}) };
        let client = Client::new(&ClientSettings::without_host()).unwrap();
        service.reload(DeliveryServiceSettings { client, options: options() });
        assert!(matches!(received.try_recv(), Ok(ServiceRequest::Reload(_))));
    }
}
