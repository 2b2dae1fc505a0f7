"""Addresses and networks as people and machines write them: ports, brackets, and IPv4 inside IPv6."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED_PREFIX = 96
"""Bits before the IPv4 address in an IPv6 one that holds it (::ffff:0:0/96)."""


def address(text: str) -> Address | None:
    """An IP address, IPv4 mapped into IPv6 as IPv4, without port and zone; None for anything else."""
    try:
        found = ipaddress.ip_address(_bare(text.strip()))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network(text: str) -> Network:
    """A network, or the one of a single address; IPv4 mapped into IPv6 as IPv4. Raises ValueError."""
    found = ipaddress.ip_network(text.strip(), strict=False)
    within = getattr(found.network_address, "ipv4_mapped", None)
    if within is None or found.prefixlen < _MAPPED_PREFIX:
        return found
    return ipaddress.ip_network((str(within), found.prefixlen - _MAPPED_PREFIX))


def covers(networks: Sequence[str], text: str | None) -> bool:
    """Whether one of some networks holds an address; what is no address is in none."""
    found = address(text or "")
    return found is not None and any(found in each for each in _parsed(tuple(networks)))


def network_of(text: str) -> str:
    """Whom an address stands for when callers are counted: itself, and for IPv6 the /64 one subscriber has."""
    found = address(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or "unknown")


@lru_cache(maxsize=4096)
def _parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(network(each) for each in networks)


def _bare(text: str) -> str:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        # Some proxies write the port of the caller behind the address.
        text = text.partition(":")[0]
    return text.partition("%")[0]


def server(written: str) -> tuple[str, int | None]:
    """Address and port of `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(written)), None
    except ValueError:
        host, colon, port = written.rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
            raise
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))), int(port)
