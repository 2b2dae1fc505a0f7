"""What contacts say at points of the core."""

from __future__ import annotations

from core.sdk import HandedOver, hookimpl

from . import service
from .repository import Contacts


@hookimpl
def handed_over(what: HandedOver) -> None:
    """Each contact's history tells who has it since its owner left."""
    if what.kind == Contacts.subject:
        service.record_hand_over(what)
