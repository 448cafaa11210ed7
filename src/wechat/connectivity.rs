//! A connectivity probe of the API hosts, for `doctor`: it checks the network path independently of
//! the account's permissions.

use std::time::{Duration, SystemTime};

use super::server_clock::parse_date_header;
use super::{Client, Error};

/// The result of a request to a host that responded.
#[derive(Debug)]
pub struct HostProbe {
    /// The host as written in the config: `api.weixin.qq.com`, `127.0.0.1:8899`.
    pub host: String,
    /// Whether the connection uses TLS.
    pub tls: bool,
    /// How many seconds the host's clock is ahead of this machine's, accurate to about one second;
    /// `None` if the response has no usable `Date`.
    pub clock_offset: Option<i64>,
}

impl Client {
    /// Requests the first page of each host, through the proxy if one is configured. Any response
    /// counts.
    ///
    /// # Errors
    /// For each host, [`Error::Connect`] or [`Error::NoResponse`].
    pub fn probe_hosts(&self) -> Vec<Result<HostProbe, Error>> {
        self.hosts
            .iter()
            .map(|base| {
                let before = SystemTime::now();
                let request = base.http.get(base.url.clone()).timeout(self.timeout);
                let response = request.send().map_err(|e| base.transport_error(e))?;
                let middle = before + before.elapsed().unwrap_or_default() / 2;
                let ahead = parse_date_header(response.headers()).map(|date| offset_seconds(date, middle));
                Ok(HostProbe { host: base.name(), tls: base.url.scheme() == "https", clock_offset: ahead })
            })
            .collect()
    }
}

/// Returns the seconds from `here` to `there`; negative if `there` is earlier.
fn offset_seconds(there: SystemTime, here: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match there.duration_since(here) {
        Ok(ahead) => whole(ahead),
        Err(behind) => -whole(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_offset_is_positive_if_host_is_ahead() {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        assert_eq!(
            (offset_seconds(now + hour, now), offset_seconds(now - hour, now), offset_seconds(now, now)),
            (3600, -3600, 0)
        );
    }
}
