//! The eviction policy: the choice of the connection that a server at capacity closes for a new
//! one.
//!
//! If age alone decided, a client that opens connections fast enough would evict every client whose
//! request takes a moment to arrive, such as a distant phone that is still in its handshake. So the
//! policy chooses the oldest connection of the client that has the most incomplete ones. No address
//! is rejected as such: behind a reverse proxy or a tunnel all clients share one address, and then
//! the oldest connection of all is closed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Instant;

/// The number of connections that a browser opens to one host. A client with at most this many
/// counts as normal.
const BROWSER_CONNECTIONS: usize = 6;

/// A connection that can be evicted.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvictionCandidate {
    pub(super) id: usize,
    pub(super) peer: SocketAddr,
    /// When the server began to wait for the client.
    pub(super) waiting_since: Instant,
    /// The last response was sent, and only the client has to close.
    pub(super) is_done: bool,
}

/// Returns the ID of the connection to close, or `None` if there are no candidates.
pub(super) fn choose_evicted(candidates: &[EvictionCandidate]) -> Option<usize> {
    let oldest_done = candidates.iter().filter(|candidate| candidate.is_done).min_by_key(|done| done.waiting_since);
    if let Some(done) = oldest_done {
        return Some(done.id);
    }
    let mut counts: HashMap<IpAddr, usize> = HashMap::new();
    for candidate in candidates {
        *counts.entry(client_key(candidate.peer)).or_default() += 1;
    }
    let count_of = |candidate: &EvictionCandidate| {
        counts.get(&client_key(candidate.peer)).map_or(BROWSER_CONNECTIONS, |count| (*count).max(BROWSER_CONNECTIONS))
    };
    let highest = candidates.iter().map(count_of).max()?;
    let of_busiest = candidates.iter().filter(|candidate| count_of(candidate) == highest);
    of_busiest.min_by_key(|candidate| candidate.waiting_since).map(|candidate| candidate.id)
}

/// Returns the client key of an address. IPv6 clients are grouped by /64 prefix.
fn client_key(peer: SocketAddr) -> IpAddr {
    match peer.ip().to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Returns the index of the connection that is evicted; each one is younger than the one
    /// before.
    fn victim_among(peers: &[&str]) -> usize {
        let start = Instant::now();
        let candidate = |(id, peer): (usize, &&str)| EvictionCandidate {
            id,
            peer: SocketAddr::new(peer.parse().unwrap(), 1),
            waiting_since: start + Duration::from_millis(id as u64),
            is_done: false,
        };
        choose_evicted(&peers.iter().enumerate().map(candidate).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn oldest_connection_of_busiest_client_is_evicted() {
        let with_others = |single, others: [&'static str; 8]| [&[single][..], &others].concat();
        assert_eq!(victim_among(&with_others("192.0.2.1", ["198.51.100.7"; 8])), 1);
        assert_eq!(victim_among(&with_others("2001:db8:0:1::1", ["2001:db8::1"; 8])), 1);
        // The same client in another notation, or with another address of its prefix.
        assert_eq!(victim_among(&with_others("192.0.2.1", ["::ffff:192.0.2.1"; 8])), 0);
        assert_eq!(victim_among(&with_others("2001:db8::9", ["2001:db8::1"; 8])), 0);
    }

    #[test]
    fn oldest_connection_is_evicted_if_no_client_is_busy() {
        assert_eq!(victim_among(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]), 0);
        assert_eq!(victim_among(&["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.2"]), 0, "a browser is not busy");
        assert_eq!(victim_among(&["192.0.2.1"; 9]), 0, "all behind one proxy");
    }

    #[test]
    fn finished_connection_is_evicted_first() {
        let peer = SocketAddr::new("192.0.2.1".parse().unwrap(), 1);
        let since = Instant::now();
        let candidate = |id, is_done| EvictionCandidate {
            id,
            peer,
            waiting_since: since + Duration::from_millis(id as u64),
            is_done,
        };
        assert_eq!(choose_evicted(&[candidate(0, false), candidate(2, true), candidate(1, true)]), Some(1));
        assert_eq!(choose_evicted(&[]), None);
    }
}
