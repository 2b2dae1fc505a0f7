"""How a plugin declares its live side: events it takes, events it sends, durable topics, rooms that can be joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from limits import parse

from core.actor import Actor


@dataclass(frozen=True)
class Handler:  # rule: plain-names - what takes a socket event is called so wherever there are sockets
    """A socket event that clients send to a plugin's namespace, made by `@handler`."""

    function: Callable[..., Any]
    permission: str
    accepts: type[msgspec.Struct]
    answers: type[msgspec.Struct] | None
    rate: str
    """How often one socket may send it, as `20/second`."""

    def __post_init__(self) -> None:
        parse(self.rate)

    def __call__(self, sent: Any) -> Any:
        return self.function(sent)


def handler(
    *,
    permission: object,
    accepts: type[msgspec.Struct],
    answers: type[msgspec.Struct] | None = None,
    rate: str = "20/second",
) -> Callable[[Callable[..., Any]], Handler]:
    """Make a function of `sockets.py` the handler of a socket event; it receives the checked Struct.

    It runs as the connected person in a unit of work of its own and should be short: longer work is a job. What it
    returns, an `answers` Struct, becomes `data` of the acknowledgement; a Problem it raises becomes
    `{ok: false, code, message, errors}`. It may run again where the database lost a race.
    """

    def declare(function: Callable[..., Any]) -> Handler:
        return Handler(function, str(permission), accepts, answers, rate)

    return declare


class TopicPage(msgspec.Struct, frozen=True):
    """What a pull of a topic answers."""

    items: list[Any]
    """In order, each with its `seq`; numbers of what the person may not see are missing."""
    upto: int
    """Everything to this number has been looked at: the next pull goes on after it."""
    more: bool
    """Whether there was more than the limit."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A durable topic: a stream that clients pull from by number and are told about live (`stream.*`).

    The scope of its stream is the topic's name, or starts with the name and a colon.
    """

    name: str
    """The plugin's name, or starts with `<plugin>_`."""
    summary: str
    item: type[msgspec.Struct]
    """One item; it has a field `seq`."""
    scope: Callable[[Actor], str]
    """Which stream this person follows under the topic's name."""
    pull: Callable[[int, int], TopicPage]
    """What came after a number, at most so much; called as the person."""
    permission: object | None = None
    """The permission it takes, declared by the plugin; None where everybody has one of their own."""
    acknowledge: Callable[[int], None] | None = None
    """The person has seen everything up to a number; called as the person in a unit of work."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """A kind of room that clients join by id and are seen in: `rooms.entity(agency_id, kind, id)`.

    `may_join` is asked as the person, who holds the permission: whether this one is within their reach. A Problem is
    a no. It is asked again whenever their rights change.
    """

    kind: str
    summary: str
    permission: object
    """The permission it takes, declared by the plugin."""
    may_join: Callable[[UUID], bool]
