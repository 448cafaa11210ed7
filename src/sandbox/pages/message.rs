//! Draws a conversation as the phone does, and each type of message in it.
//!
//! Nothing is loaded from other hosts: the pages show only pictures that were uploaded to the
//! sandbox, and the name of the host in place of any other picture.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::avatar;
use crate::i18n::Lang;
use crate::sandbox::api::custom::links::{TextLink, TextPiece, is_web_url, menu_reply, parse_text};
use crate::sandbox::scenario::account_setup::KfAccountConfig;
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::{ConversationEntry, EntryContent, Message};
use crate::sandbox::state::media::format::MediaKind;
use crate::sandbox::time::{BEIJING_OFFSET_MS, rfc3339};
use crate::t_in;

/// The time is drawn before an entry if the pause before it is longer than this.
const TIMESTAMP_GAP_MS: i64 = 300_000;

/// Draws a conversation, oldest entry first.
pub(super) fn conversation(
    platform: &Platform,
    index: usize,
    entries: &[&ConversationEntry],
    lang: Lang,
    now_ms: i64,
) -> Markup {
    html! {
        @for (position, entry) in entries.iter().enumerate() {
            @let at_ms = entry.at_ms;
            @if position == 0 || at_ms - entries[position - 1].at_ms > TIMESTAMP_GAP_MS { p.time title=(rfc3339(at_ms)) { (format_time(at_ms, now_ms)) } }
            @match &entry.content {
                EntryContent::Message(message) => (message_line(platform, index, message, lang)),
                EntryContent::UserText(text) => div.line.own {
                    div.bubble { (text) }
                    @if let Some(person) = platform.people.get(index) { (avatar(&person.name, index + 1)) }
                },
                EntryContent::Scanned => p.time { (t_in!(lang, "sandbox-note-scanned")) },
                EntryContent::Unavailable => p.time { (t_in!(lang, "sandbox-note-unavailable")) },
                EntryContent::Clicked => p.time { (t_in!(lang, "sandbox-note-clicked")) },
                EntryContent::Followed => p.time { (t_in!(lang, "sandbox-note-followed")) },
                EntryContent::Unfollowed => p.time { (t_in!(lang, "sandbox-note-left")) },
            }
        }
    }
}

/// Formats the time of day in Beijing, with the date if it is not today.
pub(super) fn format_time(at_ms: i64, now_ms: i64) -> String {
    let text = rfc3339(at_ms + BEIJING_OFFSET_MS);
    let today = rfc3339(now_ms + BEIJING_OFFSET_MS);
    if text[..10] == today[..10] { text[11..16].to_owned() } else { text[5..16].replace('T', " ") }
}

/// Draws a message on the phone of the person at `index`.
fn message_line(platform: &Platform, index: usize, message: &Message, lang: Lang) -> Markup {
    let person = platform.people.get(index).map(|person| person.name.as_str()).unwrap_or_default();
    match message.kind {
        "template" => card(message, None, lang),
        "subscription" => card(message, Some(&t_in!(lang, "sandbox-kind-subscription")), lang),
        "one_time" => card(message, Some(&t_in!(lang, "sandbox-kind-one-time")), lang),
        kind => {
            let part = match kind {
                "image" => picture(message, &t_in!(lang, "sandbox-kind-image")),
                "voice" => voice(message, lang),
                "video" => video(message, lang),
                "music" => music(message, lang),
                "news" => article(message, &host_name(&message.body["articles"][0]["picurl"])),
                "mpnews" | "mpnewsarticle" => article(message, &t_in!(lang, "sandbox-kind-article")),
                "msgmenu" => menu(message, person),
                "wxcard" => coupon(message, lang),
                "miniprogrampage" => mini_program(message, lang),
                _ => html! { div.bubble { (text_with_links(message.content.as_deref().unwrap_or_default(), person)) } },
            };
            html! { div.line data-kind=(kind) { (sender(platform, message)) div.part { (kf_nickname(platform, message)) (part) } } }
        }
    }
}

