//! Whether an address is this very machine: the config takes plain http there alone, and no proxy is asked for the way.

use url::{Host, Url};

/// Whether the host of that address is this very machine, by its name or number alone: nobody is asked.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
