//! Applies the fault plan: selects the faults that trigger for a call.
//!
//! It uses counters and a seeded generator and no clock, so that a plan is reproducible.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::fault::{Effect, Fault, Trigger};
use crate::sandbox::push::event::PushEvent;

/// The faults in their order, each with its counters.
#[derive(Debug)]
pub(in crate::sandbox) struct FaultPlan(Vec<FaultCounter>);

/// A fault and its counters.
#[derive(Debug)]
pub(in crate::sandbox) struct FaultCounter {
    pub(in crate::sandbox) fault: Fault,
    /// The number of calls or pushes that matched the filter.
    matched: u64,
    /// The number of calls or pushes that triggered the fault.
    pub(in crate::sandbox) triggered: u64,
    generator: Xoshiro256PlusPlus,
}

impl FaultPlan {
    /// Creates a plan of these faults with all counters at zero.
    pub(in crate::sandbox) fn new(faults: &[Fault]) -> Self {
        let entry = |fault: &Fault| {
            let seed = if let Trigger::Chance { seed, .. } = fault.trigger { seed } else { 0 };
            let generator = Xoshiro256PlusPlus::seed_from_u64(seed);
            FaultCounter { fault: fault.clone(), matched: 0, triggered: 0, generator }
        };
        Self(faults.iter().map(entry).collect())
    }

    /// Returns the faults in their order.
    pub(in crate::sandbox) fn entries(&self) -> &[FaultCounter] {
        &self.0
    }

    /// Returns whether the plan has no faults.
    pub(in crate::sandbox) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a call and selects its effects: none, one, or several with delays first.
    ///
    /// Each fault counts every call that matches its filter, regardless of the other faults. The
    /// first fault that triggers wins; all delays that trigger add up and apply as well.
    pub(in crate::sandbox) fn select(&mut self, path: &str, openid: Option<&str>) -> Vec<Effect> {
        let mut delays = Vec::new();
        let mut other = None;
        for entry in self.0.iter_mut().filter(|entry| !entry.fault.effect.concerns_push()) {
            let filter = &entry.fault.filter;
            if !filter.matches_path(path) || filter.openid.as_deref().is_some_and(|filtered| openid != Some(filtered)) {
                continue;
            }
            let is_delay = matches!(entry.fault.effect, Effect::Delay(_));
            if !entry.triggers(!is_delay && other.is_some()) {
                continue;
            }
            if is_delay {
                delays.push(entry.fault.effect.clone());
            } else {
                other = Some(entry.fault.effect.clone());
            }
        }
        delays.extend(other);
        delays
    }

    /// Counts a push and selects the faults that apply to it: at most one status of a receipt, and
    /// one other fault.
    ///
    /// `path` is that of the call that caused the push, or empty if a person did.
    pub(in crate::sandbox) fn select_for_push(&mut self, path: &str, openid: &str, event: &PushEvent) -> Vec<Effect> {
        let mut selected: Vec<Effect> = Vec::new();
        for entry in self.0.iter_mut().filter(|entry| entry.fault.effect.concerns_push()) {
            let filter = &entry.fault.filter;
            let is_other = |filtered: &Option<String>, value: &str| filtered.as_deref().is_some_and(|it| it != value);
            let changes_receipt = matches!(entry.fault.effect, Effect::Receipt(_));
            if !filter.matches_path(path)
                || is_other(&filter.openid, openid)
                || is_other(&filter.event, event.name())
                || changes_receipt && !event.is_receipt()
            {
                continue;
            }
            let is_decided = selected.iter().any(|other| matches!(other, Effect::Receipt(_)) == changes_receipt);
            if entry.triggers(is_decided) {
                selected.push(entry.fault.effect.clone());
            }
        }
        selected
    }
}

impl FaultCounter {
    /// Counts a call or a push, and returns whether it triggers this fault. It does not if another
    /// fault was selected before, but the counter and the generator advance.
    fn triggers(&mut self, is_decided: bool) -> bool {
        self.matched += 1;
        let is_selected = match &self.fault.trigger {
            Trigger::All => true,
            Trigger::Nth(numbers) => numbers.contains(&self.matched),
            Trigger::Every(every) => self.matched.is_multiple_of(*every),
            Trigger::Chance { probability, .. } => self.generator.random_bool(*probability),
        };
        let triggers = is_selected && !is_decided && self.fault.max_triggers.is_none_or(|times| self.triggered < times);
        self.triggered += u64::from(triggers);
        triggers
    }
}

/// Returns the text of selected effects for the log, or `None` if there are none.
pub(in crate::sandbox) fn describe_effects(effects: &[Effect]) -> Option<String> {
    (!effects.is_empty()).then(|| effects.iter().map(Effect::to_string).collect::<Vec<_>>().join(", "))
}
