"""What the mail with an invitation says."""

from __future__ import annotations

from core.invitations.models import Invitation
from core.mail.api import Message


def invitation(invited: Invitation, *, agency: str, address: str) -> Message:
    """The letter with the link."""
    name = " ".join(agency.split())
    return Message(
        to=invited.email,
        subject=f"{name} invites you to Tripfile",
        text=(
            f"{name} would like you to work with them in Tripfile.\n\n"
            f"Open this link within a week to join; it is good once:\n\n{address}\n\n"
            "If you have an account with this address already, you join with that one.\n"
            "If you do not know this agency, there is nothing you need to do.\n"
        ),
    )
