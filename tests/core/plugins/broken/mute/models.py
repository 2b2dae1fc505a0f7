"""One table."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Model, Owned


class Guest(Owned, Model):
    """Somebody."""

    __tablename__ = "mute_guest"

    surname: Mapped[str] = mapped_column(String(50))
