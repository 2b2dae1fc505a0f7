"""What webhooks say at points of the core."""

from __future__ import annotations

from core.sdk import hookimpl, privacy

from .service import erasure


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """Nothing of their own: messages tell what the log tells, by ids."""
    return []


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Forget what receivers answered to messages about a person, and messages that name them."""
    return erasure.erase(subject)
