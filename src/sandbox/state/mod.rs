//! The platform: what it knows, and what is checked before any call.
//!
//! The order of the checks: the path, the verb (43001, 43002), the access token (41001, then 40001 or
//! 42001), whether the account may (48001), the day's quota (45009), and only then what the call itself looks
//! at.

pub(in crate::sandbox) mod consents;
pub(in crate::sandbox) mod inbox;
pub(in crate::sandbox) mod media;
pub(in crate::sandbox) mod stats;
use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use url::Url;

use super::api::custom::TypingIndicators;
use super::api::failed_requests::FailedRequests;
use super::api::followers::Person;
use super::api::industries::Industries;
use super::api::oauth_authorize::Authorizations;
use super::api::qrcode::SceneCodes;
use super::api::quota::CallCounters;
use super::api::subscribe::Consents;
use super::api::tags::Tags;
use super::api::tickets::Tickets;
use super::api::tokens::Tokens;
pub(in crate::sandbox) use super::call::Call;
use super::faults::{Effect, FaultPlan};
use super::response::{ApiError, ApiResult, Family, api_error, api_error_with};
use super::router;
use super::router::{Route, RouteHandler};
use super::scenario::Scenario;
use super::scenario::generated;
use super::{admin, ids, pages};
use crate::http_server::{HttpResponse, Request};
use inbox::Inbox;
use media::MediaStore;
use stats::Stats;

/// The platform with everything it knows.
#[derive(Debug)]
pub struct Platform {
    pub(in crate::sandbox) scenario: Scenario,
    /// Those of the world, then the crowd.
    pub(in crate::sandbox) people: Vec<Person>,
    /// The places of those of the world.
    by_openid: HashMap<String, usize>,
    pub(in crate::sandbox) tokens: Tokens,
    pub(in crate::sandbox) authorizations: Authorizations,
    pub(in crate::sandbox) scene_codes: SceneCodes,
    pub(in crate::sandbox) inbox: Inbox,
    pub(in crate::sandbox) stats: Stats,
    /// The place of the person whose phone opens links.
    pub(in crate::sandbox) active_person: usize,
    /// What goes wrong.
    pub(in crate::sandbox) fault_plan: FaultPlan,
    /// How far the sandbox's clock was set forward.
    pub(in crate::sandbox) clock_offset_ms: i64,
    pub(in crate::sandbox) call_counters: CallCounters,
    pub(in crate::sandbox) failed_requests: FailedRequests,
    pub(in crate::sandbox) media: MediaStore,
    pub(in crate::sandbox) consents: Consents,
    pub(in crate::sandbox) typing: TypingIndicators,
    pub(in crate::sandbox) tags: Tags,
    pub(in crate::sandbox) industries: Industries,
    pub(in crate::sandbox) tickets: Tickets,
}

/// A reply and what there is to say about it.
#[derive(Debug)]
pub struct HandledRequest {
    /// What goes back.
    pub reply: HttpResponse,
    /// What an API call or an authorisation came to; nothing for the sandbox's own pages.
    pub errcode: Option<i64>,
    /// The openid of the person that it was about.
    pub openid: Option<String>,
    /// A call that the sandbox does not have.
    pub unknown_path: bool,
    /// What went wrong with it, as the fault plan wants it.
    pub fault: Option<String>,
    /// The inbox page looking at itself.
    pub unlogged: bool,
    /// What the phone calls once more, without waiting for the answer to matter (`double_callback`).
    pub second_callback: Option<Url>,
}

impl HandledRequest {
    /// A page, about nobody.
    pub(in crate::sandbox) fn from_reply(reply: HttpResponse) -> Self {
        Self {
            reply,
            errcode: None,
            openid: None,
            unknown_path: false,
            fault: None,
            unlogged: false,
            second_callback: None,
        }
    }
}

