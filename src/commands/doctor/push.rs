//! Checks the receipt of WeChat's events: the secrets, `serve`, and whether the push URL leads to
//! it. For that, the doctor sends the request by which WeChat checks the URL; if `serve` is not
//! running, the doctor answers it.

use std::time::Duration;

use crossbeam_channel::Receiver;
use url::Url;

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use super::database::format_age;
use super::probe::{self, ProbeFixes, ProbeResponse};
use super::served_config::{OldServedConfig, is_rejection_of_serve};
use super::session::AccountSession;
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::http_server::{HttpResponse, Limits, Request, ServerHandle};
use crate::i18n::join_list;
use crate::listen::{self, tls_files};
use crate::random::random_base62;
use crate::serve::{PushRejectionReport, console_place};
use crate::store::{MessageFilter, ReceiptFilter, ReceiptStatus, ServeLock, Store};
use crate::t;
use crate::wechat::push::{PushQuery, PushSettings};
use crate::wechat::push_url::push_url_problem;
use crate::wechat::redirect_uri::AccountType;
use crate::wechat::{Client, PushUrlCheck};

pub(super) const CHECKS: &[CheckName] = &[CheckName::Serve, CheckName::PushUrl];

/// The number of random characters in the `nonce` and the `echostr` of the doctor's request.
const NONCE_CHARS: usize = 22;

/// The age up to which failed receipts are reported.
const RECEIPT_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// WeChat has no push URL for the account.
const NO_PUSH_URL: i64 = 40201;

/// Checks the secrets, and that events of a real account are encrypted.
pub(super) fn check_mode(app: &AppContext, account_type: Option<AccountType>) -> Check {
    let settings = match app.push_settings() {
        Ok(settings) => settings,
        Err(error) => return Check::from_error(CheckName::Push, error),
    };
    let origin = app.config.push.token.as_ref().map(|token| token.origin.to_string()).unwrap_or_default();
    match (settings.aes_keys.is_empty(), account_type) {
        (false, _) => Check::ok(CheckName::Push, t!("doctor-push-safe", from = origin)),
        (true, Some(AccountType::Verified)) => {
            Check::warning(CheckName::Push, t!("doctor-push-plain-real"), t!("doctor-push-plain-real-fix"))
        }
        (true, _) => Check::ok(CheckName::Push, t!("doctor-push-plain", from = origin)),
    }
}

/// Checks `serve` and the push URL. The listener of the callback must have ended before.
pub(super) fn check(sender: &CheckSender, app: &AppContext, callback_ended: &Receiver<()>) -> Result<(), Check> {
    let is_serving = ServeLock::is_held(&app.config.database, app.app_id());
    let old_config = OldServedConfig::find(app);
    let store = app.open_current_store();
    sender.report(check_serve(app, store.as_ref(), is_serving));
    let more = [
        old_config.as_ref().map(OldServedConfig::check),
        store.as_ref().and_then(|store| check_rejected(app, store)),
        store.as_ref().and_then(|store| check_receipts(app, store)),
    ];
    more.into_iter().for_each(|check| sender.report(check));
    // Nothing is sent; the wait ends when the channel closes.
    let _ = callback_ended.recv();
    // `check_mode` reports secrets that cannot be used.
    let Ok(settings) = app.push_settings() else { return Ok(()) };
    let Some(url) = app.config.push_url() else {
        let (detail, fix) = (t!("doctor-push-url-none"), t!("doctor-push-url-none-fix"));
        return Err(Check::warning(CheckName::PushUrl, detail, fix));
    };
    if let Some(problem) = push_url_problem(&url, app.config.uses_sandbox()) {
        let detail = t!("ui-cause", what = url.as_str(), cause = problem.describe());
        return Err(Check::failure(CheckName::PushUrl, detail, t!("doctor-push-url-fix")));
    }
    let (Ok(nonce), Ok(echostr)) = (random_base62(NONCE_CHARS), random_base62(NONCE_CHARS)) else { return Ok(()) };
    let query = settings.url_check_query(Timestamp::now().0 / 1000, &nonce, &echostr);
    // The port may belong to another program, which passes the events on and answers this request.
    let listener = (!is_serving).then(|| start_listener(app, settings, &url, &echostr)).flatten();
    let mut request_url = url.clone();
    request_url.set_query(Some(&query));
    let response = probe::send(app, request_url);
    drop(listener);
    let address = app.config.serve_address().map_or_else(|_| "-".to_owned(), |address| address.to_string());
    let check = match (response, &old_config) {
        (Ok(response), Some(old)) if is_rejection_of_serve(response.status) => {
            Some(old.explain(CheckName::PushUrl, &url))
        }
        (Ok(response), _) => Some(describe_response(&response, &url, &echostr, is_serving, &address)),
        (Err(error), _) => error.into_check(CheckName::PushUrl, &url, probe_fixes(&url, address)),
    };
    sender.report(check);
    Ok(())
}

