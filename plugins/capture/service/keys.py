"""Public addresses: whose a form or hook is stands in its key, and who is let in there acts for that agency."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar
from uuid import UUID

from core.sdk import NotFound, acting_as, agencies, current_agency_id, is_on, system

_RANDOM = 16
_LENGTH = 16 + _RANDOM


class Source(Protocol):
    """A form or a hook."""

    @property
    def active(self) -> bool:
        """Whether its address answers."""


S = TypeVar("S", bound=Source)


def new() -> str:
    """A key in the acting agency: its id, and 128 random bits."""
    raw = current_agency_id().bytes + secrets.token_bytes(_RANDOM)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextmanager
def opened(key: str, find: Callable[[str], S | None]) -> Iterator[S]:
    """What stands at a public address, as the system in its agency.

    Raises NotFound where there is nothing, it is switched off, or its agency is suspended or does without the plugin.
    """
    agency_id = _agency_of(key)
    if agency_id is None:
        raise NotFound
    with acting_as(system(agency_id)):
        found = find(key)
        if found is None or not found.active or agencies.is_suspended() or not is_on("capture"):
            raise NotFound
        yield found


def _agency_of(key: str) -> UUID | None:
    try:
        raw = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return UUID(bytes=raw[:16]) if len(raw) == _LENGTH else None
