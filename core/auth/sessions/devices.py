"""Browsers and programs somebody has signed in from: known by a token that is another one after each sign-in."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

import msgspec
from flask import Response, after_this_request, request
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from core import clock
from core.auth.letters import outbox, topics
from core.auth.models import Device
from core.crypto import digest
from core.db.read import SystemQuery
from core.db.session import apart
from core.extensions import settings

HEADER = "Device-Token"
"""Programs without cookies send it, `new` at first, and find the next one in the answer."""
KEEP = timedelta(days=180)
MOST = 20
"""Devices remembered of one person."""
_COOKIE = "tripfile_device"
_LONGEST = 200


class Known(msgspec.Struct, frozen=True):
    """A device somebody has signed in from."""

    id: UUID
    user_id: UUID


_BY_DIGEST = SystemQuery(select(Device.id, Device.user_id).where(Device.digest == bindparam("digest")), Known)


def sent() -> Known | None:
    """The device the running request comes from; None where it says nothing or something unknown."""
    token = request.headers.get(HEADER) or request.cookies.get(_cookie_name()) or ""
    if not 20 <= len(token) <= _LONGEST:
        return None
    return _BY_DIGEST.first(digest=_digest(token))


def greet(user_id: UUID) -> None:
    """Remember the device somebody signs in from, and write to them where it is a new one."""
    token, known = secrets.token_urlsafe(32), sent()
    with apart() as session:
        if known is None or known.user_id != user_id or not _moved_on(session, known.id, token):
            _meet(session, user_id, token)
    after_this_request(lambda response: _hand_over(response, token))


def forget(session: Session, user_id: UUID, *, but: UUID | None = None) -> None:
    """Make strangers of all devices of a person, except one."""
    theirs = delete(Device).where(Device.user_id == user_id)
    session.execute(theirs if but is None else theirs.where(Device.id != but))


def forget_unused(session: Session) -> None:
    """Make strangers of devices nobody has used for long."""
    session.execute(delete(Device).where(Device.used_at < clock.now() - KEEP))


def _moved_on(session: Session, device_id: UUID, token: str) -> bool:
    """Give a device its next token; no, where it was forgotten meanwhile."""
    changed = update(Device).where(Device.id == device_id).values(digest=_digest(token), used_at=clock.now())
    return session.execute(changed.returning(Device.id)).one_or_none() is not None


def _meet(session: Session, user_id: UUID, token: str) -> None:
    others = session.scalar(select(func.count()).where(Device.user_id == user_id)) or 0
    agent = "".join(filter(str.isprintable, request.user_agent.string))[:_LONGEST]
    session.add(Device(user_id=user_id, digest=_digest(token), user_agent=agent))
    if others:
        # Nobody is told of the first one: it is the one they just made the account with.
        details = topics.NewDevice(user_id=user_id, at=clock.now(), ip=request.remote_addr or "", user_agent=agent)
        outbox.write(session, details)
    if others >= MOST:
        kept = select(Device.id).where(Device.user_id == user_id).order_by(Device.used_at.desc()).limit(MOST)
        session.execute(delete(Device).where(Device.user_id == user_id, Device.id.not_in(kept)))


def _hand_over(response: Response, token: str) -> Response:
    if HEADER in request.headers:
        response.headers[HEADER] = token
    else:
        secure = request.is_secure or settings().production
        seconds = int(KEEP.total_seconds())
        response.set_cookie(
            _cookie_name(), token, max_age=seconds, secure=secure, httponly=True, samesite="Lax", path="/"
        )
    return response


def _cookie_name() -> str:
    # Browsers take the prefix over https only.
    return f"__Host-{_COOKIE}" if request.is_secure or settings().production else _COOKIE


def _digest(token: str) -> str:
    return digest(f"auth.device:{token}".encode("utf-8", "surrogatepass")).hex()
