"""Exports for spreadsheets: no text becomes a formula, numbers stay numbers, and rows leave as they come."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet import _writer

from core import tabular
from core.http.application import Application
from core.http.attachments import clean_name, disposition

FORMULAS = (
    '=cmd|"/C calc"!A0', "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1", "=", "-",
    "fine;=1", "fine\t=1", "two lines\n=1", "=HYPERLINK(A1)", '";=1', "\0=1",
)  # fmt: skip


def written(rows: Any, form: tabular.Form = "csv") -> list[list[str]]:
    text = b"".join(tabular.lines(["name"], rows, form=form)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def starts_formula(text: str) -> bool:
    return text.lstrip(" \t\r\n\0\u00a0")[:1] in set("=+-@\uff1d")


class TestFormulas:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_no_cell_begins_one_whatever_separates_cells(self, text: str) -> None:
        data = b"".join(tabular.lines(["name"], [[text]])).decode()
        for separator in ",;\t":
            for row in csv.reader(io.StringIO(data, newline=""), delimiter=separator):
                assert not [cell for cell in row if starts_formula(cell)], (separator, row)

    @pytest.mark.parametrize("text", FORMULAS)
    def test_names_of_columns_begin_none_either(self, text: str) -> None:
        (names,) = csv.reader(io.StringIO(b"".join(tabular.lines([text], [])).decode(), newline=""))
        assert not starts_formula(names[0])

    @pytest.mark.parametrize("text", FORMULAS)
    def test_a_workbook_has_none(self, text: str) -> None:
        book = load_workbook(io.BytesIO(b"".join(tabular.workbook([text], [[text]]))))
        for row in book.active.iter_rows():  # type: ignore[union-attr]
            assert row[0].data_type == "s"
            assert row[0].value is not None

    def test_a_formula_stays_text_when_its_cell_is_edited(self) -> None:
        book = load_workbook(io.BytesIO(b"".join(tabular.workbook(["name"], [["=1+1"], ["Ana"]]))))
        first, second = (row[0] for row in book.active.iter_rows(min_row=2))  # type: ignore[union-attr]
        assert (first.value, first.quotePrefix, second.quotePrefix) == ("=1+1", True, False)


class TestValues:
    def test_numbers_stay_numbers(self) -> None:
        rows = [[-5, -2.5, Decimal("-1234567890.1230"), "-12.50", 0]]
        assert b"".join(tabular.lines(["a", "b", "c", "d", "e"], rows)).endswith(
            b'\r\n-5,-2.5,-1234567890.1230,"-12.50",0\r\n'
        )
        book = load_workbook(io.BytesIO(b"".join(tabular.workbook(["a"], [[-5], [Decimal("1.10")]]))))
        assert [row[0].value for row in book.active.iter_rows(min_row=2)] == [-5, 1.1]  # type: ignore[union-attr]

    def test_a_phone_number_keeps_its_plus(self) -> None:
        assert written([["+351912345678"]]) == [["'+351912345678"]]

    def test_text_comes_back_as_it_was(self) -> None:
        for text in ('He said "no", twice', "two\r\nlines", "Åsa Łuczak", "日本語", "a-b", "1,5", "x=1", "", "'"):
            assert written([[text]]) == [[text]]

    def test_instants_days_truth_and_nothing(self) -> None:
        moment = datetime(2027, 5, 14, 9, 30, tzinfo=UTC)
        row = [[moment, date(2027, 5, 14), True, None]]
        assert written(row) == [["2027-05-14 09:30:00+00:00", "2027-05-14", "True", ""]]
        book = load_workbook(io.BytesIO(b"".join(tabular.workbook(["a"], row))))
        (cells,) = book.active.iter_rows(min_row=2, values_only=True)  # type: ignore[union-attr]
        assert cells == ("2027-05-14 09:30:00+00:00", datetime(2027, 5, 14), True)  # noqa: DTZ001 - a day

    def test_what_no_file_can_hold_is_left_out(self) -> None:
        assert written([["a\ud800b"]]) == [["a?b"]]
        book = load_workbook(io.BytesIO(b"".join(tabular.workbook(["a"], [["a\0\x0b\ud800b"], ["x" * 40_000]]))))
        values = [row[0].value for row in book.active.iter_rows(min_row=2)]  # type: ignore[union-attr]
        assert values == ["ab", "x" * tabular.MAX_CELL]


class TestDownload:
    def test_rows_leave_while_others_are_still_read(self) -> None:
        read: list[int] = []

        def rows() -> Iterator[list[str]]:
            for number in range(100_000):
                read.append(number)
                yield ["x" * 100]

        pieces = tabular.lines(["name"], rows())
        assert len(next(pieces)) < 100_000
        assert len(read) < 1_000

    def test_excel_is_told_that_it_is_utf_8(self) -> None:
        assert b"".join(tabular.lines(["a"], [], form="excel")).startswith(b"\xef\xbb\xbf")
        assert not b"".join(tabular.lines(["a"], [])).startswith(b"\xef\xbb\xbf")

    @pytest.mark.parametrize(("form", "ending"), [("csv", "csv"), ("excel", "csv"), ("xlsx", "xlsx")])
    def test_is_a_file_with_a_name(self, small: Application, form: tabular.Form, ending: str) -> None:
        with small.test_request_context():
            response = tabular.download("Leads 2026", ["name"], [["Ana"]], form=form)
            assert response.headers["Content-Disposition"] == f'attachment; filename="Leads 2026.{ending}"'
            assert response.headers["Cache-Control"] == "no-store"
            assert b"Ana" in response.get_data() or form == "xlsx"

    def test_more_rows_than_a_sheet_holds_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tabular, "MAX_SHEET_ROWS", 3)
        with pytest.raises(tabular.TooManyRows):
            b"".join(tabular.workbook(["a"], [["x"]] * 3))
        assert not _writer.ALL_TEMP_FILES


class TestNames:
    @pytest.mark.parametrize(
        ("given", "cleaned"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ana\\passport.pdf", "passport.pdf"),
            ("..", "file"),
            ("", "file"),
            (".htaccess", "htaccess"),
            ("a\r\nSet-Cookie: x.pdf", "a_Set-Cookie_ x.pdf"),
            ("invoice\u202efdp.exe", "invoice_fdp.exe"),
            ("NUL.txt", "_NUL.txt"),
            ("a" * 500 + ".pdf", "a" * (120 - 4) + ".pdf"),
            ('a"b;c.pdf', "a_b;c.pdf"),
            ("\ud800.pdf", "pdf"),
            ("Reise nach Łódź.pdf", "Reise nach Łódź.pdf"),
        ],
    )
    def test_lose_folders_and_tricks(self, given: str, cleaned: str) -> None:
        assert clean_name(given) == cleaned

    def test_in_a_header_are_of_two_forms(self) -> None:
        assert disposition("Offer.pdf") == 'attachment; filename="Offer.pdf"'
        assert disposition("Größe 5%.pdf") == (
            "attachment; filename=\"Groe 5_.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%205%25.pdf"
        )
        assert disposition("日本.pdf") == "attachment; filename=\"pdf\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf"

    def test_never_break_a_header(self) -> None:
        for trick in ('a"; filename="b', "a\r\nX: y", "a\0b", "a\\", "%0d%0a"):
            header = disposition(trick)
            assert not set("\r\n\0\\") & set(header)
            assert header.count('"') == 2
