//! One blocking client with kept-alive connections; requests in, checked JSON out.

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::blocking::{Client as Http, RequestBuilder};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use url::Url;

use super::error::InvalidErrcode;
use super::host_health::HostHealth;
use super::lenient_json;
use super::request_trace::is_secret_key;
use super::server_clock::{ServerClock, date_header_timestamp};
use super::token::parse_number;
use super::{ApiError, Error, ProxyInfo, Result, proxy_for, tls};
use crate::clock::Timestamp;
use crate::net::is_loopback;
use crate::secret::{ExposeSecret, Secret};
use crate::{i18n, t};

/// More than any answer of the calls we make (10,000 openids are 310 KB).
const MAX_RESPONSE_BYTES: u64 = 8 << 20;

/// Shorter than what servers keep idle connections for, so that a stale one is seldom written to.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// How the platform is reached.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The API hosts, tried in order.
    pub api_base: Vec<Url>,
    /// For a whole call.
    pub timeout: Duration,
    /// A proxy's URL; it may hold credentials.
    pub proxy: Option<Secret>,
    /// One more authority to trust (PEM).
    pub ca_file: Option<PathBuf>,
    /// Where the AppSecret came from, and whether it looks like one: said where WeChat refuses it.
    pub secret_source: Option<SecretSource>,
}

/// Where an AppSecret came from.
#[derive(Clone, Debug)]
pub struct SecretSource {
    /// A file with its line, or a variable.
    pub place: String,
    /// It has the form of an AppSecret.
    pub is_well_formed: bool,
}

/// The client. Clones share its connections, and what is known of its hosts.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) hosts: Arc<[ApiHost]>,
    host_health: HostHealth,
    clock: ServerClock,
    pub(super) timeout: Duration,
    pub(super) secret_source: Option<Arc<SecretSource>>,
}

/// What is kept of a call beside what came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct CallTrace {
    /// The host that was asked last.
    pub(super) host: Option<String>,
    /// The `Date` of an answer that was WeChat's.
    pub(super) server_at: Option<Timestamp>,
}

/// A host, and how it is reached.
#[derive(Debug)]
pub(super) struct ApiHost {
    pub(super) url: Url,
    pub(super) http: Http,
    pub(super) proxy: Option<ProxyInfo>,
    /// What the proxy says where it gives no tunnel; asked once.
    connect_status: OnceLock<Option<u16>>,
}

impl ApiHost {
    /// The host as people write it.
    pub(super) fn name(&self) -> String {
        let name = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
    }

    /// The HTTP status with which the proxy answers a request for a tunnel to this host.
    pub(super) fn proxy_connect_status(&self) -> Option<u16> {
        *self.connect_status.get_or_init(|| self.proxy.as_ref()?.connect_status(&self.url))
    }
}

/// A call, but for what it carries.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The path.
    pub(super) api: &'static str,
    /// The query, not yet encoded.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// What the body holds that nobody may read.
    pub(super) secret: Option<&'a Secret>,
    pub(super) idempotency: Idempotency,
    /// For the whole, however slowly it drips.
    pub(super) timeout: Duration,
}

/// What a call does that arrives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idempotency {
    /// What it does once: it asks, or WeChat drops the repeat.
    Safe,
    /// Something for each time.
    Unsafe,
}

impl Client {
    /// Makes the client; nothing is sent.
    ///
    /// # Errors
    /// [`Error::Setup`] where the proxy or the CA file cannot be used.
    pub fn new(settings: &ClientSettings) -> Result<Self> {
        let tls = tls::tls_config(settings.ca_file.as_ref())?;
        let (mut near, mut far) = (None, None);
        let bases = settings.api_base.iter().map(|base| {
            let made = if is_loopback(base) { &mut near } else { &mut far };
            let http = match made {
                Some(http) => Http::clone(http),
                None => made.insert(Self::build_http(settings, tls.clone(), is_loopback(base))?).clone(),
            };
            Ok(ApiHost { url: base.clone(), http, proxy: proxy_for(base, settings)?, connect_status: OnceLock::new() })
        });
        let bases: Arc<[_]> = bases.collect::<Result<_>>()?;
        let secret_from = settings.secret_source.clone().map(Arc::new);
        let (rests, clock) = (HostHealth::new(bases.len()), ServerClock::default());
        Ok(Self { host_health: rests, hosts: bases, clock, timeout: settings.timeout, secret_source: secret_from })
    }

    /// WeChat's clock, as far as answers have told it.
    pub fn clock(&self) -> ServerClock {
        self.clock.clone()
    }

