"""Rate limits by user, key, address and route, told in the RateLimit headers (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

import ipaddress
import math
import time
from functools import lru_cache
from typing import Any, cast

from flask import Flask, Request, Response, g
from flask_limiter import Limiter, RateLimitExceeded, RequestLimit
from limits import parse_many

from core.actor import Actor
from core.config import Settings
from core.errors import TooManyRequests
from core.http.contract import Rule
from core.http.counters import Counters
from core.http.proxies import address
from core.spelling import rate


class Limits:
    """Counts each request under its caller, and under its route where that has a limit of its own."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.settings = settings
        self._app = app
        self._limiter = Limiter(
            key_func=lambda: cast("str", g.limited_as),
            storage_uri="tripfile://",
            storage_options={"redis_url": settings.redis_url},  # type: ignore[dict-item] # passed on to Counters
            # Empty until `count` is due, so that the extension's own check before the gates finds nothing to do.
            request_identifier=lambda: "tripfile" if g.get("limited_as") else "",
        )
        self._limiter.init_app(app)
        self.counters = cast("Counters", self._limiter.storage)
        self.counters.seen = lambda: cast("dict[str, tuple[int, float]]", g.setdefault("limits_seen", {}))
        self._hit = self._counted()

    @property
    def degraded(self) -> bool:
        """Whether Redis is configured but down, so that each process counts for itself."""
        return self.counters.degraded

    def count(self, request: Request, rule: Rule) -> None:
        """Take the cost of the request from its limits; raises TooManyRequests when one is used up."""
        actor: Actor = g.actor
        g.limited_as = self._key(request, actor)
        g.limits_cost = rule.cost
        anonymous = actor.kind == "public"
        g.limits_class = "anonymous" if anonymous else "user"
        g.limits_caller = self.settings.rate_limit_anonymous if anonymous else self.settings.rate_limit_user
        # Flask-Limiter logs a limit it cannot read and lets the request pass.
        own = _sound(rule.limit(self.settings)) if callable(rule.limit) else rule.limit
        g.limits_route, g.limits_scope = own or "", request.endpoint or ""
        try:
            self._hit()
        except RateLimitExceeded:
            left = max((limit for limit in self._limiter.current_limits if limit.breached), key=_seconds_left)
            wait = str(_seconds_left(left))
            raise TooManyRequests("The limit is used up for now", headers={"Retry-After": wait}) from None
        finally:
            g.limits_applied = list(self._limiter.current_limits)
            g.limited_as = ""

    def tell(self, response: Response) -> Response:
        """Add the RateLimit headers of the limits that were applied."""
        applied: list[RequestLimit] = g.get("limits_applied", [])
        if applied:
            response.headers["RateLimit-Policy"] = ", ".join(
                f'"{_name(limit)}";q={limit.limit.amount};w={limit.limit.get_expiry()}' for limit in applied
            )
            response.headers["RateLimit"] = ", ".join(
                f'"{_name(limit)}";r={limit.remaining};t={_seconds_left(limit)}' for limit in applied
            )
        return response

    def _counted(self) -> Any:
        """A function that does nothing but count: Flask-Limiter limits functions."""

        def hit() -> None: ...

        def cost() -> int:
            return cast("int", g.limits_cost)

        by_caller = self._limiter.shared_limit(
            lambda: self._share(g.limits_caller), lambda _: cast("str", g.limits_class), cost=cost
        )
        by_route = self._limiter.shared_limit(
            lambda: self._share(g.limits_route), lambda _: f"route:{g.limits_scope}", cost=cost
        )
        return by_caller(by_route(hit))

    def _share(self, limit: str) -> str:
        """What is this process' part of a limit: all of it, unless each process has to count for itself."""
        return _divided(limit, self.settings.web_processes) if limit and self.degraded else limit

    def _key(self, request: Request, actor: Actor) -> str:
        key = self._app.extensions["tripfile.plugins"].hook.rate_limit_key(request=request)
        if key:
            return f"key:{key}"
        return f"user:{actor.user_id}" if actor.user_id else f"ip:{network_of(request.remote_addr or '')}"


def install(app: Flask, settings: Settings) -> None:
    """Make the limits of an application."""
    made = app.extensions["tripfile.limits"] = Limits(app, settings)
    app.after_request(made.tell)


def network_of(text: str) -> str:
    """The address anonymous callers are counted under; for IPv6 the /64 one subscriber has."""
    found = address(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or "unknown")


@lru_cache(maxsize=256)
def _sound(limit: str) -> str:
    return rate(limit)


@lru_cache(maxsize=256)
def _divided(limit: str, processes: int) -> str:
    return ";".join(
        f"{max(1, item.amount // processes)} per {item.multiples} {item.GRANULARITY.name}" for item in parse_many(limit)
    )


def _name(limit: RequestLimit) -> str:
    scope = str(limit.request_args[-1])
    return "route" if scope.startswith("route:") else scope


def _seconds_left(limit: RequestLimit) -> int:
    return max(1, math.ceil(limit.window.reset_time - time.time()))
