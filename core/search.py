"""The token table behind every search box: folded words, found whole, by prefix or with one typo under RLS."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Self
from uuid import UUID

from anyascii import anyascii
from sqlalchemy import (
    ARRAY,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapped, mapped_column

from core import typos
from core.db import read
from core.db.base import Model, Tenant
from core.db.personal import Code, personal
from core.db.tenancy import current_agency_id
from core.extensions import db

MAX_WORDS = 6
MAX_SPELLINGS = 4000
"""Of all words of a search together; a long name has some 1,000."""
_MAX_TOKEN = 64
_MAX_SORT_KEY = 200
# Vowel signs of Indian and south-east Asian scripts belong to their words, though they are no letters.
_SIGNS = "".join(
    chr(code)
    for code in (*range(0x0900, 0x10A0), *range(0x1700, 0x1D00))
    if unicodedata.category(chr(code)).startswith("M") and not unicodedata.combining(chr(code))
)
_WORD = re.compile(rf"(?:[^\W_]|[{_SIGNS}])+")
# Letters of the Latin script that are no other letter with an accent.
_LIGATURES = str.maketrans({letter: anyascii(letter) for letter in "æœøłđðþħıŋəƒʒ"})
# Of what is folded, capitals are the beginnings of Chinese, Japanese and Korean syllables.
_SYLLABLE = re.compile("(?<=[a-z])(?=[A-Z])")
_SPOKEN = re.compile("[^a-z0-9]")
_MOST_PARTS = 8
# `L-26-00042`: its parts alone are of every other reference too.
_CODE = re.compile(r"(?<![^\W_])[^\W_]+(?:[-/][^\W_]+)+")
_DIGITS = re.compile(r"\D+")
# As people write them: `+49 151 1234567`, `(0151) 123-4567`. Digits alone may be any number, and are a word.
_NUMBER = re.compile(r"(\(?0)[\d\s()./-]+")
_ABROAD = re.compile(r"\+[\d\s()./-]+")
_FIGURES = re.compile("[0-9]+")
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


class Sought(NamedTuple):
    """A word that is looked for where the words as they were typed find no more."""

    word: str
    """In Latin letters; it may be the beginning of one."""
    spellings: list[str]
    """Whole words it may have been meant to be, in order."""


def fold(text: str) -> str:
    """Lower case without accents: `Zürich` and `ZURICH` are both `zurich`, `Æbelø` is `aebelo`."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).translate(_LIGATURES)


def sort_key(text: str) -> str:
    """What a text is sorted by: folded, and cut to what an entry of an index and a page cursor have room for."""
    return fold(text)[:_MAX_SORT_KEY]


def words(text: str) -> list[str]:
    """The folded words of a text, each at most 64 characters, in order and without repeats."""
    return list(dict.fromkeys(word[:_MAX_TOKEN] for word in _WORD.findall(fold(text))))


def asked(text: str) -> list[str]:
    """What a search looks for: the words, or of a phone number, however it is written, the digits that identify it."""
    if _ABROAD.fullmatch(text.strip()) and (digits := _DIGITS.sub("", text.replace("(0)", ""))):
        # The beginning of one is enough.
        return [digits]
    digits = _DIGITS.sub("", text)
    if _NUMBER.fullmatch(text.strip()) and len(digits) >= _SHORTEST_NUMBER:
        return [digits[-_LOCAL_DIGITS:]]
    return words(_CODE.sub(lambda code: "".join(_code(code.group()) or [code.group()]), text))[:MAX_WORDS]


def _code(text: str) -> list[str]:
    """The folded parts of a reference; nothing where it is two names with a hyphen."""
    return _WORD.findall(fold(text)) if any(map(str.isdecimal, text)) else []


def sought(asked: Sequence[str]) -> list[Sought]:
    """What words that are asked for may also stand for: one typo away, and in whatever script. Empty where nothing.

    A word whose spellings would make it more than MAX_SPELLINGS, together with those before it, has none.
    """
    if asked and all(_FIGURES.fullmatch(word) for word in asked):
        return _as_number(asked)
    found, room = [], MAX_SPELLINGS
    for each in (other for word in asked for other in _others(word)):
        found.append(each if len(each.spellings) <= room else each._replace(spellings=[]))
        room -= len(found[-1].spellings)
    return found if any(each.spellings for each in found) or any(not word.isascii() for word in asked) else []


