"""The gateway's protocol: its own events with their Structs, and how clients use them; AsyncAPI is rendered from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.errors import Fault
from core.http.structs import Draft, View

GUIDE = """\
**Transport.** Socket.IO 4 over WebSocket at `/socket.io`. The default namespace `/` carries `stream.*`; each plugin
with a live side has a namespace, its name with hyphens (`/leads`), that carries the events it declares, `room.*` and
`presence`. `auth.*` works in every namespace.

**Connecting.** The access token is `token` in the `auth` payload, given by a callback so that a reconnect brings a
fresh one; never in the address. Where a page cannot read its token (cookies), `ticket` takes its place: from
`POST /auth/socket-ticket`, good for a minute and once, so that each namespace takes its own. All namespaces of one
connection belong to one person in one agency. A refusal is `connect_error` with a message, and a `Refusal` as `data`.
When the server cannot tell (its database is down) it closes the transport, and the client tries again by itself.

**Answers.** Every event may ask for an acknowledgement: one argument, `Done` or `Failed`. Codes are those of the
API's problems, and `unknown_namespace`, `unknown_event`, `unknown_topic`, `plugin_off`, `room_refused`,
`too_many_rooms`, `token_missing`, `token_in_address` and `another_person`. Send one object as argument. An event that
was sent without asking, and then refused, is told as `event.refused` in its namespace.

**Topics, the client's rule.** A topic is a numbered stream that the database holds; live events are hints.
Keep `last` per topic, 0 at first.
1. On connect, and after each reconnect: `stream.pull {topic, after: last}`; apply `items`, set `last = upto` (even
   where that is smaller: the stream has begun anew), repeat while `more`. The first pull of a connection also follows
   the topic, before it reads, so that nothing falls between.
2. On `stream.new` or `stream.head` with `seq > last`: pull as in 1. With `seq <= last`: ignore it.
3. When the person has seen items: `stream.ack {topic, upto}`. Topics that keep no marks take it and do nothing.
`stream.follow` gives hints without a pull, `stream.unfollow` ends them. `stream.left` says that the topic is no longer
allowed. `stream.new` is sent at most once in 50 ms per topic, whatever was written; `stream.head` about every 15 s.

**Rooms.** `room.join {kind, id}` in the plugin's namespace, for the kinds it declares; it answers who is there.
`presence` tells the room when that changes; a person with several tabs is there once. Join again after each reconnect.
`room.left` says that the room is no longer allowed. Presence is for people's eyes: nothing may be decided by it.

**Tokens.** `auth.expiring` comes a minute before the token's end; answer it with `auth.refresh {token}`, or with
`{ticket}`. At the end the
transport is closed: the stock client reconnects and asks its callback for a token. `session_revoked` comes before the
transport is closed because the session was ended: sign in again instead. These come in `/` where it is connected, and
otherwise in the namespace that was connected first. Who may not use a plugin any more is disconnected from its
namespace, and from nothing else.
"""
"""How clients use the protocol, in Markdown."""
DEFAULT = "/"
"""The namespace of the topics."""
HEAD_SECONDS = 15.0
"""About how often the head of each followed topic is sent."""
NEW_SECONDS = 0.05
"""How much of what is written is one `stream.new`."""
EXPIRING_SECONDS = 60
"""How long before its end a token is called expiring."""
PRESENCE_SECONDS = 30.0
"""How long somebody is still shown after their process has fallen silent."""
MAX_ROOMS = 200
"""How many rooms one connection may join."""
MAX_PULL = 200
"""The most items of one pull."""

TopicName = Annotated[str, Meta(max_length=100, description="Name of a topic.", examples=["notifications"])]
Number = Annotated[int, Meta(ge=0, le=2**53, description="A number of the stream.", examples=[41])]
Kind = Annotated[str, Meta(max_length=40, description="Kind of room the plugin declares.", examples=["lead"])]


class Done(View):
    """The acknowledgement of an event that was handled."""

    data: Any
    ok: Literal[True] = True


class Failed(View):
    """The acknowledgement of an event that was refused or failed; nothing of it was done."""

    code: Annotated[str, Meta(description="Stable name of the kind of problem.", examples=["forbidden"])]
    message: Annotated[str, Meta(description="What went wrong, for people.")]
    errors: Annotated[list[Fault], Meta(description="Every part of the input at fault; empty for other problems.")]
    ok: Literal[False] = False


class EventRefused(View):
    """What became of an event that asked for no acknowledgement; nothing of it was done."""

    event: Annotated[str, Meta(description="Its name, as it was sent.", examples=["typing"])]
    code: Annotated[str, Meta(description="Stable name of the kind of problem.", examples=["forbidden"])]
    message: Annotated[str, Meta(description="What went wrong, for people.")]
    errors: Annotated[list[Fault], Meta(description="Every part of the input at fault; empty for other problems.")]


class Refusal(View):
    """`data` of a `connect_error`."""

    code: Annotated[str, Meta(description="Stable name of the reason.", examples=["invalid_token"])]
    message: Annotated[str, Meta(description="The reason, for people.")]


class StreamPull(Draft):
    """Ask for what came after a number."""

    topic: TopicName
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_PULL, description="The most items to answer.")] = 100


class StreamPage(View):
    """What came after a number."""

    items: Annotated[list[Any], Meta(description="In order; numbers of what the person may not see are missing.")]
    more: Annotated[bool, Meta(description="Whether there was more than the limit.")]
    upto: Annotated[int, Meta(description="The number to pull after from now on.")]
    head: Annotated[int, Meta(description="The last number of the stream.")]


class StreamAck(Draft):
    """The person has seen everything up to a number."""

    topic: TopicName
    upto: Number


class StreamFollow(Draft):
    """Get hints about a topic, or no more of them."""

    topic: TopicName


class StreamHead(View):
    """The last number of a topic's stream."""

    topic: TopicName
    seq: Number


