"""What people call countries, languages, colleagues, teams and brands in files, and which of them that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from babel import Locale
from babel.core import get_global
from sqlalchemy import select

from core.agencies.models import Brand
from core.errors import Invalid
from core.extensions import db
from core.fields import check_country
from core.search import fold
from core.users.models import Membership, Team, User

LANGUAGES = ("de", "fr", "es", "it", "pt", "en")
"""In which files are understood whatever the agency speaks; where they contradict each other, the later one counts."""


@cache
def countries(language: str) -> dict[str, str]:
    """Codes by code of two or three letters and by name, in a language and those that are always understood."""
    found: dict[str, str] = {}
    for locale in _locales(language):
        found |= {fold(name): code for code, name in locale.territories.items() if _is_country(code)}
    found |= {"usa": "US", "uae": "AE", "holland": "NL", "england": "GB"}
    # Codes that are out of use are among them, and those of numbers.
    aliases: Mapping[str, Any] = get_global("territory_aliases")
    longer = {code: now[0] for code, now in aliases.items() if len(code) == 3 and code.isalpha() and len(now) == 1}
    found |= {fold(code): now for code, now in longer.items() if _is_country(now)}
    return found | {"uk": "GB"} | {fold(code): code for code in set(found.values())}


@cache
def languages(language: str) -> dict[str, str]:
    """The same of languages, without codes."""
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
    # What the agency speaks counts more than what others do, but English.
    *others, english = LANGUAGES
    return [Locale.parse(each, sep="-") for each in dict.fromkeys((*others, language, english))]


def _is_country(code: str) -> bool:
    try:
        check_country(code)
    except Invalid:
        return False
    return True
