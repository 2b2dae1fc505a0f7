"""The kinds of files there are: what each is called, how it begins, and how it is proven and cleaned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from core.uploads import archives, images, papers

MIB = 1024 * 1024


@dataclass(frozen=True)
class Kind:
    """One kind of file."""

    name: str
    media_types: tuple[str, ...]
    """What it may be declared as; the first is what it is kept and served as."""
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]
    """Whether a file with these first bytes can be one."""
    clean: Callable[[BinaryIO, Accepts], BinaryIO]
    """The file to keep: the same, or one made anew. Raises FileRefused."""


@dataclass(frozen=True, kw_only=True)
class Accepts:
    """What a route takes."""

    kinds: tuple[Kind, ...]
    max_bytes: int
    max_pixels: int = images.MAX_PIXELS
    max_side: int = 0
    """Larger images are made smaller; 0 keeps their size."""
    max_unpacked: int = archives.MAX_UNPACKED


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _picture(form: str) -> Callable[[BinaryIO, Accepts], BinaryIO]:
    return lambda file, accepts: images.remade(file, form, max_pixels=accepts.max_pixels, max_side=accepts.max_side)


def _office(*needed: str) -> Callable[[BinaryIO, Accepts], BinaryIO]:
    return lambda file, accepts: archives.checked(file, needed, max_unpacked=accepts.max_unpacked)


def _open_document(media_type: str) -> Callable[[BinaryIO, Accepts], BinaryIO]:
    needed = ("mimetype", "content.xml")
    return lambda file, accepts: archives.checked(file, needed, max_unpacked=accepts.max_unpacked, declared=media_type)


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_ZIP = _starts(b"PK\x03\x04")
_CONTENT_TYPES = "[Content_Types].xml"

PNG = Kind("PNG", ("image/png",), (".png",), _starts(b"\x89PNG\r\n\x1a\n"), _picture("PNG"))
JPEG = Kind("JPEG", ("image/jpeg", "image/jpg"), (".jpg", ".jpeg"), _starts(b"\xff\xd8\xff"), _picture("JPEG"))
GIF = Kind("GIF", ("image/gif",), (".gif",), _starts(b"GIF87a", b"GIF89a"), _picture("GIF"))
WEBP = Kind(
    "WebP",
    ("image/webp",),
    (".webp",),
    lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    _picture("WEBP"),
)
PDF = Kind("PDF", ("application/pdf",), (".pdf",), _starts(b"%PDF-"), papers.pdf)
DOCX = Kind(
    "Word",
    (f"{_OPEN_XML}.wordprocessingml.document",),
    (".docx",),
    _ZIP,
    _office(_CONTENT_TYPES, "word/document.xml"),
)
XLSX = Kind(
    "Excel", (f"{_OPEN_XML}.spreadsheetml.sheet",), (".xlsx",), _ZIP, _office(_CONTENT_TYPES, "xl/workbook.xml")
)
PPTX = Kind(
    "PowerPoint",
    (f"{_OPEN_XML}.presentationml.presentation",),
    (".pptx",),
    _ZIP,
    _office(_CONTENT_TYPES, "ppt/presentation.xml"),
)
ODT = Kind("OpenDocument text", (f"{_OPEN_DOCUMENT}.text",), (".odt",), _ZIP, _open_document(f"{_OPEN_DOCUMENT}.text"))
ODS = Kind(
    "OpenDocument sheet",
    (f"{_OPEN_DOCUMENT}.spreadsheet",),
    (".ods",),
    _ZIP,
    _open_document(f"{_OPEN_DOCUMENT}.spreadsheet"),
)
CSV = Kind("CSV", ("text/csv", "text/plain", "application/vnd.ms-excel"), (".csv",), papers.could_be_text, papers.text)

IMAGES = (PNG, JPEG, GIF, WEBP)
DOCUMENTS = (PDF, DOCX, XLSX, PPTX, ODT, ODS)
TABLES = (CSV, XLSX)


def endings(kinds: tuple[Kind, ...]) -> str:
    """The endings a route takes, for people."""
    return ", ".join(ending for kind in kinds for ending in kind.endings)
