"""Sessions that were opened through a provider, and end with the trust in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from core.actor import CONFINING
from core.auth import api as auth
from core.auth.models import AuthSession
from core.db.session import apart
from core.db.tenancy import current_agency_id


def end(user_ids: Sequence[UUID]) -> None:
    """End what these members have open in the acting agency through a provider."""
    with apart() as session:
        theirs = select(AuthSession).where(
            AuthSession.agency_id == current_agency_id(),
            AuthSession.user_id.in_(user_ids),
            AuthSession.methods.contains([CONFINING]),
            AuthSession.revoked_at.is_(None),
        )
        for row in session.scalars(theirs):
            auth.end(session, row, reason="provider_distrusted")
