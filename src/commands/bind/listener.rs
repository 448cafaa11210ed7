//! The listener that receives the callbacks of phones. It binds the port once for all people.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select, tick};

use super::qr;
use super::session::{BindAttempt, BindContext, BindOutcome, EXCHANGE_TIMEOUT};
use crate::callback::{CallbackEvent, CallbackRejection, CallbackRouter, PendingBinding};
use crate::config::ListenAddress;
use crate::context::AppContext;
use crate::http_server::{HttpRejection, HttpRejections, Limits, ServerHandle};
use crate::i18n::join_list;
use crate::listen::{self, tls_files};
use crate::report::classify;
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{Countdown, Ui};

/// The time that the listener stays open after a binding: phones open the callback twice.
const SECOND_CALL_LINGER: Duration = Duration::from_secs(2);

/// The time for an exchange in progress after a signal. It leaves time to answer the phone, since a
/// command ends two seconds after a signal.
const INTERRUPTED_EXCHANGE_TIMEOUT: Duration = Duration::from_secs(1);

/// The address to listen on, and the files to serve.
pub(super) struct ListenerConfig {
    listen: ListenAddress,
    files: tls_files::ListenerFiles,
}

impl ListenerConfig {
    /// Reads the settings and files; binds no port.
    pub(super) fn load(ui: &mut Ui, app: &AppContext) -> anyhow::Result<Self> {
        let listen = app.config.listen_address()?;
        let files = tls_files::load(&app.config)?;
        for (what, hint) in tls_files::readable_key_warning(&app.config).iter().chain(&files.warnings) {
            ui.warn(&t!("ui-cause", what = what, cause = hint));
        }
        Ok(Self { listen, files })
    }
}

/// The bound port with the router of its requests.
pub(super) struct Listener {
    router: Arc<CallbackRouter>,
    server: Option<ServerHandle>,
    rejections: HttpRejections,
    is_https: bool,
}

impl Listener {
    /// Binds the port and starts to answer requests.
    pub(super) fn open(config: ListenerConfig, context: &BindContext) -> anyhow::Result<Self> {
        let files = config.files;
        let server = listen::bind_first(&config.listen, &Limits::callback(), &t!("bind-port-hint"))?;
        let router = Arc::new(CallbackRouter::new(context.redirect()?.path(), files.verification_file));
        let is_https = files.tls.is_some();
        let handler_router = Arc::clone(&router);
        let server = server.with_tls(files.tls);
        let handle = server.start(move |request| handler_router.handle(&request)).context(t!("bind-open"))?;
        let rejections = handle.rejections().clone();
        Ok(Self { router, server: Some(handle), rejections, is_https })
    }

    /// Waits for one person. Closes the port if the last person was not bound.
    pub(super) fn wait_for(
        &mut self,
        ui: &mut Ui,
        context: &BindContext,
        attempt: BindAttempt<'_>,
        is_last: bool,
    ) -> anyhow::Result<BindOutcome> {
        let BindAttempt { user, url, mut callback, events, .. } = attempt;
        let local_addr = self.server.as_ref().map(ServerHandle::local_addr);
        // Drops the rejections of earlier people, which are reported already.
        self.rejections.take_counts();
        let short = match local_addr {
            Some(local_addr) => qr::choose_short_link(ui, context, &url, Some((local_addr, self.is_https)))?,
            None => None,
        };
        if let Some(short) = &short {
            callback = callback.with_short_link(short.link().clone());
        }
        let callback = Arc::new(callback);
        self.router.add(Arc::clone(&callback));
        qr::show_authorize_url(ui, context, &user.username, &url, short.as_ref())?;
        let mut outcome = wait_for_callback(ui, context.timeout(), &events, &self.rejections, &context.signals)?;
        if matches!(outcome, BindOutcome::TimedOut(_) | BindOutcome::Stopped(_)) {
            outcome = wait_for_exchange(outcome, &callback, &events, &context.signals)?;
        }
        if matches!(outcome, BindOutcome::Bound(..) | BindOutcome::Failed { .. }) {
            return Ok(outcome);
        }
        callback.close();
        let mut outcome = outcome.or_late_event(
            events.try_iter().find(|event| matches!(event, CallbackEvent::Bound(_) | CallbackEvent::Failed(_))),
        );
        if is_last || matches!(outcome, BindOutcome::Stopped(_) | BindOutcome::Bound(_, Some(_))) {
            self.close();
        }
        if let BindOutcome::TimedOut(rejected) = &mut outcome {
            *rejected = summarize_rejections(&callback, &self.rejections);
        }
        Ok(outcome)
    }

    /// Closes the port after the phones whose requests are in progress have their pages.
    fn close(&mut self) {
        self.router.close();
        self.server = None;
    }