/// Returns the customer-service account that the message names, with its index.
fn kf_account<'a>(platform: &'a Platform, message: &Message) -> Option<(usize, &'a KfAccountConfig)> {
    let account = message.kf_account.as_ref()?;
    platform.scenario.kf_accounts.iter().enumerate().find(|(_, config)| config.account == *account)
}

/// Draws the avatar of the sender: of the account, or of a customer-service account.
fn sender(platform: &Platform, message: &Message) -> Markup {
    match kf_account(platform, message) {
        Some((index, kf_account)) => avatar(&kf_account.nickname, index + 4),
        None => avatar(&platform.scenario.account_name, 0),
    }
}

fn kf_nickname(platform: &Platform, message: &Message) -> Markup {
    html! { @if let Some((_, kf_account)) = kf_account(platform, message) { small.clerk { (kf_account.nickname) } } }
}

fn picture(message: &Message, alt_text: &str) -> Markup {
    html! {
        @if let Some(file) = message.files.last() {
            a.picture href=(file.path) target="_blank" { img src=(file.path) alt=(alt_text) loading="lazy"; }
        }
    }
}

/// Draws a bar whose length grows with the duration.
fn voice(message: &Message, lang: Lang) -> Markup {
    html! {
        @if let Some(file) = message.files.first() {
            @let seconds = file.seconds.unwrap_or_default();
            a.bubble.voice href=(file.path) target="_blank" title=(t_in!(lang, "sandbox-kind-voice"))
                style={ "width:" (76 + 2 * seconds.min(60)) "px" } {
                span.waves aria-hidden="true" { i {} i {} i {} }
                @if file.seconds.is_some() { (seconds) "″" }
            }
        }
    }
}

fn video(message: &Message, lang: Lang) -> Markup {
    let video = message.files.iter().find(|file| file.kind == MediaKind::Video);
    let poster = message.files.iter().find(|file| file.kind == MediaKind::Thumb);
    html! {
        @if let Some(video) = video {
            a.picture.video href=(video.path) target="_blank" title=(t_in!(lang, "sandbox-kind-video")) {
                @if let Some(poster) = poster {
                    img src=(poster.path) alt=(t_in!(lang, "sandbox-kind-video")) loading="lazy";
                }
                span.play aria-hidden="true" { "▶" }
            }
        }
        @if message.title.is_some() || message.content.is_some() { div.below { (title_and_text(message)) } }
    }
}

/// Draws the title and the text below it.
fn title_and_text(message: &Message) -> Markup {
    html! {
        @if let Some(title) = &message.title { b { (title) } }
        @if let Some(content) = &message.content { p { (content) } }
    }
}

/// Draws a box with text and an element beside it. A tap opens the message's address.
fn card_row(message: &Message, side: &Markup, footer_text: Option<&str>) -> Markup {
    let content = html! {
        div.words { (title_and_text(message)) }
        (side)
    };
    html! {
        div.tile {
            @if let Some(url) = &message.url {
                a.row href=(url) title=(url) target="_blank" rel="noopener noreferrer" { (content) }
            } @else {
                div.row { (content) }
            }
            @if let Some(footer_text) = footer_text { div.kind { (footer_text) } }
        }
    }
}

fn music(message: &Message, lang: Lang) -> Markup {
    let side = html! {
        @if let Some(file) = message.files.last() {
            span.square { img src=(file.path) alt="" loading="lazy"; span.play aria-hidden="true" { "♪" } }
        }
    };
    card_row(message, &side, Some(&t_in!(lang, "sandbox-kind-music")))
}

/// Draws an article. The text `picture` stands in for its picture.
fn article(message: &Message, picture: &str) -> Markup {
    let side = html! { @if !picture.is_empty() { span.square.none { (picture) } } };
    card_row(message, &side, None)
}

