"""Columns that tell where a contact lives, in the statement that reads the contact."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from core.sdk import StructJSON

from ..models import Contact, Member, PostalAddress
from ..schemas.addresses import AddressEntry


def _entry(of: Any) -> Any:
    said = {name: getattr(of, name) for name in AddressEntry.__struct_fields__}
    said["lines"] = func.string_to_array(of.lines, "\n")
    return func.jsonb_build_object(*(part for pair in said.items() for part in pair))


_entries = func.jsonb_agg(aggregate_order_by(_entry(PostalAddress), PostalAddress.position))
_every = select(func.coalesce(_entries, func.jsonb_build_array())).where(PostalAddress.contact_id == Contact.id)
ADDRESSES = type_coerce(_every.correlate(Contact).scalar_subquery(), StructJSON(list[AddressEntry]))
"""All of them, as `addresses` of a contact's view."""

_mine, _theirs = aliased(PostalAddress), aliased(PostalAddress)
_own = select(_entry(_mine)).where(_mine.contact_id == Contact.id).order_by(_mine.position).limit(1)
_shared = (
    select(_entry(_theirs))
    .join(Member, Member.group_id == _theirs.contact_id)
    .where(Member.contact_id == Contact.id, Member.group_kind == "household")
    .order_by(_theirs.position)
    .limit(1)
)
_first = func.coalesce(_own.correlate(Contact).scalar_subquery(), _shared.correlate(Contact).scalar_subquery())
POSTAL = type_coerce(_first, StructJSON(AddressEntry))
"""Where letters go, as `postal_address` of a contact's view."""