class StreamLeft(View):
    """The topic is not followed any more: the person may not see it now, or its plugin is off."""

    topic: TopicName
    code: Annotated[str, Meta(description="Why, as a pull would be refused.", examples=["forbidden"])]


class RoomOf(Draft):
    """A room of the plugin: what is watched."""

    kind: Kind
    id: UUID


class Presence(View):
    """Who is in a room, each person once."""

    kind: Kind
    id: UUID
    members: Annotated[list[UUID], Meta(description="Users, in a stable order; at most a hundred are listed.")]
    count: Annotated[int, Meta(description="How many they are.")]


class RoomLeft(View):
    """The room was left on behalf of the client."""

    kind: Kind
    id: UUID
    code: Annotated[str, Meta(description="Why, as joining would be refused.", examples=["room_refused"])]


class AuthRefresh(Draft):
    """A new access token of the same person in the same agency, or a ticket for one."""

    either = ("token", "ticket")
    token: Annotated[str, Meta(max_length=10_000)] | UnsetType = UNSET
    ticket: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class AuthExpiring(View):
    """The token ends soon, or (as an answer) when the new one does."""

    expires_at: Annotated[int, Meta(description="End of the token, in seconds since 1970.", examples=[1893456000])]


class SessionRevoked(View):
    """The session was ended; the transport is closed right after."""

    code: Annotated[str, Meta(examples=["session_revoked"])] = "session_revoked"


class ServerDraining(View):
    """This process ends soon; the transport is closed, and another process takes the client when it reconnects."""

    within: Annotated[float, Meta(description="Seconds until the transport is closed at the latest.", examples=[5.0])]


Side = Literal["default", "plugin", "any"]


@dataclass(frozen=True)
class Request:
    """An event of the protocol that clients send."""

    summary: str
    accepts: type[msgspec.Struct]
    answers: type[msgspec.Struct] | None
    namespace: Side
    """In the default namespace, in each plugin's that declares rooms, or in any."""
    rate: str
    """How often one connection may send it."""


@dataclass(frozen=True)
class Announcement:
    """An event of the protocol that the server sends."""

    summary: str
    data: type[msgspec.Struct]
    namespace: Side


# A client that comes back joins all its rooms again, at once.
_JOINS = f"{MAX_ROOMS}/10 seconds"
REQUESTS: Mapping[str, Request] = MappingProxyType(
    {
        "stream.pull": Request("Read a topic and follow it.", StreamPull, StreamPage, "default", "50/second"),
        "stream.ack": Request("Mark a topic as seen.", StreamAck, None, "default", "20/second"),
        "stream.follow": Request("Follow a topic.", StreamFollow, StreamHead, "default", "20/second"),
        "stream.unfollow": Request("Stop following a topic.", StreamFollow, None, "default", "20/second"),
        "room.join": Request("Join a room.", RoomOf, Presence, "plugin", _JOINS),
        "room.leave": Request("Leave a room.", RoomOf, None, "plugin", _JOINS),
        "room.members": Request("Who is in a joined room.", RoomOf, Presence, "plugin", "20/second"),
        "auth.refresh": Request("Stay connected with a new token.", AuthRefresh, AuthExpiring, "any", "5/minute"),
    }
)
ANNOUNCEMENTS: Mapping[str, Announcement] = MappingProxyType(
    {
        "stream.new": Announcement("A followed topic has grown.", StreamHead, "default"),
        "stream.head": Announcement("Where a followed topic stands.", StreamHead, "default"),
        "stream.left": Announcement("A topic is no longer followed.", StreamLeft, "default"),
        "presence": Announcement("Who is in a joined room has changed.", Presence, "plugin"),
        "room.left": Announcement("A room was left.", RoomLeft, "plugin"),
        "auth.expiring": Announcement("The token ends within a minute.", AuthExpiring, "any"),
        "session_revoked": Announcement("The session was ended.", SessionRevoked, "any"),
        "server.draining": Announcement("The process ends; reconnect.", ServerDraining, "default"),
        "event.refused": Announcement("What was sent without asking for an answer was refused.", EventRefused, "any"),
        "server.refused": Announcement("The connection broke a rule and is closed.", Refusal, "any"),
    }
)
