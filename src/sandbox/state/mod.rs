//! The state of the platform. Each file holds one part of it, as a plain struct with its own
//! methods.
//!
//! Nothing here imports the handlers, the pages or the router.

pub(super) mod consents;
pub(super) mod failed_requests;
pub(super) mod followers;
pub(super) mod inbox;
pub(super) mod industries;
pub(super) mod media;
pub(super) mod oauth_tokens;
pub(super) mod pushes;
pub(super) mod quota;
pub(super) mod scene_codes;
pub(super) mod stats;
pub(super) mod tags;
pub(super) mod tickets;
pub(super) mod tokens;
pub(super) mod typing;

use std::collections::HashMap;

use url::form_urlencoded::parse;

use super::faults::FaultPlan;
use super::response::{ApiError, api_error};
use super::scenario::{Scenario, generated};
use crate::http_server::Request;
use consents::Consents;
use failed_requests::FailedRequests;
use followers::Person;
use inbox::{Inbox, Message};
use industries::Industries;
use media::MediaStore;
use oauth_tokens::Authorizations;
use pushes::Pushes;
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
    pub(super) scenario: Scenario,
    /// The people of the scenario, then the generated followers.
    pub(super) people: Vec<Person>,
    /// The indices of the people of the scenario.
    by_openid: HashMap<String, usize>,
    pub(super) tokens: Tokens,
    pub(super) authorizations: Authorizations,
    pub(super) scene_codes: SceneCodes,
    pub(super) inbox: Inbox,
    pub(super) stats: Stats,
    /// The index of the person whose phone opens links.
    pub(super) active_person: usize,
    /// The faults that the sandbox injects.
    pub(super) fault_plan: FaultPlan,
    /// How far the sandbox's clock was set forward.
    pub(super) clock_offset_ms: i64,
    pub(super) call_counters: CallCounters,
    pub(super) failed_requests: FailedRequests,
    pub(super) media: MediaStore,
    pub(super) consents: Consents,
    pub(super) typing: TypingIndicators,
    pub(super) tags: Tags,
    pub(super) industries: Industries,
    pub(super) tickets: Tickets,
    pub(super) pushes: Pushes,
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
            pushes: Pushes::new(&scenario),
            scenario,
        }
    }

    /// Returns the index of the person with that openid.
    pub(super) fn person_index(&self, openid: &str) -> Option<usize> {
        let generated_index =
            || Some(self.configured_people() + generated::index_of(openid, self.scenario.crowd)? as usize - 1);
        self.by_openid.get(openid).copied().or_else(generated_index)
    }

    /// Returns the index of the person with that openid: 40003 if there is none.
    pub(super) fn known_index(&self, openid: &str) -> Result<usize, ApiError> {
        self.person_index(openid).ok_or_else(|| api_error(40003))
    }

    /// Returns the number of people before the generated followers.
    pub(super) fn configured_people(&self) -> usize {
        self.scenario.people.len()
    }

    /// Returns the person with that openid.
    pub(super) fn person_mut(&mut self, openid: &str) -> Option<&mut Person> {
        let index = self.person_index(openid)?;
        self.people.get_mut(index)
    }

    /// Returns the index of the person whose phone sends the request.
    ///
    /// The cookie `phone` names the person; without it, the settings do.
    pub(super) fn acting_person(&self, request: &Request) -> usize {
        let cookies = request.header("cookie").unwrap_or_default();
        let cookie_person =
            cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("phone=")).and_then(|value| {
                let decoded = parse(format!("name={value}").as_bytes()).next().map(|(_, name)| name.into_owned())?;
                self.people.iter().position(|person| person.name == decoded)
            });
        cookie_person.unwrap_or(self.active_person)
    }

    /// Counts a message, and delivers it to its phone.
    pub(super) fn deliver(&mut self, message: Message) {
        self.stats.record_delivery(&message);
        self.inbox.deliver(message);
    }
}
