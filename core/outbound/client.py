"""The one way to talk to the outside: public addresses only, resolved once and pinned, bounded in time and size."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec
import structlog
from flask import current_app

from core.outbound import destination, exchange
from core.outbound.addresses import Address, Network, is_in, special_purpose
from core.outbound.destination import Destination
from core.outbound.errors import Refused, Unreachable
from core.outbound.wire import Deadline, Wire, look_up

if TYPE_CHECKING:
    from core.config import Settings

log = structlog.get_logger()
MAX_SECONDS = 10.0
"""How long a whole exchange may take: looking up the name, connecting, sending, and the last byte of the reply."""
AGENT = "Tripfile"


class Reply(msgspec.Struct, frozen=True):
    """What came back; a redirect is a reply like any other."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    elapsed: float
    """Seconds."""


class SafeClient:
    """Sends requests to public addresses over https. Make one with `of_plugin`, or `for_addresses_of_users`."""

    def __init__(self, plugin: str, hosts: frozenset[str] | None) -> None:
        self._plugin = plugin
        self._hosts = hosts

    @classmethod
    def of_plugin(cls, plugin: str) -> SafeClient:
        """A client for the hosts that the plugin lists in `egress`, and no others."""
        # Late: the manager imports every part of the core.
        from core.plugins.manager import installed

        return cls(plugin, frozenset(installed().egress[plugin]))

    @classmethod
    def for_addresses_of_users(cls, plugin: str) -> SafeClient:
        """A client for addresses that people type in, which no `egress` can list: any public host."""
        return cls(plugin, None)

    def check(self, url: str) -> None:
        """Look the address up without connecting to it. Raises Refused, Unreachable, TimedOut."""
        self._pinned(destination.parse(url), Deadline(MAX_SECONDS))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = MAX_SECONDS,
    ) -> Reply:
        """Send one request and read the whole reply. Raises Refused, Unreachable, TimedOut, TooLarge.

        Redirects are not followed, environment variables and cookies play no part. `seconds` can only shorten the time.
        """
        deadline = Deadline(min(seconds, MAX_SECONDS))
        to = destination.parse(url)
        wire = self._connect(to, self._pinned(to, deadline), deadline)
        try:
            if to.scheme == "https":
                wire.secure(_trusted(_settings().outbound_ca_file), to.host)
            sent = {"user-agent": AGENT, **{name.lower(): value for name, value in (headers or {}).items()}}
            raw = exchange.perform(wire, method, to.target, host=to.authority, headers=sent, body=body)
        finally:
            wire.close()
        return Reply(raw.status, raw.headers, raw.body, deadline.elapsed)

    def _pinned(self, to: Destination, deadline: Deadline) -> list[Address]:
        """The addresses to connect to, each of them judged. Raises Refused, Unreachable, TimedOut."""
        try:
            if self._hosts is not None and to.host not in self._hosts:
                raise Refused(f"The plugin {self._plugin} does not list {to.host} in its egress")
            settings = _settings()
            allowed = _networks(settings.outbound_allow_networks)
            if not allowed:
                _refuse_unusual(to, settings)
            found = look_up(to.host, to.port, deadline)
            _judge(to, found, settings, allowed)
        except Refused as refused:
            log.warning("outbound.refused", plugin=self._plugin, host=to.host, reason=refused.reason)
            raise
        return found

    def _connect(self, to: Destination, addresses: list[Address], deadline: Deadline) -> Wire:
        proxy = _settings().outbound_proxy
        if proxy is None:
            return Wire(addresses, to.port, deadline)
        return _through(proxy.get_secret_value(), addresses[0], to.port, deadline)


def _settings() -> Settings:
    found: Settings = current_app.extensions["tripfile.settings"]
    return found


def _judge(to: Destination, found: list[Address], settings: Settings, allowed: tuple[Network, ...]) -> None:
    """Every address must do: a name that has one good and one bad address would reach the bad one some day."""
    denied = _networks(settings.outbound_deny_networks)
    inside = [is_in(address, allowed) for address in found]
    for address, is_allowed in zip(found, inside, strict=True):
        purpose = None if is_allowed else special_purpose(address)
        if purpose is not None or is_in(address, denied):
            # Not the address itself: who asks need not learn how our network is numbered.
            raise Refused(f"{to.host} is not on the public internet")
    if not all(inside):
        _refuse_unusual(to, settings)


def _refuse_unusual(to: Destination, settings: Settings) -> None:
    if to.scheme != "https":
        raise Refused("The address must start with https://")
    if to.port not in settings.outbound_ports:
        ports = ", ".join(map(str, settings.outbound_ports))
        raise Refused(f"The port {to.port} is not one of those that may be used: {ports}")


def _through(proxy: str, address: Address, port: int, deadline: Deadline) -> Wire:
    """A wire to a pinned address by way of the proxy, which learns neither the name nor what is said."""
    parts = urlsplit(proxy)
    host = parts.hostname or ""
    wire = Wire(look_up(host, parts.port or 3128, deadline), parts.port or 3128, deadline)
    headers = {}
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["proxy-authorization"] = "Basic " + base64.b64encode(words.encode()).decode()
    try:
        exchange.tunnel(wire, f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}", headers)
    except BaseException:
        wire.close()
        raise
    return wire


@lru_cache(maxsize=64)
def _networks(listed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network, strict=False) for network in listed)


@lru_cache(maxsize=8)
def _trusted(ca_file: str) -> ssl.SSLContext:
    """Reading the certificates takes longer than most requests, so once per process."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise Unreachable("OUTBOUND_CA_FILE cannot be read, so no certificate can be checked") from None
    return context
