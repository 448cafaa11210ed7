//! This machine's own addresses: where a phone may reach it, and which addresses lead back to it.

use std::net::IpAddr;

use crate::wechat::redirect_uri::is_private;

/// Interfaces that lead to containers, virtual machines and tunnels, by the beginnings of their names.
const VIRTUAL_INTERFACE_PREFIXES: [&str; 9] = ["br-", "cni", "docker", "lxc", "podman", "tun", "veth", "virbr", "wg"];

/// The addresses that others might reach, the likeliest first: of real interfaces before inner ones, IPv4 before
/// IPv6, public before private. Nothing where the system does not tell.
pub(super) fn local_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<_> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter(|it| !it.is_loopback() && !it.is_link_local())
        .map(|it| (VIRTUAL_INTERFACE_PREFIXES.iter().any(|inner| it.name.starts_with(inner)), it.ip()))
        .collect();
    addresses.sort_by_key(|(inner, ip)| (*inner, ip.is_ipv6(), is_private(*ip)));
    addresses.into_iter().map(|(_, ip)| ip).collect()
}

/// Whether the address leads back to this machine.
pub(super) fn is_local_address(ip: IpAddr) -> bool {
    ip.is_loopback() || if_addrs::get_if_addrs().unwrap_or_default().iter().any(|it| it.ip() == ip)
}