impl Platform {
    /// The platform as it is at the start of that world, at `now_ms` (Unix milliseconds).
    pub fn new(world: Scenario, now_ms: i64) -> Self {
        let mut people: Vec<Person> = world.people.iter().map(|settings| Person::new(settings, now_ms)).collect();
        let by_openid = people.iter().enumerate().map(|(at, person)| (person.openid.clone(), at)).collect();
        people.extend((1..=world.crowd).map(|number| Person::new(&generated::follower(number), now_ms)));
        let phone = people.iter().position(|person| Some(&person.name) == world.phone.as_ref()).unwrap_or_default();
        Self {
            people,
            by_openid,
            active_person: phone,
            tokens: Tokens::default(),
            authorizations: Authorizations::default(),
            scene_codes: SceneCodes::default(),
            inbox: Inbox::new(),
            stats: Stats::default(),
            fault_plan: FaultPlan::new(&world.faults),
            clock_offset_ms: 0,
            call_counters: CallCounters::default(),
            failed_requests: FailedRequests::default(),
            media: MediaStore::default(),
            consents: Consents::new(&world),
            typing: TypingIndicators::default(),
            tags: Tags::new(),
            industries: Industries::default(),
            tickets: Tickets::default(),
            scenario: world,
        }
    }

    /// The place of the person of that openid.
    pub(in crate::sandbox) fn person_index(&self, openid: &str) -> Option<usize> {
        let of_crowd =
            || Some(self.configured_people() + generated::index_of(openid, self.scenario.crowd)? as usize - 1);
        self.by_openid.get(openid).copied().or_else(of_crowd)
    }

    /// How many people there are before the crowd.
    pub(in crate::sandbox) fn configured_people(&self) -> usize {
        self.scenario.people.len()
    }

    /// Answers a request that comes at `now_ms` (Unix milliseconds).
    pub fn handle(&mut self, request: &Request, now_ms: i64) -> HttpResponse {
        self.handle_logged(request, now_ms).reply
    }

    /// Answers a request that comes at `now_ms` (Unix milliseconds), and says what it was.
    pub fn handle_logged(&mut self, request: &Request, now_ms: i64) -> HandledRequest {
        let now_ms = now_ms + self.clock_offset_ms;
        if let Some(family) = Family::from_path(&request.path) {
            return self.handle_api(family, request, now_ms);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET" | "HEAD", "/connect/oauth2/authorize") => self.authorize(request, now_ms),
            ("GET" | "HEAD", "/mp/subscribemsg") => HandledRequest::from_reply(pages::subscribe_consent(self, request)),
            ("GET" | "HEAD", path) if path.starts_with(media::MEDIA_PATH) => {
                HandledRequest { unlogged: true, ..HandledRequest::from_reply(self.show_media(request)) }
            }
            ("GET" | "HEAD", "/") => HandledRequest::from_reply(pages::inbox(self, request, now_ms)),
            ("GET" | "HEAD", "/sandbox/phones") => {
                HandledRequest { unlogged: true, ..HandledRequest::from_reply(pages::phones(self, request, now_ms)) }
            }
            ("GET" | "HEAD", "/sandbox/inbox.json") => {
                HandledRequest::from_reply(json_reply(&self.inbox.messages().collect::<Vec<_>>()))
            }
            ("GET" | "HEAD", "/sandbox/stats.json") => HandledRequest::from_reply(json_reply(&self.stats.view())),
            // Browsers ask for a picture of the site by themselves.
            ("GET" | "HEAD", "/favicon.ico") => {
                HandledRequest { unlogged: true, ..HandledRequest::from_reply(HttpResponse::text(404, "")) }
            }
            ("GET" | "HEAD", path) if path.starts_with("/q/") => self.scan_code(request, &path[3..], now_ms),
            ("POST", path) if path.starts_with("/sandbox/") => admin::handle(self, request, now_ms),
            _ => HandledRequest { unknown_path: true, ..HandledRequest::from_reply(pages::not_found(request)) },
        }
    }

    /// How often the API at `path` was called with a good token on the day (in China) of the last call.
    pub fn calls_today(&self, path: &str) -> u64 {
        self.call_counters.used(path)
    }

