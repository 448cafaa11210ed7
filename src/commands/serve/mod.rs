//! `wxbox serve`: takes WeChat's events, answers phones and monitoring, and delivers what any
//! process queues, until a signal ends it.

mod notice;
mod setup;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, never, select, tick};
use sd_notify::NotifyState;
use serde::Serialize;

use crate::cli::{Global, Serve as Args};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::delivery::{DeliveryEvent, DeliveryService, DeliveryServiceEvent};
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::{Limits, ServerTls};
use crate::listen::{self, tls_files};
use crate::report::classify;
use crate::serve::{Metrics, ServeRouter};
use crate::signals::{ReloadReceiver, SignalReceiver};
use crate::store::ServeLock;
use crate::t;
use crate::ui::Ui;
use notice::{Notice, NoticeSender};

/// How long requests to WeChat that are in flight are awaited after a signal. The command ends five
/// seconds after a signal at the latest.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

/// The address, once requests are answered.
#[derive(Serialize)]
#[serde(tag = "event", rename = "listening")]
struct ListeningEvent {
    address: String,
    public_url: Option<String>,
    #[serde(skip)]
    push_url: Option<String>,
}

impl fmt::Display for ListeningEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match &self.push_url {
            Some(url) => t!("serve-listening-url", address = self.address, url = url),
            None => t!("serve-listening", address = self.address),
        })
    }
}

/// The parts that live as long as the process.
struct Service {
    router: Arc<RwLock<Arc<ServeRouter>>>,
    delivery: DeliveryService,
    tls: Option<ServerTls>,
    metrics: Arc<Metrics>,
    notices: NoticeSender,
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    args.listen.as_deref().map(listen::parse_address).transpose()?;
    let overrides = || CliOverrides { listen: args.listen.clone(), ..CliOverrides::default() };
    let app = AppContext::open(ui, global, overrides())?;
    let settings = setup::delivery_settings(&app)?;
    let address = app.config.serve_address()?;
    let files = tls_files::load(&app.config)?;
    warn_about_files(ui, &app, &files);
    let store = app.open_or_create_store(ui)?;
    let _lock = ServeLock::acquire(store.path(), &settings.options.account.app_id)?.ok_or_else(|| CommandError {
        exit: ExitStatus::Unexpected,
        message: t!("serve-running"),
        hint: Some(t!("serve-running-hint")),
    })?;
    let database = store.path().to_owned();
    drop(store);
    let reloads = ReloadReceiver::new()?;
    let signals = SignalReceiver::new()?;
    let server = listen::bind_first(&address, &Limits::serve(), &t!("serve-port-hint"))?;
    let local_addr = server.local_addr();
    let (notices, received) = NoticeSender::new();
    let metrics = Arc::new(Metrics::default());
    let tls = files.tls.clone();
    let router = setup::router(&app, files.verification_file, &settings, &metrics, &notices)?;
    let router = Arc::new(RwLock::new(Arc::new(router)));
    let current = Arc::clone(&router);
    let server = server.with_tls(tls.clone());
    let server = server
        .start(move |request| {
            let router = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            router.handle(request)
        })
        .with_context(|| t!("bind-open"))?;
    let delivery = start_delivery(database, settings, &metrics, &notices)?;
    let service = Service { router, delivery, tls, metrics, notices };
    if !app.config.has_push() {
        ui.warn(&t!("serve-no-push"));
    }
    announce(ui, &app, local_addr)?;
    let reload = |ui: &mut Ui, service: &Service| {
        let opened = AppContext::open(ui, global, overrides());
        if let Err(error) = opened.and_then(|new| service.reload(ui, &app, &new)) {
            ui.warn(&t!("serve-reload-failed", cause = classify(&error).message));
        }
    };
    // An error of the output stops the service like a signal does.
    let result = wait_for_signal(ui, &service, &received, &reloads, &signals, reload);
    notify_systemd(NotifyState::Stopping);
    ui.note(&t!("serve-stopping"));
    service.delivery.stop(Instant::now() + STOP_TIMEOUT);
    service.router.read().unwrap_or_else(PoisonError::into_inner).close();
    server.stop();
    service.delivery.join();
    result?;
    received.try_iter().try_for_each(|notice| show_notice(ui, notice))?;
    Ok(ExitStatus::Success)
}

fn warn_about_files(ui: &mut Ui, app: &AppContext, files: &tls_files::ListenerFiles) {
    if let Some(key) = tls_files::world_readable_key(&app.config) {
        let (what, hint) = (t!("config-readable", path = key), t!("config-readable-hint", path = key));
        ui.warn(&t!("ui-cause", what = what, cause = hint));
    }
    for (what, hint) in &files.warnings {
        ui.warn(&t!("ui-cause", what = what, cause = hint));
    }
}

