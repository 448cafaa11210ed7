//! Checks the callback: the port is free, its files are usable, and redirect_uri leads to it. For
//! that, the doctor opens the listener and sends itself a request as a phone would.

use url::{Host, Url};

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use super::probe::{self, ProbeFixes};
use super::served_config::{OldServedConfig, is_rejection_of_serve};
use crate::callback::{OAuthState, is_callback_page};
use crate::context::AppContext;
use crate::http_server::{HttpResponse, Limits, Request};
use crate::i18n::{io_error_text, join_clauses};
use crate::listen;
use crate::listen::tls_files;
use crate::net::is_private;
use crate::store::ServeLock;
use crate::t;
use crate::ui::Level;
use crate::wechat::push::OWN_CHECK_PARAMETER;
use crate::wechat::redirect_uri::{AccountType, RedirectProblem, console_value, problems};

pub(super) const CHECKS: &[CheckName] = &[CheckName::Port, CheckName::Callback];

/// Checks redirect_uri against WeChat's rules.
pub(super) fn check_redirect_uri(app: &AppContext, account_type: Option<AccountType>) -> Check {
    let uri = match app.config.require_redirect_uri() {
        Ok(uri) => uri,
        Err(error) => return Check { status: Level::Warning, ..Check::from_error(CheckName::RedirectUri, error) },
    };
    let is_sandbox = app.config.uses_sandbox();
    let (verified_only, general): (Vec<_>, Vec<_>) =
        problems(uri, is_sandbox).into_iter().partition(RedirectProblem::is_verified_only);
    let describe = |problems: Vec<RedirectProblem>| join_clauses(problems.iter().map(RedirectProblem::describe));
    let (general_problems, verified_problems) = (describe(general), describe(verified_only));
    if !general_problems.is_empty() {
        return Check::failure(
            CheckName::RedirectUri,
            t!("ui-cause", what = uri.as_str(), cause = general_problems),
            t!("doctor-redirect-fix"),
        );
    }
    let console_url = console_value(uri);
    match account_type {
        Some(AccountType::Verified) if !verified_problems.is_empty() => {
            let detail = t!("doctor-redirect-real", uri = uri.as_str(), why = verified_problems);
            Check::failure(CheckName::RedirectUri, detail, t!("doctor-redirect-real-fix"))
        }
        None if !verified_problems.is_empty() => {
            let detail = t!("doctor-redirect-test-only", uri = uri.as_str(), why = verified_problems);
            Check::warning(CheckName::RedirectUri, detail, t!("doctor-redirect-test-only-fix", enter = console_url))
        }
        _ if is_sandbox => Check::ok(CheckName::RedirectUri, t!("doctor-redirect-sandbox", uri = uri.as_str())),
        _ => {
            let is_private_ip = matches!(uri.host(), Some(Host::Ipv4(ip)) if is_private(ip.into()));
            let detail = match (account_type, is_private_ip) {
                (Some(AccountType::Test), true) => t!("doctor-redirect-near", uri = uri.as_str(), enter = console_url),
                (Some(AccountType::Test), false) => t!("doctor-redirect-test", uri = uri.as_str(), enter = console_url),
                _ => t!("doctor-redirect", uri = uri.as_str(), enter = console_url),
            };
            Check::ok(CheckName::RedirectUri, detail)
        }
    }
}

