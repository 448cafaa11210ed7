//! Whom a full door gives up: one of the crowd, not the one who came alone.
//!
//! By age alone, who opens connections fast enough would push out everybody whose request takes a moment to come: a
//! phone far away that still shakes hands, a client that the system has put aside. So the oldest goes of those who
//! have the most that are not complete. Nobody is refused by address: behind a reverse proxy or a tunnel all have the
//! same, and then the oldest of all goes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Instant;

/// What a browser opens to one host: who has no more than these is no crowd.
const BROWSER_CONNECTIONS: usize = 6;

/// A connection that could be given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvictionCandidate {
    /// Its number.
    pub(super) id: usize,
    /// Who is at its other end.
    pub(super) peer: SocketAddr,
    /// How long it has been waited for.
    pub(super) waiting_since: Instant,
    /// Its reply has gone out: the client only has to close.
    pub(super) is_done: bool,
}

/// The one that can best be spared.
pub(super) fn choose_victim(candidates: &[EvictionCandidate]) -> Option<usize> {
    let done = candidates.iter().filter(|it| it.is_done).min_by_key(|it| it.waiting_since);
    if let Some(done) = done {
        return Some(done.id);
    }
    let mut counts = HashMap::new();
    candidates.iter().for_each(|it| *counts.entry(client_key(it.peer)).or_insert(0_usize) += 1);
    let count_of = |it: &EvictionCandidate| {
        counts.get(&client_key(it.peer)).map_or(BROWSER_CONNECTIONS, |count| (*count).max(BROWSER_CONNECTIONS))
    };
    let most = candidates.iter().map(count_of).max()?;
    candidates.iter().filter(|it| count_of(it) == most).min_by_key(|it| it.waiting_since).map(|it| it.id)
}

/// Whose an address is: of IPv6 everybody has 2⁶⁴.
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

    /// Who is given up of those, all of one age after the other, by their place.
    fn victim_among(peers: &[&str]) -> usize {
        let begin = Instant::now();
        let spare = |(id, peer): (usize, &&str)| EvictionCandidate {
            id,
            peer: SocketAddr::new(peer.parse().unwrap(), 1),
            waiting_since: begin + Duration::from_millis(id as u64),
            is_done: false,
        };
        choose_victim(&peers.iter().enumerate().map(spare).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_oldest_of_the_busiest_client_is_evicted() {
        let crowd = |one, of: [&'static str; 8]| [&[one][..], &of].concat();
        assert_eq!(victim_among(&crowd("192.0.2.1", ["198.51.100.7"; 8])), 1);
        assert_eq!(victim_among(&crowd("2001:db8:0:1::1", ["2001:db8::1"; 8])), 1);
        // The same by another form or with another end of its own: one of the crowd, and the oldest.
        assert_eq!(victim_among(&crowd("192.0.2.1", ["::ffff:192.0.2.1"; 8])), 0);
        assert_eq!(victim_among(&crowd("2001:db8::9", ["2001:db8::1"; 8])), 0);
    }

    #[test]
    fn the_oldest_is_evicted_where_no_client_is_busy() {
        assert_eq!(victim_among(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]), 0);
        assert_eq!(victim_among(&["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.2"]), 0, "a browser, and no crowd");
        assert_eq!(victim_among(&["192.0.2.1"; 9]), 0, "all behind one proxy");
    }

    #[test]
    fn a_finished_connection_is_evicted_first() {
        let peer = SocketAddr::new("192.0.2.1".parse().unwrap(), 1);
        let since = Instant::now();
        let spare = |id, is_over| EvictionCandidate {
            id,
            peer,
            waiting_since: since + Duration::from_millis(id as u64),
            is_done: is_over,
        };
        assert_eq!(choose_victim(&[spare(0, false), spare(2, true), spare(1, true)]), Some(1));
        assert_eq!(choose_victim(&[]), None);
    }
}
