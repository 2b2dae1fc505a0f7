"""What others send to a hook: verified before it is read, kept, and made a lead of."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import timedelta

from core.sdk import FORM, JSON, Sent, clock, limits, outbound, settings_of

from ..errors import NotFromTheSender
from ..repository import hooks
from ..schemas.hooks import HookReceived, HookView
from ..schemas.submissions import Payload
from ..settings import CaptureSettings
from . import hooks as own
from . import intake, keys, mapping
from .reading import Filled

USER = "hook"


def receive(key: str, sent: Sent, headers: Mapping[str, str]) -> HookReceived:
    """Take in what a sender sent. Raises NotFound, NotFromTheSender, TooManyRequests, Invalid for what is no JSON.

    It is kept whatever it says: a sender that is refused would send it again, and that would not help.
    """
    with keys.opened(key, hooks.of_key) as hook:
        named = {name.lower(): value for name, value in headers.items()}
        if not _is_from_sender(hook, sent, named):
            raise NotFromTheSender
        limits.take("capture.hook", str(hook.id), settings_of(CaptureSettings).hook_rate)
        # Nothing of what is no text is kept.
        read = sent.values()
        source = own.source_of(hook)
        payload = Payload(body=sent.data.decode(), form=sent.is_form)
        once = _once(hook, named)
        window = timedelta(minutes=settings_of(CaptureSettings).repeat_minutes)
        kept = intake.take_in(
            source,
            payload,
            lambda: filled_by(hook, payload),
            fingerprint=intake.fingerprint(source, once or payload.body),
            since=None if once else clock.now() - window,
            named=mapping.named_by(hook.mapping, read),
        )
        return HookReceived(kept.id, kept.state)  # type: ignore[arg-type] # one of its states


def filled_by(hook: HookView, payload: Payload) -> Filled:
    """What each field is filled with, as the hook reads it now. Raises Invalid for what cannot be read at all."""
    media_type = FORM if payload.form else JSON
    return mapping.fill(hook.mapping, Sent(media_type, payload.body.encode()).values())


def _once(hook: HookView, headers: Mapping[str, str]) -> str:
    """What the sender tells repeats by."""
    name = hook.id_header or ("webhook-id" if hook.auth == "signature" else "")
    return headers.get(name.lower(), "")


def _is_from_sender(hook: HookView, sent: Sent, headers: Mapping[str, str]) -> bool:
    secrets = own.secrets_of(hook.id)
    if hook.auth == "signature":
        return outbound.is_signed(headers, sent.data, keys=secrets, at=clock.now())
    told = _password(headers) if hook.auth == "basic" else headers.get(hook.header.lower(), "")
    offered = told.removeprefix("Bearer ").encode()
    # All of them, so that the time it takes tells nothing.
    same = [hmac.compare_digest(each.encode(), offered) for each in secrets]
    return any(same)


def _password(headers: Mapping[str, str]) -> str:
    """The password of `Authorization: Basic`; empty where it is none of ours."""
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return ""
    return password if kind.lower() == "basic" and user == USER else ""
