"""Reading the address of a request: what may be asked for, before any name is looked up."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec

from core.outbound.errors import Refused

_VISIBLE = re.compile(r"[\x21-\x7e]{1,2000}")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PORTS = {"https": 443, "http": 80}


class Destination(msgspec.Struct, frozen=True):
    """Where a request goes."""

    scheme: str
    host: str
    """In lower case, without the dot at the end; an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Destination:
    """The destination of a URL. Raises Refused with a sentence."""
    # `urlsplit` drops line breaks and tabs without a word, and browsers read a backslash as a slash.
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise Refused("The address must be at most 2000 visible ASCII characters; write a host name as xn--...")
    parts = _split(url)
    if parts.scheme not in _PORTS:
        raise Refused("The address must start with https://")
    if "@" in parts.netloc:
        raise Refused("The address must not hold a user name or password")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, _host(parts), _port(parts), target)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Refused("The address cannot be read") from None


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise Refused("The port must be a number from 1 to 65535")
    return port or _PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        return _ipv6(host)
    if not _HOST.fullmatch(host):
        raise Refused("The address names no host, or one that is no host name")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # Resolvers read 2130706433, 0x7f.1 and 127.1 as addresses, and not all of them as the same.
        _canonical(host)
    return host


def _canonical(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise Refused("Write an IP address as four numbers, as in 93.184.215.14") from None


def _ipv6(host: str) -> str:
    try:
        found = ip_address(host)
    except ValueError:
        found = None
    if found is None or "%" in host:
        raise Refused("What is in brackets must be an IPv6 address without a zone")
    return str(found)
