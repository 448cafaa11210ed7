//! What the phone shows when it opens a link that asks for a one-time subscription.

use super::consent::consent_form;
use super::{notice, page_language};
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::api::subscribe::ConsentError;
use crate::sandbox::state::Platform;
use crate::t_in;

/// `GET /mp/subscribemsg`: asks whether the account may send one message, and whom.
pub(in crate::sandbox) fn subscribe_consent(platform: &Platform, request: &Request) -> HttpResponse {
    if let Err(error) = platform.parse_consent_request(request) {
        return consent_error(request, error);
    }
    let lang = page_language(request);
    let action = format!("/sandbox/subscribe?{}", request.query);
    let words = [
        t_in!(lang, "sandbox-consent-asks"),
        t_in!(lang, "sandbox-ask-title"),
        t_in!(lang, "sandbox-ask-text"),
        t_in!(lang, "sandbox-ask-cancel"),
        t_in!(lang, "sandbox-ask-confirm"),
    ];
    consent_form(platform, request, &action, &words)
}

/// The link is not one that WeChat would open.
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
