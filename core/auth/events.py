"""What happened to sign-ins."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class SessionOpened(Event):
    """Somebody signed in."""

    subject: ClassVar[str] = "session_id"
    session_id: UUID
    user_id: UUID


class SessionRevoked(Event):
    """A sign-in ended before its time: by signing out, a password change or a replayed refresh token."""

    subject: ClassVar[str] = "session_id"
    session_id: UUID
    reason: Code


class RefreshTokenReused(Event):
    """A refresh token came a second time: somebody else has it too. The session was ended."""

    subject: ClassVar[str] = "session_id"
    session_id: UUID
    user_id: UUID


class MemberSignedOut(Event):
    """All sessions of a member ended (but the one they did it from, where they did it themselves)."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    sessions: int


class AgencySignedOut(Event):
    """All sessions of the agency ended, but that of whoever did it."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    sessions: int


class PasswordChanged(Event):
    """Somebody changed their password; their other sessions ended."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class PasswordReset(Event):
    """Somebody set a new password by a link that was mailed to them; all their sessions ended."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class EmailVerified(Event):
    """Somebody showed that letters to their address reach them."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class EmailChangeUndone(Event):
    """The present address put a stop to another that was asked for, or took it back; every session ended."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class EmailChanged(Event):
    """Somebody signs in with another address from now on; the old one was told."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class SignInFailed(Event):
    """Somebody tried a wrong password."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class SignInsThrottled(Event):
    """There were so many wrong passwords that strangers have to wait."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
