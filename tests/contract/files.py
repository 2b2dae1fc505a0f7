"""Small files of every kind that routes take."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

from PIL import Image

from core.uploads import kinds
from core.uploads.kinds import Accepts, Kind

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


@dataclass(frozen=True)
class Example:
    """A file and its name."""

    name: str
    data: bytes


def example(accepts: Accepts) -> Example:
    """One that a route takes."""
    kind = accepts.kinds[0]
    return Example(f"example{kind.endings[0]}", of_kind(kind))


def of_kind(kind: Kind) -> bytes:
    """A small sound one."""
    if kind in kinds.IMAGES:
        return picture(kind.name.upper())
    if kind is kinds.PDF:
        return PDF
    if kind is kinds.CSV:
        return b"name,email\r\nAna,ana@example.com\r\n"
    parts: dict[str, str | bytes] = dict.fromkeys(_PARTS[kind.name], "<x/>")
    return archive(parts | ({"mimetype": kind.media_types[0]} if "mimetype" in parts else {}))


def picture(form: str, size: tuple[int, int] = (8, 6), **options: object) -> bytes:
    """A red picture."""
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, form, **options)
    return file.getvalue()


def archive(parts: dict[str, str | bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return file.getvalue()


_PARTS: dict[str, tuple[str, ...]] = {
    "Word": ("[Content_Types].xml", "word/document.xml"),
    "Excel": ("[Content_Types].xml", "xl/workbook.xml"),
    "PowerPoint": ("[Content_Types].xml", "ppt/presentation.xml"),
    "OpenDocument text": ("mimetype", "content.xml"),
    "OpenDocument sheet": ("mimetype", "content.xml"),
}
