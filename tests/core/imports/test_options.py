"""How a file is read: what could only make every row faulty is refused when it is said."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import faults, ok, problem
from tests.core.imports.bringing import LEADS, Bringing, workbook

ROWS = [("Client", "Budget"), ("Ana", "1200")]


def refused(bringing: Bringing, import_id: str, **options: Any) -> dict[str, str]:
    return faults(bringing.api.patch(f"/imports/{import_id}", {"options": options}, version="*"))


class TestAnOption:
    def test_that_cannot_be_is_refused_by_its_name(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS, entity=LEADS)
        wrong = {"currency": "XXZ", "phone_country": "ZZ", "sheet": "x"}
        assert refused(bringing, import_id, **wrong) == {
            "/options/currency": "currency",
            "/options/phone_country": "country",
            "/options/sheet": "value",
        }
        assert bringing.show(import_id)["options"]["currency"] is None

    def test_of_a_sheet_that_there_is_not_is_refused_by_its_name(self, bringing: Bringing) -> None:
        import_id = ok(bringing.upload(workbook(ROWS), entity=LEADS, name="leads.xlsx"), 201)["id"]
        answer = bringing.api.patch(f"/imports/{import_id}", {"options": {"sheet": "Nope"}}, version="*")
        assert problem(answer) == (422, "import_unreadable")
        assert faults(answer) == {"/options/sheet": "sheet"}


class TestDefaults:
    @pytest.mark.parametrize(
        ("column", "text", "code"),
        [
            ("team_id", "nope", "unknown"),
            ("owner_id", "0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90", "unknown"),
            ("kind", "zz", "choice"),
            ("adults", "-3", "range"),
            ("adults", "many", "number"),
            ("infants", None, "type"),
            ("nationality", "ZZ", "country"),
            ("budget", "x", "number"),
            ("zone", "Mars", "zone"),
            ("tags", "a" * 41, "length"),
            ("shoe", "38", "unknown"),
        ],
    )
    def test_that_no_cell_could_say_are_refused(
        self, bringing: Bringing, column: str, text: str | None, code: str
    ) -> None:
        import_id = bringing.uploaded(ROWS, entity=LEADS)
        assert refused(bringing, import_id, defaults={column: text}) == {f"/options/defaults/{column}": code}

    def test_that_are_sound_are_taken_though_they_make_no_row(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS, entity=LEADS)
        defaults = {"owner_id": None, "adults": "2", "nationality": "Portugal", "contact_email": "a@example.com"}
        assert bringing.change(import_id, options={"defaults": defaults})["options"]["defaults"] == defaults
        assert refused(bringing, import_id, defaults={"adults": 2}) == {"/options/defaults/adults": "type"}
