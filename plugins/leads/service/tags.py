"""Tags that come and go one by one, where a patch replaces all of them."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Fault, Invalid

from ..repository import leads as stored
from ..schemas import LeadPatch
from . import leads

MOST = 30


def add(lead_id: UUID, tags: list[str], *, version: int | None) -> None:
    """Give a lead tags besides those it has. Raises NotFound, PreconditionFailed, Invalid."""
    has = _tags_of(lead_id, version)
    wanted = [*has, *(tag for tag in dict.fromkeys(tags) if tag not in has)]
    if len(wanted) > MOST:
        raise Invalid(errors=[Fault("/tags", "length", f"A lead has {MOST} tags at most")])
    _replace(lead_id, has, wanted)


def remove(lead_id: UUID, tags: list[str], *, version: int | None) -> None:
    """Take tags from a lead, where it has them. Raises NotFound, PreconditionFailed."""
    has = _tags_of(lead_id, version)
    _replace(lead_id, has, [tag for tag in has if tag not in tags])


def _tags_of(lead_id: UUID, version: int | None) -> list[str]:
    return stored.tags_of(stored.get(lead_id, version=version).id)


def _replace(lead_id: UUID, has: list[str], wanted: list[str]) -> None:
    # What changes nothing is no change of the lead.
    if wanted != has:
        leads.change(lead_id, LeadPatch(tags=wanted), version=None)
