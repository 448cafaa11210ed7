//! The admin API: forms under `/sandbox/` with which a person, the demo or a test controls a
//! running sandbox.
//!
//! | form | fields | effect |
//! | --- | --- | --- |
//! | `/sandbox/authorize?<query of the authorize link>` | `allow` = 1 or 0, `person` | answers the consent page |
//! | `/sandbox/subscribe?<query of the link>` | `allow` = 1 or 0, `person` | answers the page of one-time subscriptions |
//! | `/sandbox/write` | `person`, `text`, `menu_id` | the person writes to the account, or taps an entry of a menu message, which sends its text and id |
//! | `/sandbox/click` | `person`, `key` | the person taps an entry of the account's own menu |
//! | `/sandbox/scan` | `person`, `url` | the person scans the QR code with that address |
//! | `/sandbox/follow` | `person`, `follows` = 1 or 0 | the person follows or unfollows; with `?code=` and the end of a QR code's address, by that code |
//! | `/sandbox/grant` | `person`, `template`, `give` = 1 or 0 | the person allows a notification, or revokes all consents to that template |
//! | `/sandbox/scene` | `person`, `scene` | the person allows one one-time message of that scene |
//! | `/sandbox/authorization` | `person`, `event` = `revoke` or `cancellation` | the person takes back the authorization, or closes the WeChat account |
//! | `/sandbox/push` | any of `url`, `token`, `aes_key`, `mode` | changes the push settings if the server at the URL passes the check; an empty `url` removes them |
//! | `/sandbox/settings` | any of `phone`, `snapshot`, `double_callback`, `strict_templates`, `real_limits`, `verified` (1 or 0) | changes those settings |
//! | `/sandbox/clock` | `forward`, such as `49h` | sets the sandbox's clock forward |
//! | `/sandbox/clear` | | deletes the conversations |
//! | `/sandbox/tokens` | `revoke` = 1 | invalidates every access token issued so far (40001) |
//! | `/sandbox/faults` | in TOML, `[[faults]]` as in a scenario | replaces the fault plan; an empty body removes it |
//!
//! All but the first two answer 303 to `/`; an invalid plan and rejected push settings answer 400
//! with the reason. `person` and `phone` are names or openids. Without `person`, the form acts for
//! the person whose phone opens links. A form sent by a page of another site is rejected with 403.

use std::time::Duration;

use url::form_urlencoded::parse;

use super::faults::{self, FaultPlan};
use super::pages;
use super::push::event::{PushEvent, ScannedCode};
use super::push::settings::PushSettings;
use super::response::HandledRequest;
use super::state::Platform;
use super::state::inbox::EntryContent;
use super::state::scene_codes::Scene;
use crate::http_server::{HttpResponse, Request};

/// The key of the menu entry that a person taps if the form names none.
const DEFAULT_MENU_KEY: &str = "menu";

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
        "/sandbox/scan" => scan_code(platform, &form, now_ms),
        "/sandbox/authorization" => change_authorization(platform, &form, now_ms),
        "/sandbox/push" => return change_push_settings(platform, &form),
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
        Some(()) => HandledRequest::from_reply(see_inbox()),
        None => HandledRequest::unknown_path(pages::not_found(request)),
    }
}

/// Redirects to the inbox.
fn see_inbox() -> HttpResponse {
    HttpResponse::bytes(303, "text/plain; charset=utf-8", "").with_header("Location", "/")
}

struct AdminForm<'a>(&'a Request);

impl AdminForm<'_> {
    fn value(&self, name: &str) -> Option<String> {
        parse(&self.0.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn bool_value(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| matches!(value.as_str(), "1" | "true" | "on"))
    }

    /// Returns the index of the person whose name or openid is in `field`, or of the active person
    /// if the field is missing.
    fn person_index(&self, platform: &Platform, field: &str) -> Option<usize> {
        match self.value(field) {
            Some(name) => {
                let named = platform.people.iter().position(|person| person.name == name);
                named.or_else(|| platform.person_index(&name))
            }
            None => Some(platform.acting_person(self.0)),
        }
    }
}

/// Returns whether a page of another site sent the form.
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
        let openid = person.openid.clone();
        platform.inbox.push(&openid, now_ms, EntryContent::Clicked);
        let key = form.value("key").filter(|key| !key.is_empty()).unwrap_or_else(|| DEFAULT_MENU_KEY.to_owned());
        platform.push(&openid, PushEvent::Clicked { key }, "", now_ms);
    }
    Some(())
}

