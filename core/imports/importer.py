"""What a plugin declares so that its things come in by files: the columns, and what makes and unmakes one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    # Importing them would import the tables, whose modules ask here.
    from core.custom_fields.entity import CustomFields
    from core.duplicates import Reason
    from core.plugins.spec import Permission

D = TypeVar("D", bound=msgspec.Struct)
S = TypeVar("S")
Kind = Literal[
    "text",
    "email",
    "phone",
    "integer",
    "amount",
    "currency",
    "date",
    "instant",
    "boolean",
    "choice",
    "list",
    "numbers",
    "country",
    "language",
    "zone",
    "member",
    "team",
    "brand",
    "id",
]
"""How the text of a cell is read."""


@dataclass(frozen=True)
class Column:
    """One thing a file can say about a row, and where it goes in the Draft."""

    name: str
    """What programs call it; as the exports of the list do, so that what was exported can come back."""
    path: str
    """Where its value goes in the Draft, as a JSON Pointer: `/emails/0/address`."""
    kind: Kind = "text"
    title: str = ""
    """What people call it; made of the name where nothing is said."""
    synonyms: tuple[str, ...] = ()
    """What other systems call it; case, accents, blanks and punctuation do not count."""
    required: bool = False
    """Whether it must be mapped, or have a default."""
    choices: tuple[str, ...] = ()
    """The codes of a `choice`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people call codes of a `choice` or a `list`, each with its code."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.name.replace("_", " ").capitalize()


class Made(NamedTuple):
    """What became of a row."""

    id: UUID
    person_id: UUID | None = None
    """The contact that the row says something about, where there is one."""
    with_person: bool = False
    """Whether the contact was made of the row, too."""


class Twin(NamedTuple):
    """Something there is already that a row may be."""

    id: UUID
    score: int
    reasons: Sequence[Reason]
    within: bool
    """Whether the caller may see it."""
    person_id: UUID | None = None


@dataclass(frozen=True)
class Likeness(Generic[S]):
    """How a plugin finds what a row may be already: among what there is, and among the rows of its own file."""

    found: Callable[[S, int], Iterable[Twin]]
    """What there is that may be the same, as sure as this at least: as few statements as one duplicate check takes."""
    keys: Callable[[S, int], Iterable[str]]
    """Rows that have none of these in common are not as surely the same, and not compared."""
    weigh: Callable[[S, S], tuple[int, Sequence[Reason]]]
    """How sure it is that two are the same, as `found` would say of the second were it saved, and why."""


@dataclass(frozen=True)
class Importer(Generic[D]):
    """Lets things of a plugin come in by files; listed in `Plugin.imports`."""

    entity: str
    """The `subject` of the repository: `leads.lead`."""
    title: str
    permission: Permission
    """What the route that makes one asks for."""
    draft: type[D]
    """What that route takes: a row becomes one, and meets the same rules."""
    columns: tuple[Column, ...]
    make: Callable[[D], Made]
    """Makes one as that route does, in the running unit of work. Raises Problem."""
    unmake: Callable[[Made], str | None]
    """Removes it for good, as if it had never been, and says so by an event; why a part of it stays, as the contact.

    Raises Conflict where it must stay, NotFound where it is gone already.
    """
    understand: Callable[[D], tuple[D, Any]] | None = None
    """Completes what a row says, as by the contact it tells of, and says what others are compared with. Raises Invalid.

    The latter is small, as one for each row is held in memory.
    """
    likeness: Likeness[Any] | None = None
    custom_fields: CustomFields | None = None
    least: int = 85
    """From which score on a row counts as a duplicate, unless whoever imports says otherwise."""

    @property
    def owner(self) -> str:
        """The plugin whose things come in."""
        return self.entity.split(".", maxsplit=1)[0]
