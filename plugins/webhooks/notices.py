"""What people are told about webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from core.sdk import Notice, users

from . import permissions
from .events import EndpointDisabled


def _managers(event: EndpointDisabled) -> Iterable[UUID]:
    return users.holders(permissions.MANAGE.name)


ENDPOINT_DISABLED = Notice(
    name="webhooks.endpoint_disabled",
    summary="A webhook is disabled because its address no longer answers",
    event=EndpointDisabled,
    recipients=_managers,
    title="The webhook to {host} is disabled",
    words=lambda event: {"host": event.host},
    digest=False,
)
