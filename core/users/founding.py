"""Founding an agency from outside: by somebody who registers, or by whoever sets the installation up."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, select

from core.actor import system
from core.agencies import service as agencies
from core.agencies.models import Agency
from core.db import locks
from core.db.read import SystemQuery
from core.db.tenancy import acting_as
from core.users import service

_ANY = SystemQuery(select(Agency.id).limit(1), lambda agency_id: agency_id)
_TAKEN = SystemQuery(
    select(Agency.slug).where(Agency.slug == any_(bindparam("slugs", type_=ARRAY(Text())))), lambda slug: slug
)
_LONGEST = 40


def is_done() -> bool:
    """Whether there is an agency."""
    return _ANY.first() is not None


def hold() -> None:
    """Let nobody else found an agency until this unit of work ends."""
    locks.exclusive("users.founding")


def agency(name: str, *, currency: str, zone: str, language: str) -> UUID:
    """Found an agency under a slug made of its name. Raises Invalid; SlugTaken where another was quicker."""
    return agencies.found(slug=_free(_slug(name)), name=name, currency=currency, zone=zone, language=language)


def appoint_owner(agency_id: UUID, user_id: UUID) -> None:
    """Make a person the owner of an agency that has nobody yet."""
    with acting_as(system(agency_id)) as actor:
        service.join(user_id, ["owner"], [], giver=actor)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "agency"


def _free(slug: str) -> str:
    """The slug itself, or with a number behind: a few questions, however many agencies have the same name."""
    wanted, first = [slug], 2
    while taken := set(_TAKEN.rows(slugs=wanted)):
        free = [each for each in wanted if each not in taken]
        if free:
            return free[0]
        # Ten times as many each time.
        wanted, first = [f"{slug}-{number}" for number in range(first, first * 10)], first * 10
    return wanted[0]
