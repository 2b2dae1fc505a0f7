"""Idempotency-Key: a repeated POST gets the first answer again, byte for byte, and does nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import structlog
from flask import Request, Response, g
from sqlalchemy import ARRAY, Uuid, any_, delete, func, select

from core import clock
from core.actor import Actor
from core.crypto import digest
from core.db import locks
from core.errors import Conflict, Problem
from core.extensions import db
from core.http import decoding
from core.http.contract import Rule
from core.http.models import KeptAnswer

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
BATCH = 100
"""How many old answers one request clears away at most."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")


class KeyRequired(Problem):
    """This route does something that must not happen twice."""

    status = 400
    code = "idempotency_key_required"
    title = "Send an Idempotency-Key"


class KeyInvalid(Problem):
    """The Idempotency-Key is not 1 to 255 visible ASCII characters."""

    status = 400
    code = "idempotency_key_invalid"
    title = "The Idempotency-Key must be 1 to 255 visible ASCII characters"


class KeyReused(Problem):
    """The same Idempotency-Key came before with another request."""

    status = 422
    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"


class RightsChanged(Conflict):
    """The answer was given to somebody who could do or see other things than whoever asks for it again."""

    code = "idempotency_rights_changed"
    title = "What you may do has changed since the first request; it was carried out and is not repeated"


class InFlight(Conflict):
    """The first request with this Idempotency-Key is still being worked on."""

    code = "idempotency_in_flight"
    title = "The first request with this Idempotency-Key is still running"


def once(request: Request, rule: Rule, answer: Callable[[], Response]) -> Response:
    """The kept answer of an earlier request with the same key, else that of the view, kept for a day.

    Runs inside the unit of work: the answer is stored with the change it tells about, or not at all.
    """
    key = _key(request, rule)
    actor: Actor = g.actor
    if key is None or actor.agency_id is None:
        return answer()
    principal, route = _principal(actor), request.endpoint or ""
    fingerprint = digest(b"\0".join([request.full_path.encode(), decoding.body_of(request)]))
    rights = _rights(actor)
    _lock(f"{actor.agency_id}:{principal}:{route}:{key}")
    kept = _kept(principal, route, key)
    if kept is not None:
        return _replay(kept, fingerprint, rights)
    response = answer()
    if response.status_code < 400:
        made = KeptAnswer(principal=principal, route=route, key=key, request_digest=fingerprint, rights_digest=rights)
        _keep(response, made)
    return response


def _principal(actor: Actor) -> str:
    """Whose keys they are. Whoever acts as somebody else has their own, in that session alone."""
    if actor.impersonator_id is not None:
        return str(actor.session_id)
    return str(actor.key_id or actor.user_id or actor.kind)


def _rights(actor: Actor) -> bytes:
    """What the answer was made for: fields and rows that somebody may see no more must not come out of it again."""
    grants = sorted(f"{permission}:{scope}" for permission, scope in actor.grants.items())
    return digest("\0".join([*grants, *sorted(map(str, actor.team_ids))]).encode())


def _key(request: Request, rule: Rule) -> str | None:
    if request.method != "POST" or rule.idempotency == "off" or rule.credentials:
        return None
    key = request.headers.get(HEADER)
    if key is None:
        if rule.idempotency == "required":
            raise KeyRequired
        return None
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    return key


def _lock(name: str) -> None:
    """One request per key at a time; the lock ends with the transaction."""
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(locks.number(name)))):
        raise InFlight(headers={"Retry-After": "1"})


def _kept(principal: str, route: str, key: str) -> KeptAnswer | None:
    mine = select(KeptAnswer).where(KeptAnswer.principal == principal, KeptAnswer.route == route, KeptAnswer.key == key)
    kept: KeptAnswer | None = db.session.scalar(mine)
    if kept is None or kept.created_at > clock.now() - KEPT_FOR:
        return kept
    # Not through the entity: somebody else's clearing may have been faster.
    db.session.execute(delete(KeptAnswer).where(KeptAnswer.id == kept.id))
    db.session.expunge(kept)
    return None


def _replay(kept: KeptAnswer, fingerprint: bytes, rights: bytes) -> Response:
    if kept.request_digest != fingerprint:
        raise KeyReused
    if kept.rights_digest != rights:
        raise RightsChanged
    log.info("idempotency.replayed", route=kept.route)
    response = Response(kept.body, kept.status)
    if not kept.body:
        del response.headers["Content-Type"]
    response.headers.update(kept.headers)
    response.headers[REPLAYED] = "true"
    return response


def _keep(response: Response, kept: KeptAnswer) -> None:
    kept.status = response.status_code
    kept.headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    kept.body = response.get_data()
    db.session.add(kept)
    _clear_away()


def _clear_away() -> None:
    """Every key that is kept removes some that are too old, whoever sent them, so that no sweep is needed."""
    expired = select(KeptAnswer.id).where(KeptAnswer.created_at < clock.now() - KEPT_FOR)
    # Skipped where another request is at it: nobody waits for the rest of that request.
    some = expired.order_by(KeptAnswer.created_at).limit(BATCH).with_for_update(skip_locked=True)
    # As an array: of a subquery the planner may ask anew for each row, and then it is no bounded number.
    ids = func.array(some.scalar_subquery(), type_=ARRAY(Uuid()))
    db.session.execute(delete(KeptAnswer).where(KeptAnswer.id == any_(ids)))
