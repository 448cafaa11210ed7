//! The callback: whether the port is free, what is served there can be used, and redirect_uri leads to it. For that,
//! the doctor listens for a moment and calls itself as a phone would.

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
use crate::wechat::redirect_uri::{AccountType, console_value, problems};
use crate::wechat::{find_tls_error, tls_config};

pub(super) const CHECKS: &[CheckName] = &[CheckName::Port, CheckName::Callback];

/// How long the doctor waits for its own answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);
/// How long for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Judges redirect_uri by WeChat's rules; `None` without one.
pub(super) fn check_redirect_uri(app: &AppContext, kind: Option<AccountType>) -> Check {
    let uri = match app.config.require_redirect_uri() {
        Ok(uri) => uri,
        Err(error) => {
            let report = classify(&error.into());
            return Check::warning(CheckName::RedirectUri, report.message, report.hint);
        }
    };
    // Where the pages that phones open are on this very machine, they are the sandbox's.
    let is_sandbox = is_loopback(&app.config.network.open_base.value);
    let troubles = problems(uri, is_sandbox);
    let describe_where = |wanted: &dyn Fn(bool) -> bool| {
        let them = troubles.iter().filter(|it| wanted(it.is_verified_only())).map(|it| it.describe());
        join_clauses(them)
    };
    let (for_all, for_real) = (describe_where(&|real| !real), describe_where(&|real| real));
    if !for_all.is_empty() {
        return Check::failure(
            CheckName::RedirectUri,
            t!("ui-cause", what = uri.as_str(), cause = for_all),
            t!("doctor-redirect-fix"),
        );
    }
    let enter = console_value(uri);
    match kind {
        Some(AccountType::Verified) if !for_real.is_empty() => {
            let what = t!("doctor-redirect-real", uri = uri.as_str(), why = for_real);
            Check::failure(CheckName::RedirectUri, what, t!("doctor-redirect-real-fix"))
        }
        None if !for_real.is_empty() => {
            let what = t!("doctor-redirect-test-only", uri = uri.as_str(), why = for_real);
            Check::warning(CheckName::RedirectUri, what, t!("doctor-redirect-test-only-fix", enter = enter))
        }
        _ if is_sandbox => Check::ok(CheckName::RedirectUri, t!("doctor-redirect-sandbox", uri = uri.as_str())),
        _ => {
            let near = matches!(uri.host(), Some(Host::Ipv4(ip)) if is_private(ip.into()));
            let what = match (kind, near) {
                (Some(AccountType::Test), true) => t!("doctor-redirect-near", uri = uri.as_str(), enter = enter),
                (Some(AccountType::Test), false) => t!("doctor-redirect-test", uri = uri.as_str(), enter = enter),
                _ => t!("doctor-redirect", uri = uri.as_str(), enter = enter),
            };
            Check::ok(CheckName::RedirectUri, what)
        }
    }
}

pub(super) fn check(sender: &CheckSender, app: &AppContext) {
    // Without one there is nothing to listen for, which is told elsewhere.
    let Ok(uri) = app.config.require_redirect_uri().cloned() else { return };
    let taken = app.config.listen_address().map_err(anyhow::Error::from).and_then(|listen| {
        let door = listen::bind_first(&listen, &Limits::callback(), &t!("doctor-port-fix"))?;
        Ok((listen, door))
    });
    let (listen, door) = match taken {
        Ok(taken) => taken,
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Port, classify(&error)));
            return;
        }
    };
    let listen = listen.to_string();
    let _ = sender.send(Check::ok(CheckName::Port, t!("doctor-port", address = listen)));
    let papers = match tls_files::load(&app.config) {
        Ok(papers) => papers,
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Callback, classify(&error.into())));
            return;
        }
    };
    for (what, fix) in papers.warnings {
        let _ = sender.send(Check::warning(CheckName::Callback, what, fix));
    }
    let door = door.with_tls(papers.tls);
    // Known to nobody else: the first shows that it is us who call, the second that it is us who answer.
    let nonces = (OAuthState::new("doctor"), OAuthState::new(""));
    let (Ok(asked), Ok(answer)) = nonces else { return };
    let (expected, reply) = (asked.as_str().to_owned(), answer.as_str().to_owned());
    let opened = door.start(move |request: Request| match request.param("state") {
        Some(state) if *state == *expected => HttpResponse::text(200, reply.clone()),
        _ => HttpResponse::text(404, ""),
    });
    let check = match opened {
        Ok(running) => {
            let check = probe(app, &uri, &asked, &answer, &listen);
            running.stop();
            check
        }
        Err(error) => Some(Check::failure(CheckName::Callback, io_error_text(&error), None)),
    };
    let _ = check.map(|check| sender.send(check));
}

