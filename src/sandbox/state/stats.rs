//! What was asked and what arrived, counted: right however many conversations are forgotten.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde::Serialize;

use super::inbox::Message;

/// Counters since the sandbox's start. Of each message two hashes of 64 bits are kept, so that millions fit into
/// memory; with a million of them, the chance that two are the same by accident is one in ten million.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Stats {
    calls: BTreeMap<&'static str, u64>,
    delivered: u64,
    recipients: HashSet<u64>,
    seen: HashSet<u64>,
    duplicates: HashSet<u64>,
    hasher: RandomState,
}

/// The counters, as `/sandbox/stats.json` shows them.
#[derive(Debug, Serialize)]
pub(in crate::sandbox) struct StatsView<'a> {
    /// Calls of the API by path, whatever came of them.
    calls: &'a BTreeMap<&'static str, u64>,
    /// Messages that reached a phone.
    delivered: u64,
    /// Openids that got one.
    recipients: usize,
    /// Pairs of an openid and a message that arrived more than once.
    twice: usize,
}

impl Stats {
    /// A call of the API came.
    pub(in crate::sandbox) fn record_call(&mut self, path: &'static str) {
        *self.calls.entry(path).or_default() += 1;
    }

    /// A message reached a phone.
    pub(in crate::sandbox) fn delivered(&mut self, message: &Message) {
        self.delivered += 1;
        self.recipients.insert(self.hasher.hash_one(&message.openid));
        let pair = self.hasher.hash_one((&message.openid, message.body()));
        if !self.seen.insert(pair) {
            self.duplicates.insert(pair);
        }
    }

    /// The counters as they are.
    pub(in crate::sandbox) fn view(&self) -> StatsView<'_> {
        let (recipients, twice) = (self.recipients.len(), self.duplicates.len());
        StatsView { calls: &self.calls, delivered: self.delivered, recipients, twice }
    }
}
