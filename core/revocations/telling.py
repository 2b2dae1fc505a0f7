"""Telling every process that something no longer counts."""

from __future__ import annotations

from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy.orm import Session

from core import ids, streams
from core.db import closing
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.revocations.feed import CHANNEL, SCOPE, Kind, Revoked
from core.revocations.models import Revocation
from core.revocations.watch import bus_of, watch


def revoke(kind: Kind, subject_id: UUID, *, agency_id: UUID | None = None, session: Session | None = None) -> None:
    """Tell every process, once the unit of work commits, that what it remembers of a subject no longer counts.

    `agency_id` is the acting agency's where nothing is said.
    """
    told = Revoked(kind, agency_id or current_agency_id(), subject_id, ids.new())
    row = Revocation(id=told.id, agency_id=told.agency_id, kind=kind, subject_id=subject_id)
    streams.append(row, scope=SCOPE, platform=True, session=session)
    closing.of(session or db.session()).then(lambda: _tell(told))


def _tell(told: Revoked) -> None:
    watch(current_app).note(told)
    bus = bus_of(current_app)
    if bus is not None:
        bus.publish(CHANNEL, [msgspec.json.encode(told)])
