"""Which column a heading stands for: what the agency said last time, else what its words say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from core.custom_fields import definitions
from core.custom_fields.kinds import Definition
from core.errors import Fault
from core.imports.importer import Column, Importer, Kind
from core.imports.repository import mapping_for
from core.search import fold

CUSTOM = "custom."
_WORD = re.compile(r"[^\W_]+")
_KINDS: dict[str, Kind] = {
    "text": "text",
    "choice": "choice",
    "choices": "list",
    "number": "amount",
    "boolean": "boolean",
    "date": "date",
}


def columns(importer: Importer[Any]) -> list[Column]:
    """The columns of a kind of thing in the acting agency: its plugin's, and those that the agency added."""
    added = importer.custom_fields
    own = definitions.now(added.entity) if added is not None else ()
    return [*importer.columns, *(_added(each) for each in own if definitions.is_seen(each))]


def fingerprint(headings: Sequence[str]) -> str:
    """What files with the same headings have in common, which says nothing about what they are."""
    return hashlib.sha256("\x1f".join(map(_folded, headings)).encode()).hexdigest()


def suggested(importer: Importer[Any], headings: Sequence[str]) -> list[str]:
    """For each heading the column that it most likely stands for, each at most once; empty for none."""
    known = columns(importer)
    names = {each.name for each in known}
    remembered = mapping_for(importer.entity, fingerprint(headings))
    if remembered is not None and len(remembered) == len(headings):
        return [name if name in names else "" for name in remembered]
    meanings: dict[str, str] = {}
    for each in known:
        for word in (each.name, each.label, *each.synonyms):
            meanings.setdefault(_folded(word), each.name)
    found: list[str] = []
    for heading in headings:
        # Our own workbooks tell the zone of instants in brackets, and other systems the unit.
        name = meanings.get(_folded(heading)) or meanings.get(_folded(heading.partition("(")[0])) or ""
        found.append(name if name not in found else "")
    return found


def faults(importer: Importer[Any], mapping: Sequence[str], headings: int, defaults: Sequence[str]) -> list[Fault]:
    """What is wrong with a mapping, so that no row could come in by it."""
    known = {each.name: each for each in columns(importer)}
    if len(mapping) != headings:
        return [Fault("/mapping", "length", f"The file has {headings} headings: name a column or null for each")]
    wrong = []
    for place, name in enumerate(mapping):
        if name and name not in known:
            wrong.append(Fault(f"/mapping/{place}", "unknown", f"There is no column {name}"))
        elif name and name in mapping[:place]:
            wrong.append(Fault(f"/mapping/{place}", "duplicate", f"{name} came twice"))
    wrong += [
        Fault(f"/options/defaults/{name}", "unknown", f"There is no column {name}")
        for name in defaults
        if name not in known
    ]
    said = {*mapping, *defaults}
    wrong += [
        Fault("/mapping", "required", f"Say which heading stands for {each.label}, or give it a default")
        for each in known.values()
        if each.required and each.name not in said
    ]
    return wrong


def _added(field: Definition) -> Column:
    return Column(
        name=f"{CUSTOM}{field.key}",
        path=f"/custom_fields/{field.key}",
        kind=_KINDS[field.kind],
        title=field.label,
        synonyms=(field.key,),
        required=field.required and field.default is None,
        choices=tuple(each.code for each in field.choices if not each.retired),
        labels={each.label: each.code for each in field.choices if not each.retired},
    )


def _folded(text: str) -> str:
    return "".join(_WORD.findall(fold(text)))
