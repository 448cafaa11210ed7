//! A listener that takes WeChat's pushes while a command waits for one: `bind --scan` for a scan,
//! `init` for the check of the push URL. It answers as `serve` does.

use std::sync::Arc;

use anyhow::Context as _;

use crate::context::AppContext;
use crate::http_server::{HttpServer, Limits, ServerHandle};
use crate::i18n::Lang;
use crate::listen::{self, tls_files};
use crate::serve::{DatabaseStatus, EventRecorder, Forwarder, Metrics, PushEndpoint, ServeRouter};
use crate::t;
use crate::wechat::push::PushError;

/// Binds the address of `serve`.
///
/// # Errors
///
/// The address is not configured, or another program uses the port.
pub fn bind_port(app: &AppContext) -> anyhow::Result<HttpServer> {
    listen::bind_first(&app.config.serve_address()?, &Limits::serve(), &t!("bind-port-hint"))
}

/// Starts to take the pushes of the account `app_id`. `on_url_check` is called with each check of
/// the URL and whether it passed. The listener ends when the handle is dropped.
///
/// # Errors
///
/// `[push]` is incomplete, a file of the listener cannot be read, or the database cannot be opened.
pub fn start(
    server: HttpServer,
    app: &AppContext,
    app_id: &str,
    on_url_check: impl Fn(Result<(), PushError>) + Send + Sync + 'static,
) -> anyhow::Result<ServerHandle> {
    let settings = app.push_settings()?;
    let database = app.config.database.value.clone();
    let files = tls_files::load(&app.config)?;
    let recorder = Arc::new(EventRecorder::start(database.clone(), app_id.to_owned(), |problem| {
        log::warn!("{}", t!("serve-database-failed", cause = problem.cause));
    })?);
    let forward_to = app.config.push.forward_to.as_ref();
    let ca_file = app.config.network.ca_file.as_ref().map(|path| &path.value);
    let forwarder = forward_to.map(|url| Forwarder::new(url.value.clone(), ca_file)).transpose()?;
    let lang = app.config.language.as_ref().map_or(Lang::Zh, |language| language.value);
    let endpoint = PushEndpoint::new(settings, Arc::clone(&recorder), forwarder, lang, |event| log::info!("{event}"))
        .with_url_check_observer(on_url_check);
    let router = ServeRouter {
        prefix: app.config.public_url().map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned()),
        push: Some((app.config.push.path.value.clone(), endpoint)),
        phones: None,
        recorder: Some(recorder),
        app_id: app_id.to_owned(),
        database: DatabaseStatus::open(&database)?,
        metrics: Arc::new(Metrics::default()),
    };
    server.with_tls(files.tls).start(move |request| router.handle(request)).with_context(|| t!("bind-open"))
}