    /// Stays open until [`SECOND_CALL_LINGER`] after the last binding, so that the phone's second
    /// request is answered. A signal ends the wait.
    pub(super) fn linger(self, since_bound: Duration, signals: &SignalReceiver) {
        let remaining = SECOND_CALL_LINGER.saturating_sub(since_bound);
        if self.server.is_some() && !remaining.is_zero() {
            select! {
                recv(signals.events) -> _ => {}
                recv(after(remaining)) -> _ => {}
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
    rejections: &HttpRejections,
    signals: &SignalReceiver,
) -> anyhow::Result<BindOutcome> {
    let countdown = Countdown::new(ui, &t!("bind-waiting"), timeout);
    let (every_second, deadline) = (tick(Duration::from_secs(1)), after(timeout));
    let mut notices = NoticeLog::default();
    loop {
        select! {
            recv(events) -> event => match event? {
                CallbackEvent::ShortLinkOpened => notices.notify_once(ui, &t!("bind-opened")),
                CallbackEvent::Rejected(reason) => notices.report_rejected_callback(ui, reason),
                CallbackEvent::Unreachable(error) => ui.warn(&t!("bind-unreachable", cause = classify(&error).message)),
                CallbackEvent::Failed(error) => return BindOutcome::from_error_or_signal(error, signals),
                CallbackEvent::Bound(bound) => return Ok(BindOutcome::Bound(bound, None)),
                CallbackEvent::FollowChecked(_) => {}
            },
            recv(rejections.events()) -> reason => notices.report_rejected_request(ui, reason?),
            recv(every_second) -> _ => countdown.tick(),
            recv(signals.events) -> signal => return Ok(BindOutcome::Stopped(signal?)),
            recv(deadline) -> _ => return Ok(BindOutcome::TimedOut(None)),
        }
    }
}

/// Waits for a code exchange that is in progress when the time is up or a signal has arrived.
fn wait_for_exchange(
    outcome: BindOutcome,
    callback: &PendingBinding,
    events: &Receiver<CallbackEvent>,
    signals: &SignalReceiver,
) -> anyhow::Result<BindOutcome> {
    let deadline =
        after(if matches!(outcome, BindOutcome::Stopped(_)) { INTERRUPTED_EXCHANGE_TIMEOUT } else { EXCHANGE_TIMEOUT });
    while callback.is_exchanging() {
        select! {
            recv(events) -> event => match event? {
                event @ (CallbackEvent::Bound(_) | CallbackEvent::Failed(_)) => return Ok(outcome.or_late_event(Some(event))),
                CallbackEvent::ShortLinkOpened | CallbackEvent::Rejected(_) | CallbackEvent::Unreachable(_) | CallbackEvent::FollowChecked(_) => {}
            },
            recv(signals.events) -> signal => return Ok(BindOutcome::Stopped(signal?)),
            recv(deadline) -> _ => break,
        }
    }
    Ok(outcome)
}

/// The notices that were printed.
#[derive(Default)]
struct NoticeLog(HashSet<String>);

impl NoticeLog {
    /// Prints a notice once, so that a flood of requests cannot fill the screen; with `-v` every
    /// time.
    fn notify_once(&mut self, ui: &mut Ui, text: &str) {
        if log::log_enabled!(log::Level::Info) {
            log::info!("{text}");
        } else if self.0.insert(text.to_owned()) {
            ui.note(text);
        }
    }

    /// Reports a callback that was rejected. A request with the right state is no attack: a server
    /// in between rewrote its path, which causes a warning.
    fn report_rejected_callback(&mut self, ui: &mut Ui, reason: CallbackRejection) {
        match reason {
            CallbackRejection::RewrittenPath if self.0.insert(reason.to_string()) => ui.warn(&t!("bind-wrong-path")),
            _ => self.notify_once(ui, &t!("bind-rejected-callback", why = reason.to_string())),
        }
    }

    /// Reports a request that was rejected before any handler.
    fn report_rejected_request(&mut self, ui: &mut Ui, reason: HttpRejection) {
        self.notify_once(ui, &t!("bind-rejected-request", why = rejection_text(reason)));
    }
}

/// Describes all rejected requests and callbacks; `None` if there were none.
fn summarize_rejections(callback: &PendingBinding, rejections: &HttpRejections) -> Option<String> {
    let callbacks = callback.rejected_counts().into_iter().map(|(reason, count)| (reason.to_string(), count));
    let requests = rejections.take_counts().into_iter().map(|(reason, count)| (rejection_text(reason), count));
    let mut all: Vec<(String, usize)> = callbacks.chain(requests).collect();
    // The most frequent reason comes first; the sort is stable.
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let count: usize = all.iter().map(|(_, count)| count).sum();
    let each = all.iter().map(|(reason, count)| t!("bind-rejected-requests-each", count = *count, why = reason));
    (count > 0).then(|| t!("bind-rejected-requests", count = count, reasons = join_list(each)))
}

fn rejection_text(reason: HttpRejection) -> String {
    let text = match reason {
        HttpRejection::NotHttp => t!("bind-rejected-not-http"),
        HttpRejection::TlsToHttp => t!("bind-rejected-tls-to-http"),
        HttpRejection::HttpToTls => t!("bind-rejected-http-to-tls"),
        HttpRejection::BadHost => t!("bind-rejected-host"),
        HttpRejection::BadFraming => t!("bind-rejected-framing"),
        HttpRejection::UnsupportedCoding => t!("bind-rejected-coding"),
        HttpRejection::UnsupportedExpectation => t!("bind-rejected-expectation"),
        HttpRejection::HeadTooLarge => t!("bind-rejected-head"),
        HttpRejection::TooManyHeaders => t!("bind-rejected-lines"),
        HttpRejection::BodyTooLarge => t!("bind-rejected-body"),
        HttpRejection::BodyBudgetExhausted | HttpRejection::Busy | HttpRejection::AtCapacity => {
            t!("bind-rejected-busy")
        }
        HttpRejection::Timeout => t!("bind-rejected-slow"),
        HttpRejection::UntrustedCertificate => t!("bind-rejected-certificate"),
        HttpRejection::TlsFailure => t!("bind-rejected-tls"),
    };
    match reason.status() {
        Some(status) => t!("bind-rejected-status", status = status.to_string(), why = text),
        None => text,
    }
}
