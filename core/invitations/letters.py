"""What the mail with an invitation says."""

from __future__ import annotations

from core.invitations.models import Invitation
from core.mail.api import Message


def invitation(invited: Invitation, *, agency: str, inviter: str | None, roles: list[str], address: str) -> Message:
    """The letter with the link: who invites whom where, and as what."""
    name = " ".join(agency.split())
    invites = f"{inviter} of {name} invites you" if inviter else f"{name} invites you"
    place = f", as {', '.join(roles)}" if roles else ""
    return Message(
        to=invited.email,
        subject=f"{name} invites you to Tripfile",
        text=(
            f"{invites} to work with them in Tripfile{place}.\n\n"
            f"Open this link within a week to join; it is good once:\n\n{address}\n\n"
            "If you have an account with this address already, you join with that one.\n"
            "If you do not know them, there is nothing you need to do.\n"
        ),
    )
