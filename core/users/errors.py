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
    """Somebody must be able to administer the agency."""

    code = "last_owner"
    title = "The agency would be left without an active owner or administrator"


class AccountElsewhere(Conflict):
    """Another agency gave this person their first password, so nobody knows yet whose account it really is."""

    code = "account_elsewhere"
    title = "This person has an account in another agency; ask the operator to attach it"
