"""How what a sender sends is read: declared rules that fill fields, and nothing that could be a program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from core.sdk import Fault, Invalid

from ..schemas.hooks import (
    AnyRule,
    ConstantValue,
    FamilyName,
    FirstOf,
    GivenName,
    JoinValues,
    MapValues,
    ReadDate,
    TakeValue,
)
from .catalogue import named
from .reading import VALUES, Filled

_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
    "HH": r"\d{2}",
    "mm": r"\d{2}",
    "ss": r"\d{2}",
}
_TOKEN = re.compile("YYYY|YY|MM|M|DD|D|HH|mm|ss|.")
_WHO = {"email", "phone", "country"}
_INDEX = re.compile("0|[1-9][0-9]{0,5}")


def check(rules: Sequence[AnyRule]) -> None:
    """Raise Invalid with what is wrong with a mapping: fields there are not, filled twice, or formats of no day."""
    known = named(rule.field for rule in rules)
    times = Counter(rule.field for rule in rules)
    faults = []
    for number, rule in enumerate(rules):
        at = f"/mapping/{number}"
        if rule.field not in known:
            faults.append(Fault(f"{at}/field", "unknown", "There is no such field"))
        elif times[rule.field] > 1:
            faults.append(Fault(f"{at}/field", "duplicate", "Each field is filled once"))
        if isinstance(rule, ReadDate) and not _is_whole(rule.format):
            faults.append(Fault(f"{at}/format", "format", "A date has a year, a month and a day, each once"))
    if not {"email", "phone"} & times.keys():
        faults.append(Fault("/mapping", "unreachable", "Fill email or phone: nobody could answer"))
    if faults:
        raise Invalid(errors=faults)


def fill(rules: Sequence[AnyRule], sent: Any) -> Filled:
    """What each field is filled with; those that nothing is said about, or that cannot be read, are left out."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for rule in rules:
        try:
            value = _RULES[type(rule)](rule, sent)
        except Invalid as wrong:
            faults += wrong.errors
            continue
        if value not in (None, "", []):
            values[rule.field] = value
    return Filled(values, faults)


def named_by(rules: Sequence[AnyRule], sent: Any) -> Mapping[str, Any]:
    """Who sends it, as far as that can be read whatever else is wrong."""
    return fill([rule for rule in rules if rule.field in _WHO], sent).values


def at(sent: Any, path: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901), or None."""
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(sent, dict):
            sent = sent.get(name)
        elif isinstance(sent, list) and _INDEX.fullmatch(name) and int(name) < len(sent):
            sent = sent[int(name)]
        else:
            return None
    return sent


def _take(rule: TakeValue, sent: Any) -> Any:
    value = at(sent, rule.path)
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)):
        raise _wrong(rule, "type", f"What stands at {rule.path} has parts: name one of them")
    return value


def _first_of(rule: FirstOf, sent: Any) -> Any:
    found = (at(sent, path) for path in rule.paths)
    return next((value for value in found if _says(value)), None)


def _join(rule: JoinValues, sent: Any) -> str:
    found = (at(sent, path) for path in rule.paths)
    return rule.separator.join(str(value).strip() for value in found if _says(value))


def _map(rule: MapValues, sent: Any) -> Any:
    value = at(sent, rule.path)
    if not _says(value):
        return rule.otherwise
    word = str(value).lower() if isinstance(value, bool) else str(value).strip()
    if word not in rule.values and rule.otherwise is None:
        raise _wrong(rule, "unmapped", f"The mapping says nothing of the value at {rule.path}")
    return rule.values.get(word, rule.otherwise)


def _date(rule: ReadDate, sent: Any) -> str | None:
    value = at(sent, rule.path)
    if not _says(value):
        return None
    found = _pattern(rule.format).fullmatch(str(value).strip())
    if found is None:
        raise _wrong(rule, "format", f"What stands at {rule.path} is not written {rule.format}")
    parts = found.groupdict()
    year = int(parts["year"]) if parts.get("year") else 2000 + int(parts["short"])
    try:
        return date(year, int(parts["month"]), int(parts["day"])).isoformat()
    except ValueError:
        raise _wrong(rule, "format", f"What stands at {rule.path} is no day there is") from None


def _given_name(rule: GivenName, sent: Any) -> str:
    family, comma, given = _whole_name(at(sent, rule.path)).partition(",")
    return given.strip() if comma else " ".join(family.split()[:-1])


def _family_name(rule: FamilyName, sent: Any) -> str:
    family, comma, _ = _whole_name(at(sent, rule.path)).partition(",")
    return family.strip() if comma else " ".join(family.split()[-1:])


def _whole_name(value: Any) -> str:
    return str(value) if _says(value) else ""


def _says(value: Any) -> bool:
    return not isinstance(value, dict | list) and value is not None and str(value).strip() != ""


def _is_whole(form: str) -> bool:
    parts = Counter(
        {"YYYY": "year", "YY": "year", "DD": "day", "D": "day"}.get(each, each[:1]) for each in _tokens(form)
    )
    return parts["year"] == parts["M"] == parts["day"] == 1


def _tokens(form: str) -> list[str]:
    return _TOKEN.findall(form)


@lru_cache(maxsize=256)
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_PARTS.get(each) or re.escape(each) for each in _tokens(form)), re.ASCII)


def _wrong(rule: AnyRule, code: str, message: str) -> Invalid:
    return Invalid(errors=[Fault(VALUES + rule.field, code, message)])


_RULES: Mapping[type[Any], Callable[[Any, Any], Any]] = {
    TakeValue: _take,
    ConstantValue: lambda rule, _: rule.value,
    FirstOf: _first_of,
    JoinValues: _join,
    MapValues: _map,
    ReadDate: _date,
    GivenName: _given_name,
    FamilyName: _family_name,
}
