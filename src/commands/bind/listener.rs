//! The listener: takes the port once, and waits for the phone of one person after the other.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select, tick};

use super::qr;
use super::session::{BindAttempt, BindContext, BindOutcome, EXCHANGE_TIMEOUT};
use crate::callback::{CallbackEvent, CallbackRouter, PendingBinding, RejectReason};
use crate::config::ListenAddress;
use crate::context::AppContext;
use crate::http_server::{Limits, RefusalReason, Refusals, ServerHandle};
use crate::i18n::join_list;
use crate::listen::{self, tls_files};
use crate::report::classify;
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{Countdown, Ui};

/// Phones call back twice; the second call finds the listener still there.
const SECOND_CALL_LINGER: Duration = Duration::from_secs(2);

/// The same after a signal, with time left to answer the phone: a command ends two seconds after it.
const INTERRUPTED_EXCHANGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Where to listen, and what to show there.
pub(super) struct ListenerConfig {
    listen: ListenAddress,
    files: tls_files::ListenerFiles,
}

impl ListenerConfig {
    /// As the config says; nothing is taken yet.
    pub(super) fn load(ui: &mut Ui, app: &AppContext) -> anyhow::Result<Self> {
        let listen = app.config.listen_address()?;
        let papers = tls_files::load(&app.config)?;
        if let Some(key) = tls_files::world_readable_key(&app.config) {
            let (what, hint) = (t!("config-readable", path = key), t!("config-readable-hint", path = key));
            ui.warn(&t!("ui-cause", what = what, cause = hint));
        }
        for (what, hint) in &papers.warnings {
            ui.warn(&t!("ui-cause", what = what, cause = hint));
        }
        Ok(Self { listen, files: papers })
    }
}

/// The port with all that is answered there.
pub(super) struct Listener {
    router: Arc<CallbackRouter>,
    server: Option<ServerHandle>,
    refusals: Refusals,
    is_https: bool,
}

impl Listener {
    /// Takes the port.
    pub(super) fn open(place: ListenerConfig, job: &BindContext) -> anyhow::Result<Self> {
        let papers = place.files;
        let server = listen::bind_first(&place.listen, &Limits::callback(), &t!("bind-port-hint"))?;
        let site = Arc::new(CallbackRouter::new(job.redirect.path(), papers.verification_file));
        let is_https = papers.tls.is_some();
        let answers = Arc::clone(&site);
        let server = server.with_tls(papers.tls);
        let running = server.start(move |request| answers.handle(&request)).context(t!("bind-open"))?;
        let refusals = running.refusals().clone();
        Ok(Self { router: site, server: Some(running), refusals, is_https })
    }

    /// Waits for one person; after the `last`, the port is closed unless they are bound.
    pub(super) fn wait_for(
        &mut self,
        ui: &mut Ui,
        job: &BindContext,
        turn: BindAttempt,
        last: bool,
    ) -> anyhow::Result<BindOutcome> {
        let BindAttempt { user, url, mut callback, events } = turn;
        let local_addr = self.server.as_ref().map(ServerHandle::local_addr);
        // Those of earlier turns are told.
        self.refusals.take_counts();
        let short = match local_addr {
            Some(local_addr) => qr::choose_short_link(ui, job, &url, local_addr, self.is_https)?,
            None => None,
        };
        if let Some(short) = &short {
            callback = callback.with_short_link(short.link().clone());
        }
        let callback = Arc::new(callback);
        self.router.add(Arc::clone(&callback));
        qr::show_authorize_url(ui, job, &user.username, &url, short.as_ref())?;
        let mut ended = wait_for_callback(ui, job.timeout(), &events, &self.refusals, &job.signals)?;
        if matches!(ended, BindOutcome::TimedOut(_) | BindOutcome::Stopped(_)) {
            ended = wait_for_exchange(ended, &callback, &events, &job.signals)?;
        }
        if matches!(ended, BindOutcome::Bound(..) | BindOutcome::Failed { .. }) {
            return Ok(ended);
        }
        callback.close();
        let mut ended = ended.or_late_event(
            events.try_iter().find(|event| matches!(event, CallbackEvent::Bound(_) | CallbackEvent::Failed(_))),
        );
        if last || matches!(ended, BindOutcome::Stopped(_) | BindOutcome::Bound(_, Some(_))) {
            self.close();
        }
        if let BindOutcome::TimedOut(refused) = &mut ended {
            *refused = summarize_refusals(&callback, &self.refusals);
        }
        Ok(ended)
    }

    /// Closes the port. The phone of a call under way gets its page first, and waits for nothing else.
    fn close(&mut self) {
        self.router.close();
        self.server = None;
    }

