"""Files as other systems write them, and files that nobody should have written."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from core.imports import reading, workbooks
from core.imports.errors import Unreadable
from core.imports.schemas import ImportOptions
from core.testing.clients import ok, problem
from tests.core.imports.bringing import LEADS, Bringing, sheet, workbook

NAMES = [("name", "email"), ("Zo\u00eb M\u00fcller", "zoe@example.com"), ("Ben", "ben@example.com")]


def at(text: str) -> datetime:
    """As workbooks know instants: without a zone."""
    return datetime.fromisoformat(text)


def read(data: bytes, form: str = "csv", **options: Any) -> list[tuple[int, list[Any]]]:
    return [tuple(line) for line in reading.lines(io.BytesIO(data), form, ImportOptions(**options))]  # type: ignore[misc]


def reason(data: bytes, form: str = "csv", **options: Any) -> str:
    with pytest.raises(Unreadable) as refused:
        read(data, form, **options)
    return refused.value.reason


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_is_read_however_it_is_written(self, encoding: str, delimiter: str) -> None:
        rows = read(sheet(NAMES, delimiter=delimiter, encoding=encoding))
        assert [tuple(cells) for _, cells in rows] == NAMES

    def test_comes_in_as_windows_writes_it(self, bringing: Bringing) -> None:
        for encoding in ("utf-16", "cp1252"):
            made = ok(bringing.upload(sheet(NAMES, delimiter=";", encoding=encoding)), 201)
            assert [each["column"] for each in made["columns"]] == ["name", "email"]

    def test_in_an_encoding_that_is_not_its_own_is_told_so(self) -> None:
        assert reason(sheet(NAMES, encoding="cp1252"), encoding="utf-8") == "encoding"

    def test_may_name_its_separator_above_the_headings(self) -> None:
        assert read(b"sep=|\r\nname|email\r\nAna|a@example.com\r\n")[1] == (3, ["Ana", "a@example.com"])

    def test_has_lines_in_its_cells_and_blank_ones_between(self) -> None:
        rows = read(b'name,note\r\n\r\n,,\r\nAna,"one\r\ntwo"\r\nBen\r\n')
        assert rows[1:] == [(4, ["Ana", "one\r\ntwo"]), (5, ["Ben"])]

    def test_that_is_no_sound_table_is_refused(self) -> None:
        assert reason(b'name,email\r\n"Ana"x,a@example.com\r\n') == "csv"
        assert reason(b'name,email\r\n"Ana,a@example.com\r\n') == "csv"

    def test_with_a_cell_of_ten_megabytes_is_refused(self) -> None:
        assert reason(b"name\r\n" + b"x" * 10_000_000) == "cell_too_large"
        assert reason(b"name\r\n" + b"x" * 40_000) == "cell_too_large"

    def test_with_too_many_rows_or_columns_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert reason(b"name\r\n" + b"a," * 300) == "too_many_columns"
        monkeypatch.setattr(reading, "MAX_ROWS", 3)
        assert len(read(b"name\r\n" + b"a\r\n" * 3)) == 4
        assert reason(b"name\r\n" + b"a\r\n" * 4) == "too_many_rows"
        monkeypatch.setattr(reading, "MAX_LINES", 9)
        assert reason(b"name\r\n" + b"\r\n" * 9) == "too_many_rows"

    def test_that_would_be_a_formula_is_text_as_our_own_files_have_it(self) -> None:
        rows = read(b"name,phone\r\n=1+1,'+351912345678\r\n'=A1,'quoted\r\n")
        assert [cells for _, cells in rows[1:]] == [["=1+1", "+351912345678"], ["=A1", "'quoted"]]


class TestAWorkbook:
    def test_has_numbers_and_dates_as_such(self) -> None:
        rows = [
            ("name", "nights", "start", "at", "vip"),
            ("Ana", 7, date(2027, 5, 14), at("2027-05-01T09:30"), True),
        ]
        found = read(workbook(rows), "xlsx")
        assert found[1] == (2, ["Ana", 7, at("2027-05-14"), at("2027-05-01T09:30"), True])

    def test_is_read_from_the_sheet_that_is_named(self, bringing: Bringing) -> None:
        data = workbook([("what",), ("ever",)], Clients=NAMES)
        import_id = ok(bringing.upload(data, name="clients.xlsx"), 201)["id"]
        made = bringing.change(import_id, options={"sheet": "Clients"})
        assert [each["column"] for each in made["columns"]] == ["name", "email"]
        assert bringing.do(import_id, "check")["good"] == 2
        answer = bringing.api.patch(f"/imports/{import_id}", {"options": {"sheet": "None"}}, version="*")
        assert problem(answer) == (422, "import_unreadable")

    def test_brings_in_what_its_cells_show(self, bringing: Bringing) -> None:
        rows = [
            ("Client", "start_date", "adults", "budget", "next_action_at"),
            ("Ana", date(2027, 5, 14), 2, 1200.5, at("2027-01-02T09:00")),
        ]
        import_id = ok(bringing.upload(workbook(rows), entity=LEADS, name="leads.xlsx"), 201)["id"]
        bringing.do(import_id, "check")
        bringing.do(import_id, "run")
        [lead] = ok(bringing.api.get("/leads"))["items"]
        assert (lead["start_date"], lead["adults"]) == ("2027-05-14", 2)
        assert lead["budget"] == {"amount": "1200.50", "currency": "EUR"}
        assert lead["next_action_at"] == "2027-01-02T09:00:00Z"

    def test_with_formulas_brings_their_text_nowhere(self) -> None:
        rows = read(workbook([("name", "sum"), ("Ana", "=1+1")]), "xlsx")
        assert rows[1] == (2, ["Ana"])

    def test_that_lies_about_its_size_is_read_whole(self) -> None:
        data = _with_sheet(workbook(NAMES), lambda xml: xml.replace(b'ref="A1:B3"', b'ref="A1"'))
        assert len(read(data, "xlsx")) == 3

    def test_that_unpacks_to_gigabytes_is_refused(self, bringing: Bringing) -> None:
        data = _with_sheet(workbook(NAMES), lambda xml: xml + b" " * 200_000_000)
        assert len(data) < 1_000_000
        assert problem(bringing.upload(data, name="bomb.xlsx")) == (422, "file_refused")

    @pytest.mark.parametrize("part", ["xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/more.xml"])
    def test_with_a_large_part_that_is_read_as_a_whole_is_refused(self, part: str) -> None:
        types = f'<Override PartName="/{part}" ContentType="{SHARED_STRINGS}"/></Types>'.encode()
        made = _changed(workbook(NAMES), "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", types))
        with zipfile.ZipFile(io.BytesIO(made)) as book:
            there = part in book.namelist()
        large = b" " * (workbooks.MAX_PART + 1)
        made = _changed(made, part, lambda xml: xml + large) if there else _added(made, part, large)
        assert reason(made, "xlsx") == "too_large"

    def test_with_a_large_sheet_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbooks, "MAX_PART", 20_000)
        rows = [("name",), *((f"Client {n} " + "x" * 50,) for n in range(100))]
        data = _with_sheet(workbook(rows), lambda xml: xml.replace(b"</sheetData>", b" " * 30_000 + b"</sheetData>"))
        assert len(read(data, "xlsx")) == 101

    def test_with_entities_that_grow_is_refused(self) -> None:
        entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        data = _with_sheet(workbook(NAMES), lambda xml: entities + xml)
        assert reason(data, "xlsx") == "workbook"

    def test_with_a_cell_far_to_the_right_is_refused(self) -> None:
        rows: list[list[Any]] = [["name"], ["Ana", *[None] * 250, "far"]]
        assert [cells for _, cells in read(workbook(rows), "xlsx")][1] == ["Ana"]
        rows[1][200] = "201st"
        assert reason(workbook(rows), "xlsx") == "too_many_columns"

    def test_that_is_locked_or_none_is_refused(self, bringing: Bringing) -> None:
        locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage" * 100
        for data in (locked, b"name,email\r\nAna,a@example.com\r\n", workbook(NAMES)[:-30]):
            assert problem(bringing.upload(data, name="clients.xlsx")) == (422, "file_refused")


class TestAnUpload:
    @pytest.mark.parametrize("data", [b"\r\n\r\n", b"name,email\r\n", b"name,email", b",,,\r\n"])
    def test_without_a_row_is_refused(self, bringing: Bringing, data: bytes) -> None:
        assert problem(bringing.upload(data)) == (422, "import_unreadable")
        assert ok(bringing.api.get("/imports"))["items"] == []

    @pytest.mark.parametrize(
        "data",
        [
            b"name\r\nA\x00na\r\n",
            b"<html><script>alert(1)</script>",
            "<html>\r\nx".encode("utf-16"),
            b"\xff\xfea\x00\x00\x00",
        ],
    )
    def test_that_is_no_table_is_refused(self, bringing: Bringing, data: bytes) -> None:
        assert problem(bringing.upload(data)) == (422, "file_refused")

    def test_with_headings_twice_maps_the_first(self, bringing: Bringing) -> None:
        made = ok(bringing.upload(sheet([("Name", "Name", ""), ("Ana", "Ben", "x")])), 201)
        assert [each["column"] for each in made["columns"]] == ["name", None, None]

    def test_that_turns_out_unreadable_is_told_by_its_check(self, bringing: Bringing) -> None:
        import_id = ok(bringing.upload(sheet(NAMES) + b'"Ana"x,y\r\n'), 201)["id"]
        made = bringing.do(import_id, "check")
        assert (made["state"], made["problem"]) == ("new", "csv")

    def test_with_rows_longer_than_the_headings_tells_which(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded([*NAMES, ("Carl", "c@example.com", "more")])
        bringing.do(import_id, "check")
        [row] = bringing.rows(import_id, state="faulty")
        assert [(each["column"], each["code"]) for each in row["faults"]] == [(None, "ragged")]

    def test_of_an_entity_that_there_is_not_is_refused(self, bringing: Bringing) -> None:
        assert problem(bringing.upload(sheet(NAMES), entity="users.user")) == (404, "not_found")


def _with_sheet(data: bytes, change: Any) -> bytes:
    return _changed(data, "xl/worksheets/sheet", change)


def _added(data: bytes, name: str, part: bytes) -> bytes:
    made = io.BytesIO(data)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, part)
    return made.getvalue()


def _changed(data: bytes, beginning: str, change: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as other:
        for name in book.namelist():
            part = book.read(name)
            other.writestr(name, change(part) if name.startswith(beginning) else part)
    return made.getvalue()
