//! A listener that receives WeChat's pushes while a command waits for one: `bind --scan` for a
//! scan, `init` for the check of the push URL. It answers as `serve` does.

use std::sync::Arc;

use anyhow::Context as _;

use crate::config::Config;
use crate::context::AppContext;
use crate::http_server::{HttpServer, Limits, Request, ServerHandle};
use crate::listen::{self, tls_files};
use crate::serve::{
    DatabaseStatus, EventRecorder, Forwarder, Metrics, PushEndpoint, ServeEvent, ServeRouter, loggable_path,
};
use crate::t;
use crate::wechat::push::{PushError, PushSettings};

/// Binds the address of `serve`.
///
/// # Errors
///
/// The address is not configured, or another program uses the port.
pub fn bind_port(app: &AppContext) -> anyhow::Result<HttpServer> {
    listen::bind_first(&app.config.serve_address()?, &Limits::serve(), &t!("bind-port-hint"))
}

/// Starts to receive the pushes of the account `app_id`. `on_url_check` is called with each check
/// of the URL and whether it passed, and `on_wrong_path` with the path of each check that was not
/// for the push URL. The listener ends when the handle is dropped.
///
/// # Errors
///
/// `[push]` is incomplete, a file of the listener cannot be read, or the database cannot be opened.
pub fn start(
    server: HttpServer,
    app: &AppContext,
    app_id: &str,
    on_url_check: impl Fn(Result<(), PushError>) + Send + Sync + 'static,
    on_wrong_path: impl Fn(String) + Send + Sync + 'static,
) -> anyhow::Result<ServerHandle> {
    let settings = app.push_settings()?;
    let database = app.config.database.value.clone();
    let files = tls_files::load(&app.config)?;
    let on_warning = |text: String| log::warn!("{text}");
    let (recorder, endpoint) = endpoint(&app.config, settings, app_id, |event| log::info!("{event}"), on_warning)?;
    let router = ServeRouter {
        prefix: app.config.public_path_prefix(),
        push: Some((app.config.push.path.value.clone(), endpoint.with_url_check_observer(on_url_check))),
        phones: None,
        recorder: Some(recorder),
        app_id: app_id.to_owned(),
        database: DatabaseStatus::open(&database)?,
        metrics: Arc::new(Metrics::default()),
    };
    let handle = move |request: Request| {
        let is_check = request.query.contains("echostr=");
        let path = is_check.then(|| loggable_path(&request.path));
        let response = router.handle(request);
        if let Some(path) = path.filter(|_| response.status() == 404) {
            on_wrong_path(path);
        }
        response
    };
    server.with_tls(files.tls).start(handle).with_context(|| t!("bind-open"))
}

/// Creates the endpoint for pushes of the account `app_id`, with the thread that records their
/// events. `on_warning` is called with problems of the database, the pushes and the other server.
///
/// # Errors
///
/// The database cannot be opened, or the CA file cannot be read.
pub fn endpoint(
    config: &Config,
    settings: PushSettings,
    app_id: &str,
    on_event: impl Fn(ServeEvent) + Send + Sync + 'static,
    on_warning: impl Fn(String) + Clone + Send + Sync + 'static,
) -> anyhow::Result<(Arc<EventRecorder>, PushEndpoint)> {
    let on_problem = on_warning.clone();
    let recorder = Arc::new(EventRecorder::start(config.database.value.clone(), app_id.to_owned(), move |cause| {
        on_problem(t!("serve-database-failed", cause = cause));
    })?);
    let ca_file = config.network.ca_file.as_ref().map(|path| &path.value);
    let forward_to = config.push.forward_to.as_ref();
    let forwarder = forward_to.map(|url| Forwarder::new(url.value.clone(), ca_file)).transpose()?;
    let endpoint = PushEndpoint::new(settings, Arc::clone(&recorder), forwarder, config.reply_lang(), on_event)
        .with_warnings(on_warning);
    Ok((recorder, endpoint))
}
