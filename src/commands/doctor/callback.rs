//! Checks the callback: the port is free, its files are usable, and redirect_uri leads to it. For
//! that, the doctor opens the listener and sends itself a request as a phone would.

use std::error::Error as _;
use std::io::{self, Read as _};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use reqwest::blocking::Client as Phone;
use url::{Host, Url};

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::callback::OAuthState;
use crate::context::AppContext;
use crate::http_server::{HttpResponse, Limits, Request};
use crate::i18n::{error_text, io_error_text, join_clauses};
use crate::listen;
use crate::listen::tls_files;
use crate::net::is_loopback;
use crate::net::{self, is_private};
use crate::report::classify;
use crate::t;
use crate::wechat::redirect_uri::{AccountType, RedirectProblem, console_value, problems};
use crate::wechat::{find_tls_error, tls_config};

pub(super) const CHECKS: &[CheckName] = &[CheckName::Port, CheckName::Callback];

/// The timeout of the request to itself.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);
/// The timeout of the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Checks redirect_uri against WeChat's rules.
pub(super) fn check_redirect_uri(app: &AppContext, account_type: Option<AccountType>) -> Check {
    let uri = match app.config.require_redirect_uri() {
        Ok(uri) => uri,
        Err(error) => {
            let report = classify(&error.into());
            return Check::warning(CheckName::RedirectUri, report.message, report.hint);
        }
    };
    // If the pages that phones open are on this machine, they are the sandbox's.
    let is_sandbox = is_loopback(&app.config.network.open_base.value);
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

pub(super) fn check(sender: &CheckSender, app: &AppContext) {
    // Without redirect_uri there is no listener; another check reports that.
    let Ok(uri) = app.config.require_redirect_uri().cloned() else { return };
    let bound = app.config.listen_address().map_err(anyhow::Error::from).and_then(|listen| {
        let server = listen::bind_first(&listen, &Limits::callback(), &t!("doctor-port-fix"))?;
        Ok((listen, server))
    });
    let (listen, server) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Port, classify(&error)));
            return;
        }
    };
    let listen = listen.to_string();
    let _ = sender.send(Check::ok(CheckName::Port, t!("doctor-port", address = listen)));
    let files = match tls_files::load(&app.config) {
        Ok(files) => files,
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Callback, classify(&error.into())));
            return;
        }
    };
    for (what, fix) in files.warnings {
        let _ = sender.send(Check::warning(CheckName::Callback, what, fix));
    }
    let server = server.with_tls(files.tls);
    // Two secrets: the first proves to the listener that the doctor sent the request, the second
    // proves to the doctor that its own listener responded.
    let nonces = (OAuthState::new("doctor"), OAuthState::new(""));
    let (Ok(request_nonce), Ok(reply_nonce)) = nonces else { return };
    let (expected, reply) = (request_nonce.as_str().to_owned(), reply_nonce.as_str().to_owned());
    let started = server.start(move |request: Request| match request.param("state") {
        Some(state) if *state == *expected => HttpResponse::text(200, reply.clone()),
        _ => HttpResponse::text(404, ""),
    });
    let check = match started {
        Ok(handle) => {
            let check = probe(app, &uri, &request_nonce, &reply_nonce, &listen);
            handle.stop();
            check
        }
        Err(error) => Some(Check::failure(CheckName::Callback, io_error_text(&error), None)),
    };
    let _ = check.map(|check| sender.send(check));
}

/// Sends a request to redirect_uri and reports who responded; `None` if the configuration allows no
/// request.
fn probe(
    app: &AppContext,
    uri: &Url,
    request_nonce: &OAuthState,
    reply_nonce: &OAuthState,
    listen: &str,
) -> Option<Check> {
    let ips = match resolve(uri) {
        Ok(ips) => ips,
        Err(cause) => {
            let host = uri.host_str().unwrap_or_default();
            let detail = t!("doctor-names-failed", name = host, cause = cause);
            return Some(Check::failure(CheckName::Callback, detail, t!("doctor-callback-name-fix")));
        }
    };
    let is_local = ips.iter().any(|ip| net::is_local_address(*ip));
    let client = http_client(app).ok()?;
    let mut url = uri.clone();
    url.query_pairs_mut().append_pair("state", request_nonce.as_str());
    Some(match client.get(url).send() {
        Ok(response) => {
            let status = response.status();
            let mut body = Vec::new();
            // The page of another server may be endless.
            let read = response.take(reply_nonce.as_str().len() as u64 + 1).read_to_end(&mut body);
            let is_ours = read.is_ok() && body == reply_nonce.as_str().as_bytes();
            let detail = t!("doctor-callback-other", uri = uri.as_str(), status = status.as_u16());
            // A router without hairpin NAT responds itself, but never with the right certificate.
            match is_ours {
                true => Check::ok(CheckName::Callback, t!("doctor-callback", uri = uri.as_str())),
                false if is_local || uri.scheme() == "https" => {
                    Check::failure(CheckName::Callback, detail, t!("doctor-callback-other-fix", address = listen))
                }
                false => {
                    Check::warning(CheckName::Callback, detail, t!("doctor-callback-router-fix", address = listen))
                }
            }
        }
        Err(error) => {
            let cause = root_cause(&error);
            let detail = t!("doctor-callback-failed", uri = uri.as_str(), cause = cause);
            let unreachable_detail = t!("doctor-callback-far", uri = uri.as_str(), cause = cause);
            match find_tls_error(&error).is_some() {
                true => Check::failure(CheckName::Callback, detail, t!("doctor-callback-tls-fix")),
                false if is_local => {
                    Check::failure(CheckName::Callback, detail, t!("doctor-callback-own-fix", address = listen))
                }
                false => {
                    let port = uri.port_or_known_default().unwrap_or_default().to_string();
                    Check::warning(CheckName::Callback, unreachable_detail, t!("doctor-callback-far-fix", port = port))
                }
            }
        }
    })
}

fn resolve(uri: &Url) -> io::Result<Vec<IpAddr>> {
    match uri.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![ip.into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![ip.into()]),
        Some(Host::Domain(name)) => Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Builds the client that plays the phone. It uses no proxy, which is for this machine's own
/// requests.
fn http_client(app: &AppContext) -> anyhow::Result<Phone> {
    let ca_file = app.config.network.ca_file.as_ref().map(|setting| &setting.value);
    let client = Phone::builder()
        .tls_backend_preconfigured(tls_config(ca_file)?)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PROBE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT);
    Ok(client.build()?)
}

/// Returns the innermost cause, which says most. The outer layers would print the URL with the
/// nonce in it.
fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return t!("wechat-timed-out");
    }
    let mut cause = None;
    let mut source = error.source();
    while let Some(inner) = source {
        cause = Some(error_text(inner));
        source = inner.source();
    }
    cause.unwrap_or_else(|| t!("doctor-callback-broken"))
}
