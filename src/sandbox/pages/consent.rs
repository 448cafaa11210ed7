//! What the phone shows when it opens an authorize link: the question, a refusal, an error.

use maud::html;

use super::{avatar, language, notice, page, people};
use crate::http::{Reply, Request};
use crate::sandbox::oauth::LinkError;
use crate::sandbox::platform::Platform;
use crate::t_in;

/// Asks whether the account may have the profile, and whose. The form's answer is a redirect to wherever
/// the link says, so it may end anywhere.
pub(in crate::sandbox) fn consent(platform: &Platform, request: &Request) -> Reply {
    let lang = language(request);
    let action = format!("/sandbox/authorize?{}", request.query);
    let words = [
        t_in!(lang, "sandbox-consent-asks"),
        t_in!(lang, "sandbox-consent-title"),
        t_in!(lang, "sandbox-consent-text"),
        t_in!(lang, "sandbox-consent-refuse"),
        t_in!(lang, "sandbox-consent-allow"),
    ];
    sheet(platform, request, &action, &words)
}

/// A question with two answers, and whose they are. The words: what the account does, the question, what yes means,
/// no, yes.
pub(super) fn sheet(platform: &Platform, request: &Request, action: &str, words: &[String; 5]) -> Reply {
    let lang = language(request);
    let account = &platform.world.account_name;
    let [asks, title, text, no, yes] = words;
    let body = html! {
        body.consent {
            form.sheet method="post" action=(action) {
                div.asker { (avatar(account, 0)) span { (account) } small { (asks) } }
                h1 { (title) }
                p.small { (text) }
                (people(platform, request, lang))
                div.choice {
                    button type="submit" name="allow" value="0" { (no) }
                    button.main type="submit" name="allow" value="1" { (yes) }
                }
            }
        }
    };
    page(lang, 200, title, &body, "form-action 'self' http: https:")
}

/// The person refused: WeChat tells nobody, and the page stays.
pub(in crate::sandbox) fn refused(request: &Request) -> Reply {
    let lang = language(request);
    notice(lang, 200, '×', &t_in!(lang, "sandbox-refused-title"), &t_in!(lang, "sandbox-refused-text"))
}

/// The link is not one that WeChat would open.
pub(in crate::sandbox) fn link_error(request: &Request, error: LinkError) -> Reply {
    let lang = language(request);
    let text = match error {
        LinkError::Number(10003) => t_in!(lang, "sandbox-link-10003"),
        LinkError::Number(10005) => t_in!(lang, "sandbox-link-10005"),
        LinkError::Number(10010) => t_in!(lang, "sandbox-link-10010"),
        LinkError::Number(10011) => t_in!(lang, "sandbox-link-10011"),
        LinkError::Number(10012) => t_in!(lang, "sandbox-link-10012"),
        LinkError::Number(10006) => t_in!(lang, "sandbox-link-10006"),
        LinkError::Number(_) => t_in!(lang, "sandbox-link-appid"),
        LinkError::Order => t_in!(lang, "sandbox-link-order"),
        LinkError::Encoding => t_in!(lang, "sandbox-link-encoding"),
        LinkError::ResponseType => t_in!(lang, "sandbox-link-response-type"),
        LinkError::State => t_in!(lang, "sandbox-link-state"),
    };
    let title = match error {
        LinkError::Number(code) => t_in!(lang, "sandbox-link-title-number", code = code.to_string()),
        _ => t_in!(lang, "sandbox-link-title"),
    };
    notice(lang, 200, '!', &title, &text)
}