/// Warns about pushes that were rejected since the last accepted one.
fn check_rejected(app: &AppContext, store: &Store) -> Option<Check> {
    let report = PushRejectionReport::read(store, app.app_id()).ok()??;
    let is_sandbox = app.config.uses_sandbox();
    Some(Check::warning(CheckName::RejectedPushes, report.describe(Timestamp::now()), report.fix(is_sandbox)))
}

/// Warns about messages that WeChat accepted and could not deliver. A person who refuses messages
/// is no fault of the setup.
fn check_receipts(app: &AppContext, store: &Store) -> Option<Check> {
    let filter = MessageFilter {
        since: Some(Timestamp::now().minus(RECEIPT_WINDOW)),
        receipt: Some(ReceiptFilter::Is(ReceiptStatus::Failed)),
        ..MessageFilter::default()
    };
    let count = store.count_messages(app.app_id(), &filter).ok()?;
    let detail = || t!("doctor-receipts-failed", count = count);
    (count > 0).then(|| Check::warning(CheckName::Receipts, detail(), t!("doctor-receipts-failed-fix")))
}

fn check_serve(app: &AppContext, store: Option<&Store>, is_serving: bool) -> Check {
    let last_event = store.and_then(|store| store.last_event_at(app.app_id()).ok().flatten());
    let last = match last_event {
        Some(at) => t!("doctor-serve-event", age = format_age(Timestamp::now().age_since(at))),
        None => t!("doctor-serve-no-event"),
    };
    match is_serving {
        true => Check::ok(CheckName::Serve, t!("doctor-serve", last = last)),
        false => Check::warning(CheckName::Serve, t!("doctor-serve-stopped", last = last), t!("doctor-serve-fix")),
    }
}

/// Answers the doctor's own request as `serve` would, and no other request: WeChat repeats an event
/// that is not accepted.
fn start_listener(app: &AppContext, settings: PushSettings, url: &Url, echostr: &str) -> Option<ServerHandle> {
    let address = app.config.serve_address().ok()?;
    let server = listen::bind_first(&address, &Limits::callback(), &t!("doctor-port-fix")).ok()?;
    let files = tls_files::load(&app.config).ok()?;
    // Some proxies remove the path of public_url.
    let paths = [url.path().to_owned(), app.config.push.path.value.clone()];
    let echostr = echostr.to_owned();
    let handler = move |request: Request| {
        if !paths.contains(&request.path) {
            return HttpResponse::status_only(404);
        }
        match settings.verify_url(&PushQuery::parse(&request.query)) {
            Ok(echo) if echo == echostr && request.method == "GET" => HttpResponse::text(200, echo),
            _ => HttpResponse::status_only(503),
        }
    };
    server.with_tls(files.tls).start(handler).ok()
}

/// Describes which server answered the request, and what is wrong with the response.
fn describe_response(response: &ProbeResponse, url: &Url, echostr: &str, is_serving: bool, address: &str) -> Check {
    let ProbeResponse { status, body, is_local } = response;
    if *status == 200 && body == echostr.as_bytes() {
        return Check::ok(CheckName::PushUrl, t!("doctor-push-url", url = url.as_str()));
    }
    let body = String::from_utf8_lossy(body);
    let (detail, fix) = match status {
        200 if body.trim() == format!("\"{echostr}\"") => {
            (t!("doctor-push-url-quoted", url = url.as_str()), t!("doctor-push-url-changed-fix"))
        }
        200 if body.contains(echostr) => {
            (t!("doctor-push-url-changed", url = url.as_str()), t!("doctor-push-url-changed-fix"))
        }
        403 if is_serving => (t!("doctor-push-url-token", url = url.as_str()), t!("doctor-push-url-serve-token-fix")),
        403 => (t!("doctor-push-url-token", url = url.as_str()), t!("doctor-push-url-token-fix", address = address)),
        404 => (t!("doctor-push-url-path", url = url.as_str()), t!("doctor-push-url-path-fix", address = address)),
        300..400 => {
            (t!("doctor-push-url-redirect", url = url.as_str(), status = *status), t!("doctor-push-url-redirect-fix"))
        }
        502..=504 => (
            t!("doctor-push-url-proxy", url = url.as_str(), status = *status),
            t!("doctor-push-url-proxy-fix", address = address),
        ),
        _ => (
            t!("doctor-callback-other", uri = url.as_str(), status = *status),
            t!("doctor-callback-other-fix", address = address),
        ),
    };
    // A router without hairpin NAT responds itself, but never with the right certificate.
    match *is_local || url.scheme() == "https" {
        true => Check::failure(CheckName::PushUrl, detail, fix),
        false => Check::warning(CheckName::PushUrl, detail, fix),
    }
}

