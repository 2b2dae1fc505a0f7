"""What other plugins may say about what comes in."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from core.sdk import hookspec


class CaptchaAnswer(Struct, frozen=True):
    """What a page sent to show that a person filled it in."""

    provider: str
    """Who verifies it, as the form says: `turnstile`."""
    answer: str
    secret: str
    """What shows to the provider that we ask."""
    address: str
    """Where it was sent from."""
    verify_url: str | None
    """Where the form says that it is verified."""


@hookspec
def capture_captcha_providers() -> Collection[str]:  # type: ignore[empty-body] # a signature and a sentence
    """The providers that you answer for in `capture_captcha`, as forms name them: no form has any other."""


@hookspec(firstresult=True)
def capture_captcha(asked: CaptchaAnswer) -> bool | None:
    """Whether a person sent a form; None where the provider is none of yours. Raise where you cannot tell."""
