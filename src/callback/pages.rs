//! The pages on the phone: an icon, the result, the next step. They repeat no part of the request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::follow::FollowStep;
use super::rejection::CallbackRejection;
use crate::http_server::HttpResponse;
use crate::i18n::Lang;
use crate::t_in;

/// The page that responds to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Bound { username: String, nickname: Option<String>, follow_step: FollowStep },
    Rejected(CallbackRejection),
    Unreachable,
    Stopping,
    AccountRefused,
    SaveFailed,
}

/// The icon above the title: its color and its shape on a circle with a diameter of 64.
struct Icon {
    class: &'static str,
    svg_path: &'static str,
}

const ICON_DONE: Icon = Icon { class: "done", svg_path: "M19 33.5 28.5 43 46 24" };
const ICON_NOTE: Icon = Icon { class: "note", svg_path: "M32 18v17M32 45v.5" };
const ICON_FAIL: Icon = Icon { class: "fail", svg_path: "M23 23l18 18M41 23 23 41" };

/// Similar to WeChat's own result pages, and readable from a width of 280 px.
const PAGE_STYLE: &str = "\
:root{color-scheme:light dark;--back:#fff;--text:#191919;--soft:#737373;--card:#f7f7f7;--line:#e5e5e5}\
@media(prefers-color-scheme:dark){:root{--back:#191919;--text:#d5d5d5;--soft:#8f8f8f;--card:#232323;--line:#333}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--back);color:var(--text);\
font:17px/1.6 -apple-system,system-ui,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif;\
-webkit-text-size-adjust:100%;overflow-wrap:anywhere}\
main{flex:1;width:100%;max-width:480px;margin:0 auto;padding:56px 28px 32px;text-align:center}\
svg{width:72px;height:72px;display:block;margin:0 auto 28px}\
path{fill:none;stroke:#fff;stroke-width:5;stroke-linecap:round;stroke-linejoin:round}\
.done circle{fill:#07c160}.note circle{fill:#f0a020}.fail circle{fill:#fa5151}\
h1{margin:0 0 12px;font-size:22px;line-height:1.4;font-weight:600}\
p{margin:0 0 12px;text-wrap:balance}\
.why{color:var(--soft)}p:lang(zh)>span{display:inline-block}\
dl{display:grid;grid-template-columns:auto 1fr;gap:10px 20px;margin:24px 0;padding:16px 18px;\
border-radius:8px;background:var(--card);font-size:16px}\
dt{color:var(--soft);text-align:left}dd{margin:0;text-align:right}\
.todo{margin-top:24px;padding-top:20px;border-top:1px solid var(--line)}\
dl+.todo{border:0;padding:0}\
.code{display:block;width:240px;max-width:100%;margin:24px auto 0;border-radius:8px;image-rendering:pixelated}\
.code+.todo{border:0;margin-top:12px;padding:0}\
footer{padding:0 0 24px;text-align:center;font-size:13px;color:var(--soft)}";

/// Returns whether a response of the redirect address is a page of wxbox.
pub fn is_callback_page(page: &str) -> bool {
    page.contains(PAGE_STYLE)
}

/// Returns the response with a page.
pub(super) fn render_response(page: &Page, lang: Lang) -> HttpResponse {
    let (status, icon) = match page {
        Page::Bound { follow_step: FollowStep::Follow(_), .. } => (200, ICON_NOTE),
        Page::Bound { .. } => (200, ICON_DONE),
        Page::Rejected(reason) => (rejection_status(*reason), ICON_NOTE),
        Page::Unreachable => (502, ICON_NOTE),
        Page::Stopping => (503, ICON_NOTE),
        Page::AccountRefused | Page::SaveFailed => (500, ICON_FAIL),
    };
    let texts = page_texts(page, lang);
    let details = match page {
        Page::Bound { username, nickname, follow_step } => html! {
            (binding_details(username, nickname.as_deref(), lang))
            @if let FollowStep::Follow(Some(png)) = follow_step {
                img.code src=(data_url(png)) alt=(t_in!(lang, "callback-follow-picture"));
            }
        },
        _ => html! {},
    };
    let response = HttpResponse::html(status, render_document(lang, &icon, &texts, &details).into_string());
    if status == 405 { response.with_header("Allow", "GET") } else { response }
}

fn rejection_status(reason: CallbackRejection) -> u16 {
    match reason {
        CallbackRejection::WrongPath | CallbackRejection::RewrittenPath => 404,
        CallbackRejection::WrongMethod => 405,
        CallbackRejection::WrongState | CallbackRejection::SnapshotUser => 403,
        CallbackRejection::NoCode | CallbackRejection::DuplicateParam | CallbackRejection::MalformedCode => 400,
        CallbackRejection::CodeUsed | CallbackRejection::AlreadyBound => 409,
        CallbackRejection::CodeRefused(_) => 410,
    }
}

