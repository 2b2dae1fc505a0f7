"""Columns that tell what a contact may be contacted for, in the statement that reads the contact."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, and_, bindparam, case, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.sdk import StructJSON, clock

from ..models import Consent, Contact
from ..schemas.consents import ConsentView

# Evaluated when a statement runs, not when it is built.
NOW: Any = bindparam("as_of", callable_=clock.now, type_=DateTime(timezone=True))
_HOLDS = or_(Consent.expires_at.is_(None), Consent.expires_at > NOW)
IN_FORCE = select(Consent.contact_id).where(_HOLDS)
STATE = case((and_(Consent.state != "withdrawn", Consent.expires_at <= NOW), "expired"), else_=Consent.state)
"""How a consent stands now."""

_fields = {name: STATE if name == "state" else getattr(Consent, name) for name in ConsentView.__struct_fields__}
_entry = func.jsonb_build_object(*(part for name, value in _fields.items() for part in (name, value)))
_entries = func.jsonb_agg(aggregate_order_by(_entry, Consent.purpose, Consent.channel))
_every = select(func.coalesce(_entries, func.jsonb_build_array())).where(Consent.contact_id == Contact.id)
STANDING = type_coerce(_every.correlate(Contact).scalar_subquery(), StructJSON(list[ConsentView]))
"""How things stand for a contact, as `consents` of its view."""

_given = select(Consent.given_for).where(Consent.contact_id == Contact.id, Consent.given_for.is_not(None), _HOLDS)
GIVEN = func.array(_given.order_by(Consent.given_for).correlate(Contact).scalar_subquery(), type_=ARRAY(Text()))
"""What is given and holds, as `consents` of a contact in a list."""
