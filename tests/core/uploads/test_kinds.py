"""What is in a file decides what it is: polyglots, bombs, damage and lies are refused before anything is kept."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin

from core.errors import Problem
from core.http.application import Application
from core.uploads import images, kinds
from core.uploads.errors import FileRefused
from core.uploads.kinds import Accepts, Kind
from core.uploads.receiving import UNTOLD, Upload, checked
from tests.contract import files

ALL = (*kinds.IMAGES, *kinds.DOCUMENTS, kinds.CSV)
EVERYTHING = Accepts(kinds=ALL, max_bytes=10 * kinds.MIB)
SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def _context(small: Application) -> Any:
    with small.app_context():
        yield


def took(data: bytes, name: str, declared: str = UNTOLD, accepts: Accepts = EVERYTHING) -> Upload:
    return checked(io.BytesIO(data), name=name, declared=declared, accepts=accepts)


def why(data: bytes, name: str, declared: str = UNTOLD, accepts: Accepts = EVERYTHING) -> str:
    with pytest.raises(FileRefused) as caught:
        took(data, name, declared, accepts)
    (fault,) = caught.value.errors
    return fault.code


def png_claiming(width: int, height: int) -> bytes:
    """The first bytes of a picture that says how large it is, with nothing behind."""
    header = struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack("!I", 13) + chunk + struct.pack("!I", zlib.crc32(chunk))
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    return data + struct.pack("!I", len(body) - 4) + body + struct.pack("!I", zlib.crc32(body))


class TestKind:
    @pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
    def test_a_sound_file_is_taken_as_what_it_is(self, kind: Kind) -> None:
        for ending in kind.endings:
            for declared in (UNTOLD, *kind.media_types):
                upload = took(files.of_kind(kind), f"Holiday{ending.upper()}", declared)
                assert upload.media_type == kind.media_types[0]
                assert upload.size == len(upload.content.read())

    @pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
    def test_content_of_another_kind_is_refused(self, kind: Kind) -> None:
        for other in ALL:
            if other is not kind:
                with pytest.raises(FileRefused):
                    took(files.of_kind(other), f"file{kind.endings[0]}")

    @pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
    def test_a_file_that_breaks_off_is_refused(self, kind: Kind) -> None:
        whole = files.of_kind(kind)
        if kind is kinds.CSV:
            return
        # A picture that lacks its last mark alone is whole, and drawn anew.
        for length in (12, len(whole) // 2, *(() if kind in kinds.IMAGES else (len(whole) - 12,))):
            with pytest.raises(FileRefused):
                took(whole[:length], f"file{kind.endings[0]}")

    def test_a_declaration_that_lies_is_refused(self) -> None:
        assert why(files.picture("PNG"), "a.png", "image/jpeg") == "file_type"

    @pytest.mark.parametrize("name", ["a.exe", "a", "a.png.exe", "png", "a.svg", "a.html", "a.docm", "a.pdf "])
    def test_endings_nobody_asked_for_are_refused(self, name: str) -> None:
        assert why(files.picture("PNG"), name) == "file_ending"

    def test_a_route_takes_its_own_kinds_only(self) -> None:
        assert why(files.PDF, "a.pdf", accepts=Accepts(kinds=kinds.IMAGES, max_bytes=1000)) == "file_ending"

    @pytest.mark.parametrize("name", ["a.svg", "a.png", "a.csv", "a.pdf"])
    def test_svg_is_taken_under_no_name(self, name: str) -> None:
        assert why(SVG, name).startswith("file_")
        assert why(b'<?xml version="1.0"?>' + SVG, name).startswith("file_")


class TestPolyglots:
    @pytest.mark.parametrize("form", ["GIF", "PNG", "JPEG", "WEBP"])
    def test_a_picture_loses_what_is_hidden_behind_it(self, form: str) -> None:
        payload = b"*/=1;alert(1);//" + SCRIPT + files.archive({"evil.class": SCRIPT})
        upload = took(files.picture(form) + payload, f"a.{form.lower()}")
        assert b"alert" not in (kept := upload.content.read())
        assert not zipfile.is_zipfile(io.BytesIO(kept))

    def test_gif_that_is_javascript_becomes_a_picture(self) -> None:
        gif = bytearray(files.picture("GIF"))
        # `GIF89a/*...*/=1;alert(1)`: the width opens a comment.
        gif[6:8] = b"/*"
        hostile = bytes(gif) + b"*/=1;alert(document.domain)//"
        try:
            kept = took(hostile, "a.gif").content.read()
        except FileRefused:
            return
        assert b"alert" not in kept

    def test_html_before_a_pdf_is_refused(self) -> None:
        assert why(b"<html>" + SCRIPT + b"</html>" + files.PDF, "a.pdf") == "file_type"

    def test_html_behind_the_first_line_of_a_pdf_is_refused(self) -> None:
        assert why(files.PDF.replace(b"\n", b"\n%<html>" + SCRIPT + b"\n", 1), "a.pdf") == "file_content"

    def test_anything_behind_the_end_of_a_pdf_is_refused(self) -> None:
        assert why(files.PDF + b"x" * 5_000 + SCRIPT, "a.pdf") == "file_damaged"
        assert why(files.PDF + SCRIPT, "a.pdf") == "file_content"
        assert why(files.PDF + files.archive({"a": SCRIPT}), "a.pdf") == "file_damaged"

    def test_html_as_a_table_is_refused(self) -> None:
        for page in (b"<!DOCTYPE html><p>", b"\xef\xbb\xbf \n<HTML>", SCRIPT, b"<svg/onload=x>"):
            assert why(page, "a.csv") == "file_content"

    def test_anything_before_or_behind_a_document_is_refused(self) -> None:
        document = files.of_kind(kinds.DOCX)
        assert why(SCRIPT + document, "a.docx") == "file_type"
        assert why(document + SCRIPT, "a.docx") == "file_content"


class TestPictures:
    def test_one_hundred_megapixels_are_refused_before_they_are_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("It was unpacked"))
        assert why(png_claiming(10_000, 10_000), "a.png") == "too_many_pixels"
        assert why(png_claiming(65_000, 65_000), "a.png") == "too_many_pixels"
        assert why(png_claiming(7_100, 7_100), "a.png") == "too_many_pixels"

    def test_a_route_may_take_less(self) -> None:
        small = Accepts(kinds=kinds.IMAGES, max_bytes=kinds.MIB, max_pixels=100)
        assert why(files.picture("PNG", (11, 10)), "a.png", accepts=small) == "too_many_pixels"
        took(files.picture("PNG", (10, 10)), "a.png", accepts=small)

    def test_no_route_can_take_more(self) -> None:
        greedy = Accepts(kinds=kinds.IMAGES, max_bytes=kinds.MIB, max_pixels=10**12)
        assert why(png_claiming(10_000, 10_000), "a.png", accepts=greedy) == "too_many_pixels"
        assert Image.MAX_IMAGE_PIXELS == images.MAX_PIXELS

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    def test_places_cameras_and_comments_are_gone(self, form: str) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Camera of Ana"
        exif.get_ifd(0x8825)[2] = (38.0, 42.0, 51.0)
        options: dict[str, Any] = {"exif": exif, "icc_profile": b"\0" * 120 + b"profile of Ana"}
        if form == "JPEG":
            options["comment"] = "comment of Ana"
        if form == "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_text("Author", "text of Ana")
            text.add_itxt("XML:com.adobe.xmp", "xmp of Ana")
            options["pnginfo"] = text
        else:
            options["xmp"] = b"<x:xmpmeta>xmp of Ana</x:xmpmeta>"
        data = files.picture(form, **options)
        assert b"of Ana" in data
        kept = took(data, f"a.{form.lower()}").content.read()
        assert b"of Ana" not in kept
        with Image.open(io.BytesIO(kept)) as picture:
            assert not picture.getexif()

    def test_stands_upright_although_it_no_longer_says_how(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        kept = took(files.picture("JPEG", (8, 4), exif=exif), "a.jpg").content
        with Image.open(kept) as picture:
            assert picture.size == (4, 8)

    def test_is_made_smaller_where_a_route_wants_that(self) -> None:
        small = Accepts(kinds=kinds.IMAGES, max_bytes=kinds.MIB, max_side=10)
        for form in ("PNG", "JPEG", "GIF", "WEBP"):
            with Image.open(took(files.picture(form, (400, 200)), f"a.{form}", accepts=small).content) as picture:
                assert picture.size == (10, 5)

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
    def test_of_every_way_to_write_colours_is_kept(self, mode: str) -> None:
        for form in ("PNG", "JPEG", "GIF", "WEBP"):
            file = io.BytesIO()
            try:
                Image.new(mode, (4, 4)).save(file, form)
            except (OSError, KeyError, ValueError):
                continue
            with Image.open(took(file.getvalue(), f"a.{form}").content) as picture:
                assert picture.size == (4, 4)

    def test_only_the_first_frame_of_many_is_kept(self) -> None:
        file = io.BytesIO()
        frames = [Image.new("RGB", (4, 4), (shade, 0, 0)) for shade in range(50)]
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
        with Image.open(took(file.getvalue(), "a.gif").content) as picture:
            assert getattr(picture, "n_frames", 1) == 1

    def test_see_through_stays_see_through(self) -> None:
        file = io.BytesIO()
        Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(file, "PNG")
        with Image.open(took(file.getvalue(), "a.png").content) as picture:
            assert picture.convert("RGBA").getpixel((0, 0)) == (255, 0, 0, 0)

    def test_a_bomb_in_a_text_beside_the_picture_is_refused_or_gone(self) -> None:
        body = b"zTXtComment\0\0" + zlib.compress(b"\0" * 100_000_000, 9)
        chunk = struct.pack("!I", len(body) - 4) + body + struct.pack("!I", zlib.crc32(body))
        data = files.picture("PNG")
        assert why(data[:33] + chunk + data[33:], "a.png") == "file_damaged"


class TestDocuments:
    def test_a_bomb_is_refused(self) -> None:
        parts: dict[str, str | bytes] = {"[Content_Types].xml": "<x/>", "word/document.xml": b"\0" * 300_000_000}
        data = files.archive(parts)
        assert len(data) < 400_000
        assert why(data, "a.docx") == "unpacks_too_large"

    def test_a_bomb_that_lies_about_its_size_is_refused(self) -> None:
        data = bytearray(files.archive({"[Content_Types].xml": "<x/>", "word/document.xml": b"\0" * 5_000_000}))
        true, lie = struct.pack("<I", 5_000_000), struct.pack("<I", 10)
        assert data.count(true) == 2
        small = Accepts(kinds=kinds.DOCUMENTS, max_bytes=kinds.MIB, max_unpacked=kinds.MIB)
        assert why(bytes(data).replace(true, lie), "a.docx", accepts=small) in {"unpacks_too_large", "file_damaged"}

    def test_many_small_parts_are_a_bomb_as_well(self) -> None:
        parts: dict[str, str | bytes] = {f"word/{number}.xml": b"" for number in range(6_000)}
        assert why(files.archive({**parts, "[Content_Types].xml": ""}), "a.docx") == "unpacks_too_large"

    @pytest.mark.parametrize("part", ["../evil", "word/../../evil", "/etc/passwd", "word\\..\\evil"])
    def test_parts_that_leave_their_folder_are_refused(self, part: str) -> None:
        data = files.archive({"[Content_Types].xml": "", "word/document.xml": "", part: "x"})
        assert why(data, "a.docx") == "file_content"

    @pytest.mark.parametrize("part", ["word/vbaProject.bin", "word/activeX/activeX1.bin", "xl/macros/x.xml"])
    def test_programs_inside_are_refused(self, part: str) -> None:
        data = files.archive({"[Content_Types].xml": "", "word/document.xml": "", part: "x"})
        assert why(data, "a.docx") == "file_macros"

    def test_one_office_program_is_not_another(self) -> None:
        assert why(files.of_kind(kinds.XLSX), "a.docx") == "file_type"

    def test_a_plain_archive_is_no_document(self) -> None:
        assert why(files.archive({"evil.exe": "MZ"}), "a.docx") == "file_type"

    def test_a_part_that_comes_twice_is_refused(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("[Content_Types].xml", "x")
            made.writestr("word/document.xml", "x")
            with pytest.warns(UserWarning, match="Duplicate"):
                made.writestr("word/document.xml", "y")
        assert why(file.getvalue(), "a.docx") == "unpacks_too_large"


class TestText:
    @pytest.mark.parametrize("data", [b"MZ\x90\x00", b"\x7fELF\x02", b"a\0b", b"name\x1b\x07", b"\x00\x00"])
    def test_programs_are_no_tables(self, data: bytes) -> None:
        assert why(data, "a.csv").startswith("file_")

    def test_what_comes_late_counts_too(self) -> None:
        assert why(b"a,b\n" * 100_000 + b"\0", "a.csv") == "file_content"

    def test_accents_in_any_encoding_are_text(self) -> None:
        for encoding in ("utf-8", "utf-8-sig", "cp1252", "iso-8859-15"):
            took("name\nJosé Müller\n".encode(encoding), "a.csv")


class TestScanners:
    def test_a_reason_of_a_plugin_refuses(self, small: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = []

        def scan(file: Any, name: str, media_type: str) -> list[str | None]:
            seen.append((file.read(4), name, media_type))
            return [None, "EICAR"]

        monkeypatch.setattr(small.extensions["tripfile.plugins"].hook, "scan_upload", scan, raising=False)
        assert why(files.PDF, "a.pdf") == "file_infected"
        assert seen == [(b"%PDF", "a.pdf", "application/pdf")]

    def test_a_plugin_that_fails_lets_nothing_pass(self, small: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        def scan(**_: Any) -> list[str | None]:
            raise ZeroDivisionError

        monkeypatch.setattr(small.extensions["tripfile.plugins"].hook, "scan_upload", scan, raising=False)
        with pytest.raises(Problem) as caught:
            took(files.PDF, "a.pdf")
        assert caught.value.status == 503
