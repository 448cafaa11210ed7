//! The addresses and networks that may request tokens.

use std::net::IpAddr;

/// An address and the number of its leading bits that count.
pub(super) struct Network {
    address: IpAddr,
    prefix_len: u32,
}

impl Network {
    /// Parses `address` or `address/bits`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix_len) = match text.split_once('/') {
            Some((address, prefix_len)) => (address, Some(prefix_len.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let full_len = if address.is_ipv4() { 32 } else { 128 };
        let prefix_len = prefix_len.unwrap_or(full_len);
        (prefix_len <= full_len).then_some(Self { address, prefix_len })
    }

    /// Returns whether the address belongs to this network.
    pub(super) fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= self.prefix_len,
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= self.prefix_len,
            _ => false,
        }
    }
}
