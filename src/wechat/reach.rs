//! Whether the API's hosts can be reached, and what stands between: for a look at the way itself, apart from what
//! the account may do.

use std::time::{Duration, SystemTime};

use super::server_clock::time_of;
use super::{Client, Error};

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

impl Client {
    /// Asks each host for its first page, through the proxy where there is one. Any answer will do.
    ///
    /// # Errors
    /// For each host: [`Error::NotSent`], [`Error::NoAnswer`].
    pub fn reach(&self) -> Vec<Result<Reached, Error>> {
        self.bases
            .iter()
            .map(|base| {
                let before = SystemTime::now();
                let request = base.http.get(base.url.clone()).timeout(self.timeout);
                let answer = request.send().map_err(|e| Error::transport(base, e))?;
                let middle = before + before.elapsed().unwrap_or_default() / 2;
                let ahead = time_of(answer.headers()).map(|date| seconds(date, middle));
                Ok(Reached { host: base.name(), tls: base.url.scheme() == "https", ahead })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind() {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        assert_eq!((seconds(now + hour, now), seconds(now - hour, now), seconds(now, now)), (3600, -3600, 0));
    }
}
