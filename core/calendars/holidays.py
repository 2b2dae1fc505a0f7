"""Public holidays and weekends of countries, as the package `holidays` knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays as known

from core.errors import Fault, Invalid

_DEFAULT_WEEKEND = frozenset({5, 6})


@lru_cache(maxsize=512)
def names(country: str, subdivision: str | None, year: int, language: str) -> Mapping[date, str]:
    """The public holidays of a year, in a language where they are known in it; none for a country that is not known."""
    if subdivision not in {None, *_places().get(country, ())}:
        subdivision = None
    if country not in _places():
        return MappingProxyType({})
    spoken = _spoken(country, language)
    return MappingProxyType(dict(known.country_holidays(country, subdiv=subdivision, years=year, language=spoken)))


@lru_cache(maxsize=512)
def weekend(country: str | None, year: int) -> frozenset[int]:
    """The weekdays of a country's weekend, 0 for Monday; Saturday and Sunday where nothing else is known."""
    if country is None or country not in _places():
        return _DEFAULT_WEEKEND
    return frozenset(known.country_holidays(country, years=year).weekend)


def check(country: str, subdivision: str | None) -> None:
    """Raise Invalid for a country whose holidays nobody wrote down, and for what is no part of it."""
    parts = _places().get(country)
    if parts is None:
        raise Invalid(errors=[Fault("/country", "unknown", f"The public holidays of {country} are not known")])
    if subdivision is not None and subdivision not in parts:
        message = f"{country} has holidays of its own in: {', '.join(parts)}" if parts else f"{country} has no parts"
        raise Invalid(errors=[Fault("/subdivision", "unknown", message)])


@lru_cache(maxsize=1)
def _places() -> Mapping[str, list[str]]:
    """Every country that is known, with its parts that have holidays of their own."""
    return known.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=512)
def _spoken(country: str, language: str) -> str | None:
    wanted = language.replace("-", "_")
    spoken = known.list_localized_countries().get(country, [])
    for name in (wanted, wanted.partition("_")[0]):
        found = [each for each in spoken if each == name or each.startswith(f"{name}_")]
        if found:
            return found[0]
    return "en_US" if "en_US" in spoken else None
