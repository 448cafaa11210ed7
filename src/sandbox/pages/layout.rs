//! The layout and the elements that all pages share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::http_server::{HttpResponse, Request};
use crate::i18n::{self, Lang};
use crate::sandbox::state::Platform;
use crate::t_in;

const STYLE: &str = include_str!("style.css");
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns the language of the page, negotiated with the browser.
pub(super) fn page_language(request: &Request) -> Lang {
    i18n::negotiate_language(request.header("accept-language"), i18n::current_language())
}

/// Renders a whole page. `policy` is added to its content security policy.
pub(super) fn page(lang: Lang, status: u16, title: &str, body: &Markup, policy: &str) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            (body)
        }
    };
    HttpResponse::html(status, page.into_string())
        .with_header("Content-Security-Policy", &format!("{CONTENT_SECURITY_POLICY}; {policy}"))
        // With a stricter policy, browsers send the forms of this page with `Origin: null`.
        .with_header("Referrer-Policy", "same-origin")
}

/// Renders a notice as WeChat does: a mark, a title and a text.
pub(super) fn notice(lang: Lang, status: u16, mark: char, title: &str, text: &str) -> HttpResponse {
    let body = html! {
        body.notice {
            main {
                div.mark.warn[mark == '!'] { (mark) }
                h1 { (title) }
                p { (text) }
            }
        }
    };
    page(lang, status, title, &body, "form-action 'none'")
}

/// Draws a square with the first letter of a name. The number selects its color.
pub(super) fn avatar(name: &str, color: usize) -> Markup {
    let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    html! { span class={ "avatar c" (color % 6) } aria-hidden="true" { (letter) } }
}

/// Draws a choice of the person whose phone it is.
pub(super) fn person_picker(platform: &Platform, request: &Request, lang: Lang) -> Markup {
    let active_person = platform.acting_person(request);
    // Of the generated followers, only the active one: a list of a hundred thousand would be
    // useless.
    let choices = platform
        .people
        .iter()
        .enumerate()
        .filter(|(index, _)| *index < platform.configured_people() || *index == active_person);
    html! {
        div.people {
            @for (index, person) in choices {
                label.person {
                    (avatar(&person.name, index + 1))
                    span.name {
                        (person.name)
                        small {
                            @if person.follows { (t_in!(lang, "sandbox-follows")) }
                            @else { (t_in!(lang, "sandbox-follows-not")) }
                        }
                    }
                    input type="radio" name="person" value=(person.name) checked[index == active_person];
                    span.tick aria-hidden="true" { "✓" }
                }
            }
        }
    }
}
