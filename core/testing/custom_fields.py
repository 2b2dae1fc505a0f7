"""Whether what a plugin lets agencies add fields to reads, writes, shows and filters them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from core.custom_fields.entity import CustomFields
from core.http.contract import Contract
from core.http.structs import Draft, Patch, View
from core.testing import routes
from core.testing.subject import Subject

_NAME = "custom_fields"


def problems(subject: Subject) -> list[str]:
    """What is missing of the four places where such fields appear, and lists with fields that nobody declares."""
    contracts = [*routes.contracts(subject)]
    asked = [each.listing.listing.custom_fields for each in contracts if each.listing]
    found = [line for own in subject.plugin.custom_fields for line in _missing(own, asked, contracts)]
    declared = list(subject.plugin.custom_fields)
    strange = {each.entity for each in asked if isinstance(each, CustomFields) and each not in declared}
    found += [f"a list filters by custom fields of {each!r}; add them to `Plugin.custom_fields`" for each in strange]
    return [f"{subject.name}: {sentence}" for sentence in found]


def _missing(own: CustomFields, asked: list[Any], contracts: list[Contract]) -> Iterator[str]:
    if own not in asked:
        yield f"no list filters by the custom fields of {own.entity!r}; give its Listing `custom_fields=FIELDS`"
    bodies = [each.body for each in contracts]
    for base, kind in ((Draft, "CustomChanges | UnsetType = UNSET"), (Patch, "CustomChanges | UnsetType = UNSET")):
        if not any(_has(body, base) for body in bodies):
            yield f"no {base.__name__} takes the custom fields of {own.entity!r}; add `{_NAME}: {kind}` to it"
    if not any(_has(each.result, View) for each in contracts):
        yield f"no View shows the custom fields of {own.entity!r}; add `{_NAME}: CustomValues` to it"


def _has(kind: Any, base: type[msgspec.Struct]) -> bool:
    """Whether a Struct of a sort, or a page of such, has the field."""
    structs = [each for each in (kind, *get_args(kind)) if isinstance(each, type)]
    return any(issubclass(each, base) and _NAME in each.__struct_fields__ for each in structs)
