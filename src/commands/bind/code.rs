//! The QR code of a turn: what it holds, and where it is drawn.

use std::net::SocketAddr;

use anyhow::Context as _;
use url::{Host, Url};

use super::shown::Shown;
use super::turns::Job;
use crate::callback::ShortLink;
use crate::cli::QrLook;
use crate::t;
use crate::ui::{Look, Ui};

/// The short link of a turn, where its code holds one.
pub(super) enum Short {
    /// The operator wants it.
    Wanted(ShortLink),
    /// The window is too small for the long one.
    Needed(ShortLink),
}

impl Short {
    pub(super) fn link(&self) -> &ShortLink {
        match self {
            Self::Wanted(link) | Self::Needed(link) => link,
        }
    }
}

/// A short link, where it is wanted, or where the window needs one and the listener at `own` can be reached by it.
pub(super) fn short(ui: &Ui, job: &Job, url: &str, own: SocketAddr, is_https: bool) -> anyhow::Result<Option<Short>> {
    let link = || ShortLink::new(&job.redirect, url);
    if job.args.short_link {
        return Ok(Some(Short::Wanted(link()?)));
    }
    let too_long = look(ui, job.args.qr).is_some_and(|look| !ui.qr_fits(url, look));
    Ok(if too_long && leads_here(&job.redirect, own, is_https) { Some(Short::Needed(link()?)) } else { None })
}

/// Whether an address is the listener's own, with nothing in between that may pass on one path and no other.
fn leads_here(uri: &Url, own: SocketAddr, is_https: bool) -> bool {
    let same_port = uri.port_or_known_default() == Some(own.port()) && (uri.scheme() == "https") == is_https;
    // From elsewhere nobody comes to a loopback address by itself.
    let same_host = !own.ip().is_loopback()
        || match uri.host() {
            Some(Host::Ipv4(ip)) => own.ip() == ip,
            Some(Host::Ipv6(ip)) => own.ip() == ip,
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
    same_port && same_host
}

/// Shows the way to authorise: the URL for scripts, the code for phones, and a word to whoever is there.
pub(super) fn show(ui: &mut Ui, job: &Job, user: &str, url: &str, short: Option<&Short>) -> anyhow::Result<()> {
    if let Some(file) = &job.qr_file {
        // Paper is patient: the link that needs no listener, unless the other one is wanted.
        let text = match short {
            Some(Short::Wanted(link)) => link.as_str(),
            _ => url,
        };
        file.draw(text).with_context(|| t!("bind-qr-file-failed", path = file.path()))?;
    }
    let short_link = short.map(|short| short.link().as_str());
    ui.data(&Shown::AuthorizeUrl { user, url, short_link })?;
    if let Some(file) = &job.qr_file {
        ui.status(&t!("bind-qr-file-drawn", path = file.path()));
    }
    match short {
        Some(Short::Wanted(link)) => ui.status(&t!("bind-short-link", link = link.as_str())),
        Some(Short::Needed(link)) => ui.status(&t!("bind-short-needed", link = link.as_str())),
        None => {}
    }
    let drawn = draw(ui, short_link.unwrap_or(url), job.args.qr) || job.qr_file.is_some();
    ui.status(&if drawn { t!("bind-scan", user = user) } else { t!("bind-visit", user = user) });
    Ok(())
}

/// Draws a code where it is wanted and can be scanned; whether it was.
pub(super) fn draw(ui: &mut Ui, text: &str, qr: QrLook) -> bool {
    look(ui, qr).is_some_and(|look| ui.qr(text, look))
}

fn look(ui: &Ui, qr: QrLook) -> Option<Look> {
    match qr {
        QrLook::None => None,
        QrLook::Unicode => Some(Look::Unicode),
        QrLook::Ascii => Some(Look::Ascii),
        QrLook::Auto => ui.is_watched().then(|| ui.look()),
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
            assert_eq!(leads_here(&Url::parse(uri).unwrap(), own.parse().unwrap(), is_https), leads, "{uri} {own}");
        }
    }
}