    /// How long a request may take.
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
            // Less than the whole, or a host that does not take the connection would look like one that did
            // not answer: the next host would not be tried, and the message be taken for one that may have arrived.
            .connect_timeout(settings.timeout / 2)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .user_agent(concat!("wxbox/", env!("CARGO_PKG_VERSION")));
        if loopback {
            // In clear text to another machine is what a loopback address must never become.
            builder = builder.no_proxy();
        } else if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy.expose_secret());
            builder = builder
                .proxy(proxy.map_err(|_| Error::client_init(t!("wechat-proxy-unreadable", name = "network.proxy")))?);
        }
        builder.build().map_err(|e| Error::from_client_build(&e.without_url()))
    }

    /// A GET with these query parameters.
    pub(super) fn get(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        self.call(&self.new_call(api, query, Idempotency::Safe), |http, url| http.get(url))
    }

    /// A GET that counts: what it asks for is given once.
    pub(super) fn get_unsafe(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        self.call(&self.new_call(api, query, Idempotency::Unsafe), |http, url| http.get(url))
    }

    /// A POST of a JSON body, already raw UTF-8, that must not arrive twice.
    pub(super) fn post(&self, api: &'static str, token: Option<&Secret>, body: &[u8]) -> Result<Value> {
        self.post_with(api, token, body, Idempotency::Unsafe)
    }

    /// A POST of a JSON body, already raw UTF-8.
    pub(super) fn post_with(
        &self,
        api: &'static str,
        token: Option<&Secret>,
        body: &[u8],
        twice: Idempotency,
    ) -> Result<Value> {
        let token = token.map(|token| ("access_token", token.expose_secret()));
        self.call(&self.new_call(api, token.as_slice(), twice), |http, url| post_json(http, url, body))
    }

    /// A POST of a JSON body, already raw UTF-8, that must not arrive twice; `trace` is filled in whatever comes of it.
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

    /// A POST of a JSON body that holds a secret, and that may arrive twice.
    pub(super) fn post_secret(&self, api: &'static str, secret: &Secret, body: &[u8]) -> Result<Value> {
        let call = Call { secret: Some(secret), ..self.new_call(api, &[], Idempotency::Safe) };
        self.call(&call, |http, url| post_json(http, url, body))
    }

    /// A POST with these query parameters and no body, that must not arrive twice.
    pub(super) fn post_query(&self, api: &'static str, query: &[(&str, &str)]) -> Result<Value> {
        // Without its length, some servers refuse a POST (411).
        let empty = HeaderValue::from_static("0");
        let call = self.new_call(api, query, Idempotency::Unsafe);
        self.call(&call, |http, url| http.post(url).header(CONTENT_LENGTH, empty.clone()))
    }

    /// With the usual time, and no secret but those of the query.
    fn new_call<'a>(&self, api: &'static str, query: &'a [(&'a str, &'a str)], twice: Idempotency) -> Call<'a> {
        Call { api, query, secret: None, idempotency: twice, timeout: self.timeout }
    }

    /// Calls one host after the other, those that failed lately last, as long as the next cannot make it twice.
    /// Neither the secrets of the query nor that of the body are repeated from an answer.
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
        let own = call.query.iter().filter(|(name, _)| is_secret_key(name)).map(|(_, value)| *value);
        let secrets: Vec<&str> = own.chain(call.secret.map(|it| it.expose_secret())).collect();
        for at in self.host_health.try_order() {
            let Some(base) = self.hosts.get(at) else { continue };
            trace.host = Some(base.name());
            let error = match self.call_host(base, call, &secrets, &request, trace) {
                Err(error @ (Error::Connect { .. } | Error::InvalidResponse { status: 500.., .. })) => error,
                Err(error @ Error::NoResponse { .. }) => {
                    self.host_health.mark_failed(at);
                    return Err(error);
                }
                result => return result,
            };
            self.host_health.mark_failed(at);
            let arrived = !matches!(error, Error::Connect { .. });
            // What may have arrived at one host is not said never to have left because another is out of reach.
            if arrived || last.is_none() {
                last = Some(error);
            }
            if arrived && call.idempotency == Idempotency::Unsafe {
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
        // The client's own time-out is for each read; this one is for the whole.
        let answer = request(&base.http, url).timeout(timeout).send().map_err(|e| Error::from_reqwest(base, e))?;
        let (status, date) = (answer.status(), date_header_timestamp(answer.headers()));
        let bad = |cause: String| Error::InvalidResponse { host: host.clone(), status: status.as_u16(), cause };
        let mut bytes = Vec::new();
        answer.take(MAX_RESPONSE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| {
            match e.downcast::<reqwest::Error>() {
                Ok(e) => Error::from_reqwest(base, e),
                Err(e) => Error::NoResponse { host: host.clone(), cause: i18n::io_error_text(&e.kind().into()) },
            }
        })?;
        log::debug!("{api}: HTTP {}", status.as_u16());
        if bytes.len() as u64 > MAX_RESPONSE_BYTES {
            return Err(bad(t!("wechat-answer-too-long")));
        }
        if status.is_redirection() {
            return Err(bad(t!("wechat-answer-redirect")));
        }
        if !status.is_success() {
            return Err(bad(t!("wechat-answer-status")));
        }
        // Whatever the content type says: /sns/ answers JSON as text/plain.
        let value =
            lenient_json::parse_object(&bytes).map(Value::Object).ok_or_else(|| bad(t!("wechat-answer-not-json")))?;
        if let Some(date) = date {
            // Not that of a proxy's page.
            self.clock.set(date);
            trace.server_at = Some(date);
        }
        match ApiError::from_response(api, &value, secrets) {
            Ok(None) => Ok(value),
            Err(InvalidErrcode) => Err(bad(t!("wechat-answer-lacks", field = "errcode"))),
            Ok(Some(refusal)) => {
                log::debug!("{api}: errcode {} rid {}", refusal.errcode, refusal.rid.as_deref().unwrap_or("-"));
                Err(Error::Api(refusal))
            }
        }
    }

    /// What an answer says that has nothing else to say.
    ///
    /// # Errors
    /// [`Error::InvalidResponse`]: without an errcode nothing says that it was done.
    pub(super) fn expect_ok(&self, answer: &Value) -> Result<()> {
        match answer.get("errcode").and_then(parse_number) {
            Some(0) => Ok(()),
            _ => Err(self.missing_field("errcode")),
        }
    }

    /// An answer without error that lacks what it must have.
    pub(super) fn missing_field(&self, field: &str) -> Error {
        let host = self.hosts.first().map(ApiHost::name).unwrap_or_default();
        Error::InvalidResponse { host, status: 200, cause: t!("wechat-answer-lacks", field = field) }
    }
}

fn post_json(http: &Http, url: Url, body: &[u8]) -> RequestBuilder {
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    http.post(url).header(CONTENT_TYPE, json).body(body.to_vec())
}