/// Calls redirect_uri, and says who answered; `None` where nobody can be called as the config says.
fn probe(app: &AppContext, uri: &Url, asked: &OAuthState, answer: &OAuthState, listen: &str) -> Option<Check> {
    let ips = match resolve(uri) {
        Ok(ips) => ips,
        Err(cause) => {
            let host = uri.host_str().unwrap_or_default();
            let what = t!("doctor-names-failed", name = host, cause = cause);
            return Some(Check::failure(CheckName::Callback, what, t!("doctor-callback-name-fix")));
        }
    };
    let is_local = ips.iter().any(|ip| net::is_local_address(*ip));
    let phone = http_client(app).ok()?;
    let mut url = uri.clone();
    url.query_pairs_mut().append_pair("state", asked.as_str());
    Some(match phone.get(url).send() {
        Ok(response) => {
            let status = response.status();
            let mut body = Vec::new();
            // Somebody else's page may have no end.
            let read = response.take(answer.as_str().len() as u64 + 1).read_to_end(&mut body);
            let ours = read.is_ok() && body == answer.as_str().as_bytes();
            let what = t!("doctor-callback-other", uri = uri.as_str(), status = status.as_u16());
            // A router without the way back answers itself, though never with the right certificate.
            match ours {
                true => Check::ok(CheckName::Callback, t!("doctor-callback", uri = uri.as_str())),
                false if is_local || uri.scheme() == "https" => {
                    Check::failure(CheckName::Callback, what, t!("doctor-callback-other-fix", address = listen))
                }
                false => Check::warning(CheckName::Callback, what, t!("doctor-callback-router-fix", address = listen)),
            }
        }
        Err(error) => {
            let cause = root_cause(&error);
            let what = t!("doctor-callback-failed", uri = uri.as_str(), cause = cause);
            let far = t!("doctor-callback-far", uri = uri.as_str(), cause = cause);
            match find_tls_error(&error).is_some() {
                true => Check::failure(CheckName::Callback, what, t!("doctor-callback-tls-fix")),
                false if is_local => {
                    Check::failure(CheckName::Callback, what, t!("doctor-callback-own-fix", address = listen))
                }
                false => {
                    let port = uri.port_or_known_default().unwrap_or_default().to_string();
                    Check::warning(CheckName::Callback, far, t!("doctor-callback-far-fix", port = port))
                }
            }
        }
    })
}

fn resolve(uri: &Url) -> io::Result<Vec<IpAddr>> {
    match uri.host() {
        Some(Host::Ipv4(ip)) => Ok(vec![ip.into()]),
        Some(Host::Ipv6(ip)) => Ok(vec![ip.into()]),
        Some(Host::Domain(name)) => Ok((name, 0).to_socket_addrs()?.map(|it| it.ip()).collect()),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// A phone asks directly: the proxy is for this machine's own way out.
///
/// # Errors
/// Those of `network.ca_file`, which are told where WeChat is called.
fn http_client(app: &AppContext) -> anyhow::Result<Phone> {
    let ca_file = app.config.network.ca_file.as_ref().map(|it| &it.value);
    let phone = Phone::builder()
        .tls_backend_preconfigured(tls_config(ca_file)?)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PROBE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT);
    Ok(phone.build()?)
}

/// The innermost cause, which says most; no layer of it is asked for the address, with the nonce in it.
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
