"""Annotated wire types that several modules share: names, e-mail addresses, phones, languages, zones, countries."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale
from babel.core import UnknownLocaleError
from msgspec import Meta

from core.errors import Fault, Invalid
from core.networks import network

# Spelled out: what `\s` means differs between Python and the readers of the document.
_SPACE = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff"
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
# One line, and not of blanks alone.
_LINE = f"^[^{_CONTROL}]*[^{_SPACE}][^{_CONTROL}]*$"
Name = Annotated[str, Meta(pattern=_LINE, min_length=1, max_length=200, description="Name.", examples=["Ana Duarte"])]
Text = Annotated[str, Meta(max_length=10_000, description="Free text.", examples=["Prefers a quiet room."])]
SomeText = Annotated[
    str,
    Meta(
        pattern=f"[^{_SPACE}]",
        min_length=1,
        max_length=10_000,
        description="Free text that says something.",
        examples=["Asked for adjoining rooms."],
    ),
]
Email = Annotated[
    str,
    Meta(
        pattern=f"^[^@{_SPACE}]+@[^@{_SPACE}]+\\.[^@{_SPACE}]+$",
        max_length=254,
        description="E-mail address.",
        examples=["ana@example.com"],
    ),
]
Phone = Annotated[
    str, Meta(min_length=4, max_length=40, description="Phone number; stored as E.164.", examples=["+351912345678"])
]
Language = Annotated[
    str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="Language, BCP 47.", examples=["pt"])
]
Zone = Annotated[str, Meta(max_length=64, description="IANA time zone.", examples=["Europe/Lisbon"])]
Instant = Annotated[datetime, Meta(tz=True, description="Instant with its offset, RFC 3339.")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="Country, ISO 3166-1 alpha-2.", examples=["PT"])]

_YEARS = range(1970, 9001)
_ZONES = frozenset(available_timezones())
# CLDR lists regions and groups of countries too; these two-letter codes are none.
_NO_COUNTRIES = frozenset("EU EZ QO UN XA XB ZZ".split())
_COUNTRIES = frozenset(str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code)))


def check_zone(zone: str, *, pointer: str = "/zone") -> str:
    """The zone itself; raises Invalid for one that IANA does not know. Aliases are accepted."""
    if zone not in _ZONES:
        raise Invalid(errors=[Fault(pointer, "zone", f"{zone} is not an IANA time zone")])
    return zone


def check_language(language: str, *, pointer: str = "/language") -> str:
    """The language tag itself; raises Invalid for one that CLDR does not know."""
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise Invalid(errors=[Fault(pointer, "language", f"{language} is not a known language")]) from None
    return language


def check_country(country: str, *, pointer: str = "/country") -> str:
    """The country code itself; raises Invalid for an unassigned one."""
    if country not in _COUNTRIES or country in _NO_COUNTRIES:
        raise Invalid(errors=[Fault(pointer, "country", f"{country} is not a country code")])
    return country


def check_day(day: date, *, pointer: str) -> None:
    """Raise Invalid for a day or an instant so far away that somebody's finger must have slipped."""
    if day.year not in _YEARS:
        what = "instant" if isinstance(day, datetime) else "day"
        raise Invalid(errors=[Fault(pointer, "value", f"This {what} is out of all reach")])


def check_network(text: str, *, pointer: str = "/network") -> str:
    """A network (or one address) in its usual spelling, `203.0.113.0/24`; raises Invalid for what is none."""
    try:
        return str(network(text))
    except ValueError:
        message = "This is neither an address nor a network as 203.0.113.0/24"
        raise Invalid(errors=[Fault(pointer, "network", message)]) from None


def to_e164(phone: str, *, country: str | None = None, pointer: str = "/phone") -> str:
    """A phone number as E.164; `country` reads national numbers. Raises Invalid for what cannot be a number."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        hint = "start it with + and the country code" if country is None else f"check it for {country}"
        raise Invalid(errors=[Fault(pointer, "phone", f"This is not a phone number; {hint}")]) from None
    if not phonenumbers.is_possible_number(number):
        raise Invalid(errors=[Fault(pointer, "phone", "This number has too few or too many digits")])
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
