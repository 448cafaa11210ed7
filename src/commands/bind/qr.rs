//! The QR code of a turn: what it holds, and where it is drawn.

use std::net::SocketAddr;

use anyhow::Context as _;
use url::{Host, Url};

use super::events::BindEvent;
use super::session::BindContext;
use crate::callback::ShortLink;
use crate::cli::QrMode;
use crate::t;
use crate::ui::{QrStyle, Ui};

/// The short link of a turn, where its code holds one.
pub(super) enum ShortLinkUse {
    /// The operator wants it.
    Requested(ShortLink),
    /// The window is too small for the long one.
    WindowTooSmall(ShortLink),
}

impl ShortLinkUse {
    pub(super) fn link(&self) -> &ShortLink {
        match self {
            Self::Requested(link) | Self::WindowTooSmall(link) => link,
        }
    }
}

/// A short link, where it is wanted, or where the window needs one and the listener at `own` can be reached by it.
pub(super) fn choose_short_link(
    ui: &Ui,
    job: &BindContext,
    url: &str,
    local_addr: SocketAddr,
    is_https: bool,
) -> anyhow::Result<Option<ShortLinkUse>> {
    let link = || ShortLink::new(&job.redirect, url);
    if job.args.short_link {
        return Ok(Some(ShortLinkUse::Requested(link()?)));
    }
    let too_long = qr_style(ui, job.args.qr).is_some_and(|look| !ui.qr_fits(url, look));
    Ok(if too_long && is_direct(&job.redirect, local_addr, is_https) {
        Some(ShortLinkUse::WindowTooSmall(link()?))
    } else {
        None
    })
}

/// Whether an address is the listener's own, with nothing in between that may pass on one path and no other.
fn is_direct(uri: &Url, local_addr: SocketAddr, is_https: bool) -> bool {
    let same_port = uri.port_or_known_default() == Some(local_addr.port()) && (uri.scheme() == "https") == is_https;
    // From elsewhere nobody comes to a loopback address by itself.
    let same_host = !local_addr.ip().is_loopback()
        || match uri.host() {
            Some(Host::Ipv4(ip)) => local_addr.ip() == ip,
            Some(Host::Ipv6(ip)) => local_addr.ip() == ip,
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
    same_port && same_host
}

/// Shows the way to authorise: the URL for scripts, the code for phones, and a word to whoever is there.
pub(super) fn show_authorize_url(
    ui: &mut Ui,
    job: &BindContext,
    user: &str,
    url: &str,
    short: Option<&ShortLinkUse>,
) -> anyhow::Result<()> {
    if let Some(file) = &job.qr_file {
        // Paper is patient: the link that needs no listener, unless the other one is wanted.
        let text = match short {
            Some(ShortLinkUse::Requested(link)) => link.as_str(),
            _ => url,
        };
        file.write(text).with_context(|| t!("bind-qr-file-failed", path = file.path()))?;
    }
    let short_link = short.map(|short| short.link().as_str());
    ui.print(&BindEvent::AuthorizeUrl { user, url, short_link })?;
    if let Some(file) = &job.qr_file {
        ui.status(&t!("bind-qr-file-drawn", path = file.path()));
    }
    match short {
        Some(ShortLinkUse::Requested(link)) => ui.status(&t!("bind-short-link", link = link.as_str())),
        Some(ShortLinkUse::WindowTooSmall(link)) => ui.status(&t!("bind-short-needed", link = link.as_str())),
        None => {}
    }
    let drawn = draw_qr(ui, short_link.unwrap_or(url), job.args.qr) || job.qr_file.is_some();
    ui.status(&if drawn { t!("bind-scan", user = user) } else { t!("bind-visit", user = user) });
    Ok(())
}

/// Draws a code where it is wanted and can be scanned; whether it was.
pub(super) fn draw_qr(ui: &mut Ui, text: &str, qr: QrMode) -> bool {
    qr_style(ui, qr).is_some_and(|look| ui.print_qr(text, look))
}

fn qr_style(ui: &Ui, qr: QrMode) -> Option<QrStyle> {
    match qr {
        QrMode::None => None,
        QrMode::Unicode => Some(QrStyle::Unicode),
        QrMode::Ascii => Some(QrStyle::Ascii),
        QrMode::Auto => ui.is_interactive().then(|| ui.default_qr_style()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_here_where_nothing_needs_to_pass_it_on() {
        for (uri, own, is_https, leads) in [
            ("http://203.0.113.7:8080/callback/", "[::]:8080", false, true),
            ("http://203.0.113.7/callback/", "0.0.0.0:80", false, true),
            ("http://wx.example.com/callback/", "0.0.0.0:80", false, true),
            ("https://wx.example.com/callback/", "0.0.0.0:443", true, true),
            // Behind a router that passes the port on.
            ("http://203.0.113.7:8080/callback/", "192.168.1.20:8080", false, true),
            ("http://127.0.0.1:8080/callback/", "127.0.0.1:8080", false, true),
            ("http://localhost:8080/callback/", "127.0.0.1:8080", false, true),
            ("http://[::1]:8080/callback/", "[::1]:8080", false, true),
            // Behind a web server or a tunnel.
            ("https://wx.example.com/callback/", "127.0.0.1:8080", false, false),
            ("https://wx.example.com:8080/callback/", "0.0.0.0:8080", false, false),
            ("http://wx.example.com/callback/", "0.0.0.0:8080", false, false),
            ("http://203.0.113.7:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://wx.example.com:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://127.0.0.2:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://203.0.113.7:8080/callback/", "0.0.0.0:8080", true, false),
        ] {
            assert_eq!(is_direct(&Url::parse(uri).unwrap(), own.parse().unwrap(), is_https), leads, "{uri} {own}");
        }
    }
}
