//! The blocking HTTP client: it keeps connections alive, tries the API hosts in turn and checks
//! each JSON response.

use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::{Client as Http, RequestBuilder};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use url::Url;

use super::api_host::ApiHost;
use super::host_health::HostHealth;
use super::lenient_json::{self, parse_number};
use super::mask::is_secret_key;
use super::server_clock::ServerClock;
use super::transport::{HttpResponse, MAX_RESPONSE_BYTES, Network, Transport};
use super::{ApiError, Cause, ClientSettings, Error, Result, SecretSource, proxy_for, tls};
use crate::clock::Timestamp;
use crate::net::is_loopback;
use crate::secret::{ExposeSecret, Secret};
use crate::t;

/// How long an idle connection is kept. This is shorter than servers keep theirs, so that a request
/// is seldom written to a connection that the server has closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A client for the API. Clones share its connections, its clock and the health of its hosts.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) hosts: Arc<[ApiHost]>,
    host_health: HostHealth,
    clock: ServerClock,
    transport: Arc<dyn Transport>,
    pub(super) timeout: Duration,
    pub(super) secret_source: Option<Arc<SecretSource>>,
}

/// Facts about a call that are kept even if it fails.
#[derive(Clone, Debug, Default)]
pub(super) struct CallTrace {
    /// The host that was called last.
    pub(super) host: Option<String>,
    /// The `Date` header of a response that came from WeChat.
    pub(super) server_at: Option<Timestamp>,
}

/// A call without its body.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The path of the API.
    pub(super) api: &'static str,
    /// The query parameters, not encoded yet.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// A secret in the body, which must be masked in error messages.
    pub(super) secret: Option<&'a Secret>,
    pub(super) idempotency: Idempotency,
    /// The timeout for the whole call, however slowly the response arrives.
    pub(super) timeout: Duration,
}

/// Whether a call may arrive twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idempotency {
    /// A repeat has no further effect: the call only reads, or WeChat drops the repeat.
    Safe,
    /// Each call that arrives has an effect.
    Unsafe,
}

impl Client {
    /// Creates a client without sending anything.
    ///
    /// # Errors
    /// [`Error::ClientInit`] if the proxy or the CA file is unusable.
    pub fn new(settings: &ClientSettings) -> Result<Self> {
        let tls = tls::tls_config(settings.ca_file.as_ref())?;
        let (mut direct, mut proxied) = (None, None);
        let hosts = settings.api_base.iter().map(|base| {
            let shared = if is_loopback(base) { &mut direct } else { &mut proxied };
            let http = match shared {
                Some(http) => Http::clone(http),
                None => shared.insert(Self::build_http(settings, tls.clone(), is_loopback(base))?).clone(),
            };
            Ok(ApiHost::new(base.clone(), http, proxy_for(base, settings)?))
        });
        let hosts: Arc<[_]> = hosts.collect::<Result<_>>()?;
        Ok(Self {
            host_health: HostHealth::new(hosts.len()),
            hosts,
            clock: ServerClock::default(),
            transport: Arc::new(Network),
            timeout: settings.timeout,
            secret_source: settings.secret_source.clone().map(Arc::new),
        })
    }

    /// Returns a client with the same settings and another transport, without the known health of
    /// its hosts and WeChat's clock.
    pub fn with_transport(&self, transport: Arc<dyn Transport>) -> Self {
        let host_health = HostHealth::new(self.hosts.len());
        Self { host_health, clock: ServerClock::default(), transport, ..self.clone() }
    }

    /// Returns WeChat's clock, as known from the responses so far.
    pub fn clock(&self) -> ServerClock {
        self.clock.clone()
    }

