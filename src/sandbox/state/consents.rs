//! What people have allowed the account to send them, and how often.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::response::{ApiError, api_error};
use crate::sandbox::scenario::Scenario;
use crate::sandbox::scenario::account_setup::SubscriptionConfig;

/// The consents of all people, who are known by their places.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Consents {
    /// Of a template of subscription notifications, how many more may be sent; of a long-term one, 1.
    templates: BTreeMap<(usize, String), u32>,
    /// A one-time message of a scene. Those of one scene do not add up.
    scenes: BTreeSet<(usize, u16)>,
}

impl Consents {
    /// Those that a world begins with.
    pub(in crate::sandbox) fn new(world: &Scenario) -> Self {
        let mut grants = Self::default();
        for (place, person) in world.people.iter().enumerate() {
            for wanted in &person.grants {
                for template in world.subscriptions.iter().filter(|it| wanted == "*" || it.id == *wanted) {
                    grants.grant(place, template);
                }
            }
            grants.scenes.extend(person.scenes.iter().map(|scene| (place, *scene)));
        }
        grants
    }

    /// The person accepts a notification of that template; each time one more, unless it lasts.
    pub(in crate::sandbox) fn grant(&mut self, place: usize, template: &SubscriptionConfig) {
        let left = self.templates.entry((place, template.id.clone())).or_default();
        *left = if template.long_term { 1 } else { left.saturating_add(1) };
    }

    /// The person takes back every consent to that template.
    pub(in crate::sandbox) fn revoke(&mut self, place: usize, template: &SubscriptionConfig) {
        self.templates.remove(&(place, template.id.clone()));
    }

    /// How many notifications of that template the person still takes.
    pub(in crate::sandbox) fn remaining(&self, place: usize, template: &SubscriptionConfig) -> u32 {
        self.templates.get(&(place, template.id.clone())).copied().unwrap_or_default()
    }

    /// Uses a consent up, unless it lasts: 43101 where there is none.
    pub(in crate::sandbox) fn consume(&mut self, place: usize, template: &SubscriptionConfig) -> Result<(), ApiError> {
        match self.templates.get_mut(&(place, template.id.clone())) {
            None | Some(0) => return Err(api_error(43101)),
            Some(left) if !template.long_term => *left -= 1,
            Some(_) => {}
        }
        Ok(())
    }

    /// The person allows one message of that scene.
    pub(in crate::sandbox) fn grant_scene(&mut self, place: usize, scene: u16) {
        self.scenes.insert((place, scene));
    }

    /// The scenes of which the person takes a message.
    pub(in crate::sandbox) fn scenes(&self, place: usize) -> impl Iterator<Item = u16> {
        self.scenes.range((place, 0)..=(place, u16::MAX)).map(|(_, scene)| *scene)
    }

    /// Uses the consent of a scene up: 43101 where there is none.
    pub(in crate::sandbox) fn consume_scene(&mut self, place: usize, scene: u16) -> Result<(), ApiError> {
        if self.scenes.remove(&(place, scene)) { Ok(()) } else { Err(api_error(43101)) }
    }
}
