"""Who is of which household or company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, delete, func, or_, select
from sqlalchemy.orm import aliased

from core.sdk import Filter, Listing, ListQuery, NotFound, Page, Repository, Scope, db, merging, read

from ..models import Contact, Member
from ..schemas.members import GroupMemberView, Role
from . import contacts, email_of, name_of, phone_of

_DELETED = {"include_deleted": True}
MEMBER = select(
    *read.columns(
        GroupMemberView,
        Member,
        name=name_of(Member.contact_id),
        email=email_of(Member.contact_id),
        phone=phone_of(Member.contact_id),
        primary=Member.is_primary,
    )
)


class Members(Repository[Member]):
    """The people of households and companies that the caller may see."""

    model = Member
    permission = "contacts.read"
    listing = Listing(
        filters={"role": Filter(Member.role, Role, "What they are in it.")},
        sorts={"created_at": Member.created_at},
        default_sort="created_at",
    )

    def scope(self) -> Scope | None:
        """As far as the person may be seen."""
        return contacts.scope()

    def in_scope(self) -> ColumnElement[bool]:
        """The person may be seen and is not put away."""
        return Member.contact_id.in_(select(Contact.id).where(contacts.in_scope()))

    def scope_values(self) -> dict[str, Any]:
        """The bind values of that."""
        return contacts.scope_values()

    def rows(self, group_id: UUID, query: ListQuery) -> Page[GroupMemberView]:
        """A page of the people of a household or company, one statement."""
        return self.page(query, MEMBER, GroupMemberView, within={Member.group_id: group_id})

    def written(self, member_id: UUID) -> GroupMemberView:
        """Somebody who was just made a member."""
        return self.view_after_change(member_id, MEMBER, GroupMemberView)


def lock(*contact_ids: UUID) -> None:
    """Have others who change these contacts wait for this unit of work."""
    mine = select(Contact.id).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    db.session.execute(mine.with_for_update())


def member(group_id: UUID, contact_id: UUID) -> Member | None:
    """Somebody's place in a household or company, for changing it."""
    return db.session.scalar(select(Member).where(Member.group_id == group_id, Member.contact_id == contact_id))


def household_of(contact_id: UUID) -> Member | None:
    """Somebody's place in their household."""
    mine = select(Member).where(Member.contact_id == contact_id, Member.group_kind == "household")
    return db.session.scalar(mine)


def primary_of(group_id: UUID) -> Member | None:
    """The one to talk to."""
    return db.session.scalar(select(Member).where(Member.group_id == group_id, Member.is_primary.is_(True)))


def members_of(group_id: UUID) -> Sequence[Member]:
    """Everybody of a household or company, those who were put away too."""
    return db.session.scalars(select(Member).where(Member.group_id == group_id).order_by(Member.id)).all()


def memberships_of(contact_ids: Sequence[UUID]) -> Sequence[Member]:
    """All places of people."""
    return db.session.scalars(select(Member).where(Member.contact_id.in_(contact_ids)).order_by(Member.id)).all()


def has_members(group_id: UUID) -> bool:
    """Whether anybody who is not put away is of a household or company."""
    mine = select(Member.id).join(Contact, Contact.id == Member.contact_id).where(Member.group_id == group_id)
    return db.session.scalar(mine.limit(1)) is not None


def is_of_deleted(contact_id: UUID) -> bool:
    """Whether a household or company that somebody is of was put away."""
    gone = (Contact.deleted_at.is_not(None), Contact.merged_into.is_(None))
    mine = select(Member.id).join(Contact, Contact.id == Member.group_id).where(Member.contact_id == contact_id, *gone)
    return db.session.scalar(mine.limit(1), execution_options=_DELETED) is not None


def by_ids(ids: Sequence[UUID]) -> Sequence[Member]:
    """Places by their ids."""
    return db.session.scalars(select(Member).where(Member.id.in_(ids)).order_by(Member.id)).all()


def forget(contact_ids: Sequence[UUID]) -> int:
    """Let people be of nothing any more; how many places that were."""
    gone = db.session.execute(delete(Member).where(Member.contact_id.in_(contact_ids)).returning(Member.id))
    return len(gone.all())


class Together(NamedTuple):
    """A contact, the group that is looked at with them, and everybody in that."""

    contact_id: UUID
    group_id: UUID | None
    member_ids: list[UUID]


def _together() -> read.Query[Together]:
    home, of = aliased(Member), aliased(Member)
    household = select(home.group_id).where(home.contact_id == Contact.id, home.group_kind == "household")
    group = func.coalesce(household.correlate(Contact).scalar_subquery(), Contact.id)
    members = select(of.contact_id).where(of.group_id == group).order_by(of.contact_id).correlate(Contact)
    own = or_(Contact.kind != "person", household.correlate(Contact).scalar_subquery().is_not(None))
    found = select(Contact.id, func.array(members.scalar_subquery(), type_=ARRAY(Uuid())), group, own)
    wanted = found.where(Contact.id == bindparam("wanted_id", type_=Uuid()), contacts.in_scope())
    return read.Query(wanted, lambda id_, ids, of_, is_one: Together(id_, of_ if is_one else None, ids))


def together(contact_id: UUID) -> Together:
    """With whom a contact is looked at. Raises NotFound, MergedAway."""
    query = contacts.prepared(("together", contacts.scope()), _together)
    found = query.first(wanted_id=contact_id, **contacts.scope_values())
    if found is None:
        merging.refuse_merged(contacts, contact_id)
        raise NotFound
    return found


members = Members()
