//! The pages on the phone: a mark, what happened, what to do. Nothing in them comes from the request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Reason;
use super::follow::Step;
use crate::http::Reply;
use crate::t_in;
use crate::words::Lang;

/// What a call is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    Bound { username: String, nickname: Option<String>, step: Step },
    TurnedAway(Reason),
    Unreachable,
    AccountRefused,
    NotKept,
}

/// The mark above the title: its colour and its shape on a circle of 64.
struct Mark {
    class: &'static str,
    shape: &'static str,
}

const DONE: Mark = Mark { class: "done", shape: "M19 33.5 28.5 43 46 24" };
const NOTE: Mark = Mark { class: "note", shape: "M32 18v17M32 45v.5" };
const FAIL: Mark = Mark { class: "fail", shape: "M23 23l18 18M41 23 23 41" };

/// As quiet as WeChat's own result pages; readable from 280 px on.
const STYLE: &str = "\
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

/// The reply for a page.
pub(super) fn reply(page: &Page, lang: Lang) -> Reply {
    let (status, mark) = match page {
        Page::Bound { step: Step::Follow(_), .. } => (200, NOTE),
        Page::Bound { .. } => (200, DONE),
        Page::TurnedAway(reason) => (status(*reason), NOTE),
        Page::Unreachable => (502, NOTE),
        Page::AccountRefused | Page::NotKept => (500, FAIL),
    };
    let [title, why, todo] = texts(page, lang);
    let details = match page {
        Page::Bound { username, nickname, step } => html! {
            (details(username, nickname.as_deref(), lang))
            @if let Step::Follow(Some(picture)) = step {
                img.code src=(data_url(picture)) alt=(t_in!(lang, "callback-follow-picture"));
            }
        },
        _ => html! {},
    };
    let reply = Reply::html(status, document(lang, &mark, &title, &why, &details, &todo).into_string());
    if status == 405 { reply.header("Allow", "GET") } else { reply }
}

fn status(reason: Reason) -> u16 {
    match reason {
        Reason::Path | Reason::Elsewhere => 404,
        Reason::Method => 405,
        Reason::State | Reason::Snapshot => 403,
        Reason::NoCode | Reason::Repeated | Reason::BadCode => 400,
        Reason::Used | Reason::Taken => 409,
        Reason::Refused(_) => 410,
    }
}

/// Title, why, what to do.
fn texts(page: &Page, lang: Lang) -> [String; 3] {
    macro_rules! say {
        ($title:literal, $why:literal, $todo:literal) => {
            [t_in!(lang, $title), t_in!(lang, $why), t_in!(lang, $todo)]
        };
    }
    match page {
        Page::Bound { step, .. } => match step {
            Step::None => say!("callback-bound-title", "callback-bound-why", "callback-bound-todo"),
            Step::Unknown => say!("callback-bound-title", "callback-bound-why", "callback-follow-unknown-todo"),
            Step::Follow(Some(_)) => say!("callback-follow-title", "callback-follow-why", "callback-follow-todo"),
            Step::Follow(None) => say!("callback-follow-title", "callback-follow-why", "callback-follow-search-todo"),
        },
        Page::Unreachable => {
            say!("callback-unreachable-title", "callback-unreachable-why", "callback-unreachable-todo")
        }
        Page::AccountRefused => say!("callback-account-title", "callback-account-why", "callback-operator-todo"),
        Page::NotKept => say!("callback-unkept-title", "callback-unkept-why", "callback-operator-todo"),
        Page::TurnedAway(reason) => match reason {
            Reason::Path | Reason::Elsewhere => say!("callback-path-title", "callback-path-why", "callback-scan-todo"),
            Reason::Method => say!("callback-method-title", "callback-method-why", "callback-scan-todo"),
            Reason::State => say!("callback-state-title", "callback-state-why", "callback-new-link-todo"),
            Reason::NoCode => say!("callback-no-code-title", "callback-no-code-why", "callback-no-code-todo"),
            Reason::Repeated => say!("callback-repeated-title", "callback-repeated-why", "callback-scan-todo"),
            Reason::BadCode => say!("callback-bad-code-title", "callback-bad-code-why", "callback-scan-todo"),
            Reason::Refused(_) => say!("callback-refused-title", "callback-refused-why", "callback-again-todo"),
            Reason::Used => say!("callback-used-title", "callback-used-why", "callback-again-todo"),
            Reason::Taken => say!("callback-taken-title", "callback-taken-why", "callback-new-link-todo"),
            Reason::Snapshot => say!("callback-snapshot-title", "callback-snapshot-why", "callback-snapshot-todo"),
        },
    }
}

fn details(user: &str, nickname: Option<&str>, lang: Lang) -> Markup {
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

/// A picture that comes with the page.
fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

/// Keeps what stands between Chinese punctuation on one line where it fits: a browser would break anywhere.
fn clauses(text: &str) -> Markup {
    html! {
        @for clause in text.split_inclusive(['，', '。', '；']) { span { (clause) } }
    }
}

fn document(lang: Lang, mark: &Mark, title: &str, why: &str, details: &Markup, todo: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="robots" content="noindex";
                // Without it a browser asks for an icon, which would be one more call turned away.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    svg class=(mark.class) viewBox="0 0 64 64" aria-hidden="true" {
                        circle cx="32" cy="32" r="32" {}
                        path d=(mark.shape) {}
                    }
                    h1 { (title) }
                    p.why { (clauses(why)) }
                    (details)
                    p.todo { (clauses(todo)) }
                }
                footer { "wxbox" }
            }
        }
    }
}
