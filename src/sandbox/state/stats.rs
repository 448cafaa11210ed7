//! Counters of calls and delivered messages, which stay correct when conversations are deleted.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde::Serialize;

use super::inbox::Message;

/// Counters since the start of the sandbox.
///
/// Two hashes of 64 bits are kept of each message, so that millions fit into memory. With a million
/// messages, the chance that two hashes collide is one in ten million.
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
    /// Calls of the API by path, successful or not.
    calls: &'a BTreeMap<&'static str, u64>,
    /// The number of messages that reached a phone.
    delivered: u64,
    /// The number of openids that received a message.
    recipients: usize,
    /// The number of pairs of an openid and a message that arrived more than once.
    twice: usize,
}

impl Stats {
    /// Counts a call of the API.
    pub(in crate::sandbox) fn record_call(&mut self, path: &'static str) {
        *self.calls.entry(path).or_default() += 1;
    }

    /// Counts a message that reached a phone.
    pub(super) fn record_delivery(&mut self, message: &Message) {
        self.delivered += 1;
        self.recipients.insert(self.hasher.hash_one(&message.openid));
        let pair = self.hasher.hash_one((&message.openid, message.visible_content()));
        if !self.seen.insert(pair) {
            self.duplicates.insert(pair);
        }
    }

    /// Returns the current counters.
    pub(in crate::sandbox) fn view(&self) -> StatsView<'_> {
        let (recipients, twice) = (self.recipients.len(), self.duplicates.len());
        StatsView { calls: &self.calls, delivered: self.delivered, recipients, twice }
    }
}
