//! The state of the platform. Each file holds one part of it, as a plain struct with its own
//! methods.
//!
//! Nothing here imports the handlers, the pages or the router.

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

/// The platform with all its state.
#[derive(Debug)]
pub struct Platform {
    pub(in crate::sandbox) scenario: Scenario,
    /// The people of the scenario, then the generated followers.
    pub(in crate::sandbox) people: Vec<Person>,
    /// The indices of the people of the scenario.
    by_openid: HashMap<String, usize>,
    pub(in crate::sandbox) tokens: Tokens,
    pub(in crate::sandbox) authorizations: Authorizations,
    pub(in crate::sandbox) scene_codes: SceneCodes,
    pub(in crate::sandbox) inbox: Inbox,
    pub(in crate::sandbox) stats: Stats,
    /// The index of the person whose phone opens links.
    pub(in crate::sandbox) active_person: usize,
    /// The faults that the sandbox injects.
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
    /// Creates the platform at the start of a scenario, at `now_ms` (Unix milliseconds).
    pub fn new(scenario: Scenario, now_ms: i64) -> Self {
        let mut people: Vec<Person> = scenario.people.iter().map(|settings| Person::new(settings, now_ms)).collect();
        let by_openid = people.iter().enumerate().map(|(index, person)| (person.openid.clone(), index)).collect();
        people.extend((1..=scenario.crowd).map(|number| Person::new(&generated::follower(number), now_ms)));
        let phone = people.iter().position(|person| Some(&person.name) == scenario.phone.as_ref()).unwrap_or_default();
        Self {
            people,
            by_openid,
            active_person: phone,
            tokens: Tokens::default(),
            authorizations: Authorizations::default(),
            scene_codes: SceneCodes::default(),
            inbox: Inbox::new(),
            stats: Stats::default(),
            fault_plan: FaultPlan::new(&scenario.faults),
            clock_offset_ms: 0,
            call_counters: CallCounters::default(),
            failed_requests: FailedRequests::default(),
            media: MediaStore::default(),
            consents: Consents::new(&scenario),
            typing: TypingIndicators::default(),
            tags: Tags::new(),
            industries: Industries::default(),
            tickets: Tickets::default(),
            scenario,
        }
    }

    /// Returns the index of the person with that openid.
    pub(in crate::sandbox) fn person_index(&self, openid: &str) -> Option<usize> {
        let generated_index =
            || Some(self.configured_people() + generated::index_of(openid, self.scenario.crowd)? as usize - 1);
        self.by_openid.get(openid).copied().or_else(generated_index)
    }

    /// Returns the number of people before the generated followers.
    pub(in crate::sandbox) fn configured_people(&self) -> usize {
        self.scenario.people.len()
    }

    /// Returns how often the API at `path` was called with a valid token on the Beijing day of the
    /// last call.
    pub fn calls_today(&self, path: &str) -> u64 {
        self.call_counters.used(path)
    }

    /// Returns the person with that openid.
    pub(in crate::sandbox) fn person_mut(&mut self, openid: &str) -> Option<&mut Person> {
        let index = self.person_index(openid)?;
        self.people.get_mut(index)
    }

    /// Returns the index of the person whose phone sends the request.
    ///
    /// The cookie `phone` names the person; without it, the settings do.
    pub(in crate::sandbox) fn acting_person(&self, request: &Request) -> usize {
        let cookies = request.header("cookie").unwrap_or_default();
        let cookie_person =
            cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("phone=")).and_then(|value| {
                let decoded = parse(format!("name={value}").as_bytes()).next().map(|(_, name)| name.into_owned())?;
                self.people.iter().position(|person| person.name == decoded)
            });
        cookie_person.unwrap_or(self.active_person)
    }

    /// Counts a message, and delivers it to its phone.
    pub(in crate::sandbox) fn deliver(&mut self, message: Message) {
        self.stats.record_delivery(&message);
        self.inbox.deliver(message);
    }
}
