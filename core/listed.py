"""A list that more can be done with than reading it page by page: taken away as a file, worked on, kept as a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from core.db.query import Listing, ListQuery, Page
from core.db.repository import Repository

R = TypeVar("R", bound=msgspec.Struct)


class Additions(Protocol):
    """Columns beside those of a list's rows, such as an agency adds to an entity."""

    def titles(self) -> Mapping[str, str]:
        """What each is called, by name: those the acting one may see, in their order."""
        ...

    def values(self, ids: Sequence[UUID], names: Sequence[str]) -> Mapping[UUID, Mapping[str, Any]]:
        """What rows say in these columns, by id and name: one statement for all of them."""
        ...


@dataclass(frozen=True)
class Listed(Generic[R]):
    """A list of a plugin's, declared once: `LEADS = Listed("Leads", leads, LeadRow, leads.rows)`, in `Plugin.lists`."""

    title: str
    """What people call it; files of it are named so."""
    repository: Repository[Any]
    """Whose `listing` says what it can be asked. Its `subject` is what the list is of, as `leads.lead`."""
    row: type[R]
    """What the list answers with; its fields are the columns of files. Items have a field `id`."""
    rows: Callable[[ListQuery], Page[R]]
    """One page of it: one statement, within the scope of the permission in use."""
    additions: Additions | None = None

    @property
    def entity(self) -> str:
        """What is listed, as events call it: `leads.lead`."""
        return self.repository.subject

    @property
    def listing(self) -> Listing:
        """What the list can be asked."""
        return self.repository.listing

    @property
    def permission(self) -> str:
        """What it takes to see the list."""
        return self.repository.permission
