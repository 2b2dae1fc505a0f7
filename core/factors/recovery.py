"""Recovery codes: ten secrets on paper for whoever has lost the other factors, each good once."""

from __future__ import annotations

import base64
import secrets
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.crypto import digest
from core.factors.models import RecoveryCode

COUNT = 10
_GROUPS = 4
_GROUP = 5  # Letters; four groups of five are 100 random bits in base32.


def make(session: Session, user_id: UUID) -> list[str]:
    """New codes for a person, in a session of `apart()`; those before are void. They can be told this once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new() for _ in range(COUNT)]
    session.add_all(RecoveryCode(user_id=user_id, digest=_digest(user_id, code)) for code in codes)
    return codes


def use(session: Session, user_id: UUID, code: str) -> bool:
    """Whether a code is one of a person's; it is used up by that."""
    gone = delete(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.digest == _digest(user_id, code))
    return session.execute(gone.returning(RecoveryCode.id)).one_or_none() is not None


def _new() -> str:
    letters = base64.b32encode(secrets.token_bytes(20)).decode().lower()[: _GROUPS * _GROUP]
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _digest(user_id: UUID, code: str) -> str:
    # As people copy it: with or without hyphens, in whatever case.
    letters = "".join(code.split()).replace("-", "").lower()
    return digest(f"recovery code:{user_id}:{letters}".encode("utf-8", "surrogatepass")).hex()
