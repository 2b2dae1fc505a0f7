"""Why the gateway refuses; the codes of acknowledgements and of `connect_error`."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, Unauthorized


class UnknownNamespace(NotFound):
    """No enabled plugin has this namespace."""

    code = "unknown_namespace"
    title = "There is no such namespace"


class UnknownEvent(NotFound):
    """Nobody takes this event in this namespace."""

    code = "unknown_event"
    title = "There is no such event"


class UnknownTopic(NotFound):
    """No enabled plugin has this topic."""

    code = "unknown_topic"
    title = "There is no such topic"


class PluginOff(NotFound):
    """The plugin is switched off for the agency."""

    code = "plugin_off"
    title = "This is switched off for your agency"


class TokenMissing(Unauthorized):
    """Neither an access token nor a ticket came in the `auth` payload."""

    code = "token_missing"
    title = "Send an access token or a ticket in the auth payload"


class AnotherPerson(Forbidden):
    """The connection belongs to somebody else, or to another agency."""

    code = "another_person"
    title = "This connection belongs to somebody else; open another one"


class RoomRefused(NotFound):
    """There is no such room, or not for this person: the two are never told apart."""

    code = "room_refused"
    title = "There is no such room for you"


class TooManyRooms(Conflict):
    """The connection is in as many rooms as it may be."""

    code = "too_many_rooms"
    title = "Leave a room first"
