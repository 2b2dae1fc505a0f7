"""What people are told about those who act as them."""

from __future__ import annotations

from uuid import UUID

from core.impersonation.events import ImpersonationBegan
from core.notices import Notice


def _impersonated(event: ImpersonationBegan) -> list[UUID]:
    # An operator who came as support acts as nobody here.
    return [] if event.role is not None else [event.user_id]


BEGAN = Notice(
    name="impersonation.began",
    summary="Somebody acts as me to help me",
    event=ImpersonationBegan,
    recipients=_impersonated,
    title="{actor} acts as you for half an hour; an administrator can tell you why",
    digest=False,
)
ALL = (BEGAN,)
