"""Telling people from programs: whoever the form names is asked, by the protocol that most of them speak."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from urllib.parse import urlencode

import msgspec
import structlog

from core.sdk import FORM, installed, outbound

from ..hookspecs import CaptchaAnswer

log = structlog.get_logger()
OTHER = "other"
VERIFY = {
    "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    "hcaptcha": "https://api.hcaptcha.com/siteverify",
}
OWN = (*VERIFY, OTHER)
HOSTS = ("challenges.cloudflare.com", "api.hcaptcha.com")
Verdict = Literal["person", "program", "unknown"]


class Verified(msgspec.Struct):
    """What a provider answers; of the rest nothing is needed."""

    success: bool


def providers() -> list[str]:
    """Those that somebody answers for."""
    named: list[Collection[str]] = installed().hook.capture_captcha_providers()
    return sorted({each for names in named for each in names})


def judge(asked: CaptchaAnswer) -> Verdict:
    """What whoever verifies says; `unknown` where nobody does, which keeps nobody's enquiry from being kept."""
    found: bool | None = installed().hook.capture_captcha(asked=asked)
    if found is None:
        log.warning("capture.captcha_unanswered", provider=asked.provider)
        return "unknown"
    return "person" if found else "program"


def verified(asked: CaptchaAnswer) -> bool | None:
    """What Turnstile, hCaptcha or what speaks their protocol says; None for others, and where it does not say."""
    url = asked.verify_url if asked.provider == OTHER else VERIFY.get(asked.provider)
    if url is None:
        return None
    client = outbound.SafeClient
    chosen = client.for_addresses_of_users("capture") if asked.provider == OTHER else client.of_plugin("capture")
    said = urlencode({"secret": asked.secret, "response": asked.answer, "remoteip": asked.address}).encode()
    try:
        reply = chosen.send("POST", url, headers={"content-type": FORM}, body=said, seconds=5)
    except outbound.NoReply as failure:
        log.warning("capture.captcha_unreachable", provider=asked.provider, cause=type(failure).__name__)
        return None
    try:
        return msgspec.json.decode(reply.body, type=Verified).success
    except msgspec.DecodeError:
        log.warning("capture.captcha_unintelligible", provider=asked.provider, status=reply.status)
        return None
