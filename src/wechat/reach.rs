//! Whether the API's hosts can be reached, and what stands between: for a look at the way itself, apart from what
//! the account may do.

use std::time::{Duration, SystemTime};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::DATE;
use url::Url;

use super::client::host;
use super::{Client, Error, Settings};
use crate::loopback::is_loopback;
use crate::secret::ExposeSecret;

/// What a host said to a request that asks for nothing.
#[derive(Debug)]
pub struct Reached {
    /// The host as it stands in the config: `api.weixin.qq.com`, `127.0.0.1:8899`.
    pub host: String,
    /// Whether TLS is spoken on the way.
    pub tls: bool,
    /// How far the host's clock is ahead of this machine's, in seconds, to about one; `None` where it does not tell.
    pub ahead: Option<i64>,
}

/// A proxy that requests go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Its address without user and password.
    pub shown: String,
    /// Its host name or IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether a variable of the environment names it, not the config.
    pub by_environment: bool,
}

impl Client {
    /// Asks each host for its first page, through the proxy where there is one. Any answer will do.
    ///
    /// # Errors
    /// For each host: [`Error::NotSent`], [`Error::NoAnswer`].
    pub fn reach(&self) -> Vec<Result<Reached, Error>> {
        self.bases
            .iter()
            .map(|(base, http)| {
                let name = host(base);
                let before = SystemTime::now();
                let answer =
                    http.get(base.clone()).timeout(self.timeout).send().map_err(|e| Error::transport(&name, e))?;
                let middle = before + before.elapsed().unwrap_or_default() / 2;
                let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
                let ahead =
                    date.and_then(|date| httpdate::parse_http_date(date).ok()).map(|date| seconds(date, middle));
                Ok(Reached { host: name, tls: base.scheme() == "https", ahead })
            })
            .collect()
    }
}

/// From `here` to `there`; negative where `there` is earlier.
fn seconds(there: SystemTime, here: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match there.duration_since(here) {
        Ok(ahead) => whole(ahead),
        Err(behind) => -whole(behind.duration()),
    }
}

/// The proxy that a request to `base` goes through, found as the client finds it.
pub fn proxy_of(base: &Url, settings: &Settings) -> Option<Via> {
    if is_loopback(base) {
        return None;
    }
    let (address, by_environment) = match &settings.proxy {
        Some(proxy) => (proxy.expose_secret().to_owned(), false),
        None => {
            let target: ::http::Uri = base.as_str().parse().ok()?;
            (Matcher::from_system().intercept(&target)?.uri().to_string(), true)
        }
    };
    let mut url = Url::parse(&address).ok()?;
    // Neither can fail where there is a host, and without one there is nothing to connect to.
    let _ = (url.set_username(""), url.set_password(None));
    let (name, port) = (url.host_str()?, url.port_or_known_default().unwrap_or(1080));
    let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Via { shown: url.as_str().trim_end_matches('/').to_owned(), host: name, port, by_environment })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind() {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        assert_eq!((seconds(now + hour, now), seconds(now - hour, now), seconds(now, now)), (3600, -3600, 0));
    }

    #[test]
    fn a_proxy_of_the_config_is_shown_without_its_password_and_is_not_for_this_machine() {
        let settings = |proxy: &str| Settings {
            api_base: Vec::new(),
            timeout: Duration::from_secs(1),
            proxy: Some(proxy.to_owned().into()),
            ca_file: None,
            secret_from: None,
        };
        let far = Url::parse("https://api.weixin.qq.com/").unwrap();
        let via = proxy_of(&far, &settings("http://user:geheim@proxy.example.com:3128/")).unwrap();
        assert_eq!((via.shown.as_str(), via.port), ("http://proxy.example.com:3128", 3128));
        assert!(!via.by_environment);
        let via = proxy_of(&far, &settings("http://[::1]")).unwrap();
        assert_eq!((via.host.as_str(), via.port), ("::1", 80));
        assert_eq!(proxy_of(&Url::parse("http://127.0.0.1:1/").unwrap(), &settings("http://p")), None);
    }
}