    /// The second call of the last phone, which was bound so long ago, is answered, too; a signal ends the wait for it.
    pub(super) fn linger(self, ago: Duration, signals: &SignalReceiver) {
        let left = SECOND_CALL_LINGER.saturating_sub(ago);
        if self.server.is_some() && !left.is_zero() {
            select! {
                recv(signals.events) -> _ => {}
                recv(after(left)) -> _ => {}
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

fn wait_for_callback(
    ui: &mut Ui,
    timeout: Duration,
    events: &Receiver<CallbackEvent>,
    refusals: &Refusals,
    signals: &SignalReceiver,
) -> anyhow::Result<BindOutcome> {
    let waiting = Countdown::new(ui, &t!("bind-waiting"), timeout);
    let (second, end) = (tick(Duration::from_secs(1)), after(timeout));
    let mut said = NoticeLog::default();
    loop {
        select! {
            recv(events) -> event => match event? {
                CallbackEvent::ShortLinkOpened => said.notify_once(ui, &t!("bind-opened")),
                CallbackEvent::Rejected(why) => said.report_rejected(ui, why),
                CallbackEvent::Unreachable(error) => ui.warn(&t!("bind-unreachable", cause = classify(&error).message)),
                CallbackEvent::Failed(error) => return BindOutcome::from_error_or_signal(error, signals),
                CallbackEvent::Bound(bound) => return Ok(BindOutcome::Bound(bound, None)),
                CallbackEvent::FollowChecked(_) => {}
            },
            recv(refusals.events()) -> why => said.report_refused(ui, why?),
            recv(second) -> _ => waiting.tick(),
            recv(signals.events) -> signal => return Ok(BindOutcome::Stopped(signal?)),
            recv(end) -> _ => return Ok(BindOutcome::TimedOut(None)),
        }
    }
}

/// Waits for a code that is with WeChat when the time is up or a signal has come.
fn wait_for_exchange(
    ended: BindOutcome,
    callback: &PendingBinding,
    events: &Receiver<CallbackEvent>,
    signals: &SignalReceiver,
) -> anyhow::Result<BindOutcome> {
    let end =
        after(if matches!(ended, BindOutcome::Stopped(_)) { INTERRUPTED_EXCHANGE_TIMEOUT } else { EXCHANGE_TIMEOUT });
    while callback.is_exchanging() {
        select! {
            recv(events) -> event => match event? {
                event @ (CallbackEvent::Bound(_) | CallbackEvent::Failed(_)) => return Ok(ended.or_late_event(Some(event))),
                CallbackEvent::ShortLinkOpened | CallbackEvent::Rejected(_) | CallbackEvent::Unreachable(_) | CallbackEvent::FollowChecked(_) => {}
            },
            recv(signals.events) -> signal => return Ok(BindOutcome::Stopped(signal?)),
            recv(end) -> _ => break,
        }
    }
    Ok(ended)
}

/// What has been said so far to whoever looks on.
#[derive(Default)]
struct NoticeLog(HashSet<String>);

impl NoticeLog {
    /// At `-v` each time, else once: a flood must not fill the screen.
    fn notify_once(&mut self, ui: &mut Ui, text: &str) {
        if log::log_enabled!(log::Level::Info) {
            log::info!("{text}");
        } else if self.0.insert(text.to_owned()) {
            ui.note(text);
        }
    }

    /// A call that was turned away. One that has the right state is nobody's attack: something stands in its way.
    fn report_rejected(&mut self, ui: &mut Ui, why: RejectReason) {
        match why {
            RejectReason::RewrittenPath if self.0.insert(why.to_string()) => ui.warn(&t!("bind-elsewhere")),
            _ => self.notify_once(ui, &t!("bind-turned-away", why = why.to_string())),
        }
    }

    /// A request that no handler saw.
    fn report_refused(&mut self, ui: &mut Ui, why: RefusalReason) {
        self.notify_once(ui, &t!("bind-refused", why = refusal_text(why)));
    }
}

/// All that was refused, in words; `None` where nothing was.
fn summarize_refusals(callback: &PendingBinding, refusals: &Refusals) -> Option<String> {
    let turned_away = callback.rejected_counts().into_iter().map(|(why, count)| (why.to_string(), count));
    let refused = refusals.take_counts().into_iter().map(|(why, count)| (refusal_text(why), count));
    let mut all: Vec<(String, usize)> = turned_away.chain(refused).collect();
    // The most frequent first; the others stay in their order.
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let count: usize = all.iter().map(|(_, count)| count).sum();
    let each = all.iter().map(|(why, count)| t!("bind-refused-each", count = *count, why = why));
    (count > 0).then(|| t!("bind-refused-all", count = count, reasons = join_list(each)))
}

fn refusal_text(why: RefusalReason) -> String {
    let what = match why {
        RefusalReason::NotHttp => t!("bind-refused-not-http"),
        RefusalReason::TlsToHttp => t!("bind-refused-tls-to-http"),
        RefusalReason::HttpToTls => t!("bind-refused-http-to-tls"),
        RefusalReason::BadHost => t!("bind-refused-host"),
        RefusalReason::BadFraming => t!("bind-refused-framing"),
        RefusalReason::UnsupportedCoding => t!("bind-refused-coding"),
        RefusalReason::UnsupportedExpectation => t!("bind-refused-expectation"),
        RefusalReason::HeadTooLarge => t!("bind-refused-head"),
        RefusalReason::TooManyHeaders => t!("bind-refused-lines"),
        RefusalReason::BodyTooLarge => t!("bind-refused-body"),
        RefusalReason::BodyBudgetExhausted | RefusalReason::Busy | RefusalReason::AtCapacity => t!("bind-refused-busy"),
        RefusalReason::Timeout => t!("bind-refused-slow"),
        RefusalReason::UntrustedCertificate => t!("bind-refused-certificate"),
        RefusalReason::TlsFailure => t!("bind-refused-tls"),
    };
    match why.status() {
        Some(status) => t!("bind-refused-status", status = status.to_string(), why = what),
        None => what,
    }
}
