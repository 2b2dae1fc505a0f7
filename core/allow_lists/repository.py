"""Queries for lists of allowed networks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.allow_lists.models import AllowList
from core.allow_lists.schemas import AllowListView
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.extensions import db
from core.roles.models import Role

_ROLE = select(Role.code).where(Role.id == AllowList.role_id).correlate(AllowList).scalar_subquery()
VIEW = select(*read.columns(AllowListView, AllowList, role=_ROLE))


class AllowLists(Repository[AllowList]):
    """An agency's lists."""

    model = AllowList
    permission = "allow_lists.read"
    subject = "allow_lists.allow_list"
    listing = Listing(
        filters={"id": Filter(AllowList.id, UUID, "The list.")},
        sorts={"created_at": AllowList.created_at},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[AllowListView]:
        """A page of lists."""
        return self.page(query, VIEW, AllowListView)

    def shown(self, list_id: UUID) -> AllowListView:
        """A list. Raises NotFound."""
        return self.view(list_id, VIEW, AllowListView)

    def has(self, role_id: UUID | None) -> bool:
        """Whether there is a list of a role, or of the agency."""
        mine = AllowList.role_id.is_(None) if role_id is None else AllowList.role_id == role_id
        return db.session.scalar(select(AllowList.id).where(mine)) is not None

    def every(self) -> list[AllowList]:
        """All of them, for deleting them."""
        return list(db.session.scalars(select(AllowList)))


allow_lists = AllowLists()