fn scan_code(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let url = form.value("url")?;
    let (_, id) = url.trim().rsplit_once("/q/")?;
    scan(platform, index, id, now_ms)
}

fn change_authorization(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let event = match form.value("event")?.as_str() {
        "revoke" => PushEvent::AuthorizationRevoked,
        "cancellation" => PushEvent::AuthorizationCancelled,
        _ => return None,
    };
    let openid = platform.people.get(index)?.openid.clone();
    platform.push(&openid, event, "", now_ms);
    Some(())
}

/// Prepares new push settings. The server of the sandbox checks their URL before it keeps them.
fn change_push_settings(platform: &mut Platform, form: &AdminForm<'_>) -> HandledRequest {
    let current = platform.pushes.settings();
    // A missing value stays as it is.
    let value = |name: &str, kept: fn(&PushSettings) -> &str| {
        let given = form.value(name).map(|text| text.trim().to_owned());
        given.unwrap_or_else(|| current.map(kept).unwrap_or_default().to_owned())
    };
    let url = value("url", |settings| settings.url.as_str());
    if url.is_empty() {
        platform.pushes.set_settings(None);
        return HandledRequest::from_reply(see_inbox());
    }
    let token = value("token", |settings| &settings.token);
    let aes_key = value("aes_key", |settings| &settings.aes_key);
    let mode = value("mode", |settings| settings.mode.as_str());
    match PushSettings::new(&url, &token, &aes_key, &mode) {
        Ok(settings) => HandledRequest { push_settings: Some(settings), ..HandledRequest::from_reply(see_inbox()) },
        Err(error) => HandledRequest::from_reply(pages::push_settings_invalid(form.0, error)),
    }
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
        let openid = person.openid.clone();
        platform.inbox.push(&openid, now_ms, EntryContent::UserText(text.clone()));
        let menu_id = form.value("menu_id").filter(|id| !id.is_empty());
        let msgid = platform.inbox.next_msgid();
        platform.push(&openid, PushEvent::Text { text, menu_id, msgid }, "", now_ms);
    }
    Some(())
}

fn set_follow(platform: &mut Platform, form: &AdminForm<'_>, now_ms: i64) -> Option<()> {
    let index = form.person_index(platform, "person")?;
    let follows = form.bool_value("follows")?;
    match form.0.param("code") {
        // An expired code cannot be used.
        Some(id) if follows => return scan(platform, index, &id, now_ms),
        _ if follows => follow(platform, index, None, now_ms),
        _ => unfollow(platform, index, now_ms),
    }
    Some(())
}

/// Lets a person scan a QR code: the person follows the account, or a push reports the scan.
///
/// Returns `None` if the code does not exist or has expired.
fn scan(platform: &mut Platform, index: usize, id: &str, now_ms: i64) -> Option<()> {
    let code = platform.scene_codes.get(id, now_ms)?;
    let (scene, ticket) = (code.scene.clone(), code.ticket.clone());
    let person = platform.people.get_mut(index)?;
    if !person.follows {
        follow(platform, index, Some((scene, ticket)), now_ms);
        return Some(());
    }
    person.interact(now_ms);
    let openid = person.openid.clone();
    let code = ScannedCode { scene: scene.to_string(), ticket };
    platform.inbox.push(&openid, now_ms, EntryContent::Scanned);
    platform.push(&openid, PushEvent::Scanned { code }, "", now_ms);
    Some(())
}

/// Lets a person follow, by the code of that scene and ticket if one was scanned.
fn follow(platform: &mut Platform, index: usize, code: Option<(Scene, String)>, now_ms: i64) {
    let Some(person) = platform.people.get_mut(index).filter(|person| !person.follows) else { return };
    let scanned = code.as_ref().map(|(scene, ticket)| ScannedCode { scene: scene.to_string(), ticket: ticket.clone() });
    person.follow(code.map(|(scene, _)| scene), now_ms);
    let openid = person.openid.clone();
    platform.inbox.push(&openid, now_ms, EntryContent::Followed);
    platform.push(&openid, PushEvent::Followed { code: scanned }, "", now_ms);
}

/// Lets a person unfollow.
fn unfollow(platform: &mut Platform, index: usize, now_ms: i64) {
    let Some(person) = platform.people.get_mut(index).filter(|person| person.follows) else { return };
    person.unfollow();
    let openid = person.openid.clone();
    platform.tags.remove_person(index);
    platform.inbox.push(&openid, now_ms, EntryContent::Unfollowed);
    platform.push(&openid, PushEvent::Unfollowed, "", now_ms);
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
