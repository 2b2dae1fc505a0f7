"""One table."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Model, Owned, personal


class Guest(Owned, Model):
    """Somebody."""

    __tablename__ = "lasting_guest"

    born: Mapped[date] = mapped_column(info=personal("identity"))
