"""What can go wrong with members and teams."""

from __future__ import annotations

from core.errors import Conflict


class AlreadyMember(Conflict):
    """The person already has a place in the agency."""

    code = "already_member"
    title = "This person is a member already"


class TeamNameTaken(Conflict):
    """Another team has this name."""

    code = "team_name_taken"
    title = "There is a team with this name already"


class LastOwner(Conflict):
    """Somebody must be able to administer the agency, and only an owner makes an owner."""

    code = "last_owner"
    title = "The agency would be left without an active owner"


class HasLeft(Conflict):
    """The person left the agency: they come back by an invitation."""

    code = "has_left"
    title = "This person has left the agency"


class StillLeaving(Conflict):
    """Somebody comes back before everything they owned was handed over: it would be taken from them afterwards."""

    code = "still_leaving"
    title = "What this person owned is still being handed over"


class StillHolds(Conflict):
    """The person owns something that somebody must take over; `errors` tells how many of what."""

    code = "still_holds"
    title = "Somebody must take over what this person owns"
