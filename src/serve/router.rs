//! Routes the requests of `serve`, logs and counts them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::database_status::DatabaseStatus;
use super::metrics::Metrics;
use super::phone_bindings::PhoneBindings;
use super::push_endpoint::PushEndpoint;
use super::recorder::EventRecorder;
use crate::clock::Timestamp;
use crate::http_server::{HttpResponse, Request};
use crate::t;
use crate::wechat::push::OWN_CHECK_PARAMETER;

/// The most characters of an unknown path in the log.
const MAX_LOGGED_PATH_CHARS: usize = 100;

/// A path segment with at least this many letters and digits may be a secret.
const MIN_SECRET_CHARS: usize = 14;

/// The headers that proxies add.
const PROXY_HEADERS: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Routes requests to their handlers.
pub struct ServeRouter {
    /// The path of `serve.public_url`, without a slash at its end. Some proxies remove it.
    pub prefix: String,
    /// The push URL's path and its endpoint; `None` without `[push]`.
    pub push: Option<(String, PushEndpoint)>,
    /// The handler for phones; `None` without `redirect_uri`.
    pub phones: Option<PhoneBindings>,
    /// The recorder of events, if there is a push URL.
    pub recorder: Option<Arc<EventRecorder>>,
    /// The account.
    pub app_id: String,
    /// The database, for the pages about the state of this process.
    pub database: DatabaseStatus,
    /// The counters.
    pub metrics: Arc<Metrics>,
}

/// The handler of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Push,
    Phone,
    Health,
    Metrics,
    Unknown,
}

impl ServeRouter {
    /// Answers a request.
    pub fn handle(&self, mut request: Request) -> HttpResponse {
        let started = Instant::now();
        let (method, path) = (request.method.clone(), request.path.clone());
        let route = self.route(&mut request);
        let response = match (route, &self.push, &self.phones) {
            (Route::Push, Some((_, push)), _) => push.handle(&request),
            (Route::Phone, _, Some(phones)) => phones.handle(&request),
            (Route::Health, ..) => self.health(&request),
            (Route::Metrics, ..) => self.metrics_page(&request),
            _ => HttpResponse::status_only(404),
        };
        self.metrics.count_request(self.label(route), response.status());
        // A file beside the redirect address goes to the handler for phones, which may not have it.
        let is_unknown = match (route, &self.phones) {
            (Route::Phone, Some(phones)) => response.status() == 404 && !phones.matches(&request.path),
            _ => route == Route::Unknown,
        };
        let path = if is_unknown { loggable_unknown_path(&path) } else { loggable_path(&path) };
        let ms = started.elapsed().as_millis();
        let is_own = request.param(OWN_CHECK_PARAMETER).is_some();
        let remark = if is_own { t!("serve-own-request") } else { String::new() };
        log::info!("{method} {path} {} {ms} ms{remark}", response.status());
        response
    }

    /// Returns the path label of the metrics: one of a few, regardless of the request.
    fn label(&self, route: Route) -> &str {
        match (route, &self.push, &self.phones) {
            (Route::Push, Some((path, _)), _) => path,
            (Route::Phone, _, Some(phones)) => phones.path(),
            (Route::Health, ..) => "/healthz",
            (Route::Metrics, ..) => "/metrics",
            _ => "other",
        }
    }

    /// Answers all phones immediately, because this process ends.
    pub fn suspend_phones(&self) {
        if let Some(phones) = &self.phones {
            phones.suspend();
        }
    }