pub(super) fn check(sender: &CheckSender, app: &AppContext) -> Result<(), Check> {
    // Without redirect_uri there is no listener; another check reports that.
    let Ok(uri) = app.config.require_redirect_uri().cloned() else { return Ok(()) };
    if ServeLock::is_held(&app.config.database, app.app_id()) {
        check_served(sender, app, &uri);
        return Ok(());
    }
    let bound = app.config.listen_address().map_err(anyhow::Error::from).and_then(|listen| {
        let server = listen::bind_first(&listen, &Limits::callback(), &t!("doctor-port-fix"))?;
        Ok((listen, server))
    });
    let (listen, server) = bound.map_err(|error| Check::from_error(CheckName::Port, error))?;
    let listen = listen.to_string();
    sender.report(Check::ok(CheckName::Port, t!("doctor-port", address = listen)));
    let files = tls_files::load(&app.config).map_err(|error| Check::from_error(CheckName::Callback, error))?;
    for (what, fix) in files.warnings {
        sender.report(Check::warning(CheckName::Callback, what, fix));
    }
    let server = server.with_tls(files.tls);
    // The first secret proves to the listener that the doctor sent the request. The second proves
    // to the doctor that its own listener responded.
    let nonces = (OAuthState::new("doctor"), OAuthState::new(""));
    let (Ok(request_nonce), Ok(reply_nonce)) = nonces else { return Ok(()) };
    let (expected, reply) = (request_nonce.as_str().to_owned(), reply_nonce.as_str().to_owned());
    let started = server.start(move |request: Request| match request.param("state") {
        Some(state) if *state == *expected => HttpResponse::text(200, reply.clone()),
        _ => HttpResponse::text(404, ""),
    });
    let check = match started {
        Ok(handle) => {
            let is_own = |body: &[u8]| body == reply_nonce.as_str().as_bytes();
            let check = probe(app, &uri, &request_nonce, is_own, &listen);
            handle.stop();
            check
        }
        Err(error) => Some(Check::failure(CheckName::Callback, io_error_text(&error), None)),
    };
    sender.report(check);
    Ok(())
}

/// Checks that a running `serve` answers phones. It knows no binding of the doctor, so it shows the
/// page of an invalid call.
fn check_served(sender: &CheckSender, app: &AppContext, uri: &Url) {
    let address = app.config.serve_address().map_or_else(|_| String::new(), |address| address.to_string());
    sender.report(Check::ok(CheckName::Port, t!("doctor-port-serve", address = address)));
    let Ok(nonce) = OAuthState::new("doctor") else { return };
    let is_own = |body: &[u8]| is_callback_page(&String::from_utf8_lossy(body));
    let check = probe(app, uri, &nonce, is_own, &address);
    sender.report(check);
}

/// Sends a request to redirect_uri and reports which server responded; `None` if the configuration
/// allows no request.
fn probe(
    app: &AppContext,
    uri: &Url,
    request_nonce: &OAuthState,
    is_own: impl Fn(&[u8]) -> bool,
    listen: &str,
) -> Option<Check> {
    let mut url = uri.clone();
    url.query_pairs_mut().append_pair("state", request_nonce.as_str()).append_pair(OWN_CHECK_PARAMETER, "1");
    let response = match probe::send(app, url) {
        Ok(response) => response,
        Err(error) => return error.into_check(CheckName::Callback, uri, probe_fixes(uri, listen)),
    };
    if is_own(&response.body) {
        return Some(Check::ok(CheckName::Callback, t!("doctor-callback", uri = uri.as_str())));
    }
    if let Some(old) = OldServedConfig::find(app).filter(|_| is_rejection_of_serve(response.status)) {
        return Some(old.explain(CheckName::Callback, uri));
    }
    let detail = t!("doctor-callback-other", uri = uri.as_str(), status = response.status);
    // A router without hairpin NAT responds itself, but never with the right certificate.
    Some(match response.is_local || uri.scheme() == "https" {
        true => Check::failure(CheckName::Callback, detail, t!("doctor-callback-other-fix", address = listen)),
        false => Check::warning(CheckName::Callback, detail, t!("doctor-callback-router-fix", address = listen)),
    })
}

fn probe_fixes(uri: &Url, listen: &str) -> ProbeFixes {
    let port = uri.port_or_known_default().unwrap_or_default().to_string();
    ProbeFixes {
        unknown_host: t!("doctor-callback-name-fix"),
        tls: t!("doctor-callback-tls-fix"),
        unreachable_here: t!("doctor-callback-own-fix", address = listen),
        unreachable_elsewhere: t!("doctor-callback-far-fix", port = port),
    }
}
