"""What shows when somebody began to fill in a form: sealed for that form, and good once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from core.sdk import Fault, Invalid, Unreadable, clock, sealing, settings_of

from ..schemas.forms import ConsentAsked, FormToken, FormView
from ..settings import CaptureSettings

_PLACE = "capture_form.token"


class Began(NamedTuple):
    """What a token says."""

    nonce: str
    seconds: float
    """How long ago it was handed out."""
    words: str
    """What was asked for then, as `words_of` says it."""


def lasts() -> timedelta:
    """How long a token is good."""
    return timedelta(hours=settings_of(CaptureSettings).token_hours)


def hand_out(form: FormView) -> FormToken:
    """A token for whoever begins now."""
    now = clock.now()
    text = f"{int(now.timestamp() * 1000)} {secrets.token_urlsafe(12)} {words_of(form.consents)}"
    return FormToken(sealing.sealed(text, column=_PLACE, row_id=form.id), form.min_seconds, now + lasts())


def words_of(consents: Sequence[ConsentAsked]) -> str:
    """What tells whether a form asks for the same in the same words."""
    asked = [(each.purpose, each.version, each.text, each.channels) for each in consents]
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]


def read(form_id: UUID, token: str) -> Began:
    """What a token says. Raises Invalid where it is none of this form's, or too old."""
    try:
        millis, nonce, words = sealing.opened(token, column=_PLACE, row_id=form_id).split(" ")
    except (Unreadable, ValueError):
        raise Invalid(errors=[Fault("/token", "token", "This is no token of this form")]) from None
    began = clock.now() - datetime.fromtimestamp(int(millis) / 1000, UTC)
    if began > lasts():
        raise Invalid(errors=[Fault("/token", "expired", "The page was open for too long; open it again")])
    return Began(nonce, began.total_seconds(), words)