    /// Returns the route of a request, and gives the request the path that its handler expects.
    fn route(&self, request: &mut Request) -> Route {
        let without_prefix = match request.path.strip_prefix(&self.prefix) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => &request.path,
        };
        // `push.path` may itself begin with the prefix.
        if self.push.as_ref().is_some_and(|(path, _)| path == without_prefix || *path == request.path) {
            return Route::Push;
        }
        match without_prefix {
            "/healthz" => return Route::Health,
            "/metrics" => return Route::Metrics,
            _ => {}
        }
        let Some(phones) = &self.phones else { return Route::Unknown };
        let with_prefix = format!("{}{without_prefix}", self.prefix);
        if phones.matches(&with_prefix) {
            request.path = with_prefix;
            return Route::Phone;
        }
        if phones.matches(without_prefix) {
            request.path = without_prefix.to_owned();
            return Route::Phone;
        }
        // The domain verification file is beside the redirect address, or at the root.
        if without_prefix.ends_with(".txt") { Route::Phone } else { Route::Unknown }
    }

    fn health(&self, request: &Request) -> HttpResponse {
        if !is_read(request) {
            return method_not_allowed();
        }
        let is_recorder_failing = self.recorder.as_ref().is_some_and(|recorder| recorder.is_failing());
        if !is_recorder_failing && self.database.is_writable() {
            HttpResponse::json(200, "{\"status\":\"ok\"}\n")
        } else {
            HttpResponse::json(503, "{\"status\":\"database\"}\n")
        }
    }

    /// Returns the metrics, to this machine only: other machines would need authentication.
    fn metrics_page(&self, request: &Request) -> HttpResponse {
        if !is_read(request) {
            return method_not_allowed();
        }
        let is_proxied = PROXY_HEADERS.iter().any(|name| request.header(name).is_some());
        if is_proxied || !is_loopback(request.peer.ip()) || !has_loopback_host(request) {
            return HttpResponse::status_only(403);
        }
        match self.metrics.render(&self.database.store(), &self.app_id, Timestamp::now()) {
            Ok(page) => HttpResponse::bytes(200, "text/plain; version=0.0.4; charset=utf-8", page),
            Err(_) => HttpResponse::status_only(503).with_header("Retry-After", "5"),
        }
    }
}

fn is_read(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

fn method_not_allowed() -> HttpResponse {
    HttpResponse::status_only(405).with_header("Allow", "GET, HEAD")
}

/// Returns whether the address is this machine's own, also if IPv4 arrives on an IPv6 socket.
fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }
}

/// Returns whether the request was made to an address of this machine itself. A proxy may keep the
/// `Host` of its client, and a page in a browser of this machine may resolve any name to this
/// machine.
fn has_loopback_host(request: &Request) -> bool {
    let Some(host) = request.header("host") else { return true };
    let host = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(is_loopback)
}

/// Returns a path for the log: short links and codes in it are secret, and it may be long.
pub fn loggable_path(path: &str) -> String {
    let is_secret =
        |segment: &str| segment.len() >= MIN_SECRET_CHARS && segment.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let masked: Vec<&str> = path.split('/').map(|segment| if is_secret(segment) { "***" } else { segment }).collect();
    masked.join("/").chars().take(MAX_LOGGED_PATH_CHARS).collect()
}

/// Returns the first segment of a path that no route takes, for the log. Any part of the rest may
/// be a secret of another program.
fn loggable_unknown_path(path: &str) -> String {
    let start = path.len() - path.trim_start_matches('/').len();
    match path[start..].find('/') {
        Some(length) if start + length + 1 < path.len() => format!("{}/…", loggable_path(&path[..start + length])),
        _ => loggable_path(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_paths_are_cut_in_the_log() {
        assert_eq!(loggable_unknown_path("/in/backup/s3cret.send"), "/in/…");
        assert_eq!(loggable_unknown_path("//in//s3cret"), "//in/…");
        assert_eq!(loggable_unknown_path("/a1B2c3D4e5F6g7/x"), "/***/…");
        for whole in ["/other", "/other/", "/", "//", ""] {
            assert_eq!(loggable_unknown_path(whole), whole);
        }
    }

    #[test]
    fn random_segments_are_masked_in_the_log() {
        assert_eq!(loggable_path("/callback/a1B2c3D4e5F6g7"), "/callback/***");
        assert_eq!(loggable_path("/wx/push"), "/wx/push");
        assert_eq!(loggable_path("/MP_verify_a1B2c3D4e5F6g7H8.txt"), "/MP_verify_a1B2c3D4e5F6g7H8.txt");
        assert_eq!(loggable_path(&"/x".repeat(100)).len(), MAX_LOGGED_PATH_CHARS);
    }
}
