"""Keep a file, give it away by a link, and forget it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

import structlog
from flask import current_app

from core import clock, ids
from core.actor import acting_user_id, system
from core.config import Settings
from core.db.tenancy import acting_as, current_agency_id
from core.errors import NotFound
from core.files import links, repository
from core.files.errors import StorageDown, StorageFull
from core.files.jobs import remove_bytes
from core.files.models import StoredFile
from core.files.repository import files
from core.files.schemas import FileLink, FileRow
from core.http.attachments import disposition
from core.storage.port import Missing, key_of
from core.storage.wiring import storage
from core.uploads import spool
from core.uploads.receiving import Upload

log = structlog.get_logger()
ABANDONED = timedelta(days=1)
"""How old bytes without a row must be before they are taken for what a failed request left behind."""
_BATCH = 500


def keep(upload: Upload, *, purpose: str) -> UUID:
    """Keep a file of the acting agency; its id. Raises StorageFull, StorageDown.

    The bytes go first: where the unit of work fails, they are nobody's and swept away a day later.
    """
    limit, agency_id, file_id = _settings().files_quota, current_agency_id(), ids.new()
    if repository.used() + upload.size > limit:
        raise _full(limit)
    key = key_of(agency_id, file_id)
    with _reachable():
        storage().put(key, upload.content, media_type=upload.media_type)
    # Counted last: the row of the count is locked from here to the commit.
    if not repository.take(upload.size, of=limit):
        with _reachable():
            storage().delete(key)
        raise _full(limit)
    files.add(
        StoredFile(
            id=file_id,
            purpose=purpose,
            name=upload.name,
            media_type=upload.media_type,
            size=upload.size,
            sha256=upload.sha256,
            created_by=acting_user_id(),
        )
    )
    return file_id


def forget(file_id: UUID) -> None:
    """Remove a file; its bytes go once that is committed."""
    file = files.one(file_id)
    if file is None:
        return
    repository.give_back(file.size)
    files.remove(file)
    remove_bytes.enqueue(file_id=file_id)


def link(file_id: UUID) -> FileLink:
    """A link to a file that the caller may see. Raises NotFound."""
    row = files.row(file_id)
    text, expires_at = links.made(current_agency_id(), file_id)
    own = storage().link(
        key_of(current_agency_id(), file_id),
        disposition=disposition(row.name),
        media_type=row.media_type,
        seconds=int(links.LASTS.total_seconds()),
    )
    return FileLink(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        url=own or links.address(text),
        expires_at=expires_at,
    )


def content(file_id: UUID) -> BinaryIO:
    """All of a file, for reading it here; the application context closes it. Raises NotFound, StorageDown."""
    row, made = files.row(file_id), spool.file()
    pieces = opened(key_of(current_agency_id(), file_id), start=0, length=row.size)
    with _reachable():
        made.writelines(pieces)
    made.seek(0)
    return made


def linked(text: str) -> tuple[FileRow, str]:
    """The file of a link, and its key. Raises LinkRefused, NotFound."""
    said = links.read(text)
    # Whoever holds the link is nobody; the agency is the one that it was signed for.
    with acting_as(system(said.agency_id)):
        return files.linked(said.file_id), key_of(said.agency_id, said.file_id)


def opened(key: str, *, start: int, length: int) -> Iterator[bytes]:
    """The bytes of a file. Raises NotFound, StorageDown."""
    try:
        with _reachable():
            return storage().open(key, start=start, length=length)
    except Missing:
        log.error("files.bytes_missing", key=key)  # noqa: TRY400 - where it was noticed says nothing
        raise NotFound from None


def sweep() -> int:
    """Remove bytes of the acting agency that no row knows; how many there were."""
    removed, waiting = 0, list[str]()
    for key in storage().keys(f"{current_agency_id()}/", before=clock.now() - ABANDONED):
        waiting.append(key)
        if len(waiting) == _BATCH:
            removed += _remove_unknown(waiting)
            waiting.clear()
    return removed + _remove_unknown(waiting)


def _remove_unknown(keys: list[str]) -> int:
    by_id = {UUID(key.rpartition("/")[2]): key for key in keys}
    unknown = by_id.keys() - files.known([*by_id]) if by_id else set()
    for file_id in unknown:
        storage().delete(by_id[file_id])
    return len(unknown)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.exception("files.storage_failed")
        raise StorageDown(headers={"Retry-After": "30"}) from error


def _full(limit: int) -> StorageFull:
    return StorageFull(f"Files of this agency may take {limit} bytes")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings
