//! IP addresses: of this machine, of the local network.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use url::{Host, Url};

/// The prefixes of the names of interfaces for containers, virtual machines and tunnels.
const VIRTUAL_INTERFACE_PREFIXES: [&str; 9] = ["br-", "cni", "docker", "lxc", "podman", "tun", "veth", "virbr", "wg"];

/// Returns whether the host of a URL is this machine. Only its name or number counts; nothing is
/// resolved.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Returns whether only devices in the same network can reach the address.
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || is_cgnat(ip),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Returns whether the address is in 100.64.0.0/10, which providers share among customers.
fn is_cgnat(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0xc0 == 64
}

/// Returns the addresses by which other machines may reach this one, the most likely first:
/// physical before virtual interfaces, IPv4 before IPv6, public before private. Empty if the system
/// does not list them.
pub(crate) fn local_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<_> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(|interface| {
            let is_virtual = VIRTUAL_INTERFACE_PREFIXES.iter().any(|prefix| interface.name.starts_with(prefix));
            (is_virtual, interface.ip())
        })
        .collect();
    addresses.sort_by_key(|(is_virtual, ip)| (*is_virtual, ip.is_ipv6(), is_private(*ip)));
    addresses.into_iter().map(|(_, ip)| ip).collect()
}

/// Returns whether the address belongs to this machine.
pub(crate) fn is_local_address(ip: IpAddr) -> bool {
    ip.is_loopback() || if_addrs::get_if_addrs().unwrap_or_default().iter().any(|interface| interface.ip() == ip)
}

/// The directory in which Linux shows what the firmware says about the machine.
pub(crate) const FIRMWARE_DIR: &str = "/sys/class/dmi/id";

/// Returns whether the firmware says that this is a cloud server, such as "Alibaba Cloud",
/// "Tencent Cloud" or "HUAWEICLOUD". The public address of a cloud server is often on no interface.
pub(crate) fn is_cloud_server(firmware: &Path) -> bool {
    ["sys_vendor", "product_name", "chassis_asset_tag"].iter().any(|name| {
        std::fs::read_to_string(firmware.join(name)).is_ok_and(|text| text.to_ascii_lowercase().contains("cloud"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_server_is_recognized_by_firmware() {
        for (file, text, cloud) in [
            ("sys_vendor", "Alibaba Cloud\n", true),
            ("sys_vendor", "Tencent Cloud\n", true),
            ("chassis_asset_tag", "HUAWEICLOUD\n", true),
            ("sys_vendor", "LENOVO\n", false),
            ("sys_vendor", "QEMU\n", false),
        ] {
            let firmware = tempfile::tempdir().unwrap();
            std::fs::write(firmware.path().join(file), text).unwrap();
            assert_eq!(is_cloud_server(firmware.path()), cloud, "{text}");
        }
        assert!(!is_cloud_server(Path::new("/nowhere")));
    }

    #[test]
    fn private_addresses_are_distinguished_from_public_ones() {
        for (ip, private) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("192.168.1.20", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("203.0.113.7", false),
            ("fd00::2", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(ip.parse().unwrap()), private, "{ip}");
        }
    }
}
