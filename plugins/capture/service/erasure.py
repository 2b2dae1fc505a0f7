"""What came in says about people: handed out, taken out on request, and after an agency's time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from core.sdk import privacy, settings_of
from plugins.contacts import api as contacts

from ..models import Sender, Submission
from ..repository import Held, submissions
from ..settings import CaptureSettings
from .payloads import opened

KEPT = ("accepted", "faulty")
SPAM = ("spam",)


def held(subject: privacy.Subject) -> list[privacy.Holding]:
    """What somebody sent, and what named their address or number and became nobody's."""
    found, about = [], _about(subject)
    for each in about:
        told = privacy.held(each)
        payload = msgspec.to_builtins(opened(each)) if each.payload is not None else None
        said = {**told.values, "payload": payload}
        # By what somebody else wrote into a form nobody is known: that may be anybody's.
        found.append(_nobodys(msgspec.structs.replace(told, values=said)))
    return [*found, *(_nobodys(privacy.held(each)) for each in submissions.senders([row.id for row in about]))]


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave of that only when something came, and by what."""
    about = _about(subject)
    for each in about:
        privacy.wipe(each)
    senders = submissions.forget_senders([each.id for each in about])
    return [
        privacy.Outcome(table=Submission.__tablename__, rows=len(about)),
        privacy.Outcome(table=Sender.__tablename__, rows=senders),
    ]


def _nobodys(told: privacy.Holding) -> privacy.Holding:
    return msgspec.structs.replace(told, emails=frozenset(), phones=frozenset())


def _about(subject: privacy.Subject) -> Sequence[Submission]:
    if subject.kind != privacy.CONTACT:
        return []
    return submissions.about(subject.rows | {subject.id}, subject.emails | subject.phones)


def days() -> int:
    """After how many days what came in goes, where an agency has chosen nothing."""
    return settings_of(CaptureSettings).keep_days


def spam_days() -> int:
    """The same of what looked like spam."""
    return settings_of(CaptureSettings).keep_spam_days


def _on_hold() -> Held:
    held = contacts.on_hold()
    return Held(held, contacts.reached_by(held))


def prune(before: datetime, most: int) -> int:
    """Remove what came in before an instant, what people on hold sent left out; how many."""
    return submissions.sweep(before, KEPT, but=_on_hold(), most=most)


def count(before: datetime) -> int:
    """How many it would be."""
    return submissions.count_old(before, KEPT, but=_on_hold())


def prune_spam(before: datetime, most: int) -> int:
    """The same of what looked like spam."""
    return submissions.sweep(before, SPAM, but=_on_hold(), most=most)


def count_spam(before: datetime) -> int:
    """How many it would be."""
    return submissions.count_old(before, SPAM, but=_on_hold())
