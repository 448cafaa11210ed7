//! The platform: what it knows, and what is checked before any call.
//!
//! The order of the checks: the path, the verb (43001, 43002), the access token (41001, then 40001 or
//! 42001), whether the account may (48001), the day's quota (45009), and only then what the call itself looks
//! at.

use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use url::Url;

use super::answer::{Answer, Family, Refusal, refuse, refuse_with};
pub(super) use super::call::Call;
use super::custom::Typing;
use super::faults::{Effect, Plan};
use super::inbox::Inbox;
use super::industry::Industries;
use super::media::Store;
use super::oauth::Authorizations;
use super::people::Person;
use super::qrcode::Codes;
use super::quota::Counters;
use super::requests::Requests;
use super::routes::{self, Route, Run};
use super::stats::Stats;
use super::subscribe::Grants;
use super::tags::Tags;
use super::tickets::Tickets;
use super::tokens::Tokens;
use super::world::World;
use super::{control, crowd, media, pages, random};
use crate::http::{Reply, Request};

/// The platform with everything it knows.
#[derive(Debug)]
pub struct Platform {
    pub(super) world: World,
    /// Those of the world, then the crowd.
    pub(super) people: Vec<Person>,
    /// The places of those of the world.
    by_openid: HashMap<String, usize>,
    pub(super) tokens: Tokens,
    pub(super) authorizations: Authorizations,
    pub(super) codes: Codes,
    pub(super) inbox: Inbox,
    pub(super) stats: Stats,
    /// The place of the person whose phone opens links.
    pub(super) phone: usize,
    /// What goes wrong.
    pub(super) plan: Plan,
    /// How far the sandbox's clock was set forward.
    pub(super) ahead_ms: i64,
    pub(super) counters: Counters,
    pub(super) requests: Requests,
    pub(super) media: Store,
    pub(super) grants: Grants,
    pub(super) typing: Typing,
    pub(super) tags: Tags,
    pub(super) industries: Industries,
    pub(super) tickets: Tickets,
}

/// A reply and what there is to say about it.
#[derive(Debug)]
pub struct Handled {
    /// What goes back.
    pub reply: Reply,
    /// What an API call or an authorisation came to; nothing for the sandbox's own pages.
    pub errcode: Option<i64>,
    /// The openid of the person that it was about.
    pub to: Option<String>,
    /// A call that the sandbox does not have.
    pub unknown: bool,
    /// What went wrong with it, as the fault plan wants it.
    pub fault: Option<String>,
    /// The inbox page looking at itself.
    pub quiet: bool,
    /// What the phone calls once more, without waiting for the answer to matter (`double_callback`).
    pub again: Option<Url>,
}

impl Handled {
    /// A page, about nobody.
    pub(super) fn page(reply: Reply) -> Self {
        Self { reply, errcode: None, to: None, unknown: false, fault: None, quiet: false, again: None }
    }
}

impl Platform {
    /// The platform as it is at the start of that world, at `now_ms` (Unix milliseconds).
    pub fn new(world: World, now_ms: i64) -> Self {
        let mut people: Vec<Person> = world.people.iter().map(|settings| Person::new(settings, now_ms)).collect();
        let by_openid = people.iter().enumerate().map(|(at, person)| (person.openid.clone(), at)).collect();
        people.extend((1..=world.crowd).map(|number| Person::new(&crowd::member(number), now_ms)));
        let phone = people.iter().position(|person| Some(&person.name) == world.phone.as_ref()).unwrap_or_default();
        Self {
            people,
            by_openid,
            phone,
            tokens: Tokens::default(),
            authorizations: Authorizations::default(),
            codes: Codes::default(),
            inbox: Inbox::new(),
            stats: Stats::default(),
            plan: Plan::new(&world.faults),
            ahead_ms: 0,
            counters: Counters::default(),
            requests: Requests::default(),
            media: Store::default(),
            grants: Grants::new(&world),
            typing: Typing::default(),
            tags: Tags::new(),
            industries: Industries::default(),
            tickets: Tickets::default(),
            world,
        }
    }

    /// The place of the person of that openid.
    pub(super) fn place_of(&self, openid: &str) -> Option<usize> {
        let of_crowd = || Some(self.named() + crowd::number(openid, self.world.crowd)? as usize - 1);
        self.by_openid.get(openid).copied().or_else(of_crowd)
    }

    /// How many people there are before the crowd.
    pub(super) fn named(&self) -> usize {
        self.world.people.len()
    }

    /// Answers a request that comes at `now_ms` (Unix milliseconds).
    pub fn handle(&mut self, request: &Request, now_ms: i64) -> Reply {
        self.look_at(request, now_ms).reply
    }

