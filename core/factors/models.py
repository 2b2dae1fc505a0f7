"""Second factors: they belong to a person, not to an agency, so only the system role may touch them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model
from core.db.personal import SECRET, Codes, Number, personal, sealed


class Totp(Model):
    """An authenticator app: the one a person has."""

    __tablename__ = "core_totp"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"), unique=True)
    seed: Mapped[str] = mapped_column(info=sealed())
    """160 random bits in base32, sealed for this row."""
    last_step: Mapped[Number]
    """The half minute of the last code that was used: neither it nor an earlier one is good again."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Model):
    """A code for whoever has lost the other factors, good once."""

    __tablename__ = "core_recovery_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(unique=True, info=SECRET)
    """SHA-256 of person and code, in hexadecimal: with 100 random bits nobody guesses what was digested."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index("core_recovery_code_user_id_idx", "user_id"),)


class Passkey(Model):
    """A key pair of a person's device (WebAuthn); here is its public half."""

    __tablename__ = "core_passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(unique=True, info=SECRET)
    public_key: Mapped[bytes] = mapped_column(info=SECRET)
    """In COSE form (RFC 9052)."""
    sign_count: Mapped[Number]
    """How often the device says it was used; 0 for ever where it does not count."""
    name: Mapped[str] = mapped_column(info=personal("free_text", about="user_id"))
    transports: Mapped[Codes]
    """How the browser may reach the device: `internal`, `usb`, `hybrid`..."""
    backed_up: Mapped[bool]
    """Whether the device keeps a copy elsewhere, as phones do."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]

    __table_args__ = (Index("core_passkey_user_id_idx", "user_id"),)
