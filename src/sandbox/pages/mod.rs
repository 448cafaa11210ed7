//! The HTML pages: the pages that a phone shows when it opens a link, and the inbox with all
//! phones.

mod consent;
mod follow;
mod inbox;
mod layout;
mod message;
mod push;

pub(super) use consent::{consent, consent_error, consent_refused, link_error, subscribe_consent};
pub(super) use follow::{follow, follow_expired};
pub(super) use inbox::{inbox, phones};
pub(super) use push::{push_check_failed, push_settings_invalid};

use crate::http_server::{HttpResponse, Request};
use crate::t_in;
use layout::{notice, page_language};

/// Reports that the page, person or form does not exist.
pub(super) fn not_found(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 404, '!', &t_in!(lang, "sandbox-missing-title"), &t_in!(lang, "sandbox-missing-text"))
}

/// Rejects a form that a page of another site sent.
pub(super) fn cross_site_form(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-foreign-title"), &t_in!(lang, "sandbox-foreign-text"))
}

/// Rejects a request with another host name than the sandbox's, or from a page of another site.
pub(super) fn forbidden_host(request: &Request) -> HttpResponse {
    let lang = page_language(request);
    notice(lang, 403, '!', &t_in!(lang, "sandbox-name-title"), &t_in!(lang, "sandbox-name-text"))
}
