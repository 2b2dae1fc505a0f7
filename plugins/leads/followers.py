"""What of the log has leads scored anew."""

from __future__ import annotations

from collections.abc import Sequence

from core.sdk import Follower, Recorded

from .events import (
    CallLogged,
    LeadChanged,
    LeadCreated,
    LeadDeleted,
    LeadMoved,
    LeadRestored,
    LeadsMerged,
    MergeUndone,
    NoteWritten,
)
from .events.calls import CallChanged, CallDeleted
from .service import scoring

_OF_CONTACTS = frozenset({"contacts.contact_changed"})
_OF_LEADS = frozenset(
    event.name for event in (LeadCreated, LeadChanged, LeadMoved, CallLogged, CallChanged, CallDeleted, NoteWritten)
)
# Of these it may matter to the client's other leads, whether they have travelled before.
_OF_CLIENTS = frozenset(event.name for event in (LeadDeleted, LeadRestored, LeadsMerged, MergeUndone))


def score(events: Sequence[Recorded], _build: int) -> None:
    """Reckon the leads that a batch of events is about, all at once."""
    leads = {each.subject_id for each in events if each.name not in _OF_CONTACTS}
    known = [each.subject_id for each in events if _tells_of_client(each)]
    contacts = [each.subject_id for each in events if each.name in _OF_CONTACTS]
    scoring.reckon(sorted({*leads, *scoring.of_clients(known, contacts)}))


def _tells_of_client(event: Recorded) -> bool:
    if event.name == LeadMoved.name:
        return "won" in (event.payload["from_status"], event.payload["to_status"])
    if event.name == LeadChanged.name:
        return "contact_id" in event.payload["fields"]
    return event.name in _OF_CLIENTS


SCORES = Follower(
    name="leads.scores",
    summary="Scores the leads that something happened to.",
    apply=score,
    events=_OF_LEADS | _OF_CLIENTS | _OF_CONTACTS,
    eager=False,
)
