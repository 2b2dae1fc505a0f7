"""The tables of the core that belong to no module of it; importing this completes the metadata."""

from __future__ import annotations

from core.events.models import EventEntry, EventOrigin, EventSeal, FollowerEntry
from core.http.models import KeptAnswer
from core.jobs.models import JobEntry, ScheduleEntry
from core.keyring.models import RingKey
from core.references import NumberSeries
from core.revocations.models import Revocation
from core.search import SearchToken
from core.streams import StreamHead

TABLES = (
    EventEntry,
    EventOrigin,
    EventSeal,
    FollowerEntry,
    JobEntry,
    KeptAnswer,
    NumberSeries,
    Revocation,
    RingKey,
    ScheduleEntry,
    SearchToken,
    StreamHead,
)
