"""Invitations are mailed, and end by themselves."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.invitations import letters, links, repository
from core.invitations.links import Link
from core.invitations.repository import invitations
from core.jobs.job import job
from core.mail import api as mail


@job(queue="mail")
def send(invitation_id: UUID, sent: int) -> None:
    """Mail an invitation with a link that is made here and kept nowhere."""
    found = invitations.find(invitation_id)
    if found is None or found.state != "pending" or found.sent != sent:
        # Accepted, withdrawn or sent once more meanwhile.
        return
    token = links.make(Link(found.agency_id, found.id, found.sent))
    letter = letters.invitation(
        found,
        agency=repository.agency().name,
        inviter=repository.inviter(found),
        roles=repository.role_names(found.roles),
        address=mail.link("invitation", token),
    )
    mail.send(letter)


@job(schedule="23 * * * *")
def expire() -> None:
    """Mark the invitations whose week is over."""
    invitations.expire(clock.now())
