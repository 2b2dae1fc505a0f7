"""Office documents that are no archives anybody packs: refused before they are read as a whole."""

from __future__ import annotations

import struct
import zipfile

import pytest

from tests.contract import files
from tests.core.uploads.test_kinds import _context, why  # noqa: F401 - within the application that judges

PARTS: dict[str, str | bytes] = {"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}


class TestTheTableOfParts:
    @pytest.mark.parametrize("told", [65535, 0])
    def test_is_refused_by_its_size_before_it_is_read(self, monkeypatch: pytest.MonkeyPatch, told: int) -> None:
        def read(*_: object) -> None:
            raise AssertionError("It was read")

        part = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, *[0] * 6) + b"a"
        table = part * 40_000
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, told, told, len(table), 0, 0)
        monkeypatch.setattr(zipfile, "ZipFile", read)
        assert why(b"PK\x03\x04" + table + end, "a.docx") == "unpacks_too_large"

    def test_is_not_told_elsewhere(self) -> None:
        data = files.archive(PARTS)
        elsewhere = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
        assert why(data[:-22] + elsewhere + data[-22:], "a.docx") == "unpacks_too_large"

    def test_has_names_that_can_be_read(self) -> None:
        data = files.archive({**PARTS, "word/é.xml": "x"}).replace("é".encode(), b"\xff\xfe")
        assert why(data, "a.docx") == "file_damaged"


class TestAPart:
    @pytest.mark.parametrize("packed", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    def test_is_packed_as_office_programs_do(self, packed: int) -> None:
        assert why(files.archive(PARTS, packed), "a.docx") == "file_damaged"
