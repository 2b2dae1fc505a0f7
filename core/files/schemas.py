"""Files on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from core.fields import Instant
from core.http.structs import View

Address = Annotated[
    str,
    Meta(
        description="Where to get the file until the link expires; a relative address is relative to the API's.",
        examples=["/p/files/AZjF0noQfD6aQV8rjG1-kA"],
    ),
]


class FileLink(View):
    """A file, and where to get it for the next few minutes."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    url: Address
    expires_at: Instant


class FileRow(Struct, frozen=True):
    """What is known about a file."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


class FoundId(Struct, frozen=True):
    """The id of a file there is."""

    id: UUID
