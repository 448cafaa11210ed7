//! The platform: what it knows, and what is checked before any call.
//!
//! The order of the checks: the path, the verb (43001, 43002), the access token (41001, then 40001 or
//! 42001), whether the account may (48001), the day's quota (45009), and only then what the call itself looks
//! at.

pub(in crate::sandbox) mod consents;
pub(in crate::sandbox) mod failed_requests;
pub(in crate::sandbox) mod followers;
pub(in crate::sandbox) mod inbox;
pub(in crate::sandbox) mod industries;
pub(in crate::sandbox) mod media;
pub(in crate::sandbox) mod oauth_tokens;
pub(in crate::sandbox) mod quota;
pub(in crate::sandbox) mod scene_codes;
pub(in crate::sandbox) mod stats;
pub(in crate::sandbox) mod tags;
pub(in crate::sandbox) mod tickets;
pub(in crate::sandbox) mod tokens;
pub(in crate::sandbox) mod typing;

use std::collections::HashMap;

use url::form_urlencoded::parse;

use super::faults::FaultPlan;
use super::scenario::{Scenario, generated};
use crate::http_server::Request;
use consents::Consents;
use failed_requests::FailedRequests;
use followers::Person;
use inbox::{Inbox, Message};
use industries::Industries;
use media::MediaStore;
use oauth_tokens::Authorizations;
use quota::CallCounters;
use scene_codes::SceneCodes;
use stats::Stats;
use tags::Tags;
use tickets::Tickets;
use tokens::Tokens;
use typing::TypingIndicators;

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

    /// How often the API at `path` was called with a good token on the day (in China) of the last call.
    pub fn calls_today(&self, path: &str) -> u64 {
        self.call_counters.used(path)
    }

    /// The person of that openid.
    pub(in crate::sandbox) fn person_mut(&mut self, openid: &str) -> Option<&mut Person> {
        let at = self.person_index(openid)?;
        self.people.get_mut(at)
    }

    /// The place of the person whose phone this is: the cookie `phone` names one, else the settings do.
    pub(in crate::sandbox) fn acting_person(&self, request: &Request) -> usize {
        let cookies = request.header("cookie").unwrap_or_default();
        let named = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("phone=")).and_then(|value| {
            let decoded = parse(format!("name={value}").as_bytes()).next().map(|(_, name)| name.into_owned())?;
            self.people.iter().position(|person| person.name == decoded)
        });
        named.unwrap_or(self.active_person)
    }

    /// Puts a message on its phone.
    pub(in crate::sandbox) fn deliver(&mut self, message: Message) {
        self.stats.delivered(&message);
        self.inbox.deliver(message);
    }
}