fn host_name(url: &Value) -> String {
    let url = url.as_str().and_then(|url| url::Url::parse(url).ok());
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Draws a menu. A tap on an entry sends its text.
fn menu(message: &Message, person: &str) -> Markup {
    let list = message.body["list"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        div.bubble.menu {
            @if let Some(head) = &message.content { p { (head) } }
            @for entry in list {
                @let text = entry["content"].as_str().unwrap_or_default();
                (reply_button(person, text, entry["id"].as_str().unwrap_or_default(), text))
            }
            @if let Some(tail) = message.body["tail_content"].as_str() { p { (tail) } }
        }
    }
}

/// Draws a button that makes the person send `text`, with the id of the entry.
fn reply_button(person: &str, text: &str, id: &str, label: &str) -> Markup {
    html! {
        form.tap method="post" action="/sandbox/write" {
            input type="hidden" name="person" value=(person);
            input type="hidden" name="text" value=(text);
            @if !id.is_empty() { input type="hidden" name="menu_id" value=(id); }
            button type="submit" { (label) }
        }
    }
}

fn coupon(message: &Message, lang: Lang) -> Markup {
    html! {
        div.tile.coupon {
            div.row { div.words { (title_and_text(message)) code { (message.body["card_id"].as_str().unwrap_or_default()) } } }
            div.kind { (t_in!(lang, "sandbox-kind-coupon")) }
        }
    }
}

fn mini_program(message: &Message, lang: Lang) -> Markup {
    html! {
        div.tile.program {
            div.words {
                code { (message.miniprogram.as_deref().unwrap_or_default()) }
                (title_and_text(message))
            }
            @if let Some(file) = message.files.last() { img src=(file.path) alt="" loading="lazy"; }
            div.kind { (t_in!(lang, "sandbox-kind-mini-program")) }
        }
    }
}

/// Draws a card as wide as the conversation; `label` names its type.
fn card(message: &Message, label: Option<&str>, lang: Lang) -> Markup {
    html! {
        div.card data-kind=(message.kind) {
            @if let Some(label) = label { small.label { (label) } }
            h3 { (message.title.as_deref().unwrap_or_default()) }
            @if let Some(content) = &message.content { p.lead { (content) } }
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
            (footer(message, lang))
        }
    }
}

/// Draws the target of a tap. The page cannot open a mini-program.
fn footer(message: &Message, lang: Lang) -> Markup {
    html! {
        @if let Some(target) = &message.miniprogram {
            div.foot { span { (t_in!(lang, "sandbox-mini-program", target = *target)) } span.more { "›" } }
        } @else if let Some(url) = message.url.as_deref() {
            @if is_web_url(url) {
                a.foot href=(url) title=(url) target="_blank" rel="noopener noreferrer" {
                    span { (t_in!(lang, "sandbox-details")) } span.more { "›" }
                }
            } @else {
                div.foot { span { (url) } }
            }
        }
    }
}

/// Draws a text with its links. All other tags are shown literally.
fn text_with_links(text: &str, person: &str) -> Markup {
    html! {
        @for piece in parse_text(text) {
            @match piece {
                TextPiece::Text(text) => (text),
                TextPiece::Link(TextLink { href, label, .. }) => {
                    @let href = href.unwrap_or_default();
                    @if is_web_url(href) {
                        a href=(href) target="_blank" rel="noopener noreferrer" { (label) }
                    } @else if let Some((text, id)) = menu_reply(href) {
                        (reply_button(person, &text, &id, label))
                    } @else {
                        span.link title=(href) { (label) }
                    }
                },
            }
        }
    }
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
            assert_eq!(text_with_links(text, "luffy").into_string(), shown);
        }
        let link = text_with_links("see <a href=\"https://example.com/?a=1&b=2\">this</a>!", "luffy").into_string();
        assert!(link.starts_with("see <a href=\"https://example.com/?a=1&amp;b=2\" target"), "{link}");
        assert!(link.ends_with(">this</a>!"), "{link}");
    }

    #[test]
    fn times_are_in_beijing_time() {
        let at_ms = 1_700_000_000_000; // 2023-11-14T22:13:20Z
        assert_eq!(format_time(at_ms, at_ms), "06:13");
        assert_eq!(format_time(at_ms, at_ms + 86_400_000), "11-15 06:13");
    }
}
