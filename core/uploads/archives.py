"""Office documents, which are ZIP archives: unpacked to nowhere, to see that they can be unpacked without harm."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

from core.native import in_lane
from core.uploads.errors import refused

MAX_UNPACKED = 200 * 1024 * 1024
MAX_ENTRIES = 5_000
_PIECE = 256 * 1024
MAX_DIRECTORY = 1024 * 1024
_END, _END_OF_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_LENGTH, _END_OF_64_LENGTH = 22, 20
_PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Programs inside a document: macros, and objects of other programs.
_ACTIVE = ("vbaproject.bin", "/activex/", "basic/script", "macros/")


def checked(file: BinaryIO, needed: tuple[str, ...], *, max_unpacked: int, declared: str = "") -> BinaryIO:
    """The file itself; `declared` is what its part `mimetype` must say.

    Raises FileRefused for bombs, macros, odd names, damage, and what is no document.
    """
    in_lane(lambda: _check(file, needed, max_unpacked, declared), busy="Too many documents at once")
    file.seek(0)
    return file


def _check(file: BinaryIO, needed: tuple[str, ...], max_unpacked: int, declared: str) -> None:
    _refuse_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if any(entry.compress_type not in _PLAIN for entry in entries):
                raise refused("file_damaged", "This document is packed in a way no office program packs")
            _refuse_names([entry.filename for entry in entries], needed)
            if declared and archive.open("mimetype").read(len(declared) + 1) != declared.encode():
                raise refused("file_type", "This is another kind of document than its name says")
            # The sizes an archive tells may be lies; what comes out is counted.
            left = max_unpacked
            for entry in entries:
                left -= _unpacked(archive, entry, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error):
        raise refused("file_damaged", "This document is damaged or locked") from None


def _refuse_end(file: BinaryIO) -> None:
    """Nothing may lie behind the archive: readers that begin at the end and at the start must see the same file.

    And the table of its parts, which is read as a whole, must be small.
    """
    file.seek(0, 2)
    if file.tell() < _END_LENGTH:
        raise refused("file_damaged", "This document is cut off")
    length = min(file.tell(), _END_OF_64_LENGTH + _END_LENGTH)
    file.seek(-length, 2)
    tail = file.read(length)
    mark, parts, directory = struct.unpack("<4s6xHL6x", tail[-_END_LENGTH:])
    if mark != _END:
        raise refused("file_content", "There is something behind the end of this document")
    # What needs the other form of an end, for more than 4 GB, has a table that is told there.
    if parts > MAX_ENTRIES or directory > MAX_DIRECTORY or tail.startswith(_END_OF_64):
        raise refused("unpacks_too_large", "This document has too many parts")
    file.seek(0)


def _refuse_names(names: list[str], needed: tuple[str, ...]) -> None:
    if len(names) > MAX_ENTRIES or len(names) != len(set(names)):
        raise refused("unpacks_too_large", "This document has too many parts, or one twice")
    if any(name.startswith("/") or ".." in name.split("/") or "\\" in name or "\0" in name for name in names):
        raise refused("file_content", "This document has parts that leave their folder")
    if any(mark in f"/{name.lower()}" for name in names for mark in _ACTIVE):
        raise refused("file_macros", "Documents with macros are not taken")
    if not set(needed) <= set(names):
        raise refused("file_type", "This is another kind of document than its name says")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    count = 0
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            count += len(piece)
            if count > left:
                raise refused("unpacks_too_large", "This document unpacks to more than can be taken")
    return count
