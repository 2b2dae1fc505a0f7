"""Which addresses are the public internet: everything with a special purpose is not."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registries. `is_global` of the standard library is no measure: it says True of multicast,
# of NAT64 and 6to4 addresses that lead to any IPv4 address, and of IPv4-compatible ones.
_IPV4 = {
    "this network": "0.0.0.0/8",
    "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
    "shared by a carrier": "100.64.0.0/10",
    "loopback": "127.0.0.0/8",
    "link-local": "169.254.0.0/16",
    "for protocols": "192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24",
    "for documentation": "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24",
    "for benchmarks": "198.18.0.0/15",
    "multicast": "224.0.0.0/4",
    "reserved": "240.0.0.0/4",
}
_IPV6 = {
    # Teredo, ORCHID, benchmarks and what else 2001::/23 holds.
    "for protocols": "2001::/23 2620:4f:8000::/48",
    "for documentation": "2001:db8::/32 3fff::/20",
    "6to4": "2002::/16",
}
# Only these are given to networks. What lies outside (loopback, IPv4-mapped and -compatible, NAT64, unique local,
# link-local, multicast, segment routing) leads elsewhere or to an IPv4 address in disguise.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def _networks(table: dict[str, str]) -> list[tuple[Network, str]]:
    return [(ip_network(network), purpose) for purpose, listed in table.items() for network in listed.split()]


_SPECIAL = _networks(_IPV4) + _networks(_IPV6)


def special_purpose(address: Address) -> str | None:
    """What an address is for, when that is not the public internet; None for a public one."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "not global unicast"
    # ISATAP hides an IPv4 address behind any prefix.
    if isinstance(address, IPv6Address) and (int(address) >> 32) & 0xFCFFFFFF == 0x00005EFE:
        return "a tunnel to an IPv4 address"
    return next((purpose for network, purpose in _SPECIAL if is_in(address, [network])), None)


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; an IPv4-mapped one is never an IPv4 address."""
    return any(address.version == network.version and address in network for network in networks)
