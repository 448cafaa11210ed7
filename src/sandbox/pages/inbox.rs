//! The inbox: the phones of all people side by side, the messages on them, and buttons to act for
//! the people.

use maud::{Markup, PreEscaped, html};

use super::layout::{avatar, page, page_language};
use super::message::{conversation, format_time};
use super::push::{push_form, push_lines};
use crate::http_server::{HttpResponse, Request};
use crate::i18n::Lang;
use crate::sandbox::ids;
use crate::sandbox::scenario::account_setup::SubscriptionConfig;
use crate::sandbox::state::Platform;
use crate::sandbox::state::followers::Person;
use crate::t_in;

/// The number of phones that are drawn if no person is named; a scenario may have thousands of
/// people.
const MAX_PHONES: usize = 12;
/// The number of faults of the plan that are shown.
const MAX_FAULTS: usize = 12;
/// The number of entries of a conversation that are drawn.
const MAX_LINES: usize = 60;

/// Refreshes the page every two seconds. Without scripts the page is the same, and must be reloaded
/// by hand.
const REFRESH_SCRIPT: &str = "setInterval(async()=>{try{\
    const answer=await fetch('/sandbox/phones'+location.search);\
    const news=new DOMParser().parseFromString(await answer.text(),'text/html');\
    for(const part of news.querySelectorAll('[data-live]')){\
    const old=document.getElementById(part.id);if(old&&old.outerHTML!==part.outerHTML)old.replaceWith(part)}\
    }catch(stopped){}},2000)";

/// `GET /`; `?person=NAME` shows one phone.
pub(in crate::sandbox) fn inbox(platform: &Platform, request: &Request, now_ms: i64) -> HttpResponse {
    let lang = page_language(request);
    let nonce = ids::nonce();
    let scenario = &platform.scenario;
    let body = html! {
        body.inbox {
            header {
                h1 { (t_in!(lang, "sandbox-inbox-title")) }
                p { (t_in!(lang, "sandbox-inbox-intro")) }
                dl {
                    div { dt { "appID" } dd { code { (scenario.app_id) } } }
                    div { dt { "appsecret" } dd { code { (scenario.app_secret) } } }
                }
                (switches(platform, lang))
                (push_form(platform, lang))
            }
            (phones_and_faults(platform, request, lang, now_ms))
            footer { (t_in!(lang, "sandbox-inbox-footer")) }
            script nonce=(nonce) { (PreEscaped(REFRESH_SCRIPT)) }
        }
    };
    let policy = format!("form-action 'self'; connect-src 'self'; script-src 'nonce-{nonce}'");
    page(lang, 200, &t_in!(lang, "sandbox-inbox-title"), &body, &policy)
}

/// `GET /sandbox/phones`: only the phones, for the refresh of the open page.
pub(in crate::sandbox) fn phones(platform: &Platform, request: &Request, now_ms: i64) -> HttpResponse {
    let lang = page_language(request);
    HttpResponse::html(200, phones_and_faults(platform, request, lang, now_ms).into_string())
}

fn switches(platform: &Platform, lang: Lang) -> Markup {
    let scenario = &platform.scenario;
    let all = [
        ("strict_templates", scenario.strict_templates, t_in!(lang, "sandbox-switch-strict")),
        ("real_limits", scenario.real_limits, t_in!(lang, "sandbox-switch-limits")),
        ("verified", scenario.verified, t_in!(lang, "sandbox-switch-verified")),
        ("snapshot", scenario.snapshot, t_in!(lang, "sandbox-switch-snapshot")),
        ("double_callback", scenario.double_callback, t_in!(lang, "sandbox-switch-double")),
    ];
    html! {
        div.switches {
            @for (name, on, label) in &all {
                form method="post" action="/sandbox/settings" {
                    button.switch.on[*on] type="submit" name=(name) value=(if *on { "0" } else { "1" })
                        aria-pressed=(on) { i {} (label) }
                }
            }
            form method="post" action="/sandbox/clock" {
                button.switch type="submit" name="forward" value="49h" { (t_in!(lang, "sandbox-clock-forward")) }
            }
            form method="post" action="/sandbox/clear" {
                button.switch type="submit" { (t_in!(lang, "sandbox-clear")) }
            }
        }
    }
}

fn phones_and_faults(platform: &Platform, request: &Request, lang: Lang, now_ms: i64) -> Markup {
    let name_filter = request.param("person");
    let mut matching = platform
        .people
        .iter()
        .enumerate()
        .filter(|(_, person)| name_filter.as_ref().is_none_or(|name| *name == person.name));
    let people: Vec<_> = matching.by_ref().take(MAX_PHONES).collect();
    let hidden = matching.count();
    html! {
        (faults(platform, lang))
        main.phones {
            @for (index, person) in people { (phone(platform, index, person, lang, now_ms)) }
        }
        @if hidden > 0 { p.more-people { (t_in!(lang, "sandbox-more-people", count = hidden)) } }
        details.calls { summary { (t_in!(lang, "sandbox-calls")) } (calls(platform, lang)) }
        details.calls { summary { (t_in!(lang, "sandbox-pushes")) } (push_lines(platform, lang)) }
    }
}

/// Draws the fault plan, and how often each fault triggered.
fn faults(platform: &Platform, lang: Lang) -> Markup {
    let entries = platform.fault_plan.entries();
    html! {
        div.faults id="faults" data-live {
            @if !entries.is_empty() {
                h2 { (t_in!(lang, "sandbox-faults")) }
                @for entry in entries.iter().take(MAX_FAULTS) {
                    p { code { (entry.fault) } " " (t_in!(lang, "sandbox-fault-applied", count = entry.triggered)) }
                }
                @if entries.len() > MAX_FAULTS { p { "…" } }
            }
        }
    }
}

