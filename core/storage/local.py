"""Files in a folder of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.storage.port import PIECE, Missing, checked

_UNFINISHED = ".part"


class LocalStorage:
    """Keeps each file as one file that only this user may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, source: BinaryIO, *, media_type: str) -> None:
        """Write beside the place, sync, then move there."""
        del media_type
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = place.with_name(f"{uuid4()}{_UNFINISHED}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                shutil.copyfileobj(source, file, PIECE)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(place.parent)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Open it now, read it later."""
        try:
            file = self._place(key).open("rb")
        except FileNotFoundError:
            raise Missing from None
        file.seek(start)
        return _pieces(file, length)

    def delete(self, key: str) -> None:
        """Remove the file."""
        self._place(key).unlink(missing_ok=True)

    def keys(self, prefix: str, *, before: datetime) -> Iterator[str]:
        """Walk the folder; what a write left unfinished long ago is removed on the way."""
        for folder, _, names in os.walk(self.folder / prefix.rstrip("/")):
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    if datetime.fromtimestamp(path.stat().st_mtime, UTC) >= before:
                        continue
                    if name.endswith(_UNFINISHED):
                        path.unlink()
                    else:
                        yield path.relative_to(self.folder).as_posix()

    def link(self, key: str, *, disposition: str, media_type: str, seconds: int) -> str | None:
        """None: the application serves it."""
        del key, disposition, media_type, seconds
        return None

    def _place(self, key: str) -> Path:
        return self.folder / checked(key)


def _pieces(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    left = length
    with file:
        while left is None or left > 0:
            piece = file.read(PIECE if left is None else min(PIECE, left))
            if not piece:
                return
            left = None if left is None else left - len(piece)
            yield piece


def _sync_folder(folder: Path) -> None:
    """Have the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
