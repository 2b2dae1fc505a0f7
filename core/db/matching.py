"""What `?q=` means to a list: the rows that have the words as they were typed, and those with similar ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    any_,
    bindparam,
    except_,
    func,
    intersect,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core import search

if TYPE_CHECKING:
    from core.db.repository import Repository


@dataclass(frozen=True)
class Words:
    """The words of a search, and what else they may stand for."""

    typed: Sequence[str]
    similar: Sequence[search.Sought]
    """Empty where nothing but what was typed is looked for."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """What of them decides the statement."""
        return (len(self.typed), *((self._place(each), bool(each.spellings)) for each in self.similar))

    def values(self) -> dict[str, Any]:
        """The values to bind."""
        values: dict[str, Any] = {}
        for number, word in enumerate(self.typed):
            values |= _bounds(f"word_{number}", word)
        for number, each in enumerate(self.similar):
            values |= _bounds(f"similar_{number}", each.word)
            if each.spellings:
                values[f"similar_{number}_words"] = " ".join(each.spellings)
        return values

    def found(self, repository: Repository[Any]) -> Found:
        """What the words find in the list of a repository."""
        every = range(len(self.typed))
        words = [_found(repository, [_begins(f"word_{number}")]).cte(f"word_{number}") for number in every]
        as_typed = _with_all([select(word.c.id) for word in words]).cte("as_typed")
        if not self.similar:
            return Found(as_typed, None)
        alike = [self._alike(repository, words, number) for number in range(len(self.similar))]
        return Found(as_typed, except_(_with_all(alike), select(as_typed.c.id)))

    def _alike(self, repository: Repository[Any], words: Sequence[CTE], number: int) -> Select[Any]:
        each, bind = self.similar[number], f"similar_{number}"
        place = self._place(each)
        ways = [_begins(bind)] if place is None else []
        ways += [_one_of(f"{bind}_words")] if each.spellings else []
        parts = [] if place is None else [select(words[place].c.id)]
        parts += [select(_found(repository, ways).subquery())] if ways else []
        return parts[0] if len(parts) == 1 else select(union_all(*parts).subquery())

    def _place(self, each: search.Sought) -> int | None:
        """Which of the words was typed so."""
        return self.typed.index(each.word) if each.word in self.typed else None


class Found(NamedTuple):
    """Ids of what was found."""

    as_typed: CTE
    """What has every word, or one that begins with it."""
    alike: CompoundSelect[Any] | None
    """What else has words that these may stand for."""

    @property
    def every(self) -> Select[Any]:
        """All of them."""
        typed = select(self.as_typed.c.id)
        return typed if self.alike is None else select(union_all(typed, select(self.alike.subquery())).subquery())


def words_of(text: str, *, similar: bool) -> Words:
    """The words of what somebody typed, and whether similar ones count."""
    typed = search.asked(text)
    return Words(typed, search.sought(typed) if similar else ())


def _with_all(words: Sequence[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    # As sets: joined, two words on tables that were filled a moment ago and have no statistics yet became a nested
    # loop over both, for minutes.
    return words[0] if len(words) == 1 else intersect(*words)


def _found(repository: Repository[Any], ways: Sequence[ColumnElement[bool]]) -> CompoundSelect[Any]:
    """What is found in one of several ways, by its own tokens or by those of what it points at."""
    searched = repository.listing.search.items()
    return union_all(*(_things(repository, entity, column, way) for entity, column in searched for way in ways))


def _things(
    repository: Repository[Any], entity: str, column: InstrumentedAttribute[Any], way: ColumnElement[bool]
) -> Select[Any]:
    token = search.SearchToken
    things = select(token.entity_id.label("id")).where(token.entity == entity, way)
    if column.key == "id":
        return things
    # Another name for the table: inside the list's own condition it would be the row being judged.
    pointing = aliased(repository.model)
    return select(pointing.id).where(getattr(pointing, column.key).in_(things))


def _bounds(bind: str, word: str) -> dict[str, str]:
    low, high = search.bounds(word)
    return {f"{bind}_low": low, f"{bind}_high": high}


def _begins(bind: str) -> ColumnElement[bool]:
    token = search.SearchToken.token
    return (token >= bindparam(f"{bind}_low", type_=Text())) & (token < bindparam(f"{bind}_high", type_=Text()))


def _one_of(bind: str) -> ColumnElement[bool]:
    # In a SELECT of its own the words are unknown when the statement is planned: hundreds of them took as long to
    # estimate as to look up. No word has a blank.
    spellings = select(func.unnest(func.string_to_array(bindparam(bind, type_=Text()), " "))).scalar_subquery()
    return search.SearchToken.token == any_(func.array(spellings))
