"""Queries for files, and the count of their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, CursorResult, Uuid, any_, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from core.agencies.models import Agency
from core.db import read
from core.db.repository import Repository
from core.errors import NotFound
from core.extensions import db
from core.files.models import StorageUse, StoredFile
from core.files.schemas import FileRow, FoundId

_WANTED = StoredFile.id == bindparam("wanted_id", type_=Uuid())
_ROW = read.Query(select(*read.columns(FileRow, StoredFile)).where(_WANTED), FileRow)
_LINKED = read.Query(
    select(*read.columns(FileRow, StoredFile))
    .join(Agency, Agency.id == StoredFile.agency_id)
    .where(_WANTED, Agency.suspended_at.is_(None)),
    FileRow,
)
_AMONG = read.Query(select(StoredFile.id).where(StoredFile.id == any_(bindparam("ids", type_=ARRAY(Uuid())))), FoundId)
_USED = read.Query(select(StorageUse.used), int)


class Files(Repository[StoredFile]):
    """Files of an agency. Whoever may see what a file belongs to may see it; so these rows have no permission."""

    model = StoredFile
    permission = ""

    def row(self, file_id: UUID) -> FileRow:
        """One file. Raises NotFound."""
        found = _ROW.first(wanted_id=file_id)
        if found is None:
            raise NotFound
        return found

    def linked(self, file_id: UUID) -> FileRow:
        """One file, for whoever has a link to it. Raises NotFound, also while the agency is suspended."""
        found = _LINKED.first(wanted_id=file_id)
        if found is None:
            raise NotFound
        return found

    def one(self, file_id: UUID) -> StoredFile | None:
        """One file, for removing it."""
        return db.session.scalar(select(StoredFile).where(StoredFile.id == file_id))

    def known(self, ids: Sequence[UUID]) -> set[UUID]:
        """Which of these are files of the agency."""
        return {found.id for found in _AMONG.rows(ids=list(ids))}


def used() -> int:
    """The bytes that the agency's files take."""
    return _USED.first() or 0


def take(size: int, *, of: int) -> bool:
    """Count `size` more bytes unless that makes more than `of`; False then. Two at once cannot both get the last."""
    if _add(size, StorageUse.used + size <= of):
        return True
    if db.session.scalar(select(StorageUse.id)) is not None or size > of:
        return False
    _begin()
    return _add(size, StorageUse.used + size <= of)


def give_back(size: int) -> None:
    """Count `size` bytes less."""
    _add(-size, StorageUse.used >= size)


def _add(size: int, condition: object) -> bool:
    change = update(StorageUse).where(condition).values(used=StorageUse.used + size)  # type: ignore[arg-type]
    result = db.session.execute(change.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount > 0


def _begin() -> None:
    """Make the agency's row; somebody else may be doing the same."""
    try:
        with db.session.begin_nested():
            db.session.add(StorageUse(used=0))
    except IntegrityError:
        db.session.expire_all()


files = Files()
