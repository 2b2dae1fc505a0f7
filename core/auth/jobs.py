"""What looks after sign-in in the background."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from core import clock
from core.auth.guessing import throttle
from core.auth.letters import outbox
from core.auth.models import AuthSession, OneTimeToken
from core.auth.sessions import devices
from core.db.session import apart
from core.jobs.job import job
from core.revocations.models import Revocation

KEEP_SESSIONS = timedelta(days=30)
"""How long a session that is over can still be looked into."""
KEEP_GUESSES = timedelta(days=30)
"""How long somebody may be quiet before a hundred failures in a row are no longer in a row."""
KEEP = timedelta(hours=1)
"""Much longer than any process goes without looking; one that did notices the gap and checks everything anew."""


@job(platform=True, schedule="17 * * * *")
def forget_revocations() -> None:
    """Remove the revocations that every process has read long ago."""
    with apart() as session:
        session.execute(delete(Revocation).where(Revocation.created_at < clock.now() - KEEP))


@job(platform=True, schedule="27 3 * * *")
def forget_sessions() -> None:
    """Remove sessions that were over a month ago."""
    long_ago = clock.now() - KEEP_SESSIONS
    with apart() as session:
        session.execute(delete(AuthSession).where(AuthSession.expires_at < long_ago))
        session.execute(delete(AuthSession).where(AuthSession.revoked_at < long_ago))


@job(platform=True, schedule="37 * * * *")
def forget_unused() -> None:
    """Remove links and challenges that nobody used in time: strangers can have as many made as limits let them."""
    with apart() as session:
        session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < clock.now()))


@job(platform=True, schedule="47 * * * *")
def forget_guesses() -> None:
    """Remove counted failures nobody added to for a month, devices nobody uses, and letters whose links are dead."""
    with apart() as session:
        throttle.forget_quiet(session, since=KEEP_GUESSES)
        devices.forget_unused(session)
        outbox.drop_old(session)
