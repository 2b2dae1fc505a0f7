"""Takes the body of a request as a file: counted while it is read, named, proven, scanned and cleaned."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Annotated, Any, BinaryIO

import msgspec
from flask import Request
from msgspec import Meta
from werkzeug.exceptions import RequestEntityTooLarge

from core.http import decoding, queries
from core.http.attachments import clean_name
from core.http.decoding import UnsupportedMediaType
from core.uploads import scanning, spool
from core.uploads.errors import refused
from core.uploads.kinds import Accepts, Kind, endings

UNTOLD = "application/octet-stream"
"""The type of a body that leaves it to its name and content."""
_HEAD = 4096
_PIECE = 64 * 1024
Name = Annotated[
    str, Meta(min_length=1, max_length=255, description="Name of the file, with its ending.", examples=["logo.png"])
]


class FileName(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What the file in the body is called."""

    name: Name


class Upload(msgspec.Struct, kw_only=True, frozen=True):
    """A file that may be kept."""

    name: str
    """What people see; never a path."""
    media_type: str
    size: int
    sha256: str
    content: Any
    """A binary file, at its beginning."""


def receive(request: Request, accepts: Accepts) -> Upload:
    """The file in the body. Raises FileRefused, UnsupportedMediaType, Invalid, Unavailable, 413."""
    if request.content_encoding not in (None, "", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding {request.content_encoding} is not read here")
    name = clean_name(queries.read_struct(request, FileName).name)
    declared = (request.mimetype or UNTOLD).lower()
    if declared != UNTOLD and not any(declared in kind.media_types for kind in accepts.kinds):
        raise UnsupportedMediaType(f"This route takes {endings(accepts.kinds)}")
    return checked(_body(request, accepts.max_bytes), name=name, declared=declared, accepts=accepts)


def checked(file: BinaryIO, *, name: str, declared: str, accepts: Accepts) -> Upload:
    """A file as it may be kept. Raises FileRefused, Unavailable."""
    head = file.read(_HEAD)
    kind = _kind(head, name, declared, accepts)
    scanning.scan(file, name=name, media_type=kind.media_types[0])
    kept = kind.clean(file, accepts)
    size, sha256 = _measured(kept)
    return Upload(name=name, media_type=kind.media_types[0], size=size, sha256=sha256, content=kept)


def _body(request: Request, limit: int) -> BinaryIO:
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge
    # A body that was compared for an Idempotency-Key has been read already.
    source: Any = BytesIO(decoding.body_of(request)) if "Idempotency-Key" in request.headers else request.stream
    file = spool.file()
    left: float = limit
    while left > 0:
        with decoding.whole():
            piece = source.read(int(min(_PIECE, left)))
        if not piece:
            break
        file.write(piece)
        left -= len(piece)
    # A body of untold length is cut off at the limit without a word.
    if left <= 0 and request.content_length is None:
        raise RequestEntityTooLarge
    if left == limit:
        raise refused("file_required", "Send the file as the body")
    file.seek(0)
    return file


def _kind(head: bytes, name: str, declared: str, accepts: Accepts) -> Kind:
    """The one kind that name, content and declaration agree on."""
    stem, dot, ending = name.lower().rpartition(".")
    ending = f"{dot}{ending}" if stem else ""
    named = next((kind for kind in accepts.kinds if ending in kind.endings), None)
    if named is None:
        raise refused("file_ending", f"Names of files end in {endings(accepts.kinds)} here", pointer="?name")
    if not named.begins(head):
        raise refused("file_type", f"This is no {named.name} file, whatever its name says")
    if declared not in (UNTOLD, *named.media_types):
        raise refused("file_type", f"The name says {named.name}, the Content-Type {declared}")
    return named


def _measured(file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    file.seek(0)
    return size, digest.hexdigest()
