"""From a first proof to a session: whether a second factor is still to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.auth import sessions
from core.auth.schemas import Challenge, Tokens


def admit(user_id: UUID, *, agency: str | None, methods: Sequence[str]) -> Tokens | Challenge:
    """Tokens for a person who proved who they are by these methods, or what they must still prove.

    Raises NoMembership.
    """
    return sessions.open_session(user_id, agency=agency, methods=methods)
