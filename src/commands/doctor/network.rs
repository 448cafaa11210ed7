//! Checks the connection to WeChat: DNS, the proxy, TLS, and the clock.

use std::net::ToSocketAddrs;
use std::time::Duration;

use url::{Host, Url};

use super::check::{Check, CheckName};
use super::check_group::CheckSender;
use crate::context::AppContext;
use crate::i18n::{io_error_text, join_clauses, join_list, long_duration};
use crate::t;
use crate::wechat::{self, Client, ClientSettings, HostProbe, ProxyInfo, proxy_for};

pub(super) const DNS_CHECKS: &[CheckName] = &[CheckName::Names];
pub(super) const CONNECTIVITY_CHECKS: &[CheckName] = &[CheckName::Proxy, CheckName::Tls, CheckName::Clock];

/// The longest timeout of one request of the doctor's.
const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of a connection to the proxy.
const PROXY_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A larger offset is a warning, because the round trip and the rounding of `Date` to seconds
/// account for less.
const CLOCK_WARN_SECONDS: u64 = 60;
/// A larger offset is a failure: the expiry of tokens and certificates is then misjudged.
const CLOCK_FAIL_SECONDS: u64 = 300;

/// Returns the client settings of the configuration with a shorter timeout.
pub(super) fn client_settings(app: &AppContext) -> ClientSettings {
    let settings = app.client_settings();
    ClientSettings { timeout: settings.timeout.min(MAX_REQUEST_TIMEOUT), ..settings }
}

/// Resolves the hosts that this machine, and not a proxy, must resolve.
pub(super) fn check_dns(sender: &CheckSender, app: &AppContext) -> Result<(), Check> {
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
        let detail = if proxied.is_empty() { t!("doctor-names-none") } else { t!("doctor-names-proxy") };
        Check::ok(CheckName::Names, detail)
    } else if failed.is_empty() {
        let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
        Check::ok(CheckName::Names, t!("doctor-names", names = join_list(names)))
    } else {
        let detail: Vec<_> =
            failed.iter().map(|(name, cause)| t!("doctor-names-failed", name = *name, cause = cause)).collect();
        let (detail, fix) = (join_clauses(detail), t!("doctor-names-fix"));
        // The client falls back to the other hosts.
        match failed.len() == settings.api_base.len() {
            true => Check::failure(CheckName::Names, detail, fix),
            false => Check::warning(CheckName::Names, detail, fix),
        }
    };
    sender.report(check);
    Ok(())
}

/// Connects to the proxy, if there is one, and to WeChat.
pub(super) fn check_connectivity(sender: &CheckSender, app: &AppContext) -> Result<(), Check> {
    let settings = client_settings(app);
    let proxy =
        settings.api_base.iter().map(|base| proxy_for(base, &settings)).find(|proxy| !matches!(proxy, Ok(None)));
    let proxy = proxy.unwrap_or(Ok(None)).map_err(|error| Check::from_error(CheckName::Proxy, error))?;
    sender.report(check_proxy(proxy.as_ref()));
    let client = Client::new(&settings).map_err(|error| Check::from_error(CheckName::Tls, error))?;
    let (reached, failed): (Vec<_>, Vec<_>) = client.probe_hosts().into_iter().partition(Result::is_ok);
    let reached: Vec<HostProbe> = reached.into_iter().flatten().collect();
    let failed: Vec<wechat::Error> = failed.into_iter().filter_map(Result::err).collect();
    sender.report(check_tls(&reached, &failed));
    if let Some((host, offset)) = reached.iter().find_map(|probe| Some((probe.host.as_str(), probe.clock_offset?))) {
        sender.report(check_clock(host, offset));
    }
    Ok(())
}

fn check_proxy(proxy: Option<&ProxyInfo>) -> Check {
    let Some(proxy) = proxy else { return Check::ok(CheckName::Proxy, t!("doctor-proxy-none")) };
    let description = proxy.describe();
    match proxy.connect(PROXY_CONNECT_TIMEOUT) {
        Ok(_) => Check::ok(CheckName::Proxy, description),
        Err(cause) => {
            let detail = t!("doctor-proxy-failed", proxy = description, cause = cause);
            Check::failure(CheckName::Proxy, detail, t!("wechat-proxy-hint", name = proxy.configured_by))
        }
    }
}

fn check_tls(reached: &[HostProbe], failed: &[wechat::Error]) -> Check {
    if failed.is_empty() {
        let hosts = |tls| {
            let hosts: Vec<&str> =
                reached.iter().filter(|probe| probe.tls == tls).map(|probe| probe.host.as_str()).collect();
            join_list(hosts)
        };
        let (with_tls, without_tls) = (hosts(true), hosts(false));
        let parts = [
            (!with_tls.is_empty()).then(|| t!("doctor-tls", hosts = with_tls)),
            (!without_tls.is_empty()).then(|| t!("doctor-tls-none", hosts = without_tls)),
        ];
        return Check::ok(CheckName::Tls, join_clauses(parts.into_iter().flatten()));
    }
    let detail = join_clauses(failed.iter().map(ToString::to_string));
    let fix = failed.iter().find_map(wechat::Error::hint).unwrap_or_else(|| t!("wechat-not-sent-hint"));
    match reached.is_empty() {
        true => Check::failure(CheckName::Tls, detail, fix),
        false => Check::warning(CheckName::Tls, detail, fix),
    }
}

fn check_clock(host: &str, offset_seconds: i64) -> Check {
    let offset = offset_seconds.unsigned_abs();
    if offset <= CLOCK_WARN_SECONDS {
        return Check::ok(CheckName::Clock, t!("doctor-clock", host = host));
    }
    let time = long_duration(Duration::from_secs(offset));
    let detail = match offset_seconds > 0 {
        true => t!("doctor-clock-behind", host = host, time = time),
        false => t!("doctor-clock-ahead", host = host, time = time),
    };
    match offset <= CLOCK_FAIL_SECONDS {
        true => Check::warning(CheckName::Clock, detail, t!("doctor-clock-fix")),
        false => Check::failure(CheckName::Clock, detail, t!("doctor-clock-fix")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Level;

    #[test]
    fn clock_offset_determines_check_level() {
        for (offset, level) in [
            (0, Level::Ok),
            (-60, Level::Ok),
            (61, Level::Warning),
            (-300, Level::Warning),
            (301, Level::Failure),
            (i64::MIN, Level::Failure),
        ] {
            assert_eq!(check_clock("h", offset).status, level, "{offset}");
        }
    }
}
