"""What letters about sign-in are about."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class ResetAsked(msgspec.Struct, frozen=True, kw_only=True, tag="reset_asked"):
    """Somebody forgot the password of an account, which may not exist."""

    email: str


class RegistrationAsked(msgspec.Struct, frozen=True, kw_only=True, tag="registration_asked"):
    """Somebody wants an account and an agency; the address may have an account already."""

    email: str
    name: str
    agency: str
    currency: str
    zone: str
    language: str


class VerificationAsked(msgspec.Struct, frozen=True, kw_only=True, tag="verification_asked"):
    """Somebody wants to show that their address is theirs."""

    user_id: UUID


class EmailChangeAsked(msgspec.Struct, frozen=True, kw_only=True, tag="email_change_asked"):
    """Somebody wants another address, which may be somebody else's."""

    user_id: UUID
    email: str
    session_id: UUID
    """Who asks is only as long to be believed as the session they ask from lives."""


class EmailChangeBegun(msgspec.Struct, frozen=True, kw_only=True, tag="email_change_begun"):
    """Somebody wants another address: the present one is told, and can undo it."""

    user_id: UUID
    old: str
    undo_id: UUID
    """What the link stands for: noted when it was asked for, so that an undoing before the letter is sent counts."""


class EmailChanged(msgspec.Struct, frozen=True, kw_only=True, tag="email_changed"):
    """Somebody has another address: the old one is told."""

    user_id: UUID
    old: str


class EmailTakenBack(msgspec.Struct, frozen=True, kw_only=True, tag="email_taken_back"):
    """Whoever has a former address undid the change to another: the one that loses the account is told."""

    user_id: UUID
    old: str


class PasswordSet(msgspec.Struct, frozen=True, kw_only=True, tag="password_set"):
    """Somebody has another password."""

    user_id: UUID


class NewDevice(msgspec.Struct, frozen=True, kw_only=True, tag="new_device"):
    """Somebody signed in from a device nobody knew."""

    user_id: UUID
    at: datetime
    ip: str
    user_agent: str


Details = (
    ResetAsked
    | RegistrationAsked
    | VerificationAsked
    | EmailChangeAsked
    | EmailChangeBegun
    | EmailChanged
    | EmailTakenBack
    | PasswordSet
    | NewDevice
)
