//! The admin API: forms under `/sandbox/` with which a person, the demo or a test controls a
//! running sandbox.
//!
//! | form | fields | effect |
//! | --- | --- | --- |
//! | `/sandbox/authorize?<query of the authorize link>` | `allow` = 1 or 0, `person` | answers the consent page |
//! | `/sandbox/subscribe?<query of the link>` | `allow` = 1 or 0, `person` | answers the page of one-time subscriptions |
//! | `/sandbox/write` | `person`, `text` | the person writes to the account, or taps a menu entry, which sends its text |
//! | `/sandbox/click` | `person` | the person taps the account's own menu |
//! | `/sandbox/follow` | `person`, `follows` = 1 or 0 | the person follows or unfollows; with `?code=` and the end of a QR code's address, by that code |
//! | `/sandbox/grant` | `person`, `template`, `give` = 1 or 0 | the person allows a notification, or revokes all consents to that template |
//! | `/sandbox/scene` | `person`, `scene` | the person allows one one-time message of that scene |
//! | `/sandbox/settings` | any of `phone`, `snapshot`, `double_callback`, `strict_templates`, `real_limits`, `verified` (1 or 0) | changes those settings |
//! | `/sandbox/clock` | `forward`, such as `49h` | sets the sandbox's clock forward |
//! | `/sandbox/clear` | | deletes the conversations |
//! | `/sandbox/tokens` | `revoke` = 1 | invalidates every access token issued so far (40001) |
//! | `/sandbox/faults` | in TOML, `[[faults]]` as in a scenario | replaces the fault plan; an empty body removes it |
//!
//! All but the first two answer 303 to `/`; an invalid plan answers 400 with the reason. `person`
//! and `phone` are names. Without `person`, the form acts for the person whose phone opens links. A
//! form sent by a page of another site is rejected with 403.

use std::time::Duration;

use url::form_urlencoded::parse;

use super::faults::{self, FaultPlan};
use super::pages;
use super::response::HandledRequest;
use super::state::Platform;
use super::state::inbox::ConversationEntry;
use crate::http_server::{HttpResponse, Request};

/// Handles a form that was posted to a path under `/sandbox/`.
pub(super) fn handle(platform: &mut Platform, request: &Request, now_ms: i64) -> HandledRequest {
    if is_cross_site(request) {
        return HandledRequest::from_reply(pages::cross_site_form(request));
    }
    let form = AdminForm(request);
    let result = match request.path.as_str() {
        "/sandbox/authorize" => return submit_authorization(platform, &form, now_ms),
        "/sandbox/subscribe" => return submit_consent(platform, &form),
        "/sandbox/click" => record_click(platform, &form, now_ms),
        "/sandbox/grant" => change_consent(platform, &form),
        "/sandbox/scene" => add_scene_consent(platform, &form),
        "/sandbox/write" => send_message(platform, &form, now_ms),
        "/sandbox/follow" => set_follow(platform, &form, now_ms),
        "/sandbox/settings" => change_settings(platform, &form),
        "/sandbox/clock" => advance_clock(platform, &form),
        "/sandbox/tokens" => form.bool_value("revoke").filter(|on| *on).map(|_| platform.tokens.revoke()),
        "/sandbox/faults" => match parse_faults(&request.body) {
            Ok(plan) => {
                platform.fault_plan = plan;
                Some(())
            }
            Err(reason) => return HandledRequest::from_reply(HttpResponse::text(400, format!("{reason}\n"))),
        },
        "/sandbox/clear" => {
            platform.inbox.clear();
            Some(())
        }
        _ => None,
    };
    match result {
        Some(()) => HandledRequest::from_reply(
            HttpResponse::bytes(303, "text/plain; charset=utf-8", "").with_header("Location", "/"),
        ),
        None => HandledRequest { unknown_path: true, ..HandledRequest::from_reply(pages::not_found(request)) },
    }
}

struct AdminForm<'a>(&'a Request);

impl AdminForm<'_> {
    fn value(&self, name: &str) -> Option<String> {
        parse(&self.0.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn bool_value(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| matches!(value.as_str(), "1" | "true" | "on"))
    }

    /// Returns the index of the person named in `field`, or of the active person if no name is
    /// given.
    fn person_index(&self, platform: &Platform, field: &str) -> Option<usize> {
        match self.value(field) {
            Some(name) => platform.people.iter().position(|person| person.name == name),
            None => Some(platform.acting_person(self.0)),
        }
    }
}

