"""What people call countries, languages, colleagues, teams and brands in files, and which of them that is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from babel import Locale
from sqlalchemy import select

from core.agencies.models import Brand
from core.extensions import db
from core.search import fold
from core.users.models import Membership, Team, User


@cache
def countries(language: str) -> dict[str, str]:
    """Codes by code and name, in English and in a language."""
    found: dict[str, str] = {"uk": "GB", "usa": "US", "uae": "AE", "holland": "NL", "england": "GB"}
    for locale in _locales(language):
        found |= {fold(name): code for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()}
    return found | {fold(code): code for code in set(found.values())}


@cache
def languages(language: str) -> dict[str, str]:
    """The same of languages."""
    found: dict[str, str] = {}
    for locale in _locales(language):
        found |= {fold(name): code.replace("_", "-") for code, name in locale.languages.items()}
    return found


def members() -> dict[str, set[UUID]]:
    """Active colleagues, by e-mail address, name and id."""
    people = select(User.id, User.email, User.name).join(Membership, Membership.user_id == User.id)
    active = people.where(Membership.state == "active", User.disabled_at.is_(None))
    return _by_word((row.id, (row.email, row.name)) for row in db.session.execute(active))


def teams() -> dict[str, set[UUID]]:
    """Teams, by name and id."""
    return _by_word((row.id, (row.name,)) for row in db.session.execute(select(Team.id, Team.name)))


def brands() -> dict[str, set[UUID]]:
    """Brands, by code, name and id."""
    known = db.session.execute(select(Brand.id, Brand.code, Brand.name))
    return _by_word((row.id, (row.code, row.name)) for row in known)


def _by_word(known: Iterable[tuple[UUID, tuple[str, ...]]]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    for each, names in known:
        for word in (*names, str(each)):
            found.setdefault(fold(word), set()).add(each)
    return found


def _locales(language: str) -> list[Locale]:
    own = Locale.parse(language, sep="-") if language != "en" else None
    return [each for each in (own, Locale("en")) if each is not None]
