"""The token table behind every search box: folded words, found by whole word or prefix under row-level security."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Self
from uuid import UUID

from sqlalchemy import ARRAY, Index, PrimaryKeyConstraint, Text, Uuid, bindparam, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from core.db import read
from core.db.base import Model, Tenant
from core.db.personal import Code, personal
from core.db.tenancy import current_agency_id
from core.extensions import db

MAX_WORDS = 6
_MAX_TOKEN = 64
_MAX_SORT_KEY = 200
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\D+")
# As people write them: `+49 151 1234567`, `(0151) 123-4567`. Digits alone may be any number, and are a word.
_NUMBER = re.compile(r"(\+|\(?0)[\d\s()./-]+")
_SHORTEST_NUMBER = 7
_LOCAL_DIGITS = 9
# The last code point: every text that starts with a prefix sorts below the prefix followed by it.
_HIGHEST = "\U0010ffff"


class SearchToken(Tenant, Model):
    """One folded word of one searchable thing."""

    __tablename__ = "core_search_token"

    entity: Mapped[Code]
    """What is found: `leads.lead`."""
    # Bytewise order makes a prefix a range of plain comparisons, which are leakproof and so may use the index.
    token: Mapped[str] = mapped_column(Text(collation="C"), info=personal("copy"))
    entity_id: Mapped[UUID]

    __table_args__ = (
        PrimaryKeyConstraint("agency_id", "entity", "token", "entity_id"),
        Index("core_search_token_entity_id_idx", "agency_id", "entity", "entity_id"),
    )


class Keyed(str):
    """A text that is also found by keys made of it, which nobody types: see `likeness.named`."""

    __slots__ = ("keys",)

    def __new__(cls, text: str, keys: Iterable[str]) -> Self:
        """The text with its keys."""
        made = super().__new__(cls, text)
        made.keys = tuple(keys)
        return made

    keys: tuple[str, ...]


def fold(text: str) -> str:
    """Lower case without accents: `Zürich` and `ZURICH` are both `zurich`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def sort_key(text: str) -> str:
    """What a text is sorted by: folded, and cut to what an entry of an index and a page cursor have room for."""
    return fold(text)[:_MAX_SORT_KEY]


def words(text: str) -> list[str]:
    """The folded words of a text, each at most 64 characters, in order and without repeats."""
    return list(dict.fromkeys(word[:_MAX_TOKEN] for word in _WORD.findall(fold(text))))


def asked(text: str) -> list[str]:
    """What a search looks for: the words, or of a phone number, however it is written, the digits that identify it."""
    digits = _DIGITS.sub("", text)
    if _NUMBER.fullmatch(text.strip()) and len(digits) >= _SHORTEST_NUMBER:
        return [digits[-_LOCAL_DIGITS:]]
    return words(text)[:MAX_WORDS]


def tokens_of(texts: Iterable[str | None]) -> frozenset[str]:
    """The tokens that make texts findable: their words, and a phone number's digits as one word.

    An international number is also found by its last nine digits, which hold for any way of writing the prefix.
    """
    found: set[str] = set()
    for text in texts:
        if not text:
            continue
        found.update(words(text))
        if isinstance(text, Keyed):
            found.update(map(key_token, text.keys))
        digits = _DIGITS.sub("", text)
        if text.startswith("+") and digits:
            found.update({digits, digits[-_LOCAL_DIGITS:]})
    return frozenset(found)


def key_token(key: str) -> str:
    """The token of a key; no word that is looked for starts like it."""
    return f"~{key}"[:_MAX_TOKEN]


_table = SearchToken.metadata.tables[SearchToken.__tablename__]
_bound = {name: bindparam(f"new_{name}", type_=_table.c[name].type) for name in ("agency_id", "entity", "entity_id")}
_ADD = insert(_table).from_select(
    ["agency_id", "entity", "token", "entity_id"],
    select(
        _bound["agency_id"],
        _bound["entity"],
        func.unnest(bindparam("tokens", type_=ARRAY(Text()))),
        _bound["entity_id"],
    ),
)
_PRESENT = read.Query(
    select(SearchToken.token).where(
        SearchToken.entity == bindparam("entity", type_=Text()),
        SearchToken.entity_id == bindparam("entity_id", type_=Uuid()),
    ),
    str,
)


def add(entity: str, entity_id: UUID, texts: Iterable[str | None]) -> None:
    """Make a thing findable that was made in this unit of work, and that nothing finds yet."""
    _add(entity, entity_id, tokens_of(texts))


def index(entity: str, entity_id: UUID, texts: Iterable[str | None]) -> None:
    """Make a thing findable by exactly these texts, from this unit of work on."""
    wanted = tokens_of(texts)
    present = frozenset(_PRESENT.rows(entity=entity, entity_id=entity_id))
    if present - wanted:
        mine = (SearchToken.entity == entity, SearchToken.entity_id == entity_id)
        db.session.execute(delete(SearchToken).where(*mine, SearchToken.token.in_(present - wanted)))
    _add(entity, entity_id, wanted - present)


def _add(entity: str, entity_id: UUID, tokens: frozenset[str]) -> None:
    if not tokens:
        return
    # The table rather than the entity: one statement, with the agency put in right here.
    thing = {"new_agency_id": current_agency_id(), "new_entity": entity, "new_entity_id": entity_id}
    db.session.connection().execute(_ADD, {**thing, "tokens": sorted(tokens)})


def forget(entity: str, entity_id: UUID) -> None:
    """Make a thing unfindable."""
    index(entity, entity_id, ())


def bounds(word: str) -> tuple[str, str]:
    """The half-open range of tokens that start with a folded word."""
    return word, word + _HIGHEST
