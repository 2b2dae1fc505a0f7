"""Rate limits by caller, agency and route, told in the RateLimit headers (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
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
from core.networks import network_of
from core.spelling import rate


class Limits:
    """Counts each request under its caller, its agency, and its route where that has a limit of its own."""

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
        self._hit_keys = self._counted_for_keys()
        self._hit_agency = self._counted_for_agency()
        self._hit_route_of_agency = self._counted_for_route_of_agency()

    @property
    def degraded(self) -> bool:
        """Whether Redis is configured but down, so that each process counts for itself."""
        return self.counters.degraded

    def count(self, request: Request, rule: Rule) -> None:
        """Take the cost of the request from its limits; raises TooManyRequests when one is used up."""
        actor: Actor = g.actor
        g.limited_as = self._key(request, actor)
        g.limits_cost = rule.cost
        g.limits_class, g.limits_caller = self._of_caller(actor)
        g.limits_agency = self.settings.rate_limit_agency if actor.agency_id else ""
        # Flask-Limiter logs a limit it cannot read and lets the request pass.
        own = _sound(rule.limit(self.settings)) if callable(rule.limit) else rule.limit
        g.limits_route, g.limits_scope = own or "", request.endpoint or ""
        g.limits_applied = []
        try:
            # What one caller is refused costs their colleagues nothing.
            self._take(self._hit)
            if actor.kind == "key" and actor.rate_limit:
                # However many keys somebody makes, and whatever limits they give them.
                self._take(self._hit_keys)
            if g.limits_agency:
                self._take(self._hit_agency)
        finally:
            g.limited_as = ""

    def count_for_agency(self, rule: Rule) -> None:
        """Take one from what an agency has of a route, for a caller whom the route lets in. Raises TooManyRequests."""
        if not rule.agency_limit:
            return
        g.limits_route, g.limited_as = rule.agency_limit, f"agency:{g.actor.agency_id}"
        try:
            self._take(self._hit_route_of_agency)
        finally:
            g.limited_as = ""

    def _take(self, hit: Callable[[], None]) -> None:
        try:
            hit()
        except RateLimitExceeded:
            breached = [limit for limit in self._limiter.current_limits if limit.breached]
            wait = str(max(map(_seconds_left, breached)))
            raise TooManyRequests(
                "The limit is used up for now",
                policies=[_name(limit) for limit in breached],
                headers={"Retry-After": wait},
            ) from None
        finally:
            g.limits_applied += self._limiter.current_limits

    def tell(self, response: Response) -> Response:
        """Add the RateLimit headers of the limits that were applied."""
        applied: list[RequestLimit] = g.get("limits_applied", [])
        for limit in applied:
            # A quota that is used up stands there already; several lines of one header are one list.
            policy = f'"{_name(limit)}";q={limit.limit.amount};w={limit.limit.get_expiry()}'
            response.headers["RateLimit-Policy"] = _listed(response, "RateLimit-Policy", policy)
            left = f'"{_name(limit)}";r={limit.remaining};t={_seconds_left(limit)}'
            response.headers["RateLimit"] = _listed(response, "RateLimit", left)
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

    def _counted_for_keys(self) -> Any:
        def hit_keys() -> None: ...

        return self._limiter.shared_limit(
            lambda: self._share(self.settings.rate_limit_user),
            "keys",
            key_func=lambda: f"keys-of:{g.actor.user_id}",
            cost=lambda: cast("int", g.limits_cost),
        )(hit_keys)

    def _counted_for_agency(self) -> Any:
        def hit_agency() -> None: ...

        return self._limiter.shared_limit(
            lambda: self._share(g.limits_agency),
            "agency",
            key_func=lambda: f"agency:{g.actor.agency_id}",
            cost=lambda: cast("int", g.limits_cost),
        )(hit_agency)

    def _counted_for_route_of_agency(self) -> Any:
        def hit_route_of_agency() -> None: ...

        return self._limiter.shared_limit(lambda: self._share(g.limits_route), lambda _: f"route:{g.limits_scope}")(
            hit_route_of_agency
        )

    def _of_caller(self, actor: Actor) -> tuple[str, str]:
        """The class of a caller and its limit."""
        if actor.kind == "public":
            return "anonymous", self.settings.rate_limit_anonymous
        if actor.kind == "key":
            return ("key", _sound(actor.rate_limit)) if actor.rate_limit else ("keys", self.settings.rate_limit_user)
        return "user", self.settings.rate_limit_user

    def _share(self, limit: str) -> str:
        """What is this process' part of a limit: all of it, unless each process has to count for itself."""
        return _divided(limit, self.settings.web_processes) if limit and self.degraded else limit

    def _key(self, request: Request, actor: Actor) -> str:
        key = self._app.extensions["tripfile.plugins"].hook.rate_limit_key(request=request)
        if key:
            return f"key:{key}"
        if actor.kind == "key":
            return f"api-key:{actor.key_id}" if actor.rate_limit else f"keys-of:{actor.user_id}"
        return f"user:{actor.user_id}" if actor.user_id else f"ip:{network_of(request.remote_addr or '')}"


def install(app: Flask, settings: Settings) -> None:
    """Make the limits of an application."""
    made = app.extensions["tripfile.limits"] = Limits(app, settings)
    app.after_request(made.tell)


def _listed(response: Response, header: str, item: str) -> str:
    before = response.headers.get(header)
    return f"{before}, {item}" if before else item


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
