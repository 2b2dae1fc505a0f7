"""What strangers are answered: forms they fill in, and hooks they send to."""

from __future__ import annotations

from flask import Response, request

from core.sdk import FORM, JSON, Blueprint, Sent

from ..schemas.forms import FormPost, FormThanks, FormToken, PublicForm
from ..schemas.hooks import HookReceived
from ..service import posting, receiving
from . import pages

blueprint = Blueprint("capture_public", description="Forms as websites draw and send them, and hooks for senders.")
KIB = 1024


@blueprint.get("/forms/<key>", public=True, cross_origin=True)
@blueprint.response(200, PublicForm)
def draw(key: str) -> Response:
    """Show what a website needs to draw a form; it stays as it is for some minutes."""
    return pages.kept_briefly(posting.show(key, origin=_origin()))


@blueprint.get("/forms/<key>/token", public=True, cross_origin=True, uncached=True, limit="60/minute")
@blueprint.response(200, FormToken)
def begin(key: str) -> FormToken:
    """Tell that somebody begins to fill in a form."""
    return posting.begin(key, origin=_origin())


@blueprint.post(
    "/forms/<key>",
    public=True,
    cross_origin=True,
    uncached=True,
    limit="10/minute;60/hour",
    body_limit=64 * KIB,
    problems=(403,),
)
@blueprint.sent(JSON, FORM, shape=FormPost)
@blueprint.response(201, FormThanks)
def send(sent: Sent, key: str) -> FormThanks | Response:
    """Send what somebody filled in; a page without a script is led on."""
    once = request.headers.get("Idempotency-Key", "")
    arrival = posting.Arrival(_origin(), request.remote_addr or "", request.host_url.rstrip("/"), once)
    if sent.is_form:
        return pages.answer(key, sent, arrival)
    return posting.post(key, sent, arrival)


@blueprint.post("/hooks/<key>", public=True, uncached=True, limit="300/minute", body_limit=256 * KIB, problems=(401,))
@blueprint.sent(JSON, FORM)
@blueprint.response(202, HookReceived)
def receive(sent: Sent, key: str) -> HookReceived:
    """Take in what a sender sends, once it is known to be from it; it is kept whatever it says."""
    return receiving.receive(key, sent, dict(request.headers))


def _origin() -> str:
    return request.headers.get("Origin", "")