    /// Returns the timeout for a whole call.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    fn build_http(settings: &ClientSettings, tls: rustls::ClientConfig, loopback: bool) -> Result<Http> {
        let mut builder = Http::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(settings.timeout)
            // Less than the whole timeout: otherwise a host that does not accept the connection
            // would look like one that did not respond. The next host would not be tried, and the
            // message would count as possibly delivered.
            .connect_timeout(settings.timeout / 2)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .user_agent(concat!("wxbox/", env!("CARGO_PKG_VERSION")));
        if loopback {
            // A loopback address uses plain HTTP, which must never go to another machine.
            builder = builder.no_proxy();
        } else if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy.expose_secret());
            builder = builder
                .proxy(proxy.map_err(|_| Error::client_init(t!("wechat-proxy-unreadable", name = "network.proxy")))?);
        }
        builder.build().map_err(|e| Error::from_client_build(&e.without_url()))
    }

    /// Sends a GET request with these query parameters.
    pub(super) fn get(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        self.call(&self.new_call(api, query, Idempotency::Safe), |http, url| http.get(url))
    }

    /// Sends a GET request that must not arrive twice because its response is given only once.
    pub(super) fn get_unsafe(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        self.call(&self.new_call(api, query, Idempotency::Unsafe), |http, url| http.get(url))
    }

    /// Sends a JSON body, already raw UTF-8, by POST; the request must not arrive twice.
    pub(super) fn post(&self, api: &'static str, token: &Secret, body: &[u8]) -> Result<Value> {
        self.post_with(api, token, body, Idempotency::Unsafe)
    }

    /// Sends a JSON body, given as UTF-8 bytes, by POST.
    pub(super) fn post_with(
        &self,
        api: &'static str,
        token: &Secret,
        body: &[u8],
        idempotency: Idempotency,
    ) -> Result<Value> {
        let query = [("access_token", token.expose_secret())];
        self.call(&self.new_call(api, &query, idempotency), |http, url| post_json(http, url, body))
    }

    /// Does the same as [`Client::post`] and fills in `trace` even if the call fails.
    pub(super) fn post_traced(
        &self,
        api: &'static str,
        token: &Secret,
        body: &[u8],
        trace: &mut CallTrace,
    ) -> Result<Value> {
        let query = [("access_token", token.expose_secret())];
        self.call_traced(
            &self.new_call(api, &query, Idempotency::Unsafe),
            |http, url| post_json(http, url, body),
            trace,
        )
    }

    /// Sends a JSON body that holds a secret by POST; the request may arrive twice.
    pub(super) fn post_secret(&self, api: &'static str, secret: &Secret, body: &[u8]) -> Result<Value> {
        let call = Call { secret: Some(secret), ..self.new_call(api, &[], Idempotency::Safe) };
        self.call(&call, |http, url| post_json(http, url, body))
    }

    /// Sends a POST request with query parameters and no body; it must not arrive twice.
    pub(super) fn post_query(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        // Some servers reject a POST without a Content-Length (411).
        let empty = HeaderValue::from_static("0");
        let call = self.new_call(api, query, Idempotency::Unsafe);
        self.call(&call, |http, url| http.post(url).header(CONTENT_LENGTH, empty.clone()))
    }

    /// Builds a call with the default timeout and no secret in the body.
    fn new_call<'a>(&self, api: &'static str, query: &'a [(&'a str, &'a str)], idempotency: Idempotency) -> Call<'a> {
        Call { api, query, secret: None, idempotency, timeout: self.timeout }
    }

    /// Calls one host after the other, those that failed recently last, as long as the next call
    /// cannot repeat the effect of the previous one. Secrets of the query and the body are masked
    /// in error messages.
    pub(super) fn call(&self, call: &Call<'_>, request: impl Fn(&Http, Url) -> RequestBuilder) -> Result<Value> {
        self.call_traced(call, request, &mut CallTrace::default())
    }

    fn call_traced(
        &self,
        call: &Call<'_>,
        request: impl Fn(&Http, Url) -> RequestBuilder,
        trace: &mut CallTrace,
    ) -> Result<Value> {
        let mut last: Option<Error> = None;
        let query_secrets = call.query.iter().filter(|(name, _)| is_secret_key(name)).map(|(_, value)| *value);
        let secrets: Vec<&str> = query_secrets.chain(call.secret.map(|secret| secret.expose_secret())).collect();
        for index in self.host_health.try_order(self.transport.now()) {
            let Some(base) = self.hosts.get(index) else { continue };
            trace.host = Some(base.name());
            let error = match self.call_host(base, call, &secrets, &request, trace) {
                Err(error @ (Error::Connect { .. } | Error::InvalidResponse { status: 500.., .. })) => error,
                Err(error @ Error::NoResponse { .. }) => {
                    self.host_health.mark_failed(index, self.transport.now());
                    return Err(error);
                }
                result => return result,
            };
            self.host_health.mark_failed(index, self.transport.now());
            let may_have_arrived = !matches!(error, Error::Connect { .. });
            // If one host may have received the request, a later connect failure must not hide
            // that.
            if may_have_arrived || last.is_none() {
                last = Some(error);
            }
            if may_have_arrived && call.idempotency == Idempotency::Unsafe {
                break;
            }
        }
        Err(last.unwrap_or_else(|| Error::client_init(t!("wechat-no-host"))))
    }

    fn call_host(
        &self,
        base: &ApiHost,
        &Call { api, query, timeout, .. }: &Call<'_>,
        secrets: &[&str],
        request: impl Fn(&Http, Url) -> RequestBuilder,
        trace: &mut CallTrace,
    ) -> Result<Value> {
        let host = base.name();
        let mut url = base.url.clone();
        url.set_path(&format!("{}{api}", base.url.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        log::debug!("{api} at {host}");
        // reqwest's own timeout covers each read; this one covers the whole call.
        let request = request(&base.http, url).timeout(timeout).build().map_err(|e| base.transport_error(e))?;
        let HttpResponse { status, date, body: bytes } = self.transport.exchange(base, request)?;
        let invalid = |cause: Cause| Error::InvalidResponse { host: host.clone(), status, cause };
        log::debug!("{api}: HTTP {status}");
        if bytes.len() as u64 > MAX_RESPONSE_BYTES {
            return Err(invalid(Cause::TooLong));
        }
        if (300..400).contains(&status) {
            return Err(invalid(Cause::Redirect));
        }
        if !(200..300).contains(&status) {
            return Err(invalid(Cause::HttpStatus));
        }
        // The content type is ignored: /sns/ returns JSON as text/plain.
        let value = lenient_json::parse_object(&bytes).map(Value::Object).ok_or_else(|| invalid(Cause::NotJson))?;
        if let Some(date) = date {
            // Only WeChat's JSON gets here, so the date is not that of a proxy's error page.
            self.clock.set(date, self.transport.now());
            trace.server_at = Some(date);
        }
        match ApiError::from_response(api, &value, secrets) {
            Ok(None) => Ok(value),
            Err(cause) => Err(invalid(cause)),
            Ok(Some(error)) => {
                log::debug!("{api}: errcode {} rid {}", error.errcode, error.rid.as_deref().unwrap_or("-"));
                Err(Error::Api(error))
            }
        }
    }

    /// Checks a response that has no content other than its errcode.
    ///
    /// # Errors
    /// [`Error::InvalidResponse`] if there is no errcode, because nothing then confirms success.
    pub(super) fn expect_ok(&self, response: &Value) -> Result<()> {
        match response.get("errcode").and_then(parse_number) {
            Some(0) => Ok(()),
            _ => Err(self.missing_field("errcode")),
        }
    }

    /// Returns the error for a successful response that lacks a required field.
    pub(super) fn missing_field(&self, field: &str) -> Error {
        let host = self.hosts.first().map(ApiHost::name).unwrap_or_default();
        Error::InvalidResponse { host, status: 200, cause: Cause::MissingField { field: field.to_owned() } }
    }
}

fn post_json(http: &Http, url: Url, body: &[u8]) -> RequestBuilder {
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    http.post(url).header(CONTENT_TYPE, json).body(body.to_vec())
}
