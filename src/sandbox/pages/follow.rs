//! The page that a phone shows when it scans a QR code of the account: the account and a button to
//! follow it.

use maud::html;

use super::layout::{avatar, notice, page, page_language, person_picker};
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::state::Platform;
use crate::t_in;

/// Shows the account, and asks which person follows it.
///
/// For a person who already follows, WeChat opens the conversation instead.
pub(in crate::sandbox) fn follow(platform: &Platform, request: &Request, id: &str) -> HttpResponse {
    let lang = page_language(request);
    let account = &platform.scenario.account_name;
    let title = t_in!(lang, "sandbox-code-title", account = account);
    let body = html! {
        body.consent {
            form.sheet method="post" action={ "/sandbox/follow?code=" (id) } {
                div.asker { (avatar(account, 0)) span { (account) } }
                h1 { (title) }
                p.small { (t_in!(lang, "sandbox-code-text")) }
                (person_picker(platform, request, lang))
                div.choice { button.main type="submit" name="follows" value="1" { (t_in!(lang, "sandbox-follow")) } }
            }
        }
    };
    page(lang, 200, &title, &body, "form-action 'self'")
}

/// Explains that the QR code does not exist or has expired.
pub(in crate::sandbox) fn follow_expired(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 200, '!', &t_in!(lang, "sandbox-code-expired-title"), &t_in!(lang, "sandbox-code-expired-text"))
}
