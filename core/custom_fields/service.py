"""What can be done with the fields an agency added."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from msgspec import UNSET

from core.custom_fields import definitions, json_schema, kinds
from core.custom_fields.entity import CustomFields
from core.custom_fields.errors import FieldHasValues, KeyTaken, TooManyFields
from core.custom_fields.events import (
    CustomFieldAdded,
    CustomFieldArchived,
    CustomFieldChanged,
    CustomFieldMoved,
    CustomFieldRestored,
)
from core.custom_fields.kinds import Definition
from core.custom_fields.models import CustomField
from core.custom_fields.repository import fields
from core.custom_fields.schemas import (
    MAX_FIELDS,
    CustomFieldDraft,
    CustomFieldList,
    CustomFieldOrder,
    CustomFieldPatch,
    CustomFieldSchema,
    CustomFieldView,
    SchemaOf,
)
from core.db import locks
from core.db.query import ListQuery, Page
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, PreconditionFailed, gather
from core.events.log import publish
from core.extensions import db
from core.plugins import agencies
from core.plugins.manager import installed

MOST_EVER = 200
"""Fields an entity can have, archived ones among them."""
# What a definition and a field call alike.
_SHARED = Definition.__struct_fields__


def rows(query: ListQuery) -> Page[CustomFieldView]:
    """A page of fields."""
    return fields.rows(query)


def view(field_id: UUID) -> CustomFieldView:
    """A field. Raises NotFound."""
    return fields.shown(field_id)


def schema(asked: SchemaOf) -> CustomFieldSchema:
    """The schema of the object `custom_fields`. Raises Invalid where what is named has none."""
    if asked.entity is not UNSET:
        return json_schema.of(declared(asked.entity, pointer="?entity").entity)
    return json_schema.of_all(sorted(_declared()))


def declared(entity: str, *, pointer: str) -> CustomFields:
    """The declaration of what can have fields here. Raises Invalid where there is none."""
    found = _declared().get(entity)
    if found is None:
        raise Invalid(errors=[Fault(pointer, "unknown", f"{entity} has no fields of an agency's own")])
    return found


def _declared() -> dict[str, CustomFields]:
    on = (plugin for name, plugin in installed().plugins.items() if agencies.enabled(name, current_agency_id()))
    return {each.entity: each for plugin in on for each in plugin.custom_fields}


def create(draft: CustomFieldDraft) -> CustomFieldView:
    """Add a field, as the last one. Raises Invalid, KeyTaken, TooManyFields."""
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    field = CustomField(**given, archived=False)
    gather(partial(declared, draft.entity, pointer="/entity"), partial(_check, field))
    _alone(draft.entity)
    if fields.has_key(draft.entity, draft.key):
        raise KeyTaken
    _refuse_full(draft.entity)
    if fields.count(draft.entity) >= MOST_EVER:
        raise TooManyFields(f"There have been {MOST_EVER}, and archived ones keep their values: change one of them")
    field.position = _next_position(draft.entity)
    fields.add(field)
    publish(CustomFieldAdded(field_id=field.id, entity=field.entity), of=field)
    return fields.written(field.id)


def change(field_id: UUID, patch: CustomFieldPatch, *, version: int | None) -> CustomFieldView:
    """Change a field. Raises NotFound, PreconditionFailed, Invalid, FieldHasValues."""
    field = fields.get(field_id, version=version)
    changes = {name: value for name, value in patch.changes().items() if value != getattr(field, name)}
    if not changes:
        return fields.shown(field.id)
    _alone(field.entity)
    # Whoever writes a value at the same time holds the row; here it is waited for.
    db.session.refresh(field, with_for_update=True)
    if version is not None and field.version != version:
        raise PreconditionFailed
    if {"kind", "decimals"} & changes.keys() and fields.has_values(field.id):
        raise FieldHasValues
    kept = {each.code for each in field.choices}
    for name, value in changes.items():
        setattr(field, name, value)
    gone = kept - {each.code for each in field.choices}
    gather(partial(_check, field), partial(_refuse_chosen, field, sorted(gone)))
    fields.save()
    publish(CustomFieldChanged(field_id=field.id, entity=field.entity, fields=sorted(changes)), of=field)
    return fields.written(field.id)


def archive(field_id: UUID, *, version: int | None) -> CustomFieldView:
    """Take a field out of use; its values are kept. Raises NotFound, PreconditionFailed."""
    field = fields.get(field_id, version=version)
    if not field.archived:
        _alone(field.entity)
        field.archived = True
        fields.save()
        publish(CustomFieldArchived(field_id=field.id, entity=field.entity), of=field)
    return fields.written(field.id)


def restore(field_id: UUID, *, version: int | None) -> CustomFieldView:
    """Take a field into use again, as the last one. Raises NotFound, PreconditionFailed, TooManyFields."""
    field = fields.get(field_id, version=version)
    if field.archived:
        _alone(field.entity)
        _refuse_full(field.entity)
        field.archived, field.position = False, _next_position(field.entity)
        fields.save()
        publish(CustomFieldRestored(field_id=field.id, entity=field.entity), of=field)
    return fields.written(field.id)


def reorder(order: CustomFieldOrder) -> CustomFieldList:
    """Put the fields of an entity into another order. Raises Invalid."""
    declared(order.entity, pointer="/entity")
    _alone(order.entity)
    known = {each.key: each for each in fields.in_use(order.entity)}
    seen = [key for key, each in known.items() if definitions.is_seen(_definition(each))]
    if sorted(order.keys) != sorted(seen):
        raise Invalid(errors=[Fault("/keys", "value", "Name every field in use, each once")])
    # Those the caller does not see stay behind.
    keys = [*order.keys, *(key for key in known if key not in order.keys)]
    moved = [(position, known[key]) for position, key in enumerate(keys) if known[key].position != position]
    for position, field in moved:
        field.position = position
    fields.save()
    for position, field in moved:
        fact = CustomFieldMoved(field_id=field.id, entity=field.entity, position=position)
        publish(fact, of=field)
    return CustomFieldList([fields.written(known[key].id) for key in order.keys])


def _alone(entity: str) -> None:
    """Wait for whoever else changes the fields of an entity; what is remembered of them is read again afterwards."""
    locks.exclusive(f"custom_fields:{current_agency_id()}:{entity}")
    definitions.change(entity)


def _refuse_full(entity: str) -> None:
    if len(fields.in_use(entity)) >= MAX_FIELDS:
        raise TooManyFields(f"There can be {MAX_FIELDS}")


def _next_position(entity: str) -> int:
    return max((each.position for each in fields.in_use(entity)), default=-1) + 1


def _definition(field: CustomField) -> Definition:
    return Definition(**{name: getattr(field, name) for name in _SHARED})


def _check(field: CustomField) -> None:
    """Raise Invalid with everything that does not go together."""
    faults = []
    codes = [each.code for each in field.choices]
    if field.kind in kinds.CHOOSING and not codes:
        faults.append(Fault("/choices", "required", "Say what there is to choose from"))
    if field.kind not in kinds.CHOOSING and codes:
        faults.append(Fault("/choices", "value", f"There is nothing to choose in a {field.kind}"))
    if len(set(codes)) < len(codes):
        faults.append(Fault("/choices", "duplicate", "Each choice has a code of its own"))
    if field.kind != "number" and field.decimals:
        faults.append(Fault("/decimals", "value", "Only numbers have decimals"))
    if not faults and field.default is not None:
        faults += _faults_of_default(field)
    if faults:
        raise Invalid(errors=faults)


def _faults_of_default(field: CustomField) -> list[Fault]:
    # Not yet in the database, it has no id.
    values: dict[str, Any] = {name: getattr(field, name) for name in _SHARED}
    try:
        kinds.read(Definition(**values), values["default"], pointer="/default")
    except Invalid as invalid:
        return [*invalid.errors]
    return []


def _refuse_chosen(field: CustomField, codes: list[str]) -> None:
    chosen = fields.chosen(field.id, codes) if codes else set()
    if chosen:
        message = f"{', '.join(sorted(chosen))} is in use; set it to retired instead"
        raise Invalid(errors=[Fault("/choices", "in_use", message)])