/// Whether a page of another site sent the form.
///
/// Browsers send headers that name the site; programs send none and are allowed.
fn is_cross_site(request: &Request) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = request.header("origin") else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_none() || authority != request.header("host")
}

fn submit_authorization(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> HandledRequest {
    let link = match platform.parse_authorize_request(&form.0.query) {
        Ok(link) => link,
        Err(error) => return HandledRequest::from_reply(pages::link_error(form.0, error)),
    };
    let Some(person) = form.person_index(platform, "person") else {
        return HandledRequest::from_reply(pages::not_found(form.0));
    };
    if form.bool_value("allow") == Some(true) {
        platform.grant_authorization(form.0, &link, person, now_ms)
    } else {
        HandledRequest::from_reply(pages::consent_refused(form.0))
    }
}

fn submit_consent(platform: &mut Platform, form: &AdminForm<'_>) -> HandledRequest {
    let consent = match platform.parse_consent_request(form.0) {
        Ok(consent) => consent,
        Err(error) => return HandledRequest::from_reply(pages::consent_error(form.0, error)),
    };
    match form.person_index(platform, "person") {
        Some(person) => platform.answer_consent(consent, person, form.bool_value("allow") == Some(true)),
        None => HandledRequest::from_reply(pages::not_found(form.0)),
    }
}

fn record_click(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let person = platform.people.get_mut(index)?;
    if person.follows {
        person.interact(now_ms);
        platform.inbox.push(ConversationEntry::Clicked { openid: person.openid.clone(), at_ms: now_ms });
    }
    Some(())
}

fn change_consent(platform: &mut Platform, form: &AdminForm<'_>) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let id = form.value("template")?;
    let template = platform.scenario.subscriptions.iter().find(|template| template.id == id)?;
    if form.bool_value("give")? {
        platform.consents.grant(index, template);
    } else {
        platform.consents.revoke(index, template);
    }
    Some(())
}

fn add_scene_consent(platform: &mut Platform, form: &AdminForm<'_>) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let scene = super::api::consent_request::parse_scene(&form.value("scene")?)?;
    platform.consents.grant_scene(index, scene);
    Some(())
}

fn send_message(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let text = form.value("text").filter(|text| !text.trim().is_empty()).unwrap_or_else(|| "hi".to_owned());
    let person = platform.people.get_mut(index)?;
    if person.follows {
        person.send_message(now_ms);
        platform.inbox.push(ConversationEntry::UserText { openid: person.openid.clone(), text, at_ms: now_ms });
    }
    Some(())
}

fn set_follow(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let follows = form.bool_value("follows")?;
    let scene = match form.0.param("code") {
        // An expired code cannot be used.
        Some(id) => Some(platform.scene_codes.scene(&id, now_ms)?),
        None => None,
    };
    let person = platform.people.get_mut(index)?;
    if follows == person.follows {
        return Some(());
    }
    if follows {
        person.follow(scene, now_ms);
    } else {
        person.unfollow();
        platform.tags.remove_person(index);
    }
    platform.inbox.push(ConversationEntry::Followed { openid: person.openid.clone(), follows, at_ms: now_ms });
    Some(())
}

fn parse_faults(body: &[u8]) -> Result<FaultPlan, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    faults::parse_faults(text).map(|faults| FaultPlan::new(&faults)).map_err(|error| error.to_string())
}

fn change_settings(platform: &mut Platform, form: &AdminForm<'_>) -> Option<()> {
    if form.value("phone").is_some() {
        platform.active_person = form.person_index(platform, "phone")?;
    }
    let scenario = &mut platform.scenario;
    for (name, setting) in [
        ("snapshot", &mut scenario.snapshot),
        ("double_callback", &mut scenario.double_callback),
        ("strict_templates", &mut scenario.strict_templates),
        ("real_limits", &mut scenario.real_limits),
        ("verified", &mut scenario.verified),
    ] {
        if let Some(on) = form.bool_value(name) {
            *setting = on;
        }
    }
    Some(())
}

fn advance_clock(platform: &mut Platform, form: &AdminForm<'_>) -> Option<()> {
    let duration: Duration = form.value("forward")?.parse::<humantime::Duration>().ok()?.into();
    let forward_ms = i64::try_from(duration.as_millis()).ok()?;
    // Ten years at most in total: more than any lifetime in the sandbox, and no sum overflows.
    let offset_ms = platform.clock_offset_ms.checked_add(forward_ms)?;
    if offset_ms > 10 * 365 * 86_400_000 {
        return None;
    }
    platform.clock_offset_ms = offset_ms;
    Some(())
}