/// Draws a table of today's calls and their limits.
fn calls(platform: &Platform, lang: Lang) -> Markup {
    html! {
        table id="calls" data-live {
            @for (path, used) in platform.call_counters.all() {
                tr {
                    td { code { (path) } }
                    td {
                        @match platform.scenario.daily_limit(path) {
                            Some(limit) => (t_in!(lang, "sandbox-calls-of", used = used, limit = limit)),
                            None => (used),
                        }
                    }
                }
            }
        }
    }
}

fn phone(platform: &Platform, index: usize, person: &Person, lang: Lang, now_ms: i64) -> Markup {
    let entries = platform.inbox.conversation(&person.openid, MAX_LINES);
    html! {
        section {
            div.who id={ "who" (index) } data-live {
                (avatar(&person.name, index + 1))
                div {
                    h2 { (person.name) @if index == platform.active_person { em { (t_in!(lang, "sandbox-phone-chosen")) } } }
                    code { (person.openid) }
                    p { (window_state(person, lang, now_ms)) }
                }
            }
            div.phone {
                div.bar id={ "bar" (index) } data-live {
                    span { "‹" }
                    @if platform.typing.is_typing(index, now_ms) { b { (t_in!(lang, "sandbox-typing")) } }
                    @else { b { (platform.scenario.account_name) } }
                    span { "···" }
                }
                div.talk id={ "talk" (index) } data-live {
                    div {
                        @if entries.is_empty() { p.time { (t_in!(lang, "sandbox-empty")) } }
                        (conversation(platform, index, &entries, lang, now_ms))
                    }
                }
                form.say method="post" action="/sandbox/write" {
                    input type="hidden" name="person" value=(person.name);
                    input type="text" name="text" autocomplete="off" placeholder=(t_in!(lang, "sandbox-say"))
                        aria-label=(t_in!(lang, "sandbox-say"))
                        disabled[!person.follows];
                    button type="submit" disabled[!person.follows] { (t_in!(lang, "sandbox-say-send")) }
                }
            }
            // The refresh of the page would remove a text that is being typed.
            form.scan method="post" action="/sandbox/scan" {
                input type="hidden" name="person" value=(person.name);
                input type="text" name="url" autocomplete="off" placeholder=(t_in!(lang, "sandbox-scan-url"))
                    aria-label=(t_in!(lang, "sandbox-scan-url"));
                button type="submit" { (t_in!(lang, "sandbox-scan")) }
            }
            div.acts id={ "acts" (index) } data-live { (actions(platform, index, person, lang)) }
        }
    }
}

fn actions(platform: &Platform, index: usize, person: &Person, lang: Lang) -> Markup {
    html! {
        form method="post" action="/sandbox/follow" {
            input type="hidden" name="person" value=(person.name);
            @if person.follows {
                button type="submit" name="follows" value="0" { (t_in!(lang, "sandbox-unfollow")) }
            } @else {
                button.main type="submit" name="follows" value="1" { (t_in!(lang, "sandbox-follow")) }
            }
        }
        @if person.follows {
            form method="post" action="/sandbox/click" {
                button type="submit" name="person" value=(person.name) { (t_in!(lang, "sandbox-click")) }
            }
        }
        @if index != platform.active_person {
            form method="post" action="/sandbox/settings" {
                button type="submit" name="phone" value=(person.name) { (t_in!(lang, "sandbox-phone-choose")) }
            }
        }
        @for template in &platform.scenario.subscriptions { (subscription(platform, index, person, template, lang)) }
        form.grant method="post" action="/sandbox/scene" {
            input type="hidden" name="person" value=(person.name);
            span {
                (t_in!(lang, "sandbox-kind-one-time"))
                @for scene in platform.consents.scenes(index) { " " em { (scene) } }
            }
            button type="submit" name="scene" value="1000" { (t_in!(lang, "sandbox-grant-scene")) }
        }
    }
}

/// Draws how many notifications of a template the person accepts, and the buttons to change it.
fn subscription(
    platform: &Platform,
    index: usize,
    person: &Person,
    template: &SubscriptionConfig,
    lang: Lang,
) -> Markup {
    let remaining = platform.consents.remaining(index, template);
    html! {
        form.grant method="post" action="/sandbox/grant" {
            input type="hidden" name="person" value=(person.name);
            input type="hidden" name="template" value=(template.id);
            span {
                (template.title)
                @if remaining > 0 {
                    " "
                    em { @if template.long_term { (t_in!(lang, "sandbox-grant-lasts")) } @else { (remaining) } }
                }
            }
            @if remaining > 0 {
                button type="submit" name="give" value="0" { (t_in!(lang, "sandbox-grant-back")) }
            }
            @if remaining == 0 || !template.long_term {
                button type="submit" name="give" value="1" { (t_in!(lang, "sandbox-grant-give")) }
            }
        }
    }
}

fn window_state(person: &Person, lang: Lang, now_ms: i64) -> String {
    match person.window(now_ms) {
        _ if !person.follows => t_in!(lang, "sandbox-state-not-following"),
        Some(window) => {
            let until = format_time(window.until_ms, now_ms);
            t_in!(lang, "sandbox-state-open", left = window.remaining, until = until)
        }
        None => t_in!(lang, "sandbox-state-closed"),
    }
}