def _as_number(groups: Sequence[str]) -> list[Sought]:
    """One number for what may be the groups of it: its beginning, or the digits that identify it. Empty where not."""
    digits = "".join(groups)
    known = [digits[-_LOCAL_DIGITS:]] if len(digits) > _LOCAL_DIGITS else []
    return [Sought(digits, known)] if known or len(groups) > 1 else []


def _others(word: str) -> list[Sought]:
    if word.isascii():
        return [Sought(word, typos.near(word))]
    syllables = _syllables(word)
    if len(syllables) > 1:
        # 王小明 is Wang Xiaoming, or Xiaoming Wang.
        return [Sought(syllables[0], []), Sought("".join(syllables[1:]), [])]
    spoken = "".join(syllables)
    return [Sought(spoken or word, sorted({*typos.near(spoken), *typos.near(word)}))]


def _syllables(word: str) -> list[str]:
    """A folded word in Latin letters: of Chinese, Japanese and Korean its syllables, of others all at once."""
    # The one Greek sound of two letters that everybody writes with two others.
    romanised = anyascii(word.replace("\u03bf\u03c5", "ou"))
    spoken = (_SPOKEN.sub("", each.lower()) for each in _SYLLABLE.split(romanised))
    return [each[:_MAX_TOKEN] for each in spoken if each]


def tokens_of(texts: Iterable[str | None]) -> frozenset[str]:
    """The tokens that make texts findable: their words, also in Latin letters, and a phone number's digits as one word.

    Chinese, Japanese and Korean words are found by each syllable with all that follow it, and references by each part
    with all that follow it. An international number is also found by its last nine digits, which hold for any way of
    writing the prefix.
    """
    found: set[str] = set()
    for text in texts:
        if not text:
            continue
        for word in words(text):
            found.add(word)
            if not word.isascii():
                syllables = _syllables(word)
                starts = range(min(len(syllables), _MOST_PARTS))
                found.update("".join(syllables[start:])[:_MAX_TOKEN] for start in starts)
        for code in _CODE.findall(text):
            parts = _code(code)[:_MOST_PARTS]
            found.update("".join(parts[start:])[:_MAX_TOKEN] for start in range(len(parts)))
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

_PAIR: dict[str, Any] = {"ids": ARRAY(Uuid()), "tokens": ARRAY(Text())}
_ADD_ALL = insert(_table).from_select(
    ["agency_id", "entity", "entity_id", "token"],
    select(
        _bound["agency_id"],
        _bound["entity"],
        *(func.unnest(bindparam(f"new_{name}", type_=kind)) for name, kind in _PAIR.items()),
    ),
)
_PRESENT_ALL = read.Query(
    select(SearchToken.entity_id, SearchToken.token).where(
        SearchToken.entity == bindparam("entity", type_=Text()),
        SearchToken.entity_id == any_(bindparam("entity_ids", type_=ARRAY(Uuid()))),
    ),
    lambda entity_id, token: (entity_id, token),
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


def index_all(entity: str, texts: Mapping[UUID, Iterable[str | None]]) -> None:
    """The same of many things by their ids, in three statements at most."""
    wanted = {(entity_id, token) for entity_id, each in texts.items() for token in tokens_of(each)}
    present = set(_PRESENT_ALL.rows(entity=entity, entity_ids=list(texts)))
    if gone := present - wanted:
        pairs = select(*(func.unnest(bindparam(f"gone_{name}", type_=kind)) for name, kind in _PAIR.items()))
        mine = (SearchToken.entity == entity, tuple_(SearchToken.entity_id, SearchToken.token).in_(pairs))
        db.session.execute(delete(SearchToken).where(*mine), _pairs(gone, "gone"))
    if new := wanted - present:
        thing = {"new_agency_id": current_agency_id(), "new_entity": entity}
        db.session.connection().execute(_ADD_ALL, {**thing, **_pairs(new, "new")})


def _pairs(of: AbstractSet[tuple[UUID, str]], what: str) -> dict[str, Any]:
    ordered = sorted(of)
    return {f"{what}_ids": [entity_id for entity_id, _ in ordered], f"{what}_tokens": [token for _, token in ordered]}


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
