"""How an administrator spells settings: words, ports, networks, limits, queues, times."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from core.durations import parse_duration
from core.networks import network, server


def _words(value: Any) -> Any:
    """Split `a,b c` into its words, so that lists need no JSON in the environment."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _prefix(value: str) -> str:
    return "/" + value.strip("/") if value.strip("/") else ""


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            network(value)
        except ValueError:
            raise ValueError(f"{value} is neither an address nor a network as 10.0.0.0/8") from None
    return values


def _servers(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            server(value)
        except ValueError:
            raise ValueError(f"{value} is no server as 192.0.2.53 or [2001:db8::53]:5353") from None
    return values


def rate(value: str) -> str:
    """The limit, when it can be counted; a wrong one would otherwise let everything through."""
    try:
        sound = all(limit.amount > 0 for limit in parse_many(value))
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("write a limit as 20/minute")
    return value


def peppers(text: str) -> dict[int, bytes]:
    """`2:new secret,1:old secret`: secrets by version, the one in use first."""
    found = {}
    for each in filter(None, text.replace(",", " ").split()):
        version, _, secret = each.partition(":")
        if not version.isdecimal() or int(version) < 1 or len(secret) < 32:
            raise ValueError("write it as 1:secret with at least 32 random characters, the newest version first")
        found[int(version)] = secret.encode()
    return found


def _queues(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        queue, _, threads = value.partition(":")
        if not queue or not threads.isdecimal() or not 1 <= int(threads) <= 64:
            raise ValueError(f"{value} is not a queue and its jobs at a time, as default:4; *:4 is every other queue")
    return values


def _lease(value: timedelta) -> timedelta:
    if not timedelta(seconds=2) <= value <= timedelta(hours=1):
        raise ValueError("a lease lasts from 2s to 1h")
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, BeforeValidator(_words)]
Networks = Annotated[Words, AfterValidator(_networks)]
Servers = Annotated[Words, AfterValidator(_servers)]
Rate = Annotated[str, AfterValidator(rate)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Queues = Annotated[Words, AfterValidator(_queues)]
Lease = Annotated[Duration, AfterValidator(_lease)]
