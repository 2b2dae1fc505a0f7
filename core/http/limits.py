"""Rate limits by caller, agency and route, told in the RateLimit headers (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, cast

from flask import Flask, Request, Response, current_app, g
from flask.globals import request_ctx
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many

from core.actor import Actor
from core.config import Settings
from core.errors import TooManyRequests
from core.http.contract import Rule
from core.http.counters import Bound, Count, Counters
from core.networks import network_of
from core.spelling import rate


class Quota(NamedTuple):
    """A limit that holds for a request."""

    name: str
    """As the headers call it."""
    bound: Bound


class Applied(NamedTuple):
    """A limit as a request left it."""

    quota: Quota
    used: Count

    @property
    def breached(self) -> bool:
        """Whether it was used up before."""
        return self.used.value > self.quota.bound.amount

    @property
    def seconds_left(self) -> int:
        """Until it starts again."""
        return max(1, math.ceil(self.used.ends - time.time()))


class Limits:
    """Counts each request under its caller, its agency, and its route where that has a limit of its own."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.settings = settings
        self._app = app
        # Flask-Limiter brings the store. It would ask that once for each limit; `count` asks for all of them at once.
        limiter = Limiter(
            key_func=lambda: "",
            storage_uri="tripfile://",
            storage_options={"redis_url": settings.redis_url},  # type: ignore[dict-item] # passed on to Counters
        )
        # As if it were there already: in every request its hooks would look for decorated views, and there are none.
        app.extensions.setdefault("limiter", set()).add(limiter)
        limiter.init_app(app)
        self.counters = cast("Counters", limiter.storage)

    @property
    def degraded(self) -> bool:
        """Whether Redis is configured but down, so that each process counts for itself."""
        return self.counters.degraded

    def count(self, request: Request, rule: Rule) -> None:
        """Take the cost of the request from its limits; raises TooManyRequests when one is used up."""
        self._take(list(self._quotas(request, rule)), cost=rule.cost)

    def count_for_agency(self, rule: Rule) -> None:
        """Take one from what an agency has of a route, for a caller whom the route lets in. Raises TooManyRequests."""
        if not rule.agency_limit:
            return
        scope = f"route:{request_ctx.request.endpoint or ''}"
        key = f"agency:{g.actor.agency_id}"
        self._take(list(self._parts("route", rule.agency_limit, key, scope=scope)), cost=1)

    def take(self, name: str, key: str, limit: str) -> None:
        """Take one from a limit of this name and key. Raises TooManyRequests."""
        self._take(list(self._parts(name, _sound(limit), key, scope=name)), cost=1)

    def _take(self, quotas: list[Quota], *, cost: int) -> None:
        # What one caller is refused costs their colleagues nothing: counting stops at the first that is used up.
        counts = self.counters.take([each.bound for each in quotas], cost=cost)
        applied = [Applied(*each) for each in zip(quotas, counts, strict=False)]
        g.limits_applied = [*g.get("limits_applied", ()), *applied]
        breached = [each for each in applied if each.breached]
        if breached:
            raise TooManyRequests(
                "The limit is used up for now",
                policies=[each.quota.name for each in breached],
                headers={"Retry-After": str(max(each.seconds_left for each in breached))},
            )

    def tell(self, response: Response) -> Response:
        """Add the RateLimit headers of the limits that were applied."""
        applied: list[Applied] = g.get("limits_applied", [])
        if not applied:
            return response
        policies, left = [], []
        for each in applied:
            (name, bound), used = each
            policies.append(f'"{name}";q={bound.amount};w={bound.seconds}')
            left.append(f'"{name}";r={max(0, bound.amount - used.value)};t={each.seconds_left}')
        # A quota that is used up stands there already; several lines of one header are one list.
        for name, items in (("RateLimit-Policy", policies), ("RateLimit", left)):
            before = response.headers.get(name)
            response.headers[name] = ", ".join([before, *items] if before else items)
        return response

    def _quotas(self, request: Request, rule: Rule) -> Iterator[Quota]:
        """The limits of a request, the caller's first."""
        actor: Actor = g.actor
        name, limit = self._of_caller(actor)
        caller = self._key(request, actor)
        yield from self._parts(name, limit, caller, scope=name)
        own = _sound(rule.limit(self.settings)) if callable(rule.limit) else rule.limit
        if own:
            yield from self._parts("route", own, caller, scope=f"route:{request.endpoint or ''}")
        if actor.kind == "key" and actor.rate_limit:
            # However many keys somebody makes, and whatever limits they give them.
            yield from self._parts("keys", self.settings.rate_limit_user, f"keys-of:{actor.user_id}", scope="keys")
        if actor.agency_id:
            agency = f"agency:{actor.agency_id}"
            yield from self._parts("agency", self.settings.rate_limit_agency, agency, scope="agency")

    def _parts(self, name: str, limit: str, key: str, *, scope: str) -> Iterator[Quota]:
        # Where each process has to count for itself, each grants its part.
        processes = self.settings.web_processes if self.degraded else 1
        for item in _items(limit, processes):
            yield Quota(name, Bound(item.key_for(key, scope), item.get_expiry(), item.amount))

    def _of_caller(self, actor: Actor) -> tuple[str, str]:
        """The class of a caller and its limit."""
        if actor.kind == "public":
            return "anonymous", self.settings.rate_limit_anonymous
        if actor.kind == "key":
            return ("key", _sound(actor.rate_limit)) if actor.rate_limit else ("keys", self.settings.rate_limit_user)
        return "user", self.settings.rate_limit_user

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


def take(name: str, key: str, limit: str) -> None:
    """Take one from a limit of a plugin's own, such as that of one form. Raises TooManyRequests."""
    made: Limits = current_app.extensions["tripfile.limits"]
    made.take(name, key, limit)


@lru_cache(maxsize=256)
def _sound(limit: str) -> str:
    return rate(limit)


@lru_cache(maxsize=256)
def _items(limit: str, processes: int) -> tuple[RateLimitItem, ...]:
    items = tuple(parse_many(limit))
    if processes == 1:
        return items
    return tuple(type(item)(max(1, item.amount // processes), item.multiples) for item in items)
