"""Contacts from files: mapped, checked, brought in, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from tests.contract.statements import Statements
from tests.core.imports.bringing import Bringing

ANA = ("Ana Duarte", "ana@example.com", "+351 912 345 678", "Portugal")
BEN = ("Ben Okri", "ben@example.com", "+44 20 7946 0958", "GB")
HEADINGS = ("Client Name", "E-Mail", "Phone Number", "Country")


def names(api: ApiClient) -> list[str]:
    found: list[dict[str, Any]] = ok(api.get("/contacts?sort=name&limit=200"))["items"]
    return [each["name"] for each in found]


class TestAFile:
    def test_tells_its_headings_and_what_they_seem_to_stand_for(self, bringing: Bringing) -> None:
        made = bringing.show(bringing.uploaded([(*HEADINGS, "Shoe size"), (*ANA, 38)]))
        assert made["state"] == "new"
        assert [(each["heading"], each["column"]) for each in made["columns"]] == [
            ("Client Name", "name"),
            ("E-Mail", "email"),
            ("Phone Number", "phone"),
            ("Country", "country"),
            ("Shoe size", None),
        ]

    def test_is_checked_without_anything_coming_in(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded([HEADINGS, ANA, BEN, ("Nobody", "no address", "12", "Atlantis")])
        made = bringing.do(import_id, "check")
        assert (made["state"], made["total"]) == ("checked", 3)
        assert (made["good"], made["duplicates"], made["faulty"]) == (2, 0, 1)
        assert names(bringing.api) == []
        [wrong] = bringing.rows(import_id, state="faulty")
        assert wrong["line"] == 4
        found = {(each["column"], each["code"]) for each in wrong["faults"]}
        assert found == {("email", "pattern"), ("phone", "phone"), ("country", "country")}
        assert "Atlantis" not in str(wrong)

    def test_comes_in_and_is_taken_back(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA, BEN])
        made = bringing.show(import_id)
        assert (made["created"], made["faulty"]) == (2, 0)
        assert names(bringing.api) == ["Ana Duarte", "Ben Okri"]
        [ana] = ok(bringing.api.get("/contacts?q=duarte"))["items"]
        assert (ana["email"], ana["phone"], ana["country"]) == ("ana@example.com", "+351912345678", "PT")
        made = bringing.do(import_id, "revert")
        assert (made["state"], made["reverted"], made["kept"]) == ("reverted", 2, 0)
        assert names(bringing.api) == []
        assert ok(bringing.api.get("/contacts?q=duarte"))["items"] == []

    def test_comes_in_once(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA])
        assert problem(bringing.ask(import_id, "run")) == (409, "import_already_run")
        assert problem(bringing.ask(import_id, "check")) == (409, "import_already_run")

    def test_is_checked_first_and_again_after_every_change(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded([HEADINGS, ANA])
        assert problem(bringing.ask(import_id, "run")) == (409, "import_not_checked")
        bringing.do(import_id, "check")
        bringing.change(import_id, options={"date_order": "mdy"})
        assert problem(bringing.ask(import_id, "run")) == (409, "import_not_checked")

    def test_is_mapped_as_the_last_one_with_the_same_headings(self, bringing: Bringing) -> None:
        first = bringing.uploaded([("Who", "Where"), ("Ana", "Portugal")])
        bringing.change(first, mapping=["name", "country"])
        bringing.do(first, "check")
        bringing.do(first, "run")
        second = bringing.show(bringing.uploaded([("Who", "Where"), ("Ben", "Spain")]))
        assert [each["column"] for each in second["columns"]] == ["name", "country"]

    def test_refuses_a_mapping_that_cannot_be(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded([HEADINGS, ANA])
        answer = bringing.api.patch(f"/imports/{import_id}", {"mapping": ["name", "name", "shoe", None]}, version="*")
        assert faults(answer) == {"/mapping/1": "duplicate", "/mapping/2": "unknown"}


class TestDuplicates:
    def test_are_left_out_and_told_with_their_reasons(self, bringing: Bringing) -> None:
        known = ok(
            bringing.api.post("/contacts", {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}), 201
        )
        import_id = bringing.uploaded([HEADINGS, ANA, BEN])
        made = bringing.do(import_id, "check")
        assert (made["good"], made["duplicates"]) == (1, 1)
        [row] = bringing.rows(import_id, state="duplicate")
        assert (row["duplicate_of"], row["line"]) == (known["id"], 2)
        assert row["score"] >= 90
        assert row["reasons"] == ["same_email", "alike_name"]
        made = bringing.do(import_id, "run")
        assert (made["created"], made["duplicates"]) == (1, 1)

    def test_are_found_among_the_rows_of_one_file(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded([HEADINGS, ANA, BEN, ("DUARTE, Ana", "ANA@example.com", "", "")])
        made = bringing.do(import_id, "check")
        assert (made["good"], made["duplicates"]) == (2, 1)
        assert bringing.rows(import_id, state="duplicate")[0]["duplicate_line"] == 2
        made = bringing.do(import_id, "run")
        assert (made["created"], made["duplicates"]) == (2, 1)
        assert bringing.rows(import_id, state="duplicate")[0]["duplicate_line"] == 2

    @pytest.mark.parametrize(("least", "duplicates"), [(60, 2), (61, 0)])
    def test_are_looked_for_by_name_where_a_name_alone_is_enough(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch, least: int, duplicates: int
    ) -> None:
        ok(bringing.api.post("/contacts", {"name": "Ana Duarte"}), 201)
        rows = [HEADINGS, *((name, "", "", "") for name in ("Ana Duarte", "Ben Okri", "Okri, Ben"))]
        import_id = bringing.uploaded(rows, duplicate_score=least)
        seen = Statements()
        with seen.watching(monkeypatch):
            assert bringing.do(import_id, "check")["duplicates"] == duplicates
        assert any("AS sought" in each for each in seen.others) == bool(duplicates)

    def test_come_in_where_that_is_wanted(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA, ANA], duplicates="create")
        assert bringing.show(import_id)["created"] == 2


class TestTakingBack:
    def test_leaves_what_somebody_has_worked_with(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA, BEN])
        [ana] = ok(bringing.api.get("/contacts?q=duarte"))["items"]
        ok(bringing.api.patch(f"/contacts/{ana['id']}", {"note": "Prefers windows"}, version="*"))
        made = bringing.do(import_id, "revert")
        assert (made["reverted"], made["kept"]) == (1, 1)
        [kept] = bringing.rows(import_id, state="kept")
        assert (kept["entity_id"], kept["kept_because"]) == (ana["id"], "touched")
        assert names(bringing.api) == ["Ana Duarte"]

    def test_leaves_whom_somebody_changed_in_the_name_of_the_import(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA])
        [ana] = ok(bringing.api.get("/contacts"))["items"]
        for sent in (f"import:{import_id}", f"import-{import_id}"):
            headers = {"X-Request-ID": sent, "If-Match": "*"}
            ok(bringing.api.call("PATCH", f"/contacts/{ana['id']}", json={"note": sent}, headers=headers))
        made = bringing.do(import_id, "revert")
        assert (made["reverted"], made["kept"]) == (0, 1)

    def test_leaves_whom_something_is_about(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA, BEN])
        [ana] = ok(bringing.api.get("/contacts?q=duarte"))["items"]
        [ben] = ok(bringing.api.get("/contacts?q=okri"))["items"]
        ok(bringing.api.post("/leads", {"contact_id": ana["id"]}), 201)
        task = {"title": "Call", "subject": "contacts.contact", "subject_id": ben["id"]}
        ok(bringing.api.post("/tasks", task), 201)
        made = bringing.do(import_id, "revert")
        assert (made["reverted"], made["kept"]) == (0, 2)
        assert {row["kept_because"] for row in bringing.rows(import_id)} == {"contact_in_use", "touched"}
