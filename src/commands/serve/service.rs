//! The parts of the service: the listener with its router, and the delivery.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::notice::{Notice, NoticeSender};
use super::setup;
use crate::commands::delivery::message_view::MessageView;
use crate::context::AppContext;
use crate::delivery::{DeliveryEvent, DeliveryService, DeliveryServiceEvent, DeliveryServiceSettings};
use crate::http_server::{HttpServer, ServerHandle, ServerTls};
use crate::listen::tls_files;
use crate::report::classify;
use crate::serve::{Metrics, ServeRouter};
use crate::store::MessageState;
use crate::t;
use crate::ui::Ui;

/// The time after a signal for requests to WeChat that are in flight, and for accepted requests. A
/// push that waits for a locked database or for `push.forward_to` takes about as long. The command
/// ends at most five seconds after a signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

/// The running service.
pub(super) struct Service {
    server: ServerHandle,
    /// The router of the configuration in force.
    router: Arc<RwLock<Arc<ServeRouter>>>,
    delivery: DeliveryService,
    tls: Option<ServerTls>,
    metrics: Arc<Metrics>,
    notices: NoticeSender,
}

impl Service {
    /// Starts answering requests and delivering messages.
    pub(super) fn start(
        app: &AppContext,
        server: HttpServer,
        files: tls_files::ListenerFiles,
        (database, settings): (PathBuf, DeliveryServiceSettings),
        notices: NoticeSender,
    ) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::default());
        let router = setup::router(app, files.verification_file, &settings, &metrics, &notices)?;
        let router = Arc::new(RwLock::new(Arc::new(router)));
        let current = Arc::clone(&router);
        let handler = move |request| {
            let router = Arc::clone(&current.read().unwrap_or_else(PoisonError::into_inner));
            router.handle(request)
        };
        let server = server.with_tls(files.tls.clone()).start(handler).with_context(|| t!("bind-open"))?;
        let delivery = start_delivery(database, settings, Arc::clone(&metrics), notices.clone())?;
        Ok(Self { server, router, delivery, tls: files.tls, metrics, notices })
    }

    /// Returns the address of the listener.
    pub(super) fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Returns the number of notices that were dropped since the last call.
    pub(super) fn take_lost_notices(&self) -> u64 {
        self.notices.take_lost()
    }

    /// Applies a new configuration. Returns `false` and reports the reason if a change needs a
    /// restart.
    pub(super) fn reload(&self, ui: &mut Ui, old: &AppContext, new: &AppContext) -> anyhow::Result<bool> {
        // First, as at the start: without a config file, this is the error that says so.
        let settings = setup::delivery_settings(new)?;
        let needs_restart = old.config.serve_address()? != new.config.serve_address()?
            || old.config.database.value != new.config.database.value
            || old.app_id() != new.app_id();
        if needs_restart {
            ui.warn(&t!("serve-reload-restart"));
            return Ok(false);
        }
        let files = tls_files::load(&new.config)?;
        warn_about_files(ui, new, &files);
        let router = setup::router(new, files.verification_file, &settings, &self.metrics, &self.notices)?;
        if let (Some(tls), Some(new)) = (&self.tls, &files.tls) {
            tls.replace_with(new);
        }
        *self.router.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(router);
        self.delivery.reload(settings);
        ui.status(&t!("serve-reloaded"));
        Ok(true)
    }

    /// Finishes the accepted requests, and waits for the requests to WeChat that are in flight.
    pub(super) fn stop(self) {
        let Self { server, router, delivery, .. } = self;
        delivery.stop(Instant::now() + STOP_TIMEOUT);
        server.stop_within(STOP_TIMEOUT, || router.read().unwrap_or_else(PoisonError::into_inner).suspend_phones());
        delivery.join();
    }
}

/// Warns about files of the listener that other users can read, or that WeChat will reject.
pub(super) fn warn_about_files(ui: &mut Ui, app: &AppContext, files: &tls_files::ListenerFiles) {
    for (what, hint) in tls_files::readable_key_warning(&app.config).iter().chain(&files.warnings) {
        ui.warn(&t!("ui-cause", what = what, cause = hint));
    }
}

fn start_delivery(
    database: PathBuf,
    settings: DeliveryServiceSettings,
    metrics: Arc<Metrics>,
    notices: NoticeSender,
) -> anyhow::Result<DeliveryService> {
    DeliveryService::start(database, settings, move |event| match event {
        DeliveryServiceEvent::Failing { error, .. } => {
            notices.send(Notice::Warning(t!("serve-delivery-failed", cause = classify(&error).message)));
        }
        DeliveryServiceEvent::Recovered => notices.send(Notice::Recovered),
        DeliveryServiceEvent::Run(event) => {
            setup::count_delivery_event(&metrics, &event);
            if let Some(problem) = describe_problem(event) {
                notices.send(Notice::Warning(problem));
            }
        }
        DeliveryServiceEvent::Stopped => {}
    })
}

/// Describes a message that was not certainly delivered, as `outbox flush` reports it under cron.
fn describe_problem(event: DeliveryEvent) -> Option<String> {
    match event {
        DeliveryEvent::Settled { message, duplicate: false, .. } => match message.state {
            MessageState::Failed | MessageState::Unknown | MessageState::Expired => {
                let view = MessageView::from(*message);
                let problem = view.problem();
                Some(
                    view.hint
                        .as_deref()
                        .map_or_else(|| problem.clone(), |hint| t!("ui-cause", what = problem, cause = hint)),
                )
            }
            MessageState::Queued | MessageState::Sent | MessageState::Cancelled => None,
        },
        DeliveryEvent::ResultNotSaved { id, state, cause, .. } => {
            Some(t!("delivery-unrecorded", id = id, state = state.as_str(), cause = cause))
        }
        _ => None,
    }
}
