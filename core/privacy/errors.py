"""What can go wrong when somebody asks for their data, or for none of it."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import Conflict


class OnHold(Conflict):
    """Something obliges the agency to keep what it has about this person."""

    code = "on_legal_hold"
    title = "This person's data is on hold and may not be erased"


class StillMember(Conflict):
    """Somebody who works in the agency cannot be erased from it."""

    code = "still_member"
    title = "This person is still a member; let them leave first"


class NotReady(Conflict):
    """The export is not made yet, or was refused."""

    code = "export_not_ready"
    title = "This export is not ready"


class BundleExpired(Conflict):
    """A bundle can be had for seven days."""

    code = "export_expired"
    title = "This export is no longer kept; ask for a new one"


class HeldAlready(Conflict):
    """A hold on this person stands for as long or longer: a second one would have to be released as well."""

    code = "on_hold_already"
    title = "There is a hold on this person already"


class ErasureUnderWay(Conflict):
    """Somebody asked for this person's erasure a moment ago."""

    code = "erasure_under_way"
    title = "This person is being erased already"


class HoldReleased(Conflict):
    """A hold is released once."""

    code = "hold_released"
    title = "This hold was released before"


class Incomplete(RuntimeError):
    """Something personal is left after an erasure: a plugin did not erase what it says it holds. Nothing was erased."""

    def __init__(self, left: Iterable[str]) -> None:
        self.left = sorted(left)
        """Columns, as `<table>.<column>`."""
        super().__init__(", ".join(self.left))
