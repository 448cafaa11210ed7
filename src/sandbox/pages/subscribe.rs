//! What the phone shows when it opens a link that asks for a one-time subscription.

use super::consent::sheet;
use super::{language, notice};
use crate::http::{Reply, Request};
use crate::sandbox::platform::Platform;
use crate::sandbox::subscribe::AskError;
use crate::t_in;

/// `GET /mp/subscribemsg`: asks whether the account may send one message, and whom.
pub(in crate::sandbox) fn subscribe(platform: &Platform, request: &Request) -> Reply {
    if let Err(error) = platform.read_ask(request) {
        return ask_error(request, error);
    }
    let lang = language(request);
    let action = format!("/sandbox/subscribe?{}", request.query);
    let words = [
        t_in!(lang, "sandbox-consent-asks"),
        t_in!(lang, "sandbox-ask-title"),
        t_in!(lang, "sandbox-ask-text"),
        t_in!(lang, "sandbox-ask-cancel"),
        t_in!(lang, "sandbox-ask-confirm"),
    ];
    sheet(platform, request, &action, &words)
}

/// The link is not one that WeChat would open.
pub(in crate::sandbox) fn ask_error(request: &Request, error: AskError) -> Reply {
    let lang = language(request);
    let text = match error {
        AskError::Action => t_in!(lang, "sandbox-ask-action"),
        AskError::AppId => t_in!(lang, "sandbox-link-appid"),
        AskError::Scene => t_in!(lang, "sandbox-ask-scene"),
        AskError::Template => t_in!(lang, "sandbox-ask-template"),
        AskError::Redirect => t_in!(lang, "sandbox-ask-redirect"),
        AskError::Reserved => t_in!(lang, "sandbox-ask-reserved"),
    };
    notice(lang, 200, '!', &t_in!(lang, "sandbox-link-title"), &text)
}
