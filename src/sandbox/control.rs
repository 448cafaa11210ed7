//! What a person (or the demo, or a test) can do to a running sandbox: forms under `/sandbox/`.
//!
//! | form | fields | effect |
//! | --- | --- | --- |
//! | `/sandbox/authorize?<query of the authorize link>` | `allow` = 1 or 0, `person` | the answer to the consent page |
//! | `/sandbox/subscribe?<query of the link>` | `allow` = 1 or 0, `person` | the answer to the page of one-time subscriptions |
//! | `/sandbox/write` | `person`, `text` | the person writes to the account, or taps an entry of a menu, which says its text |
//! | `/sandbox/click` | `person` | the person taps the account's own menu |
//! | `/sandbox/follow` | `person`, `follows` = 1 or 0 | the person follows or leaves; with `?code=` and the end of a code's address, by that code |
//! | `/sandbox/grant` | `person`, `template`, `give` = 1 or 0 | the person allows a notification, or takes back all of that template |
//! | `/sandbox/scene` | `person`, `scene` | the person allows one one-time message of that scene |
//! | `/sandbox/settings` | any of `phone`, `snapshot`, `double_callback`, `strict_templates`, `real_limits`, `verified` (1 or 0) | |
//! | `/sandbox/clock` | `forward`, such as `49h` | the sandbox's clock goes forward |
//! | `/sandbox/clear` | | the conversations are forgotten |
//! | `/sandbox/tokens` | `revoke` = 1 | every access token given out so far is dead (40001) |
//! | `/sandbox/faults` | in TOML, `[[faults]]` as in a world | the fault plan from now on; none where it is empty |
//!
//! All but the first two answer 303 to `/`; a plan that cannot be answers 400 with the reason. `person` and `phone` are names; without `person` it is the one
//! whose phone it is. A form sent by a page from elsewhere is refused with 403.

use std::time::Duration;

use url::form_urlencoded::parse;

use super::faults::{self, Plan};
use super::inbox::Entry;
use super::pages;
use super::platform::{Handled, Platform};
use crate::http::{Reply, Request};

/// Takes a form.
pub(super) fn post(platform: &mut Platform, request: &Request, now_ms: i64) -> Handled {
    if is_foreign(request) {
        return Handled::page(pages::refused_form(request));
    }
    let form = Form(request);
    let done = match request.path.as_str() {
        "/sandbox/authorize" => return authorize(platform, &form, now_ms),
        "/sandbox/subscribe" => return subscribe(platform, &form),
        "/sandbox/click" => click(platform, &form, now_ms),
        "/sandbox/grant" => grant(platform, &form),
        "/sandbox/scene" => scene(platform, &form),
        "/sandbox/write" => write(platform, &form, now_ms),
        "/sandbox/follow" => follow(platform, &form, now_ms),
        "/sandbox/settings" => settings(platform, &form),
        "/sandbox/clock" => forward(platform, &form),
        "/sandbox/tokens" => form.switch("revoke").filter(|on| *on).map(|_| platform.tokens.revoke()),
        "/sandbox/faults" => match plan(&request.body) {
            Ok(plan) => {
                platform.plan = plan;
                Some(())
            }
            Err(reason) => return Handled::page(Reply::text(400, format!("{reason}\n"))),
        },
        "/sandbox/clear" => {
            platform.inbox.clear();
            Some(())
        }
        _ => None,
    };
    match done {
        Some(()) => Handled::page(Reply::bytes(303, "text/plain; charset=utf-8", "").header("Location", "/")),
        None => Handled { unknown: true, ..Handled::page(pages::not_found(request)) },
    }
}

struct Form<'a>(&'a Request);

impl Form<'_> {
    fn value(&self, name: &str) -> Option<String> {
        parse(&self.0.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn switch(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| matches!(value.as_str(), "1" | "true" | "on"))
    }

    /// The place of the named person; of the phone's owner where nobody is named.
    fn person(&self, platform: &Platform, field: &str) -> Option<usize> {
        match self.value(field) {
            Some(name) => platform.people.iter().position(|person| person.name == name),
            None => Some(platform.phone_of(self.0)),
        }
    }
}

/// Browsers say where a form comes from; programs say nothing and may do what they like.
fn is_foreign(request: &Request) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = request.header("origin") else { return false };
    let place = origin.split_once("://").map(|(_, place)| place);
    place.is_none() || place != request.header("host")
}