fn probe_fixes(url: &Url, address: String) -> ProbeFixes {
    let port = url.port_or_known_default().unwrap_or_default().to_string();
    ProbeFixes {
        unknown_host: t!("doctor-push-url-name-fix"),
        tls: t!("doctor-push-url-tls-fix"),
        unreachable_here: t!("doctor-push-url-own-fix", address = address),
        unreachable_elsewhere: t!("doctor-push-url-far-fix", port = port),
    }
}

/// Asks WeChat to reach the host of the push URL. Returns `None` without `[push]`, if the account
/// may not call the API, and if WeChat does not respond, which other checks report.
pub(super) fn check_from_outside(session: &mut AccountSession, app: &AppContext) -> Option<Check> {
    if !app.config.has_push() {
        return None;
    }
    let PushUrlCheck { resolved, pings } = match session.call(Client::check_push_url) {
        Ok(Ok(found)) => found,
        Ok(Err(error)) if error.api_error().is_some_and(|refusal| refusal.errcode == NO_PUSH_URL) => {
            let url = app.config.push_url().map(String::from).unwrap_or_default();
            let is_sandbox = app.config.uses_sandbox();
            let fix = t!("doctor-push-outside-none-fix", url = url, place = console_place(is_sandbox));
            return Some(Check::warning(CheckName::PushUrlOutside, t!("doctor-push-outside-none"), fix));
        }
        Ok(Err(error)) => {
            log::info!("{error}");
            return None;
        }
        Err(error) => {
            log::info!("{error:#}");
            return None;
        }
    };
    if resolved.is_empty() {
        return Some(Check::warning(
            CheckName::PushUrlOutside,
            t!("doctor-push-outside-name"),
            t!("doctor-push-outside-name-fix"),
        ));
    }
    let addresses = join_list(&resolved);
    let lost = pings.iter().filter(|ping| ping.package_loss >= 100.0).count();
    Some(match pings.len() {
        0 => Check::ok(CheckName::PushUrlOutside, t!("doctor-push-outside-resolved", addresses = addresses)),
        count if lost == count => Check::warning(
            CheckName::PushUrlOutside,
            t!("doctor-push-outside-lost", addresses = addresses),
            t!("doctor-push-outside-lost-fix"),
        ),
        count => Check::ok(
            CheckName::PushUrlOutside,
            t!("doctor-push-outside", addresses = addresses, reached = count - lost, count = count),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Level;

    fn describe(url: &str, status: u16, body: &str, is_local: bool) -> (Level, String) {
        let response = ProbeResponse { status, body: body.into(), is_local };
        let check = describe_response(&response, &Url::parse(url).unwrap(), "echo", false, ":80");
        (check.status, check.detail)
    }

    #[test]
    fn responses_to_the_check_are_told_apart() {
        for (status, body, part) in [
            (200, "\"echo\"", "in quotes"),
            (200, "echo\n", "other characters"),
            (200, "hello", "HTTP 200"),
            (403, "", "Token"),
            (404, "", "path"),
            (301, "", "redirects"),
            (502, "", "HTTP 502"),
            (401, "", "HTTP 401"),
        ] {
            let (level, detail) = describe("http://127.0.0.1/push", status, body, true);
            assert!(level == Level::Failure && detail.contains(part), "{status} {body}: {detail}");
        }
        assert_eq!(describe("http://127.0.0.1/push", 200, "echo", true).0, Level::Ok);
        // A router may have answered.
        assert_eq!(describe("http://203.0.113.7/push", 404, "", false).0, Level::Warning);
        assert_eq!(describe("https://203.0.113.7/push", 404, "", false).0, Level::Failure);
    }
}
