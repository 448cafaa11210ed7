//! The way to WeChat: names, a proxy, TLS; and what time it is there.

use std::net::ToSocketAddrs;
use std::time::Duration;

use url::{Host, Url};

use super::check::{Check, Name};
use super::group::Tell;
use crate::app::App;
use crate::error::classify;
use crate::t;
use crate::wechat::{self, Client, Reached, Settings, Via, proxy_of};
use crate::words::{clauses, listed, span, system};

pub(super) const NAMES: &[Name] = &[Name::Names];
pub(super) const WAY: &[Name] = &[Name::Proxy, Name::Tls, Name::Clock];

/// Longest of any one request of the doctor's.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a proxy may take to take a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// More than the way there and back, and the second that a `Date` is rounded to, can be.
const SLIGHT: u64 = 60;
/// With a clock that is this wrong, tokens and certificates are taken for what they are not.
const GROSS: u64 = 300;

/// The config's settings, with less patience.
pub(super) fn settings(app: &App) -> Settings {
    let settings = app.settings();
    Settings { timeout: settings.timeout.min(PATIENCE), ..settings }
}

/// Looks the hosts up, where that is for this machine to do.
pub(super) fn names(tell: &Tell, app: &App) {
    let settings = settings(app);
    let (proxied, own): (Vec<&Url>, Vec<&Url>) =
        settings.api_base.iter().partition(|base| !matches!(proxy_of(base, &settings), Ok(None)));
    let named: Vec<(&str, u16)> = own
        .into_iter()
        .filter_map(|base| match base.host()? {
            Host::Domain(name) => Some((name, base.port_or_known_default()?)),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        })
        .collect();
    let failed: Vec<(&str, String)> = named
        .iter()
        .filter_map(|(name, port)| match (*name, *port).to_socket_addrs() {
            Ok(mut found) => found.next().is_none().then(|| (*name, t!("doctor-name-unknown"))),
            Err(cause) => Some((*name, system(&cause))),
        })
        .collect();
    let check = if named.is_empty() {
        let what = if proxied.is_empty() { t!("doctor-names-none") } else { t!("doctor-names-proxy") };
        Check::ok(Name::Names, what)
    } else if failed.is_empty() {
        let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
        Check::ok(Name::Names, t!("doctor-names", names = listed(names)))
    } else {
        let what: Vec<_> =
            failed.iter().map(|(name, cause)| t!("doctor-names-failed", name = *name, cause = cause)).collect();
        let (what, fix) = (clauses(what), t!("doctor-names-fix"));
        // The others stand in for one.
        match failed.len() == settings.api_base.len() {
            true => Check::failure(Name::Names, what, fix),
            false => Check::warning(Name::Names, what, fix),
        }
    };
    let _ = tell.send(check);
}

/// Connects to the proxy, where there is one, and to WeChat.
pub(super) fn way(tell: &Tell, app: &App) {
    let settings = settings(app);
    let via = settings.api_base.iter().map(|base| proxy_of(base, &settings)).find(|via| !matches!(via, Ok(None)));
    match via.unwrap_or(Ok(None)) {
        Ok(via) => {
            let _ = tell.send(proxy(via.as_ref()));
        }
        Err(error) => {
            let _ = tell.send(Check::of(Name::Proxy, classify(&error.into())));
            return;
        }
    }
    let client = match Client::new(&settings) {
        Ok(client) => client,
        Err(error) => {
            let _ = tell.send(Check::of(Name::Tls, classify(&error.into())));
            return;
        }
    };
    let (reached, failed): (Vec<_>, Vec<_>) = client.reach().into_iter().partition(Result::is_ok);
    let reached: Vec<Reached> = reached.into_iter().flatten().collect();
    let failed: Vec<wechat::Error> = failed.into_iter().filter_map(Result::err).collect();
    let _ = tell.send(tls(&reached, &failed));
    if let Some((host, ahead)) = reached.iter().find_map(|it| Some((it.host.as_str(), it.ahead?))) {
        let _ = tell.send(clock(host, ahead));
    }
}

fn proxy(via: Option<&Via>) -> Check {
    let Some(via) = via else { return Check::ok(Name::Proxy, t!("doctor-proxy-none")) };
    let shown = via.said();
    match via.connect(CONNECT) {
        Ok(_) => Check::ok(Name::Proxy, shown),
        Err(cause) => {
            let what = t!("doctor-proxy-failed", proxy = shown, cause = cause);
            Check::failure(Name::Proxy, what, t!("wechat-proxy-hint", name = via.named_by))
        }
    }
}

fn tls(reached: &[Reached], failed: &[wechat::Error]) -> Check {
    if failed.is_empty() {
        let hosts = |tls| {
            let hosts: Vec<&str> = reached.iter().filter(|it| it.tls == tls).map(|it| it.host.as_str()).collect();
            listed(hosts)
        };
        let (over, without) = (hosts(true), hosts(false));
        let said = [
            (!over.is_empty()).then(|| t!("doctor-tls", hosts = over)),
            (!without.is_empty()).then(|| t!("doctor-tls-none", hosts = without)),
        ];
        return Check::ok(Name::Tls, clauses(said.into_iter().flatten()));
    }
    let what = clauses(failed.iter().map(ToString::to_string));
    let fix = failed.iter().find_map(wechat::Error::hint).unwrap_or_else(|| t!("wechat-not-sent-hint"));
    match reached.is_empty() {
        true => Check::failure(Name::Tls, what, fix),
        false => Check::warning(Name::Tls, what, fix),
    }
}

fn clock(host: &str, ahead: i64) -> Check {
    let off = ahead.unsigned_abs();
    if off <= SLIGHT {
        return Check::ok(Name::Clock, t!("doctor-clock", host = host));
    }
    let time = span(Duration::from_secs(off));
    let what = match ahead > 0 {
        true => t!("doctor-clock-behind", host = host, time = time),
        false => t!("doctor-clock-ahead", host = host, time = time),
    };
    match off <= GROSS {
        true => Check::warning(Name::Clock, what, t!("doctor-clock-fix")),
        false => Check::failure(Name::Clock, what, t!("doctor-clock-fix")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Level;

    #[test]
    fn a_clock_may_be_a_little_off_and_no_more() {
        for (ahead, level) in [
            (0, Level::Ok),
            (-60, Level::Ok),
            (61, Level::Warning),
            (-300, Level::Warning),
            (301, Level::Failure),
            (i64::MIN, Level::Failure),
        ] {
            assert_eq!(clock("h", ahead).status, level, "{ahead}");
        }
    }
}
