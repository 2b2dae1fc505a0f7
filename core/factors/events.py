"""What happened to second factors; no event holds anything secret."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from core.events.event import Event

Kind = Literal["totp", "passkey"]
Method = Literal["totp", "passkey", "recovery_code", "password"]


class FactorAdded(Event):
    """Somebody set up an authenticator app or added a passkey."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    kind: Kind


class FactorRemoved(Event):
    """Somebody removed their authenticator app or a passkey."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    kind: Kind


class FactorsReset(Event):
    """An administrator or the operator removed all of somebody's factors; all their sessions ended."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class RecoveryCodeUsed(Event):
    """Somebody proved who they are by a recovery code, which is used up."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    left: int


class RecoveryCodesMade(Event):
    """Somebody got new recovery codes; the ones before are void."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID


class SecondFactorFailed(Event):
    """A proof was wrong: after the right password at sign-in, or in a session that wanted to prove itself anew."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    method: Method


class PasskeyCountFell(Event):
    """A passkey counted backwards: there may be a copy of it. It was refused."""

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    passkey_id: UUID
    known: int
    sent: int


class SecondFactorRuleChanged(Event):
    """The agency asks everybody for a second factor from now on, or no longer."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    required: bool
