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
use super::faults::FaultPlan;
use super::scenario::{Scenario, generated};
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
}
