//! One line of a conversation, drawn as the phone draws it.

use maud::{Markup, html};

use super::avatar;
use crate::sandbox::inbox::{Entry, Message};
use crate::sandbox::platform::{Platform, rfc3339};
use crate::t_in;
use crate::words::Lang;

/// A silence longer than this is followed by the time.
const SILENCE_MS: i64 = 300_000;
const BEIJING_MS: i64 = 8 * 3_600_000;

/// A conversation, oldest line first.
pub(super) fn conversation(platform: &Platform, at: usize, lines: &[&Entry], lang: Lang, now_ms: i64) -> Markup {
    let times: Vec<i64> = lines.iter().map(|entry| entry.at_ms()).collect();
    html! {
        @for (index, entry) in lines.iter().enumerate() {
            @let at_ms = times[index];
            @if index == 0 || at_ms - times[index - 1] > SILENCE_MS { p.time title=(rfc3339(at_ms)) { (clock(at_ms, now_ms)) } }
            @match entry {
                Entry::Message(message) => (from_account(platform, message, lang)),
                Entry::Said { text, .. } => div.line.own {
                    div.bubble { (text) }
                    @if let Some(person) = platform.people.get(at) { (avatar(&person.name, at + 1)) }
                },
                Entry::Followed { follows: true, .. } => p.time { (t_in!(lang, "sandbox-note-followed")) },
                Entry::Followed { follows: false, .. } => p.time { (t_in!(lang, "sandbox-note-left")) },
            }
        }
    }
}

/// The time of day in China, with the day where it is not today.
pub(super) fn clock(at_ms: i64, now_ms: i64) -> String {
    let text = rfc3339(at_ms + BEIJING_MS);
    let today = rfc3339(now_ms + BEIJING_MS);
    if text[..10] == today[..10] { text[11..16].to_owned() } else { text[5..16].replace('T', " ") }
}

fn from_account(platform: &Platform, message: &Message, lang: Lang) -> Markup {
    match message.kind {
        "text" => html! {
            div.line {
                (avatar(&platform.world.account_name, 0))
                div.bubble { (linked(message.content.as_deref().unwrap_or_default())) }
            }
        },
        "news" => html! {
            div.card {
                h3 { (message.title.as_deref().unwrap_or_default()) }
                p.lead { (message.content.as_deref().unwrap_or_default()) }
                (foot(message, lang))
            }
        },
        _ => template(message, lang),
    }
}

fn template(message: &Message, lang: Lang) -> Markup {
    html! {
        div.card {
            h3 { (message.title.as_deref().unwrap_or_default()) }
            @for field in &message.fields {
                @match &field.shown {
                    Some(shown) if !field.label.is_empty() => div.field { span { (field.label) } b { (shown) } },
                    Some(shown) if !shown.is_empty() => p.lead { (shown) },
                    _ => {}
                }
            }
            @if message.repeats > 0 {
                p.repeats { (t_in!(lang, "sandbox-repeats", count = message.repeats)) }
            }
            (foot(message, lang))
        }
    }
}

/// What a tap opens. A mini-program has nothing here that could open it.
fn foot(message: &Message, lang: Lang) -> Markup {
    html! {
        @if let Some(target) = &message.miniprogram {
            div.foot { span { (t_in!(lang, "sandbox-mini-program", target = *target)) } span.more { "›" } }
        } @else if let Some(url) = message.url.as_deref() {
            @if is_web(url) {
                a.foot href=(url) title=(url) target="_blank" rel="noopener noreferrer" {
                    span { (t_in!(lang, "sandbox-details")) } span.more { "›" }
                }
            } @else {
                div.foot { span { (url) } }
            }
        }
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A text with its `<a href="…">…</a>` as links; every other tag is shown as it was written.
fn linked(text: &str) -> Markup {
    let mut rest = text;
    let mut parts = Vec::new();
    while let Some(at) = rest.find("<a ") {
        let Some((link, tail)) = anchor(&rest[at..]) else {
            let (head, tail) = rest.split_at(at + 3);
            parts.push(html! { (head) });
            rest = tail;
            continue;
        };
        parts.push(html! { (&rest[..at]) (link) });
        rest = tail;
    }
    parts.push(html! { (rest) });
    html! { @for part in &parts { (part) } }
}

fn anchor(text: &str) -> Option<(Markup, &str)> {
    let (tag, after) = text.split_once('>')?;
    let (label, tail) = after.split_once("</a>")?;
    let (_, href) = tag.split_once("href=\"")?;
    let (href, _) = href.split_once('"')?;
    let link = if is_web(href) {
        html! { a href=(href) target="_blank" rel="noopener noreferrer" { (label) } }
    } else {
        html! { span.link title=(href) { (label) } }
    };
    Some((link, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_links_can_be_tapped() {
        for (text, shown) in [
            ("a < b & c", "a &lt; b &amp; c"),
            ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
            ("<a x", "&lt;a x"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<span class=\"link\" title=\"javascript:alert(1)\">x</span>"),
        ] {
            assert_eq!(linked(text).into_string(), shown);
        }
        let link = linked("see <a href=\"https://example.com/?a=1&b=2\">this</a>!").into_string();
        assert!(link.starts_with("see <a href=\"https://example.com/?a=1&amp;b=2\" target"), "{link}");
        assert!(link.ends_with(">this</a>!"), "{link}");
    }

    #[test]
    fn times_are_those_of_china() {
        let noon = 1_700_000_000_000; // 2023-11-14T22:13:20Z
        assert_eq!(clock(noon, noon), "06:13");
        assert_eq!(clock(noon, noon + 86_400_000), "11-15 06:13");
    }
}
