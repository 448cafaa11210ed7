//! Links in a text: `<a href="…">…</a>` to the web, to a mini-program, or with a reply that a tap
//! sends.
//!
//! An incomplete link is text, as on a phone.

use serde_json::Value;

use crate::sandbox::api::templates::is_app_id;
use crate::sandbox::response::{ApiError, api_error};

/// A link in a text.
pub(in crate::sandbox) struct TextLink<'a> {
    pub(in crate::sandbox) href: Option<&'a str>,
    pub(in crate::sandbox) app_id: Option<&'a str>,
    pub(in crate::sandbox) label: &'a str,
}

/// A part of a text.
pub(in crate::sandbox) enum TextPiece<'a> {
    Text(&'a str),
    Link(TextLink<'a>),
}

/// Splits a text into plain parts and links.
pub(in crate::sandbox) fn parse_text(text: &str) -> Vec<TextPiece<'_>> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest[from..].find("<a ").map(|at| from + at) {
        match parse_link(&rest[at..]) {
            None => from = at + "<a ".len(),
            Some((link, tail)) => {
                parts.extend([TextPiece::Text(&rest[..at]), TextPiece::Link(link)]);
                (rest, from) = (tail, 0);
            }
        }
    }
    parts.push(TextPiece::Text(rest));
    parts
}

/// Parses the link that a text starts with, and returns the text after it.
fn parse_link(text: &str) -> Option<(TextLink<'_>, &str)> {
    let (tag, after) = text.split_once('>')?;
    let (label, tail) = after.split_once("</a>")?;
    let attribute = |name: &str| {
        let (_, value) = tag.split_once(&format!(" {name}=\""))?;
        value.split_once('"').map(|(value, _)| value)
    };
    let link = TextLink { href: attribute("href"), app_id: attribute("data-miniprogram-appid"), label };
    Some((link, tail))
}

/// Checks that a phone can open every link of a text: 45086, 40213, 40214.
pub(super) fn check_links(text: &str) -> Result<(), ApiError> {
    for part in parse_text(text) {
        let TextPiece::Link(link) = part else { continue };
        if link.app_id.is_some_and(|id| !is_app_id(id)) {
            return Err(api_error(45086));
        }
        let href = link.href.ok_or_else(|| api_error(40213))?;
        if !is_web_url(href) && !href.starts_with("weixin://bizmsgmenu?") {
            return Err(api_error(40213));
        }
        if link.label.trim().is_empty() {
            return Err(api_error(40214));
        }
    }
    Ok(())
}

/// Returns whether it is a web address that a phone can open.
pub(in crate::sandbox) fn is_web_url(url: &str) -> bool {
    let web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    web && !url.contains(char::is_whitespace)
}

/// Returns a web address that may be missing or empty; another value is the error of that number.
pub(in crate::sandbox) fn optional_url(value: &Value, code: i64) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(url) if url.is_empty() => Ok(None),
        Value::String(url) if is_web_url(url) => Ok(Some(url.clone())),
        _ => Err(api_error(code)),
    }
}

/// Returns the text and the id that a tap on a reply link sends.
pub(in crate::sandbox) fn menu_reply(href: &str) -> Option<(String, String)> {
    let query = href.strip_prefix("weixin://bizmsgmenu?")?;
    let value = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    Some((value("msgmenucontent")?, value("msgmenuid").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_phone_cannot_open_are_rejected() {
        let cases = [
            ("no link at all, 1 <a 2, <b>", 0),
            ("<a x", 0),
            ("see <a href=\"https://example.com/?a=1&b=2\">this</a> <a", 0),
            ("<a href=\"weixin://bizmsgmenu?msgmenucontent=yes&msgmenuid=1\">yes</a>", 0),
            ("<a href=\"https://a.example/\" data-miniprogram-appid=\"wx0123456789abcdef\">x</a>", 0),
            ("<a href=\"https://a.example/\" data-miniprogram-appid=\"wx\">x</a>", 45086),
            ("<a data-x=\"\">x</a>", 40213),
            ("<a href=\"javascript:alert(1)\">x</a>", 40213),
            ("<a href=\"/relative\">x</a>", 40213),
            ("<a href=\"https://a.example/\"> </a>", 40214),
        ];
        for (text, code) in cases {
            assert_eq!(check_links(text).err().map_or(0, |error| error.errcode), code, "{text}");
        }
    }

    #[test]
    fn text_is_split_at_links() {
        let text = "a <a <a href=\"https://b.example/\">b</a>c";
        let parts: Vec<String> = parse_text(text)
            .iter()
            .map(|part| match part {
                TextPiece::Text(text) => format!("{text}|"),
                TextPiece::Link(link) => format!("[{}]", link.label),
            })
            .collect();
        // The first `<a ` extends to the end of the first link, as in a browser.
        assert_eq!(parts.concat(), "a |[b]c|");
    }

    #[test]
    fn reply_link_has_text_and_menu_id() {
        let reply = menu_reply("weixin://bizmsgmenu?msgmenucontent=%E5%A5%BD&msgmenuid=7");
        assert_eq!(reply, Some(("好".into(), "7".into())));
        assert_eq!(menu_reply("weixin://bizmsgmenu?msgmenuid=7"), None);
        assert_eq!(menu_reply("https://a.example/?msgmenucontent=x"), None);
    }
}
