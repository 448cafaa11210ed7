//! The pages: what a phone shows when it opens a link, and the inbox where one looks at all phones.

mod bubble;
mod consent;
mod follow;
mod inbox;
mod message;
mod subscribe;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(super) use consent::{consent, consent_refused, link_error};
pub(super) use follow::{follow, follow_expired};
pub(super) use inbox::{inbox, phones};
pub(super) use subscribe::{consent_error, subscribe_consent};

use super::Platform;
use crate::http_server::{HttpResponse, Request};
use crate::i18n;
use crate::i18n::Lang;
use crate::t_in;

const STYLE: &str = include_str!("style.css");
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The language of whoever looks.
fn page_language(request: &Request) -> Lang {
    i18n::negotiate_language(request.header("accept-language"), i18n::current_language())
}

/// A whole page; `policy` is added to what it may do.
fn page(lang: Lang, status: u16, title: &str, body: &Markup, policy: &str) -> HttpResponse {
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
        // With less, browsers send forms from here with `Origin: null`.
        .with_header("Referrer-Policy", "same-origin")
}

/// One thing to say, the way WeChat says it: a mark, a line, an explanation.
fn notice(lang: Lang, status: u16, mark: char, title: &str, text: &str) -> HttpResponse {
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

/// There is no such page, person or form.
pub(super) fn not_found(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 404, '!', &t_in!(lang, "sandbox-missing-title"), &t_in!(lang, "sandbox-missing-text"))
}

/// The form came from a page that is not the sandbox's.
pub(super) fn cross_site_form(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-foreign-title"), &t_in!(lang, "sandbox-foreign-text"))
}

/// The sandbox was asked under a name that is not its own, or by a page that is not.
pub(super) fn forbidden_host(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-name-title"), &t_in!(lang, "sandbox-name-text"))
}

/// A square with the first letter of a name, in a colour of its own.
fn avatar(name: &str, colour: usize) -> Markup {
    let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    html! { span class={ "avatar c" (colour % 6) } aria-hidden="true" { (letter) } }
}

/// Whose phone it is, to choose from.
fn person_picker(platform: &Platform, request: &Request, lang: Lang) -> Markup {
    let owner = platform.acting_person(request);
    // Of the crowd only who is asked for: nobody would find anybody among a hundred thousand.
    let asked = platform.people.iter().enumerate().filter(|(at, _)| *at < platform.configured_people() || *at == owner);
    html! {
        div.people {
            @for (at, person) in asked {
                label.person {
                    (avatar(&person.name, at + 1))
                    span.name {
                        (person.name)
                        small {
                            @if person.follows { (t_in!(lang, "sandbox-follows")) }
                            @else { (t_in!(lang, "sandbox-follows-not")) }
                        }
                    }
                    input type="radio" name="person" value=(person.name) checked[at == owner];
                    span.tick aria-hidden="true" { "✓" }
                }
            }
        }
    }
}