/// Returns the title, the reason and the next step.
fn page_texts(page: &Page, lang: Lang) -> [String; 3] {
    macro_rules! texts {
        ($title:literal, $reason:literal, $next_step:literal) => {
            [t_in!(lang, $title), t_in!(lang, $reason), t_in!(lang, $next_step)]
        };
    }
    match page {
        Page::Bound { follow_step, .. } => match follow_step {
            FollowStep::None => texts!("callback-bound-title", "callback-bound-why", "callback-bound-todo"),
            FollowStep::FollowIfNeeded => {
                texts!("callback-bound-title", "callback-bound-why", "callback-follow-unknown-todo")
            }
            FollowStep::Follow(Some(_)) => {
                texts!("callback-follow-title", "callback-follow-why", "callback-follow-todo")
            }
            FollowStep::Follow(None) => {
                texts!("callback-follow-title", "callback-follow-why", "callback-follow-search-todo")
            }
        },
        Page::Unreachable => {
            texts!("callback-unreachable-title", "callback-unreachable-why", "callback-unreachable-todo")
        }
        Page::Stopping => texts!("callback-stopping-title", "callback-stopping-why", "callback-stopping-todo"),
        Page::AccountRefused => texts!("callback-account-title", "callback-account-why", "callback-operator-todo"),
        Page::SaveFailed => texts!("callback-not-saved-title", "callback-not-saved-why", "callback-operator-todo"),
        Page::Rejected(reason) => match reason {
            CallbackRejection::WrongPath | CallbackRejection::RewrittenPath => {
                texts!("callback-path-title", "callback-path-why", "callback-scan-todo")
            }
            CallbackRejection::WrongMethod => {
                texts!("callback-method-title", "callback-method-why", "callback-scan-todo")
            }
            CallbackRejection::WrongState => {
                texts!("callback-state-title", "callback-state-why", "callback-new-link-todo")
            }
            CallbackRejection::NoCode => {
                texts!("callback-no-code-title", "callback-no-code-why", "callback-no-code-todo")
            }
            CallbackRejection::DuplicateParam => {
                texts!("callback-repeated-title", "callback-repeated-why", "callback-scan-todo")
            }
            CallbackRejection::MalformedCode => {
                texts!("callback-bad-code-title", "callback-bad-code-why", "callback-scan-todo")
            }
            CallbackRejection::CodeRefused(_) => {
                texts!("callback-refused-title", "callback-refused-why", "callback-again-todo")
            }
            CallbackRejection::CodeUsed => texts!("callback-used-title", "callback-used-why", "callback-again-todo"),
            CallbackRejection::AlreadyBound => {
                texts!("callback-link-used-title", "callback-link-used-why", "callback-new-link-todo")
            }
            CallbackRejection::SnapshotUser => {
                texts!("callback-snapshot-title", "callback-snapshot-why", "callback-snapshot-todo")
            }
        },
    }
}

fn binding_details(user: &str, nickname: Option<&str>, lang: Lang) -> Markup {
    html! {
        dl {
            dt { (t_in!(lang, "callback-bound-user")) }
            dd { bdi { (user) } }
            @if let Some(nickname) = nickname.filter(|name| !name.trim().is_empty()) {
                dt { (t_in!(lang, "callback-bound-nickname")) }
                dd { bdi { (nickname) } }
            }
        }
    }
}

/// Returns an image as a URL, so that it is part of the page.
fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

/// Keeps the text between Chinese punctuation on one line if it fits. A browser would break it
/// anywhere.
fn sentences(text: &str) -> Markup {
    html! {
        @for clause in text.split_inclusive(['，', '。', '；']) { span { (clause) } }
    }
}

fn render_document(lang: Lang, icon: &Icon, [title, reason, next_step]: &[String; 3], details: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="robots" content="noindex";
                // Otherwise a browser requests an icon, which would be another rejected call.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(PAGE_STYLE)) }
            }
            body {
                main {
                    svg class=(icon.class) viewBox="0 0 64 64" aria-hidden="true" {
                        circle cx="32" cy="32" r="32" {}
                        path d=(icon.svg_path) {}
                    }
                    h1 { (title) }
                    p.why { (sentences(reason)) }
                    (details)
                    p.todo { (sentences(next_step)) }
                }
                footer { "wxbox" }
            }
        }
    }
}
