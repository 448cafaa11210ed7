//! The pages that a phone shows for the links that ask for consent: the question, a refusal, an
//! error.

use maud::html;

use super::layout::{avatar, notice, page, page_language, person_picker};
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::api::authorize_request::LinkError;
use crate::sandbox::api::consent_request::ConsentError;
use crate::sandbox::state::Platform;
use crate::t_in;

/// Asks whether the account may read the profile, and of which person.
///
/// The form redirects to the address in the link, so its target may be anywhere.
pub(in crate::sandbox) fn consent(platform: &Platform, request: &Request) -> HttpResponse {
    let lang = page_language(request);
    let action = format!("/sandbox/authorize?{}", request.query);
    let texts = [
        t_in!(lang, "sandbox-consent-asks"),
        t_in!(lang, "sandbox-consent-title"),
        t_in!(lang, "sandbox-consent-text"),
        t_in!(lang, "sandbox-consent-refuse"),
        t_in!(lang, "sandbox-consent-allow"),
    ];
    consent_form(platform, request, &action, &texts)
}

/// Returns a form with a question, two buttons and the choice of the person.
///
/// `texts` are the action of the account, the question, the meaning of a yes, the button for no,
/// the button for yes.
fn consent_form(platform: &Platform, request: &Request, action: &str, texts: &[String; 5]) -> HttpResponse {
    let lang = page_language(request);
    let account = &platform.scenario.account_name;
    let [asks, title, text, refuse, allow] = texts;
    let body = html! {
        body.consent {
            form.sheet method="post" action=(action) {
                div.asker { (avatar(account, 0)) span { (account) } small { (asks) } }
                h1 { (title) }
                p.small { (text) }
                (person_picker(platform, request, lang))
                div.choice {
                    button type="submit" name="allow" value="0" { (refuse) }
                    button.main type="submit" name="allow" value="1" { (allow) }
                }
            }
        }
    };
    page(lang, 200, title, &body, "form-action 'self' http: https:")
}

/// Confirms a refusal. WeChat does not inform the account, and the phone stays on the page.
pub(in crate::sandbox) fn consent_refused(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 200, '×', &t_in!(lang, "sandbox-refused-title"), &t_in!(lang, "sandbox-refused-text"))
}

/// Explains why WeChat would not open the authorize link.
pub(in crate::sandbox) fn link_error(request: &Request, error: LinkError) -> HttpResponse {
    let lang = page_language(request);
    let text = match error {
        LinkError::Errcode(10003) => t_in!(lang, "sandbox-link-10003"),
        LinkError::Errcode(10005) => t_in!(lang, "sandbox-link-10005"),
        LinkError::Errcode(10010) => t_in!(lang, "sandbox-link-10010"),
        LinkError::Errcode(10011) => t_in!(lang, "sandbox-link-10011"),
        LinkError::Errcode(10012) => t_in!(lang, "sandbox-link-10012"),
        LinkError::Errcode(10006) => t_in!(lang, "sandbox-link-10006"),
        LinkError::Errcode(_) => t_in!(lang, "sandbox-link-appid"),
        LinkError::ParamOrder => t_in!(lang, "sandbox-link-order"),
        LinkError::Encoding => t_in!(lang, "sandbox-link-encoding"),
        LinkError::ResponseType => t_in!(lang, "sandbox-link-response-type"),
        LinkError::State => t_in!(lang, "sandbox-link-state"),
    };
    let title = match error {
        LinkError::Errcode(code) => t_in!(lang, "sandbox-link-title-number", code = code.to_string()),
        _ => t_in!(lang, "sandbox-link-title"),
    };
    notice(lang, 200, '!', &title, &text)
}

/// `GET /mp/subscribemsg`: asks whether the account may send one message, and to which person.
pub(in crate::sandbox) fn subscribe_consent(platform: &Platform, request: &Request) -> HttpResponse {
    if let Err(error) = platform.parse_consent_request(request) {
        return consent_error(request, error);
    }
    let lang = page_language(request);
    let action = format!("/sandbox/subscribe?{}", request.query);
    let texts = [
        t_in!(lang, "sandbox-consent-asks"),
        t_in!(lang, "sandbox-ask-title"),
        t_in!(lang, "sandbox-ask-text"),
        t_in!(lang, "sandbox-ask-cancel"),
        t_in!(lang, "sandbox-ask-confirm"),
    ];
    consent_form(platform, request, &action, &texts)
}

/// Explains why WeChat would not open the link of a one-time subscription.
pub(in crate::sandbox) fn consent_error(request: &Request, error: ConsentError) -> HttpResponse {
    let lang = page_language(request);
    let text = match error {
        ConsentError::Action => t_in!(lang, "sandbox-ask-action"),
        ConsentError::AppId => t_in!(lang, "sandbox-link-appid"),
        ConsentError::Scene => t_in!(lang, "sandbox-ask-scene"),
        ConsentError::Template => t_in!(lang, "sandbox-ask-template"),
        ConsentError::Redirect => t_in!(lang, "sandbox-ask-redirect"),
        ConsentError::Reserved => t_in!(lang, "sandbox-ask-reserved"),
    };
    notice(lang, 200, '!', &t_in!(lang, "sandbox-link-title"), &text)
}