    fn handle_api(&mut self, family: Family, request: &Request, now_ms: i64) -> HandledRequest {
        let Some(route) = router::find(&request.path) else {
            let refusal = api_error_with(40066, format!("invalid url, the sandbox has no {}", request.path));
            return HandledRequest { unknown_path: true, ..self.respond(family, request, Err(refusal), now_ms) };
        };
        self.stats.record_call(route.path);
        if self.fault_plan.is_empty() {
            return self.run_call(family, route, request, now_ms);
        }
        let to = target_openid(request);
        let verdict = self.fault_plan.select(route.path, to.as_deref());
        let mut handled = match verdict.effects().iter().find(|effect| !effect.takes_effect()) {
            None => self.run_call(family, route, request, now_ms),
            Some(Effect::Errcode(code)) => {
                HandledRequest { openid: to, ..self.respond(family, request, Err(api_error(*code)), now_ms) }
            }
            Some(_) => HandledRequest { openid: to, ..HandledRequest::from_reply(HttpResponse::text(200, "")) },
        };
        handled.reply = verdict.effects().iter().fold(handled.reply, |reply, effect| effect.apply(reply));
        handled.fault = verdict.describe();
        handled
    }

    /// The reply of an answer; a refusal is kept, to be asked about.
    fn respond(&mut self, family: Family, request: &Request, answer: ApiResult, now_ms: i64) -> HandledRequest {
        let errcode = match &answer {
            Ok(_) => 0,
            Err(refusal) => refusal.errcode,
        };
        let rid = ids::rid(now_ms);
        let reply = family.into_reply(answer, &rid);
        // Those of web authorisation can never be asked about.
        if errcode != 0 && family != Family::Sns {
            self.failed_requests.record(rid, request, &reply, now_ms);
        }
        HandledRequest { errcode: Some(errcode), ..HandledRequest::from_reply(reply) }
    }

    fn run_call(&mut self, family: Family, route: &Route, request: &Request, now_ms: i64) -> HandledRequest {
        let mut call = Call { request, now_ms, openid: None };
        let checked = self.authorize_call(route, &call);
        // What is checked before any call is written alike for all of a family.
        let own = if checked.is_ok() { family.for_call(route.path) } else { family };
        let handled = match (checked, route.handler) {
            (Err(refusal), _) => self.respond(own, request, Err(refusal), now_ms),
            (Ok(()), RouteHandler::Json(run)) => {
                let answer = run(self, &mut call);
                self.respond(own, request, answer, now_ms)
            }
            (Ok(()), RouteHandler::Raw(run)) => match run(self, &mut call) {
                Ok(reply) => HandledRequest {
                    errcode: (reply.status() == 200).then_some(0),
                    ..HandledRequest::from_reply(reply)
                },
                Err(refusal) => self.respond(own, request, Err(refusal), now_ms),
            },
        };
        HandledRequest { openid: call.openid, ..handled }
    }

    fn authorize_call(&mut self, route: &Route, call: &Call<'_>) -> Result<(), ApiError> {
        if call.request.method != route.method {
            return Err(api_error(if route.method == "GET" { 43001 } else { 43002 }));
        }
        if route.needs_token {
            self.tokens.check(&call.param("access_token"), call.now_ms)?;
            if self.scenario.unauthorized.iter().any(|path| path == route.path) {
                return Err(api_error(48001));
            }
        }
        self.count_call(route.path, call.now_ms)
    }
}

fn json_reply(it: &impl Serialize) -> HttpResponse {
    match serde_json::to_string(it) {
        Ok(body) => HttpResponse::json(200, body),
        Err(error) => HttpResponse::text(500, error.to_string()),
    }
}

/// Whom a call is about, before it is looked at: the openid in its query or its body, whether anybody has it or not.
fn target_openid(request: &Request) -> Option<String> {
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
pub(in crate::sandbox) fn rfc3339(at_ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(at_ms).unwrap_or_default());
    // humantime's Display fails beyond the year 9999.
    let end = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(UNIX_EPOCH + since.min(end)).to_string()
}
