"""What people agreed to with what they sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from plugins.contacts import api as contacts

from ..schemas.submissions import ConsentSaid


def record(
    contact_id: UUID, consents: Sequence[ConsentSaid], source: str, *, known: bool, said_at: datetime | None
) -> None:
    """Write down what was agreed to; of a contact there was already, only that somebody said so in their name."""
    said = [
        contacts.ConsentDraft(
            state="pending" if known or each.double_opt_in else "given",
            purpose=each.purpose,
            channel=channel,
            source=source,
            wording=each.version,
            said_at=said_at,
        )
        for each in consents
        if each.given
        for channel in each.channels
    ]
    if said:
        contacts.record_consents(contact_id, said)
