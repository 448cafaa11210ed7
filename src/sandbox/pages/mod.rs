//! The pages: what a phone shows when it opens a link, and the inbox where one looks at all phones.

mod bubble;
mod code;
mod consent;
mod inbox;
mod kinds;
mod subscribe;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(super) use code::{code, code_expired};
pub(super) use consent::{consent, link_error, refused};
pub(super) use inbox::{inbox, phones};
pub(super) use subscribe::{ask_error, subscribe};

use super::Platform;
use crate::http::{Reply, Request};
use crate::t_in;
use crate::words::{self, Lang};

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The language of whoever looks.
fn language(request: &Request) -> Lang {
    words::preferred(request.header("accept-language"), words::language())
}

/// A whole page; `policy` is added to what it may do.
fn page(lang: Lang, status: u16, title: &str, body: &Markup, policy: &str) -> Reply {
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
    Reply::html(status, page.into_string())
        .header("Content-Security-Policy", &format!("{POLICY}; {policy}"))
        // With less, browsers send forms from here with `Origin: null`.
        .header("Referrer-Policy", "same-origin")
}

/// One thing to say, the way WeChat says it: a mark, a line, an explanation.
fn notice(lang: Lang, status: u16, mark: char, title: &str, text: &str) -> Reply {
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
pub(super) fn not_found(request: &Request) -> Reply {
    let lang = language(request);
    notice(lang, 404, '!', &t_in!(lang, "sandbox-missing-title"), &t_in!(lang, "sandbox-missing-text"))
}

/// The form came from a page that is not the sandbox's.
pub(super) fn refused_form(request: &Request) -> Reply {
    let lang = language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-foreign-title"), &t_in!(lang, "sandbox-foreign-text"))
}

/// The sandbox was asked under a name that is not its own, or by a page that is not.
pub(super) fn refused_name(request: &Request) -> Reply {
    let lang = language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-name-title"), &t_in!(lang, "sandbox-name-text"))
}

/// A square with the first letter of a name, in a colour of its own.
fn avatar(name: &str, colour: usize) -> Markup {
    let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    html! { span class={ "avatar c" (colour % 6) } aria-hidden="true" { (letter) } }
}

/// Whose phone it is, to choose from.
fn people(platform: &Platform, request: &Request, lang: Lang) -> Markup {
    let owner = platform.phone_of(request);
    // Of the crowd only who is asked for: nobody would find anybody among a hundred thousand.
    let asked = platform.people.iter().enumerate().filter(|(at, _)| *at < platform.named() || *at == owner);
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
