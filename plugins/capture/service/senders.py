"""Whom something that came in is of: the addresses and numbers that it names, as contacts have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import phonenumbers

from core.sdk import FORM, JSON, Invalid, Problem, Sent, fields

from ..schemas.submissions import Payload

_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_MOST = 50
_TRIES = 200
_LONGEST = 10**15
"""No number that somebody is called by is greater."""


def of(named: Mapping[str, Any], payload: Payload, *, country: str | None) -> list[str]:
    """Everybody it names in the fields for that, `named`; where they say nothing, wherever it names somebody.

    E-mail addresses are in small letters, numbers are E.164: what people are known by who are told of it, taken out of
    it, or whose data must stay.
    """
    said = named.get("country")
    region = said if isinstance(said, str) and re.fullmatch("[A-Z]{2}", said) else country
    found = [*_addresses([*_texts(named.get("email"))]), *_numbers([*_texts(named.get("phone"))], region)]
    if found:
        return found
    texts = [*_texts(payload.values), *_texts(_body(payload))]
    return [*_addresses(texts), *_numbers(texts, region)]


def shown(named: Mapping[str, Any], found: list[str]) -> str | None:
    """What it is listed with: the first of those, or what was written instead of one."""
    written = (value.strip().lower()[:254] for value in map(named.get, ("email", "phone")) if isinstance(value, str))
    return next(iter(found), None) or next(filter(None, written), None)


def _addresses(texts: list[str]) -> list[str]:
    found = (each.lower() for text in texts for each in _ADDRESS.findall(text))
    return [*islice(dict.fromkeys(found), _MOST)]


def _numbers(texts: list[str], region: str | None) -> list[str]:
    found = (each for text in texts for each in _numbers_in(text, region))
    return [*islice(dict.fromkeys(found), _MOST)]


def _numbers_in(text: str, region: str | None) -> list[str]:
    """The numbers in a text, or the one that it is, also where numbers in texts are not written so."""
    try:
        return [fields.to_e164(text, country=region)]
    except Invalid:
        leniency = phonenumbers.Leniency.POSSIBLE
        found = phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency, max_tries=_TRIES)
        return [phonenumbers.format_number(each.number, phonenumbers.PhoneNumberFormat.E164) for each in found]


def _body(payload: Payload) -> Any:
    if not payload.body:
        return None
    try:
        return Sent(FORM if payload.form else JSON, payload.body.encode()).values()
    except Problem:
        # The text of a letter or message.
        return payload.body


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in what was sent, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) or (isinstance(each, int) and 0 < each < _LONGEST):
            yield str(each)
