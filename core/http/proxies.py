"""Whom to believe about the caller: forwarded headers only from configured proxies, and only known host names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flask import Request
from werkzeug.sansio.utils import host_is_trusted

from core.config import Settings
from core.errors import NotFound, Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)


class UnknownHost(Problem):
    """The Host header names somebody else."""

    status = 400
    code = "unknown_host"
    title = "This server does not answer to that host name"


class TrustedProxies:
    """WSGI middleware: takes client address, scheme and host from forwarded headers of TRUSTED_PROXIES, no others."""

    def __init__(self, app: WSGIApplication, networks: Sequence[str]) -> None:
        self.app = app
        self.networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Rewrite the environment, then call on."""
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            self._believe(environ)
        for name in _FORWARDED:
            environ.pop(name, None)
        return self.app(environ, start_response)

    def _believe(self, environ: WSGIEnvironment) -> None:
        hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        client = next((hop for hop in reversed(hops) if not self._trusts(hop)), None)
        if client and address(client):
            environ["REMOTE_ADDR"] = str(address(client))
        proto = _last(environ, "HTTP_X_FORWARDED_PROTO")
        if proto in {"http", "https"}:
            environ["wsgi.url_scheme"] = proto
        host = _last(environ, "HTTP_X_FORWARDED_HOST")
        if host:
            environ["HTTP_HOST"] = host

    def _trusts(self, text: str) -> bool:
        peer = address(text)
        return peer is not None and any(peer in network for network in self.networks)


def address(text: str) -> Address | None:
    """An IP address, IPv4 mapped into IPv6 as IPv4; None for anything else."""
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def check_origin(request: Request, settings: Settings, *, origin: Literal["api", "files"]) -> None:
    """Raise UnknownHost for a name that is not ours, NotFound for one that does not answer to this.

    What strangers uploaded and what acts on behalf of a browser's user never share an origin (FILES_ORIGIN).
    """
    files = urlsplit(settings.files_origin).netloc.lower()
    if not files:
        check_host(request, settings.trusted_hosts)
        return
    if (request.environ.get("HTTP_HOST", "").lower() == files) != (origin == "files"):
        raise NotFound
    if origin == "api":
        check_host(request, settings.trusted_hosts)


def check_host(request: Request, trusted: Sequence[str]) -> None:
    """Raise UnknownHost unless the Host header is one of TRUSTED_HOSTS; without these every sound name will do."""
    host = request.environ.get("HTTP_HOST")
    if (host or trusted) and not host_is_trusted((host or "").lower(), [name.lower() for name in trusted]):
        raise UnknownHost


def _last(environ: dict[str, Any], name: str) -> str:
    """What the nearest proxy said; the values before it came from the caller."""
    return str(environ.get(name, "")).split(",")[-1].strip()
