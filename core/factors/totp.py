"""Authenticator apps (RFC 6238): six digits that change every half minute, each good once."""

from __future__ import annotations

import io
from uuid import UUID

import pyotp
import segno
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.crypto import equal
from core.factors.models import Totp
from core.sealing import opened, sealed
from core.streams import PLATFORM

ISSUER = "Tripfile"
STEP = 30
"""Seconds a code is shown."""
WINDOW = 1
"""How many codes before and after the present one count: clocks differ, and people type slowly."""
_BASE32_LENGTH = 32  # 160 bits, as RFC 4226 recommends.


def new_seed() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32(_BASE32_LENGTH)


def sealed_seed(seed: str, *, totp_id: UUID) -> str:
    """A seed as it is stored."""
    return sealed(seed, column="core_totp.seed", row_id=totp_id, agency_id=PLATFORM)


def opened_seed(text: str, *, totp_id: UUID) -> str:
    """A seed that was stored. Raises Unreadable."""
    return opened(text, column="core_totp.seed", row_id=totp_id, agency_id=PLATFORM)


def uri(seed: str, *, email: str) -> str:
    """What an authenticator app reads."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(text: str) -> str:
    """A text as a QR code in SVG."""
    drawn = io.BytesIO()
    segno.make(text, micro=False).save(drawn, kind="svg", scale=4, xmldecl=False)
    return drawn.getvalue().decode().strip()


def step_of(seed: str, code: str) -> int | None:
    """The half minute a code is of, among those that count now; None for every other code."""
    app, now = pyotp.TOTP(seed), int(clock.now().timestamp()) // STEP
    # All of them are compared, so that the time taken tells nothing.
    steps = [step for step in range(now - WINDOW, now + WINDOW + 1) if _shows(app, step, code)]
    return steps[-1] if steps else None


def use(session: Session, user_id: UUID, code: str) -> bool:
    """Whether a code is right and was not used before, nor one after it; from now on it was."""
    row = session.execute(select(Totp.id, Totp.seed).where(Totp.user_id == user_id)).one_or_none()
    step = step_of(opened_seed(row.seed, totp_id=row.id), code) if row is not None else None
    if row is None or step is None:
        return False
    # In one statement: of two who bring the same code at once, one changes the row.
    taken = update(Totp).where(Totp.id == row.id, Totp.last_step < step)
    used = taken.values(last_step=step, last_used_at=clock.now()).returning(Totp.id)
    return session.execute(used).one_or_none() is not None


def _shows(app: pyotp.TOTP, step: int, code: str) -> bool:
    return equal(app.generate_otp(step).encode(), code.encode())
