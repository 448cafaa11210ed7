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
const FEW: usize = 6;

/// A connection that could be given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spare {
    /// Its number.
    pub(super) id: usize,
    /// Who is at its other end.
    pub(super) peer: SocketAddr,
    /// How long it has been waited for.
    pub(super) since: Instant,
    /// Its reply has gone out: the client only has to close.
    pub(super) is_over: bool,
}

/// The one that can best be spared.
pub(super) fn best(spares: &[Spare]) -> Option<usize> {
    let over = spares.iter().filter(|it| it.is_over).min_by_key(|it| it.since);
    if let Some(over) = over {
        return Some(over.id);
    }
    let mut crowds = HashMap::new();
    spares.iter().for_each(|it| *crowds.entry(home(it.peer)).or_insert(0_usize) += 1);
    let crowd = |it: &Spare| crowds.get(&home(it.peer)).map_or(FEW, |count| (*count).max(FEW));
    let most = spares.iter().map(crowd).max()?;
    spares.iter().filter(|it| crowd(it) == most).min_by_key(|it| it.since).map(|it| it.id)
}

/// Whose an address is: of IPv6 everybody has 2⁶⁴.
fn home(peer: SocketAddr) -> IpAddr {
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
    fn given_up(peers: &[&str]) -> usize {
        let begin = Instant::now();
        let spare = |(id, peer): (usize, &&str)| Spare {
            id,
            peer: SocketAddr::new(peer.parse().unwrap(), 1),
            since: begin + Duration::from_millis(id as u64),
            is_over: false,
        };
        best(&peers.iter().enumerate().map(spare).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_oldest_of_the_crowd_goes() {
        let crowd = |one, of: [&'static str; 8]| [&[one][..], &of].concat();
        assert_eq!(given_up(&crowd("192.0.2.1", ["198.51.100.7"; 8])), 1);
        assert_eq!(given_up(&crowd("2001:db8:0:1::1", ["2001:db8::1"; 8])), 1);
        // The same by another form or with another end of its own: one of the crowd, and the oldest.
        assert_eq!(given_up(&crowd("192.0.2.1", ["::ffff:192.0.2.1"; 8])), 0);
        assert_eq!(given_up(&crowd("2001:db8::9", ["2001:db8::1"; 8])), 0);
    }

    #[test]
    fn the_oldest_of_all_goes_where_there_is_no_crowd() {
        assert_eq!(given_up(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]), 0);
        assert_eq!(given_up(&["192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.2"]), 0, "a browser, and no crowd");
        assert_eq!(given_up(&["192.0.2.1"; 9]), 0, "all behind one proxy");
    }

    #[test]
    fn whose_reply_is_out_goes_first() {
        let peer = SocketAddr::new("192.0.2.1".parse().unwrap(), 1);
        let since = Instant::now();
        let spare = |id, is_over| Spare { id, peer, since: since + Duration::from_millis(id as u64), is_over };
        assert_eq!(best(&[spare(0, false), spare(2, true), spare(1, true)]), Some(1));
        assert_eq!(best(&[]), None);
    }
}
