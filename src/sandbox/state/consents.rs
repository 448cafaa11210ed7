//! The consents that people have given to subscription notifications and one-time messages.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::response::{ApiError, api_error};
use crate::sandbox::scenario::Scenario;
use crate::sandbox::scenario::account_setup::SubscriptionConfig;

/// The consents of all people, keyed by the index of the person.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Consents {
    /// The number of notifications still allowed, by template; 1 for a long-term template.
    templates: BTreeMap<(usize, String), u32>,
    /// The scenes of which a one-time message is allowed. Consents to the same scene do not add up.
    scenes: BTreeSet<(usize, u16)>,
}

impl Consents {
    /// Returns the consents at the start of a scenario.
    pub(in crate::sandbox) fn new(scenario: &Scenario) -> Self {
        let mut consents = Self::default();
        for (index, person) in scenario.people.iter().enumerate() {
            for granted in &person.grants {
                for template in
                    scenario.subscriptions.iter().filter(|template| granted == "*" || template.id == *granted)
                {
                    consents.grant(index, template);
                }
            }
            consents.scenes.extend(person.scenes.iter().map(|scene| (index, *scene)));
        }
        consents
    }

    /// Adds the person's consent to one notification, or to all of a long-term template.
    pub(in crate::sandbox) fn grant(&mut self, person: usize, template: &SubscriptionConfig) {
        let remaining = self.templates.entry((person, template.id.clone())).or_default();
        *remaining = if template.long_term { 1 } else { remaining.saturating_add(1) };
    }

    /// Removes all consents of the person to that template.
    pub(in crate::sandbox) fn revoke(&mut self, person: usize, template: &SubscriptionConfig) {
        self.templates.remove(&(person, template.id.clone()));
    }

    /// Returns the number of notifications that the person still accepts.
    pub(in crate::sandbox) fn remaining(&self, person: usize, template: &SubscriptionConfig) -> u32 {
        self.templates.get(&(person, template.id.clone())).copied().unwrap_or_default()
    }

    /// Uses up one consent, unless it is long-term: 43101 if there is none.
    pub(in crate::sandbox) fn consume(&mut self, person: usize, template: &SubscriptionConfig) -> Result<(), ApiError> {
        match self.templates.get_mut(&(person, template.id.clone())) {
            None | Some(0) => return Err(api_error(43101)),
            Some(remaining) if !template.long_term => *remaining -= 1,
            Some(_) => {}
        }
        Ok(())
    }

    /// Adds the person's consent to one message of that scene.
    pub(in crate::sandbox) fn grant_scene(&mut self, person: usize, scene: u16) {
        self.scenes.insert((person, scene));
    }

    /// Returns the scenes of which the person accepts a message.
    pub(in crate::sandbox) fn scenes(&self, person: usize) -> impl Iterator<Item = u16> {
        self.scenes.range((person, 0)..=(person, u16::MAX)).map(|(_, scene)| *scene)
    }

    /// Uses up the consent to a scene: 43101 if there is none.
    pub(in crate::sandbox) fn consume_scene(&mut self, person: usize, scene: u16) -> Result<(), ApiError> {
        if self.scenes.remove(&(person, scene)) { Ok(()) } else { Err(api_error(43101)) }
    }
}
