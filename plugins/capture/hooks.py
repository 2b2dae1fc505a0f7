"""What capture says where others ask."""

from __future__ import annotations

from collections.abc import Collection

from core.sdk import hookimpl, privacy

from .hookspecs import CaptchaAnswer
from .service import captchas, erasure


@hookimpl
def capture_captcha_providers() -> Collection[str]:
    """Those, and `other`."""
    return captchas.OWN


@hookimpl
def capture_captcha(asked: CaptchaAnswer) -> bool | None:
    """Turnstile, hCaptcha, and whatever speaks their protocol."""
    return captchas.verified(asked)


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """What a client sent, as it came in."""
    return erasure.held(subject)


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave of it only when something came, and by what."""
    return erasure.erase(subject)