fn start_delivery(
    database: std::path::PathBuf,
    settings: crate::delivery::DeliveryServiceSettings,
    metrics: &Arc<Metrics>,
    notices: &NoticeSender,
) -> anyhow::Result<DeliveryService> {
    let (metrics, notices) = (Arc::clone(metrics), notices.clone());
    DeliveryService::start(database, settings, move |event| match event {
        DeliveryServiceEvent::Failing { error, .. } => {
            notices.send(Notice::Warning(t!("serve-delivery-failed", cause = classify(&error).message)));
        }
        DeliveryServiceEvent::Recovered => notices.send(Notice::Recovered),
        DeliveryServiceEvent::Run(event) => {
            setup::count_delivery_event(&metrics, &event);
            if let DeliveryEvent::ResultNotSaved { id, cause, .. } = event {
                let text = t!("delivery-unrecorded", id = id, state = "unknown", cause = cause);
                notices.send(Notice::Warning(text));
            }
        }
        DeliveryServiceEvent::Stopped => {}
    })
}

/// Reports the address, and tells systemd that the service is ready.
fn announce(ui: &mut Ui, app: &AppContext, local_addr: SocketAddr) -> anyhow::Result<()> {
    let public_url = app.config.public_url();
    let push_url = public_url.as_ref().filter(|_| app.config.has_push()).map(|url| app.config.push.url_below(url));
    let public_url = public_url.map(|url| url.as_str().trim_end_matches('/').to_owned());
    let listening = ListeningEvent { address: local_addr.to_string(), public_url, push_url };
    if ui.json() {
        ui.print(&listening)?;
    } else {
        ui.status(&listening.to_string());
    }
    notify_systemd(NotifyState::Ready);
    Ok(())
}

/// Runs until a signal asks to stop.
fn wait_for_signal(
    ui: &mut Ui,
    service: &Service,
    notices: &Receiver<Notice>,
    reloads: &ReloadReceiver,
    signals: &SignalReceiver,
    reload: impl Fn(&mut Ui, &Service),
) -> anyhow::Result<()> {
    // Twice per period, as systemd recommends.
    let watchdog = sd_notify::watchdog_enabled().map_or_else(never, |period| tick(period / 2));
    loop {
        select! {
            recv(notices) -> notice => {
                show_notice(ui, notice?)?;
                let lost = service.notices.take_lost();
                if lost > 0 {
                    ui.warn(&t!("serve-notices-lost", count = lost));
                }
            }
            recv(watchdog) -> _ => notify_systemd(NotifyState::Watchdog),
            recv(reloads.requests) -> request => {
                request?;
                if let Ok(now) = NotifyState::monotonic_usec_now() {
                    notify_systemd_all(&[NotifyState::Reloading, now]);
                }
                reload(ui, service);
                notify_systemd(NotifyState::Ready);
            },
            recv(signals.events) -> signal => {
                signal?;
                return Ok(());
            }
        }
    }
}

fn show_notice(ui: &mut Ui, notice: Notice) -> anyhow::Result<()> {
    match notice {
        Notice::Event(event) if ui.json() => ui.print(&event)?,
        Notice::Event(event) => log::info!("{event}"),
        Notice::Warning(text) => ui.warn(&text),
        Notice::Recovered => ui.status(&t!("serve-recovered")),
    }
    Ok(())
}

impl Service {
    /// Puts a new configuration in force. What needs a restart is reported.
    fn reload(&self, ui: &mut Ui, old: &AppContext, new: &AppContext) -> anyhow::Result<()> {
        let needs_restart = old.config.serve_address()? != new.config.serve_address()?
            || old.config.database.value != new.config.database.value
            || old.app_id() != new.app_id();
        if needs_restart {
            ui.warn(&t!("serve-reload-restart"));
            return Ok(());
        }
        let settings = setup::delivery_settings(new)?;
        let files = tls_files::load(&new.config)?;
        warn_about_files(ui, new, &files);
        let router = setup::router(new, files.verification_file, &settings, &self.metrics, &self.notices)?;
        if let (Some(tls), Some(new)) = (&self.tls, &files.tls) {
            tls.replace_with(new);
        }
        *self.router.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(router);
        self.delivery.reload(settings);
        ui.status(&t!("serve-reloaded"));
        Ok(())
    }
}

fn notify_systemd(state: NotifyState<'_>) {
    notify_systemd_all(&[state]);
}

/// Does nothing if systemd did not start the process.
fn notify_systemd_all(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::info!("{error}");
    }
}