fn authorize(platform: &mut Platform, form: &Form<'_>, now_ms: i64) -> Handled {
    let link = match platform.read_link(&form.0.query) {
        Ok(link) => link,
        Err(error) => return Handled::page(pages::link_error(form.0, error)),
    };
    let Some(person) = form.person(platform, "person") else {
        return Handled::page(pages::not_found(form.0));
    };
    if form.switch("allow") == Some(true) {
        platform.allow(form.0, &link, person, now_ms)
    } else {
        Handled::page(pages::refused(form.0))
    }
}

fn subscribe(platform: &mut Platform, form: &Form<'_>) -> Handled {
    let ask = match platform.read_ask(form.0) {
        Ok(ask) => ask,
        Err(error) => return Handled::page(pages::ask_error(form.0, error)),
    };
    match form.person(platform, "person") {
        Some(person) => platform.answer_ask(ask, person, form.switch("allow") == Some(true)),
        None => Handled::page(pages::not_found(form.0)),
    }
}

fn click(platform: &mut Platform, form: &Form<'_>, now_ms: i64) -> Option<()> {
    let at = form.person(platform, "person")?;
    let person = platform.people.get_mut(at)?;
    if person.follows {
        person.act(now_ms);
        platform.inbox.push(Entry::Clicked { openid: person.openid.clone(), at_ms: now_ms });
    }
    Some(())
}

fn grant(platform: &mut Platform, form: &Form<'_>) -> Option<()> {
    let at = form.person(platform, "person")?;
    let id = form.value("template")?;
    let template = platform.world.subscriptions.iter().find(|it| it.id == id)?;
    if form.switch("give")? {
        platform.grants.give(at, template);
    } else {
        platform.grants.take_back(at, template);
    }
    Some(())
}

fn scene(platform: &mut Platform, form: &Form<'_>) -> Option<()> {
    let at = form.person(platform, "person")?;
    let scene = super::subscribe::scene(&form.value("scene")?)?;
    platform.grants.give_scene(at, scene);
    Some(())
}

fn write(platform: &mut Platform, form: &Form<'_>, now_ms: i64) -> Option<()> {
    let at = form.person(platform, "person")?;
    let text = form.value("text").filter(|text| !text.trim().is_empty()).unwrap_or_else(|| "hi".to_owned());
    let person = platform.people.get_mut(at)?;
    if person.follows {
        person.write(now_ms);
        platform.inbox.push(Entry::Said { openid: person.openid.clone(), text, at_ms: now_ms });
    }
    Some(())
}

fn follow(platform: &mut Platform, form: &Form<'_>, now_ms: i64) -> Option<()> {
    let at = form.person(platform, "person")?;
    let follows = form.switch("follows")?;
    let scene = match form.0.param("code") {
        // A code that has expired leads nowhere.
        Some(id) => Some(platform.codes.scene(&id, now_ms)?),
        None => None,
    };
    let person = platform.people.get_mut(at)?;
    if follows == person.follows {
        return Some(());
    }
    if follows {
        person.follow(scene, now_ms);
    } else {
        person.unfollow();
        platform.tags.forget(at);
    }
    platform.inbox.push(Entry::Followed { openid: person.openid.clone(), follows, at_ms: now_ms });
    Some(())
}

fn plan(body: &[u8]) -> Result<Plan, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    faults::read(text).map(|faults| Plan::new(&faults)).map_err(|error| error.to_string())
}

fn settings(platform: &mut Platform, form: &Form<'_>) -> Option<()> {
    if form.value("phone").is_some() {
        platform.phone = form.person(platform, "phone")?;
    }
    let world = &mut platform.world;
    for (name, switch) in [
        ("snapshot", &mut world.snapshot),
        ("double_callback", &mut world.double_callback),
        ("strict_templates", &mut world.strict_templates),
        ("real_limits", &mut world.real_limits),
        ("verified", &mut world.verified),
    ] {
        if let Some(on) = form.switch(name) {
            *switch = on;
        }
    }
    Some(())
}

fn forward(platform: &mut Platform, form: &Form<'_>) -> Option<()> {
    let by: Duration = form.value("forward")?.parse::<humantime::Duration>().ok()?.into();
    let ms = i64::try_from(by.as_millis()).ok()?;
    // Ten years at most in all: far more than anything here lasts, and no sum overflows.
    let ahead_ms = platform.ahead_ms.checked_add(ms)?;
    if ahead_ms > 10 * 365 * 86_400_000 {
        return None;
    }
    platform.ahead_ms = ahead_ms;
    Some(())
}
