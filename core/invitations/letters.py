"""What the mail with an invitation says."""

from __future__ import annotations

import re
import unicodedata

from core.invitations.models import Invitation
from core.mail.api import Message

_LONGEST = 60
"""Letters of a name: more is no name but a text."""
# What a mail program makes a link of: a scheme, and a host of names or of numbers.
_ADDRESS = re.compile(r"://|\bwww\b|\w[.\u3002][^\W\d_]{2}|\d+\.\d+\.\d+\.\d+", re.IGNORECASE)


def invitation(invited: Invitation, *, agency: str, inviter: str | None, roles: list[str], address: str) -> Message:
    """The letter with the link: who invites whom where, and as what."""
    # Strangers write to strangers here: a letter of ours says who they are, and carries no text of theirs.
    place, person = _name(agency), _name(inviter or "")
    who = " of ".join(name for name in (person, place) if name)
    named = [name for name in map(_name, roles) if name]
    as_what = f", as {', '.join(named)}" if named else ""
    return Message(
        to=invited.email,
        subject=f"{place} invites you to Tripfile" if place else "You are invited to Tripfile",
        text=(
            f"{who or 'Somebody'} invites you to work with them in Tripfile{as_what}.\n\n"
            f"Open this link within a week to join; it is good once:\n\n{address}\n\n"
            "If you have an account with this address already, you join with that one.\n"
            "If you do not know them, there is nothing you need to do.\n"
        ),
    )


def _name(text: str) -> str:
    """A name as a letter may carry it: on one line, cut where it is long; nothing where it looks like an address."""
    plain = " ".join(text.split())
    # As it is seen: wide letters are letters, and what takes no room is not there.
    seen = "".join(each for each in unicodedata.normalize("NFKC", plain) if unicodedata.category(each) != "Cf")
    if _ADDRESS.search(seen):
        return ""
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1].rstrip()}…"
