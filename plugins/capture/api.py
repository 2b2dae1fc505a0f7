"""The door for plugins that take in enquiries in other ways, such as letters and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from core.sdk import clock, current_actor, settings_of

from .events import EnquiryCaptured, FormSubmitted, SubmissionSetAside
from .hookspecs import CaptchaAnswer
from .schemas.sources import CaptureDefaults
from .schemas.submissions import ConsentSaid, Payload
from .service import intake, reading
from .settings import CaptureSettings

__all__ = [
    "CaptchaAnswer",
    "CaptureDefaults",
    "Captured",
    "ConsentSaid",
    "EnquiryCaptured",
    "FormSubmitted",
    "Payload",
    "Source",
    "SubmissionSetAside",
    "capture",
]

Source = intake.Source


class Captured(NamedTuple):
    """What became of it."""

    id: UUID
    state: str
    """`accepted`, `faulty` or `spam`."""
    lead_id: UUID | None
    contact_id: UUID | None


def capture(
    values: Mapping[str, Any],
    source: Source,
    *,
    once: str = "",
    body: str = "",
    consents: Sequence[ConsentSaid] = (),
) -> Captured:
    """Keep an enquiry as it came and make a lead of it, in the running unit of work, as forms and hooks do.

    `values` are fields of `GET /api/v1/capture/fields`, `source.channel` the name of the plugin that calls. `once`
    tells repeats, a letter's Message-ID say; without it the same within some minutes is taken for the same. `body` is
    kept with it as it came, sealed; `consents` are what they agreed to. What no lead can be made of is kept as
    `faulty`. Files go to the lead it became. Raises Forbidden for callers who could not add leads themselves.
    """
    current_actor().require("leads.write")
    payload = Payload(values=dict(values), consents=[*consents], body=body)
    window = timedelta(minutes=settings_of(CaptureSettings).repeat_minutes)
    kept = intake.take_in(
        source,
        payload,
        lambda: reading.Filled(payload.values),
        fingerprint=intake.fingerprint(source, once or [payload.values, payload.body]),
        since=None if once else clock.now() - window,
        named=payload.values,
    )
    return Captured(kept.id, kept.state, kept.lead_id, kept.contact_id)