    /// Answers a request that comes at `now_ms` (Unix milliseconds), and says what it was.
    pub fn look_at(&mut self, request: &Request, now_ms: i64) -> Handled {
        let now_ms = now_ms + self.ahead_ms;
        if let Some(family) = Family::of(&request.path) {
            return self.api(family, request, now_ms);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/connect/oauth2/authorize") => self.authorize(request, now_ms),
            ("GET" | "HEAD", "/mp/subscribemsg") => Handled::page(pages::subscribe(self, request)),
            ("GET" | "HEAD", path) if path.starts_with(media::SHOWN) => {
                Handled { quiet: true, ..Handled::page(self.show_media(request)) }
            }
            ("GET" | "HEAD", "/") => Handled::page(pages::inbox(self, request, now_ms)),
            ("GET" | "HEAD", "/sandbox/phones") => {
                Handled { quiet: true, ..Handled::page(pages::phones(self, request, now_ms)) }
            }
            ("GET" | "HEAD", "/sandbox/inbox.json") => Handled::page(json(&self.inbox.messages().collect::<Vec<_>>())),
            ("GET" | "HEAD", "/sandbox/stats.json") => Handled::page(json(&self.stats.shown())),
            // Browsers ask for a picture of the site by themselves.
            ("GET" | "HEAD", "/favicon.ico") => Handled { quiet: true, ..Handled::page(Reply::text(404, "")) },
            ("GET" | "HEAD", path) if path.starts_with("/q/") => self.scan(request, &path[3..], now_ms),
            ("POST", path) if path.starts_with("/sandbox/") => control::post(self, request, now_ms),
            _ => Handled { unknown: true, ..Handled::page(pages::not_found(request)) },
        }
    }

    /// How often the API at `path` was called with a good token on the day (in China) of the last call.
    pub fn calls_today(&self, path: &str) -> u64 {
        self.counters.used(path)
    }

    fn api(&mut self, family: Family, request: &Request, now_ms: i64) -> Handled {
        let Some(route) = routes::find(&request.path) else {
            let refusal = refuse_with(40066, format!("invalid url, the sandbox has no {}", request.path));
            return Handled { unknown: true, ..self.answered(family, request, Err(refusal), now_ms) };
        };
        self.stats.called(route.path);
        if self.plan.is_empty() {
            return self.called(family, route, request, now_ms);
        }
        let to = addressee(request);
        let verdict = self.plan.judge(route.path, to.as_deref());
        let mut handled = match verdict.effects().iter().find(|effect| !effect.processes()) {
            None => self.called(family, route, request, now_ms),
            Some(Effect::Errcode(code)) => Handled { to, ..self.answered(family, request, Err(refuse(*code)), now_ms) },
            Some(_) => Handled { to, ..Handled::page(Reply::text(200, "")) },
        };
        handled.reply = verdict.effects().iter().fold(handled.reply, |reply, effect| effect.spoil(reply));
        handled.fault = verdict.words();
        handled
    }

    /// The reply of an answer; a refusal is kept, to be asked about.
    fn answered(&mut self, family: Family, request: &Request, answer: Answer, now_ms: i64) -> Handled {
        let errcode = match &answer {
            Ok(_) => 0,
            Err(refusal) => refusal.code,
        };
        let rid = random::rid(now_ms);
        let reply = family.reply(answer, &rid);
        // Those of web authorisation can never be asked about.
        if errcode != 0 && family != Family::Sns {
            self.requests.keep(rid, request, &reply, now_ms);
        }
        Handled { errcode: Some(errcode), ..Handled::page(reply) }
    }

    fn called(&mut self, family: Family, route: &Route, request: &Request, now_ms: i64) -> Handled {
        let mut call = Call { request, now_ms, to: None };
        let checked = self.checked(route, &call);
        // What is checked before any call is written alike for all of a family.
        let own = if checked.is_ok() { family.of_call(route.path) } else { family };
        let handled = match (checked, route.run) {
            (Err(refusal), _) => self.answered(own, request, Err(refusal), now_ms),
            (Ok(()), Run::Json(run)) => {
                let answer = run(self, &mut call);
                self.answered(own, request, answer, now_ms)
            }
            (Ok(()), Run::File(run)) => match run(self, &mut call) {
                Ok(reply) => Handled { errcode: (reply.status() == 200).then_some(0), ..Handled::page(reply) },
                Err(refusal) => self.answered(own, request, Err(refusal), now_ms),
            },
        };
        Handled { to: call.to, ..handled }
    }

    fn checked(&mut self, route: &Route, call: &Call<'_>) -> Result<(), Refusal> {
        if call.request.method != route.method {
            return Err(refuse(if route.method == "GET" { 43001 } else { 43002 }));
        }
        if route.token {
            self.tokens.check(&call.param("access_token"), call.now_ms)?;
            if self.world.unauthorized.iter().any(|path| path == route.path) {
                return Err(refuse(48001));
            }
        }
        self.count(route.path, call.now_ms)
    }
}

fn json(it: &impl Serialize) -> Reply {
    match serde_json::to_string(it) {
        Ok(body) => Reply::json(200, body),
        Err(error) => Reply::text(500, error.to_string()),
    }
}

/// Whom a call is about, before it is looked at: the openid in its query or its body, whether anybody has it or not.
fn addressee(request: &Request) -> Option<String> {
    #[derive(Deserialize)]
    struct To {
        touser: String,
    }
    match request.param("openid") {
        Some(openid) => Some(openid.into_owned()),
        None => serde_json::from_slice(&request.body).ok().map(|To { touser }| touser),
    }
}

/// A time (Unix ms) in RFC 3339, UTC.
pub(super) fn rfc3339(at_ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(at_ms).unwrap_or_default());
    // humantime's Display fails beyond the year 9999.
    let end = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since.min(end)).to_string()
}
