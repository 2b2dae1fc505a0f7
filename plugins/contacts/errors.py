"""What can go wrong with contacts."""

from __future__ import annotations

from core.sdk import Conflict


class StillHasMembers(Conflict):
    """People still belong to the household or company."""

    code = "contact_has_members"
    title = "People still belong to this contact"


class StillInUse(Conflict):
    """Something of another plugin, such as a lead, is about the contact."""

    code = "contact_in_use"
    title = "This contact is still in use"


class GroupIsDeleted(Conflict):
    """The household or company that a person belongs to is deleted."""

    code = "contact_group_deleted"
    title = "Restore the household or company first"


class AlreadyInHousehold(Conflict):
    """A person is of one household."""

    code = "contact_in_household"
    title = "They belong to another household"
