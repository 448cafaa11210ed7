//! `wxbox serve` receives WeChat's events, answers phones and monitoring, and delivers the messages
//! of all processes, until a signal ends it.

mod notice;
mod service;
mod setup;
mod systemd;

use std::fmt;
use std::net::SocketAddr;

use crossbeam_channel::{Receiver, select};
use serde::Serialize;

use crate::cli::{Global, Serve as Args};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::Limits;
use crate::i18n::io_error_text;
use crate::listen::{self, tls_files};
use crate::report::classify;
use crate::serve::ServedConfig;
use crate::signals::{ReloadReceiver, SignalReceiver};
use crate::store::ServeLock;
use crate::t;
use crate::ui::Ui;
use notice::{Notice, NoticeSender};
use service::{Service, warn_about_files};

/// The address of the listener. It is printed once requests are answered.
#[derive(Serialize)]
#[serde(tag = "event", rename = "listening")]
struct ListeningEvent {
    address: String,
    public_url: Option<String>,
    #[serde(skip)]
    push_url: Option<String>,
    at: Timestamp,
}

impl fmt::Display for ListeningEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match &self.push_url {
            Some(url) => t!("serve-listening-url", address = self.address, url = url),
            None => t!("serve-listening", address = self.address),
        })
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Args) -> anyhow::Result<ExitStatus> {
    args.listen.as_deref().map(listen::parse_address).transpose()?;
    let overrides = || CliOverrides { listen: args.listen.clone(), ..CliOverrides::default() };
    let app = AppContext::open(ui, global, overrides())?;
    let settings = setup::delivery_settings(&app)?;
    let address = app.config.serve_address()?;
    let files = tls_files::load(&app.config)?;
    warn_about_files(ui, &app, &files);
    let store = app.open_or_create_default_store()?;
    let lock = ServeLock::acquire(store.path(), &settings.options.account.app_id)?.ok_or_else(|| CommandError {
        exit: ExitStatus::Unexpected,
        message: t!("serve-running"),
        hint: Some(t!("serve-running-hint")),
    })?;
    let database = store.path().to_owned();
    drop(store);
    let reloads = ReloadReceiver::new()?;
    let signals = SignalReceiver::new()?;
    let server = listen::bind_first(&address, &Limits::serve(), &t!("serve-port-hint"))?;
    let (sender, notices) = NoticeSender::new();
    let service = Service::start(&app, server, files, (database, settings), sender)?;
    if !app.config.has_push() {
        ui.warn(&t!("serve-no-push"));
    }
    note_config(&lock, &app);
    announce(ui, &app, service.local_addr())?;
    let reload = |ui: &mut Ui| {
        let opened = AppContext::open(ui, global, overrides());
        match opened.and_then(|new| Ok(service.reload(ui, &app, &new)?.then_some(new))) {
            Ok(Some(new)) => note_config(&lock, &new),
            Ok(None) => {}
            Err(error) => ui.warn(&t!("serve-reload-failed", cause = classify(&error).message)),
        }
    };
    // An error of the output stops the service, like a signal.
    let result = wait_for_signal(ui, &service, &notices, (&reloads, &signals), reload);
    systemd::notify_stopping();
    ui.note(&t!("serve-stopping"));
    service.stop();
    result?;
    notices.try_iter().try_for_each(|notice| show_notice(ui, notice))?;
    Ok(ExitStatus::Success)
}

/// Writes a note about the config in force, which `doctor` compares with the file.
fn note_config(lock: &ServeLock, app: &AppContext) {
    let served = ServedConfig::new(app.config.path.as_deref(), app.config.served_values());
    if let Err(error) = lock.write_note(&served.render()) {
        log::info!("{}", io_error_text(&error));
    }
}

/// Reports the address, and tells systemd that the service is ready.
fn announce(ui: &mut Ui, app: &AppContext, local_addr: SocketAddr) -> anyhow::Result<()> {
    let public_url = app.config.public_url();
    let push_url = public_url.as_ref().filter(|_| app.config.has_push()).map(|url| app.config.push.url_below(url));
    let public_url = public_url.map(|url| url.as_str().trim_end_matches('/').to_owned());
    let (address, at) = (local_addr.to_string(), Timestamp::now());
    let listening = ListeningEvent { address, public_url, push_url, at };
    if ui.json() {
        ui.print(&listening)?;
    } else {
        ui.status(&listening.to_string());
    }
    systemd::notify_ready();
    Ok(())
}

/// Runs until a signal asks to stop.
fn wait_for_signal(
    ui: &mut Ui,
    service: &Service,
    notices: &Receiver<Notice>,
    (reloads, signals): (&ReloadReceiver, &SignalReceiver),
    reload: impl Fn(&mut Ui),
) -> anyhow::Result<()> {
    let watchdog = systemd::watchdog_ticks();
    loop {
        select! {
            recv(notices) -> notice => {
                show_notice(ui, notice?)?;
                let lost = service.take_lost_notices();
                if lost > 0 {
                    ui.warn(&t!("serve-notices-lost", count = lost));
                }
            }
            recv(watchdog) -> _ => systemd::notify_alive(),
            recv(reloads.requests) -> request => {
                request?;
                systemd::notify_reloading();
                reload(ui);
                systemd::notify_ready();
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
