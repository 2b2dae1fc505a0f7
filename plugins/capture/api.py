"""The door for plugins that take in enquiries in other ways, such as letters and messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.sdk import clock, current_actor, settings_of

from .events import EnquiryCaptured, FormSubmitted, SubmissionSetAside
from .hookspecs import CaptchaAnswer
from .schemas.hooks import HookReceived
from .schemas.sources import CaptureDefaults
from .schemas.submissions import ConsentSaid, Payload
from .service import intake
from .settings import CaptureSettings

__all__ = [
    "CaptchaAnswer",
    "CaptureDefaults",
    "ConsentSaid",
    "EnquiryCaptured",
    "FormSubmitted",
    "HookReceived",
    "Payload",
    "Source",
    "SubmissionSetAside",
    "capture",
]

Source = intake.Source


def capture(values: Mapping[str, Any], source: Source, *, once: str = "") -> HookReceived:
    """Keep an enquiry as it came and make a lead of it, in the running unit of work, as forms and hooks do.

    `values` are fields of `GET /api/v1/capture/fields`, `source.channel` the name of the plugin that calls. `once`
    tells repeats, a letter's Message-ID say; without it the same within some minutes is taken for the same. What no
    lead can be made of is kept as `faulty`. Raises Forbidden for callers who could not add leads themselves.
    """
    current_actor().require("leads.write")
    payload = Payload(values=dict(values))
    window = timedelta(minutes=settings_of(CaptureSettings).repeat_minutes)
    kept = intake.take_in(
        source,
        payload,
        lambda: payload.values,
        fingerprint=intake.fingerprint(source, once or payload.values),
        since=None if once else clock.now() - window,
        named=payload.values,
    )
    return HookReceived(kept.id, kept.state)  # type: ignore[arg-type] # one of its states
