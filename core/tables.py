"""The tables of the core that belong to no module of it; importing this completes the metadata."""

from __future__ import annotations

from core.events.models import EventEntry
from core.http.models import KeptAnswer
from core.references import NumberSeries
from core.search import SearchToken

TABLES = (EventEntry, KeptAnswer, NumberSeries, SearchToken)
