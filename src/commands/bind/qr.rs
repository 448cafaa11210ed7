//! The QR code of a binding: its content, and how it is drawn.

use std::net::SocketAddr;

use anyhow::Context as _;
use url::{Host, Url};

use super::events::BindEvent;
use super::session::BindContext;
use crate::callback::ShortLink;
use crate::cli::QrMode;
use crate::clock::Timestamp;
use crate::t;
use crate::ui::{QrStyle, Ui};

/// The reason for a short link.
pub(super) enum ShortLinkUse {
    /// The operator passed `--short-link`.
    Requested(ShortLink),
    /// The window is too small for the QR code of the full URL.
    WindowTooSmall(ShortLink),
}

impl ShortLinkUse {
    pub(super) fn link(&self) -> &ShortLink {
        match self {
            Self::Requested(link) | Self::WindowTooSmall(link) => link,
        }
    }
}

/// Returns a short link if the operator wants one, or if the window needs one and phones reach this
/// process's listener directly. `listener` is its address, and `is_https` whether it serves HTTPS.
pub(super) fn choose_short_link(
    ui: &Ui,
    context: &BindContext,
    url: &str,
    listener: Option<(SocketAddr, bool)>,
) -> anyhow::Result<Option<ShortLinkUse>> {
    let redirect = context.redirect()?;
    let link = || ShortLink::new(redirect, url);
    if context.args.short_link {
        return Ok(Some(ShortLinkUse::Requested(link()?)));
    }
    let too_long = qr_style(ui, context.args.qr).is_some_and(|style| !ui.qr_fits(url, style));
    let is_direct = listener.is_some_and(|(local_addr, is_https)| is_direct(redirect, local_addr, is_https));
    Ok(if too_long && is_direct { Some(ShortLinkUse::WindowTooSmall(link()?)) } else { None })
}

/// Returns whether `uri` addresses the listener itself. A proxy in between might forward only one
/// path.
fn is_direct(uri: &Url, local_addr: SocketAddr, is_https: bool) -> bool {
    let same_port = uri.port_or_known_default() == Some(local_addr.port()) && (uri.scheme() == "https") == is_https;
    // A client on another machine cannot connect to a loopback address.
    let same_host = !local_addr.ip().is_loopback()
        || match uri.host() {
            Some(Host::Ipv4(ip)) => local_addr.ip() == ip,
            Some(Host::Ipv6(ip)) => local_addr.ip() == ip,
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
    same_port && same_host
}

/// Prints the authorize URL for scripts, draws its QR code, and tells the operator what to do.
pub(super) fn show_authorize_url(
    ui: &mut Ui,
    context: &BindContext,
    user: &str,
    url: &str,
    short: Option<&ShortLinkUse>,
) -> anyhow::Result<()> {
    if let Some(file) = &context.qr_file {
        // A saved image outlives this process, so it holds the full URL unless --short-link was
        // given.
        let text = match short {
            Some(ShortLinkUse::Requested(link)) => link.as_str(),
            _ => url,
        };
        file.write(text).with_context(|| t!("bind-qr-file-failed", path = file.path()))?;
    }
    let short_link = short.map(|short| short.link().as_str());
    ui.print(&BindEvent::AuthorizeUrl { user, url, short_link })?;
    if let Some(file) = &context.qr_file {
        ui.status(&t!("bind-qr-file-drawn", path = file.path()));
    }
    match short {
        Some(ShortLinkUse::Requested(link)) => ui.status(&t!("bind-short-link", link = link.as_str())),
        Some(ShortLinkUse::WindowTooSmall(link)) => ui.status(&t!("bind-short-needed", link = link.as_str())),
        None => {}
    }
    let drawn = draw_qr(ui, short_link.unwrap_or(url), context.args.qr) || context.qr_file.is_some();
    ui.status(&if drawn { t!("bind-scan", user = user) } else { t!("bind-visit", user = user) });
    Ok(())
}

/// Prints the link of a parametric code for scripts, draws its QR code, and tells the operator what
/// to do.
pub(super) fn show_scan_url(
    ui: &mut Ui,
    context: &BindContext,
    user: &str,
    url: &str,
    expires_at: Timestamp,
) -> anyhow::Result<()> {
    if let Some(file) = &context.qr_file {
        file.write(url).with_context(|| t!("bind-qr-file-failed", path = file.path()))?;
    }
    ui.print(&BindEvent::ScanUrl { user, url, expires_at })?;
    if let Some(file) = &context.qr_file {
        ui.status(&t!("bind-qr-file-drawn", path = file.path()));
    }
    draw_qr(ui, url, context.args.qr);
    ui.status(&t!("bind-scan-code", user = user));
    Ok(())
}

/// Draws the QR code if `qr` allows it and it is not too wide. Returns whether it was drawn.
pub(super) fn draw_qr(ui: &mut Ui, text: &str, qr: QrMode) -> bool {
    qr_style(ui, qr).is_some_and(|style| ui.print_qr(text, style))
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
    fn redirect_uri_is_direct_if_it_matches_listener() {
        for (uri, local_addr, is_https, expected) in [
            ("http://203.0.113.7:8080/callback/", "[::]:8080", false, true),
            ("http://203.0.113.7/callback/", "0.0.0.0:80", false, true),
            ("http://wx.example.com/callback/", "0.0.0.0:80", false, true),
            ("https://wx.example.com/callback/", "0.0.0.0:443", true, true),
            // A router forwards the port.
            ("http://203.0.113.7:8080/callback/", "192.168.1.20:8080", false, true),
            ("http://127.0.0.1:8080/callback/", "127.0.0.1:8080", false, true),
            ("http://localhost:8080/callback/", "127.0.0.1:8080", false, true),
            ("http://[::1]:8080/callback/", "[::1]:8080", false, true),
            // A web server or a tunnel forwards the requests.
            ("https://wx.example.com/callback/", "127.0.0.1:8080", false, false),
            ("https://wx.example.com:8080/callback/", "0.0.0.0:8080", false, false),
            ("http://wx.example.com/callback/", "0.0.0.0:8080", false, false),
            ("http://203.0.113.7:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://wx.example.com:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://127.0.0.2:8080/callback/", "127.0.0.1:8080", false, false),
            ("http://203.0.113.7:8080/callback/", "0.0.0.0:8080", true, false),
        ] {
            assert_eq!(
                is_direct(&Url::parse(uri).unwrap(), local_addr.parse().unwrap(), is_https),
                expected,
                "{uri} {local_addr}"
            );
        }
    }
}
