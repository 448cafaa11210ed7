//! Whether the API's hosts can be reached, and what stands between: for a look at the way itself, apart from what
//! the account may do.

use std::time::{Duration, SystemTime};

use super::server_clock::parse_date_header;
use super::{Client, Error};

/// What a host said to a request that asks for nothing.
#[derive(Debug)]
pub struct HostProbe {
    /// The host as it stands in the config: `api.weixin.qq.com`, `127.0.0.1:8899`.
    pub host: String,
    /// Whether TLS is spoken on the way.
    pub tls: bool,
    /// How far the host's clock is ahead of this machine's, in seconds, to about one; `None` where it does not tell.
    pub clock_offset: Option<i64>,
}

impl Client {
    /// Asks each host for its first page, through the proxy where there is one. Any answer will do.
    ///
    /// # Errors
    /// For each host: [`Error::NotSent`], [`Error::NoResponse`].
    pub fn probe_hosts(&self) -> Vec<Result<HostProbe, Error>> {
        self.hosts
            .iter()
            .map(|base| {
                let before = SystemTime::now();
                let request = base.http.get(base.url.clone()).timeout(self.timeout);
                let answer = request.send().map_err(|e| Error::from_reqwest(base, e))?;
                let middle = before + before.elapsed().unwrap_or_default() / 2;
                let ahead = parse_date_header(answer.headers()).map(|date| offset_seconds(date, middle));
                Ok(HostProbe { host: base.name(), tls: base.url.scheme() == "https", clock_offset: ahead })
            })
            .collect()
    }
}

/// From `here` to `there`; negative where `there` is earlier.
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
    fn a_clock_is_ahead_or_behind() {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        assert_eq!(
            (offset_seconds(now + hour, now), offset_seconds(now - hour, now), offset_seconds(now, now)),
            (3600, -3600, 0)
        );
    }
}
