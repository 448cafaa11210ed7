//! The way to WeChat: names, a proxy, TLS; and what time it is there.

use std::net::ToSocketAddrs;
use std::time::Duration;

use url::{Host, Url};

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::context::AppContext;
use crate::i18n::{io_error_text, join_clauses, join_list, long_duration};
use crate::report::classify;
use crate::t;
use crate::wechat::{self, Client, ClientSettings, HostProbe, ProxyInfo, proxy_for};

pub(super) const DNS_CHECKS: &[CheckName] = &[CheckName::Names];
pub(super) const CONNECTIVITY_CHECKS: &[CheckName] = &[CheckName::Proxy, CheckName::Tls, CheckName::Clock];

/// Longest of any one request of the doctor's.
const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a proxy may take to take a connection.
const PROXY_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// More than the way there and back, and the second that a `Date` is rounded to, can be.
const CLOCK_WARN_SECONDS: u64 = 60;
/// With a clock that is this wrong, tokens and certificates are taken for what they are not.
const CLOCK_FAIL_SECONDS: u64 = 300;

/// The config's settings, with less patience.
pub(super) fn client_settings(app: &AppContext) -> ClientSettings {
    let settings = app.client_settings();
    ClientSettings { timeout: settings.timeout.min(MAX_REQUEST_TIMEOUT), ..settings }
}

/// Looks the hosts up, where that is for this machine to do.
pub(super) fn check_dns(sender: &CheckSender, app: &AppContext) {
    let settings = client_settings(app);
    let (proxied, direct): (Vec<&Url>, Vec<&Url>) =
        settings.api_base.iter().partition(|base| !matches!(proxy_for(base, &settings), Ok(None)));
    let named: Vec<(&str, u16)> = direct
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
            Err(cause) => Some((*name, io_error_text(&cause))),
        })
        .collect();
    let check = if named.is_empty() {
        let what = if proxied.is_empty() { t!("doctor-names-none") } else { t!("doctor-names-proxy") };
        Check::ok(CheckName::Names, what)
    } else if failed.is_empty() {
        let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
        Check::ok(CheckName::Names, t!("doctor-names", names = join_list(names)))
    } else {
        let what: Vec<_> =
            failed.iter().map(|(name, cause)| t!("doctor-names-failed", name = *name, cause = cause)).collect();
        let (what, fix) = (join_clauses(what), t!("doctor-names-fix"));
        // The others stand in for one.
        match failed.len() == settings.api_base.len() {
            true => Check::failure(CheckName::Names, what, fix),
            false => Check::warning(CheckName::Names, what, fix),
        }
    };
    let _ = sender.send(check);
}

/// Connects to the proxy, where there is one, and to WeChat.
pub(super) fn check_connectivity(sender: &CheckSender, app: &AppContext) {
    let settings = client_settings(app);
    let via = settings.api_base.iter().map(|base| proxy_for(base, &settings)).find(|via| !matches!(via, Ok(None)));
    match via.unwrap_or(Ok(None)) {
        Ok(via) => {
            let _ = sender.send(check_proxy(via.as_ref()));
        }
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Proxy, classify(&error.into())));
            return;
        }
    }
    let client = match Client::new(&settings) {
        Ok(client) => client,
        Err(error) => {
            let _ = sender.send(Check::from_report(CheckName::Tls, classify(&error.into())));
            return;
        }
    };
    let (reached, failed): (Vec<_>, Vec<_>) = client.probe_hosts().into_iter().partition(Result::is_ok);
    let reached: Vec<HostProbe> = reached.into_iter().flatten().collect();
    let failed: Vec<wechat::Error> = failed.into_iter().filter_map(Result::err).collect();
    let _ = sender.send(check_tls(&reached, &failed));
    if let Some((host, ahead)) = reached.iter().find_map(|it| Some((it.host.as_str(), it.clock_offset?))) {
        let _ = sender.send(check_clock(host, ahead));
    }
}

fn check_proxy(via: Option<&ProxyInfo>) -> Check {
    let Some(via) = via else { return Check::ok(CheckName::Proxy, t!("doctor-proxy-none")) };
    let shown = via.describe();
    match via.connect(PROXY_CONNECT_TIMEOUT) {
        Ok(_) => Check::ok(CheckName::Proxy, shown),
        Err(cause) => {
            let what = t!("doctor-proxy-failed", proxy = shown, cause = cause);
            Check::failure(CheckName::Proxy, what, t!("wechat-proxy-hint", name = via.configured_by))
        }
    }
}

fn check_tls(reached: &[HostProbe], failed: &[wechat::Error]) -> Check {
    if failed.is_empty() {
        let hosts = |tls| {
            let hosts: Vec<&str> = reached.iter().filter(|it| it.tls == tls).map(|it| it.host.as_str()).collect();
            join_list(hosts)
        };
        let (over, without) = (hosts(true), hosts(false));
        let said = [
            (!over.is_empty()).then(|| t!("doctor-tls", hosts = over)),
            (!without.is_empty()).then(|| t!("doctor-tls-none", hosts = without)),
        ];
        return Check::ok(CheckName::Tls, join_clauses(said.into_iter().flatten()));
    }
    let what = join_clauses(failed.iter().map(ToString::to_string));
    let fix = failed.iter().find_map(wechat::Error::hint).unwrap_or_else(|| t!("wechat-not-sent-hint"));
    match reached.is_empty() {
        true => Check::failure(CheckName::Tls, what, fix),
        false => Check::warning(CheckName::Tls, what, fix),
    }
}

fn check_clock(host: &str, offset_seconds: i64) -> Check {
    let off = offset_seconds.unsigned_abs();
    if off <= CLOCK_WARN_SECONDS {
        return Check::ok(CheckName::Clock, t!("doctor-clock", host = host));
    }
    let time = long_duration(Duration::from_secs(off));
    let what = match offset_seconds > 0 {
        true => t!("doctor-clock-behind", host = host, time = time),
        false => t!("doctor-clock-ahead", host = host, time = time),
    };
    match off <= CLOCK_FAIL_SECONDS {
        true => Check::warning(CheckName::Clock, what, t!("doctor-clock-fix")),
        false => Check::failure(CheckName::Clock, what, t!("doctor-clock-fix")),
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
            assert_eq!(check_clock("h", ahead).status, level, "{ahead}");
        }
    }
}
