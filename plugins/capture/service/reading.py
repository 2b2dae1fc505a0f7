"""What was filled in becomes the draft of a lead: texts become what each field asks for, or a fault beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import msgspec

from core.sdk import Fault, Invalid, agencies, decoding, fields
from plugins.leads import api as leads

from ..schemas.sources import CaptureDefaults
from .catalogue import Known

VALUES = "/values/"
_MOST = 100
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_SEPARATORS = re.compile(r"[,;\n]")


class Filled(NamedTuple):
    """What was filled in by field, and what is wrong with the rest."""

    values: Mapping[str, Any]
    faults: Sequence[Fault] = ()


class Enquiry(NamedTuple):
    """What was read: the parts of a new lead, and which field each came from."""

    lead: dict[str, Any]
    contact: dict[str, Any]
    places: dict[str, str]
    """Field by place in the lead."""
    faults: Sequence[Fault]
    """What is wrong with what could not be read."""

    @property
    def email(self) -> str | None:
        """The e-mail address that was named."""
        return next((each["address"] for each in self.contact.get("emails", ())), None)

    @property
    def phone(self) -> str | None:
        """The number that was named."""
        return next((each["number"] for each in self.contact.get("phones", ())), None)

    def draft(self, **instead: Any) -> leads.LeadDraft:
        """The draft of a lead. Raises Invalid with everything at fault, beside the fields it is of."""
        faults = [*self.faults]
        try:
            with self.faults_at_fields():
                made = decoding.decode(msgspec.json.encode(self.lead | instead), leads.LeadDraft)
        except Invalid as more:
            # What could not be read is missing in the draft, and that is told already.
            faults += [each for each in more.errors if not faults or each.pointer.startswith(VALUES)]
        else:
            if not faults:
                return made
        raise Invalid(errors=faults)

    @contextmanager
    def faults_at_fields(self) -> Iterator[None]:
        """A block whose faults name the fields that said so, rather than places in a lead."""
        try:
            yield
        except Invalid as wrong:
            moved = [Fault(self._moved(each.pointer), each.code, each.message) for each in wrong.errors]
            raise Invalid(wrong.detail, errors=moved) from None

    def _moved(self, pointer: str) -> str:
        of = [place for place in self.places if pointer == place or pointer.startswith(f"{place}/")]
        # What is wrong with a whole is wrong with the part of it that was asked for.
        of = of or [place for place in self.places if pointer and place.startswith(f"{pointer}/")]
        return VALUES + self.places[max(of, key=len)] if of else pointer


def read(filled: Filled, known: Mapping[str, Known], defaults: CaptureDefaults) -> Enquiry:
    """Read what was filled in, as far as it can be: what there is no field for, or cannot be read, is a fault of it."""
    said: dict[str, Any] = {}
    faults = [*filled.faults]
    for name, value in filled.values.items():
        if name in known:
            faults += _into(said, name, partial(_one, known[name], value))
        else:
            faults.append(Fault(_at(name), "unknown_field", "There is no such field"))
    if "phone" in said:
        country, phone = _country(said.get("country") or defaults.country), said.pop("phone")
        faults += _into(said, "phone", partial(fields.to_e164, phone, country=country, pointer=_at("phone")))
    tree: dict[str, Any] = {}
    for name, value in said.items():
        _put(tree, known[name].place, value)
    contact = tree.pop("contact", {})
    _complete(contact)
    told = {each.pointer for each in faults}
    if not {"emails", "phones"} & contact.keys() and not {_at("email"), _at("phone")} & told:
        faults.append(Fault(_at("email"), "unreachable", "Without email or phone nobody could answer"))
    return Enquiry(_lead(tree, defaults), contact, {known[name].place: name for name in said}, faults)


def _into(said: dict[str, Any], name: str, reading: Callable[[], Any]) -> Sequence[Fault]:
    """Put in what is read where anything was filled in, or say what is wrong with it."""
    try:
        value = reading()
    except Invalid as wrong:
        return wrong.errors
    if value is not None:
        said[name] = value
    return ()


def _lead(tree: dict[str, Any], defaults: CaptureDefaults) -> dict[str, Any]:
    given = {"source": defaults.source, "kind": defaults.kind, "priority": defaults.priority, "tags": defaults.tags}
    lead = {name: value for name, value in given.items() if value is not None} | tree
    if "budget" in lead:
        if "amount" in lead["budget"]:
            lead["budget"].setdefault("currency", defaults.currency or agencies.agency_view().currency)
        else:
            del lead["budget"]
    return lead


def _complete(contact: dict[str, Any]) -> None:
    """Lists are lists, and who says no name is called by their address or number."""
    for many in ("emails", "phones"):
        if many in contact:
            contact[many] = [*contact[many].values()]
    if not {"name", "given_name", "family_name"} & contact.keys():
        entries = [*contact.get("emails", ()), *contact.get("phones", ())]
        if entries:
            contact["name"] = next(iter(entries[0].values()))


def _put(tree: dict[str, Any], place: str, value: Any) -> None:
    *parents, last = place.removeprefix("/").split("/")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    tree[last] = value


def _country(text: str | None) -> str | None:
    return text if text and re.fullmatch("[A-Z]{2}", text) else None


def _at(name: str) -> str:
    return VALUES + name.replace("~", "~0").replace("/", "~1")


def _one(field: Known, value: Any) -> Any:
    """A value as the draft of a lead has it; None where nothing was filled in. Raises Invalid."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value in ("", []):
        return None
    return _READERS[field.kind](field, value)


def _text(field: Known, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(field, "type", "Expected a text")
    return str(value)


def _email(field: Known, value: Any) -> str:
    return _text(field, value).lower()


def _number(field: Known, value: Any) -> int:
    text = _text(field, value)
    if not _INTEGER.fullmatch(text):
        raise _wrong(field, "type", "Expected a whole number")
    return int(text)


def _decimal(field: Known, value: Any) -> str:
    text = _text(field, value).replace(" ", "")
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,6})?", text, re.ASCII):
        raise _wrong(field, "format", "Expected a number such as 2400 or 2400.50")
    return text


def _yes_no(field: Known, value: Any) -> bool:
    word = str(value).lower()
    if word not in _YES | _NO:
        raise _wrong(field, "type", "Expected yes or no")
    return word in _YES


def _words(field: Known, value: Any) -> list[str]:
    parts = value if isinstance(value, list) else _SEPARATORS.split(_text(field, value))
    if len(parts) > _MOST:
        raise _wrong(field, "length", f"At most {_MOST}")
    return [text for part in parts if (text := _text(field, part).strip())]


def _numbers(field: Known, value: Any) -> list[int]:
    return [_number(field, part) for part in _words(field, value)]


def _choice(field: Known, value: Any) -> str:
    text = _text(field, value)
    if text not in {code for code, _ in field.choices}:
        raise _wrong(field, "choice", "Choose one of those that are offered")
    return text


def _wrong(field: Known, code: str, message: str) -> Invalid:
    return Invalid(errors=[Fault(_at(field.name), code, message)])


_READERS: Mapping[str, Callable[[Known, Any], Any]] = {
    "text": _text,
    "long": _text,
    "email": _email,
    "phone": _text,
    "number": _number,
    "numbers": _numbers,
    "decimal": _decimal,
    "date": _text,
    "yes_no": _yes_no,
    "words": _words,
    "choices": _words,
    "choice": _choice,
    "choice_number": lambda field, value: int(_choice(field, value)),
}
