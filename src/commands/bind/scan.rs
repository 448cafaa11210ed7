//! `bind --scan`: a parametric code whose scan follows the account and binds. WeChat reports the scan
//! by a push, which a running `serve`, `wxbox event`, or the listener of this process takes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;

use super::pending::WaitingBinding;
use super::qr;
use super::session::{BindContext, BindOutcome};
use crate::access_token::ApiSession;
use crate::binding::WechatExchange;
use crate::callback::random_base62;
use crate::clock::Timestamp;
use crate::config::Origin;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::{Limits, ServerHandle};
use crate::i18n::Lang;
use crate::listen::{self, tls_files};
use crate::report::classify;
use crate::serve::{EventRecorder, Forwarder, HEALTH_LOCK_TIMEOUT, Metrics, PushEndpoint, ServeRouter};
use crate::store::{BindingProof, ServeLock, Store, User};
use crate::t;
use crate::ui::Ui;

/// The beginning of a scene of `bind`, by which its events are told from those of other programs.
const SCENE_PREFIX: &str = "wxbox.";
/// The number of random digits after it: 131 bits.
const SCENE_DIGITS: usize = 22;
/// The longest lifetime of a code: doc/service/api/qrcode/qrcodes/api_createqrcode.
const MAX_CODE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The errcode for an account that may not create parametric codes.
const API_UNAUTHORIZED: i64 = 48001;

/// What takes the pushes while `bind` waits.
pub(super) struct ScanListener {
    /// The listener of this process; `None` if another process takes the pushes.
    _server: Option<ServerHandle>,
}

impl ScanListener {
    /// Starts a listener, unless `serve` is running. If the port is in use, another program there
    /// has to pass the events on with `wxbox event`.
    pub(super) fn open(ui: &mut Ui, app: &AppContext, app_id: &str) -> anyhow::Result<Self> {
        let settings = app.push_settings()?;
        let database = app.config.database.value.clone();
        if ServeLock::is_held(&database, app_id) {
            return Ok(Self { _server: None });
        }
        let address = app.config.listen.address.as_ref();
        let is_explicit = address.is_some_and(|address| matches!(address.origin, Origin::Flag(_)));
        let bound = app
            .config
            .serve_address()
            .map_err(anyhow::Error::from)
            .and_then(|address| listen::bind_first(&address, &Limits::serve(), &t!("bind-port-hint")));
        let server = match bound {
            Ok(server) => server,
            Err(error) if is_explicit => return Err(error),
            Err(error) => {
                ui.status(&t!("bind-scan-no-listener", cause = classify(&error).message));
                return Ok(Self { _server: None });
            }
        };
        let files = tls_files::load(&app.config)?;
        let recorder = Arc::new(EventRecorder::start(database.clone(), app_id.to_owned(), |problem| {
            log::warn!("{}", t!("serve-database-failed", cause = problem.cause));
        })?);
        let forward_to = app.config.push.forward_to.as_ref();
        let ca_file = app.config.network.ca_file.as_ref().map(|path| &path.value);
        let forwarder = forward_to.map(|url| Forwarder::new(url.value.clone(), ca_file)).transpose()?;
        let lang = app.config.language.as_ref().map_or(Lang::Zh, |language| language.value);
        let endpoint = PushEndpoint::new(settings, recorder, forwarder, lang, |event| log::info!("{event}"));
        let router = ServeRouter {
            prefix: app.config.public_url().map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned()),
            push: Some((app.config.push.path.value.clone(), endpoint)),
            phones: None,
            app_id: app_id.to_owned(),
            store: Mutex::new(Store::open(&database)?.with_busy_timeout(HEALTH_LOCK_TIMEOUT)?),
            metrics: Arc::new(Metrics::default()),
        };
        let server = server.with_tls(files.tls).start(move |request| router.handle(request));
        Ok(Self { _server: Some(server.with_context(|| t!("bind-open"))?) })
    }
}

/// Shows one person's code and waits for its scan.
pub(super) fn wait_for(ui: &mut Ui, context: &BindContext, user: &User) -> anyhow::Result<BindOutcome> {
    let scene = format!("{SCENE_PREFIX}{}", random_base62(SCENE_DIGITS)?);
    let lifetime = context.timeout().clamp(Duration::from_secs(1), MAX_CODE_LIFETIME);
    let expires_at = Timestamp::now().plus(lifetime);
    let url = create_code(context, &scene, lifetime)?;
    let waiting = WaitingBinding::start(context, user, BindingProof::Scene(scene))?;
    qr::show_scan_url(ui, context, &user.username, &url, expires_at)?;
    waiting.wait(ui)
}

fn create_code(context: &BindContext, scene: &str, lifetime: Duration) -> anyhow::Result<String> {
    let WechatExchange { client, account } = &*context.exchange;
    let store = context.app.open_existing_store()?;
    let mut session = ApiSession { store, client: client.clone(), account: account.clone() };
    let created = session.call(|client, token| client.create_follow_qr(token, scene, lifetime))?;
    created.map_err(|error| match error.api_error() {
        Some(refusal) if refusal.errcode == API_UNAUTHORIZED => CommandError {
            exit: ExitStatus::Config,
            message: error.to_string(),
            hint: Some(t!("bind-scan-unauthorized-hint")),
        }
        .into(),
        _ => error.into(),
    })
}
