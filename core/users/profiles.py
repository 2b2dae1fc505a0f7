"""What people are called and how they are written to: their own to change, and the same in all their agencies."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from core import clock, search
from core.actor import Actor, current_user_id
from core.auth import api as auth
from core.db import read
from core.db.tenancy import acting_as
from core.errors import NotFound, PreconditionFailed, gather
from core.events.log import publish
from core.extensions import db
from core.fields import check_language, check_zone
from core.users.events import ProfileChanged
from core.users.models import Membership, User
from core.users.schemas import ProfilePatch, ProfileView

_MINE = read.Query(
    select(*read.columns(ProfileView, User)).where(User.id == bindparam("user_id", type_=Uuid())), ProfileView
)


def mine() -> ProfileView:
    """The signed-in person. Raises NotFound."""
    found = _MINE.first(user_id=current_user_id())
    if found is None:
        raise NotFound
    return found


def change(patch: ProfilePatch, *, version: int | None) -> ProfileView:
    """Change what the signed-in person is called, and how they are written to. Raises Invalid, PreconditionFailed."""
    changes = patch.changes()
    checks = {"language": check_language, "zone": check_zone}
    gather(*(partial(check, changes[name]) for name, check in checks.items() if name in changes))
    person = _person(current_user_id(), version)
    changed = sorted(name for name, value in changes.items() if getattr(person, name) != value)
    if changed:
        for name in changed:
            setattr(person, name, changes[name])
        person.updated_at = clock.now()
        db.session.flush()
        _tell_agencies(person.id, (person.name, person.email), changed)
    return mine()


def _person(user_id: UUID, version: int | None) -> User:
    person = db.session.get(User, user_id)
    if person is None:
        raise NotFound
    if version is not None and person.version != version:
        raise PreconditionFailed
    return person


def _tell_agencies(user_id: UUID, findable: tuple[str, str], changed: list[str]) -> None:
    """Have colleagues find the person by the new name, and each agency's log say that they changed something.

    None that the person has left: it is not theirs to know, and may have erased them.
    """
    for agency_id in auth.belongs_to(user_id):
        with acting_as(Actor(kind="user", agency_id=agency_id, user_id=user_id)):
            member_id = db.session.scalar(select(Membership.id).where(Membership.user_id == user_id))
            if member_id is not None:
                search.index("users.user", member_id, findable)
            publish(ProfileChanged(user_id=user_id, changed=changed))
