//! `bind --scan`: a parametric code whose scan follows the account and binds. WeChat reports the
//! scan by a push, which a running `serve`, `wxbox event`, or the listener of this process
//! receives.

use std::time::Duration;

use crossbeam_channel::{bounded, select};

use super::pending::WaitingBinding;
use super::qr;
use super::session::{BindContext, BindOutcome};
use crate::access_token::ApiSession;
use crate::binding::WechatExchange;
use crate::clock::Timestamp;
use crate::config::Origin;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::http_server::ServerHandle;
use crate::push_listener;
use crate::random::random_base62;
use crate::report::classify;
use crate::serve::PushRejectionReport;
use crate::store::{BindingProof, ServeLock, User};
use crate::t;
use crate::ui::Ui;

/// The prefix of a scene of `bind`, which distinguishes its events from those of other programs.
const SCENE_PREFIX: &str = "wxbox.";
/// The number of random digits after the prefix: 131 bits.
const SCENE_DIGITS: usize = 22;
/// The longest lifetime of a code: doc/service/api/qrcode/qrcodes/api_createqrcode.
const MAX_CODE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The errcode for an account that may not create parametric codes.
const API_UNAUTHORIZED: i64 = 48001;

/// Starts the listener that receives the pushes, unless `serve` is running. If the port is in use,
/// another program there has to pass the events on with `wxbox event`.
pub(super) fn open_listener(ui: &mut Ui, app: &AppContext, app_id: &str) -> anyhow::Result<Option<ServerHandle>> {
    app.push_settings()?;
    if ServeLock::is_held(&app.config.database, app_id) {
        return Ok(None);
    }
    let address = app.config.listen.address.as_ref();
    let is_explicit = address.is_some_and(|address| matches!(address.origin, Origin::Flag(_)));
    let server = match push_listener::bind_port(app) {
        Ok(server) => server,
        Err(error) if is_explicit => return Err(error),
        Err(error) => {
            ui.status(&t!("bind-scan-no-listener", cause = classify(&error).message));
            return Ok(None);
        }
    };
    Ok(Some(push_listener::start(server, app, app_id, |_| {}, |_| {})?))
}

/// Shows one person's code and waits for its scan.
pub(super) fn wait_for(ui: &mut Ui, context: &BindContext, user: &User) -> anyhow::Result<BindOutcome> {
    let scene = format!("{SCENE_PREFIX}{}", random_base62(SCENE_DIGITS)?);
    let lifetime = context.timeout().clamp(Duration::from_secs(1), MAX_CODE_LIFETIME);
    let expires_at = Timestamp::now().plus(lifetime);
    let url = match create_code(context, scene.clone(), lifetime)? {
        CodeResult::Created(url) => url,
        CodeResult::NotCreated(outcome) => return Ok(outcome),
    };
    let waiting = WaitingBinding::start(context, user, BindingProof::Scene(scene))?;
    qr::show_scan_url(ui, context, &user.username, &url, expires_at)?;
    waiting.wait(ui)
}

/// Returns why pushes were rejected since `began_at`, when the person got the code, and what to do
/// about it. The scan may have been one of these pushes.
pub(super) fn rejection_since(context: &BindContext, began_at: Timestamp) -> Option<(String, String)> {
    let now = Timestamp::now();
    let report = PushRejectionReport::read(&context.lock_store(), &context.app_id).ok()??;
    let is_sandbox = context.app.config.uses_sandbox();
    (report.last_at >= began_at).then(|| (report.describe(now), report.fix(is_sandbox)))
}

/// The result of the request for a parametric code.
enum CodeResult {
    /// The address in the code.
    Created(String),
    /// A signal or an error ended the request.
    NotCreated(BindOutcome),
}

/// Asks WeChat for a code, and for an access token if there is none. A signal ends the wait; the
/// thread with the request then ends with the process.
fn create_code(context: &BindContext, scene: String, lifetime: Duration) -> anyhow::Result<CodeResult> {
    let WechatExchange { client, account } = &*context.exchange;
    let store = context.app.open_existing_store()?;
    let session = ApiSession { store, client: client.clone(), account: account.clone() };
    let (sender, created) = bounded(1);
    std::thread::Builder::new().name("scan-code".into()).spawn(move || {
        // The command may have ended.
        let _ = sender.send(request_code(session, &scene, lifetime));
    })?;
    select! {
        recv(created) -> created => match created? {
            Ok(url) => Ok(CodeResult::Created(url)),
            Err(error) => Ok(CodeResult::NotCreated(BindOutcome::from_error_or_signal(error, &context.signals)?)),
        },
        recv(context.signals.events) -> signal => Ok(CodeResult::NotCreated(BindOutcome::Stopped(signal?))),
    }
}

fn request_code(mut session: ApiSession, scene: &str, lifetime: Duration) -> anyhow::Result<String> {
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
