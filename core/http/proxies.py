"""Whom to believe about the caller: forwarded headers only from configured proxies, and only known host names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flask import Request
from werkzeug.sansio.utils import host_is_trusted

from core.config import Settings
from core.errors import NotFound, Problem
from core.networks import address, covers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)


_VOUCHED = "tripfile.vouched"
"""Whether the peer is the caller, or a proxy of ours that says who is."""


class UnknownHost(Problem):
    """The Host header names somebody else."""

    status = 400
    code = "unknown_host"
    title = "This server does not answer to that host name"


class TrustedProxies:
    """WSGI middleware: takes client address, scheme and host from forwarded headers of TRUSTED_PROXIES, no others."""

    def __init__(self, app: WSGIApplication, networks: Sequence[str]) -> None:
        self.app = app
        self.networks = tuple(networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Rewrite the environment, then call on."""
        peer = environ.get("REMOTE_ADDR", "")
        # One spelling for one caller, whatever the socket's family.
        environ["REMOTE_ADDR"] = str(address(peer) or peer)
        trusted = covers(self.networks, peer)
        environ[_VOUCHED] = trusted or not any(name in environ for name in _FORWARDED)
        if trusted:
            self._believe(environ)
        for name in _FORWARDED:
            environ.pop(name, None)
        return self.app(environ, start_response)

    def _believe(self, environ: WSGIEnvironment) -> None:
        client = self._client(environ.get("HTTP_X_FORWARDED_FOR", ""))
        if client is not None:
            environ["REMOTE_ADDR"] = client
        proto = _last(environ, "HTTP_X_FORWARDED_PROTO")
        if proto in {"http", "https"}:
            environ["wsgi.url_scheme"] = proto
        host = _last(environ, "HTTP_X_FORWARDED_HOST")
        if host:
            environ["HTTP_HOST"] = host

    def _client(self, forwarded: str) -> str | None:
        """The caller, as the nearest machine that is no proxy of ours: whatever stands before it is hearsay."""
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        client = next((hop for hop in reversed(hops) if not covers(self.networks, hop)), None)
        if client is None and hops:
            # A caller inside the trusted networks themselves.
            client = hops[0]
        found = address(client or "")
        return str(found) if found else None


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


def is_inside(request: Request, settings: Settings) -> bool:
    """Whether the caller is in INSIDE_NETWORKS; not where a proxy nobody configured stands between."""
    return bool(request.environ.get(_VOUCHED)) and covers(settings.inside_networks, request.remote_addr or "")


def check_host(request: Request, trusted: Sequence[str]) -> None:
    """Raise UnknownHost unless the Host header is one of TRUSTED_HOSTS; without these every sound name will do."""
    host = request.environ.get("HTTP_HOST")
    if (host or trusted) and not host_is_trusted((host or "").lower(), [name.lower() for name in trusted]):
        raise UnknownHost


def _last(environ: dict[str, Any], name: str) -> str:
    """What the nearest proxy said; the values before it came from the caller."""
    return str(environ.get(name, "")).split(",")[-1].strip()
