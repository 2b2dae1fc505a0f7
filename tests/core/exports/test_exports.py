"""Lists as files: what is in them, who may take them, and what the log says of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.exports import taking
from core.http.application import Application
from core.http.contract import rule_of
from core.quotas import service as quotas
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.schemas import LeadRow


def table(answer: Any) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(StringIO(answer.get_data(as_text=True))))


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    """The rows of a workbook, the heading first."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = load_workbook(BytesIO(answer.get_data())).active
    assert found is not None
    return list(found.iter_rows(values_only=True))


def logged(api: ApiClient) -> list[dict[str, Any]]:
    return [each["payload"] for each in ok(api.get("/audit?name=exports.list_exported"))["items"]]


class TestFile:
    def test_csv_tells_what_the_list_tells(self, api: ApiClient, make: Callable[..., dict[str, Any]]) -> None:
        lead = make()
        answer = api.post("/leads/export")
        assert answer.content_type.startswith("text/csv")
        assert answer.headers["Cache-Control"] == "no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.get_data())
        (row,) = table(answer)
        assert row["reference"] == lead["reference"]
        assert (row["budget"], row["budget_currency"]) == ("5000.50", "EUR")
        assert (row["destinations"], row["tags"]) == ("Kenya, Zanzibar", "honeymoon")
        assert (row["start_date"], row["end_date"], row["value_currency"]) == ("2027-07-01", "", "")
        # Of the agency, which is in Lisbon; the offset says which instant it is.
        moment = datetime.fromisoformat(row["created_at"])
        assert moment == datetime.fromisoformat(lead["created_at"]).replace(microsecond=0)
        assert moment.utcoffset() is not None

    def test_excel_knows_it_for_utf_8_and_people_read_titles(
        self, api: ApiClient, make: Callable[..., dict[str, Any]]
    ) -> None:
        make(contact={"name": "Zoë Ådland"})
        text = api.post("/leads/export?form=excel&columns=contact_name,budget").get_data()
        assert text.startswith(b"\xef\xbb\xbf")
        assert text.decode("utf-8-sig") == (
            '"Contact name","Budget","Budget (currency)"\r\n"Zoë Ådland",5000.50,"EUR"\r\n'
        )

    def test_a_workbook_knows_numbers_dates_and_instants(
        self, api: ApiClient, make: Callable[..., dict[str, Any]]
    ) -> None:
        lead = make()
        heading, row = sheet(api.post("/leads/export?form=xlsx&columns=reference,adults,start_date,budget,created_at"))
        assert heading == (
            "Reference", "Adults", "Start date", "Budget", "Budget (currency)", "Created at (Europe/Lisbon)",
        )  # fmt: skip
        assert row[:2] == (lead["reference"], 2)
        assert row[2].date() == date(2027, 7, 1)
        assert (float(row[3]), row[4]) == (5000.5, "EUR")
        assert isinstance(row[5], datetime)

    @pytest.mark.parametrize("form", ["csv", "excel", "xlsx"])
    def test_no_text_becomes_a_formula(self, api: ApiClient, make: Callable[..., dict[str, Any]], form: str) -> None:
        make(contact={"name": "=cmd|' /C calc'!A0"}, tags=["@SUM(1)"])
        answer = api.post(f"/leads/export?form={form}&columns=contact_name,tags")
        if form == "xlsx":
            book = load_workbook(BytesIO(answer.get_data())).active
            assert book is not None
            assert [cell.data_type for cell in book[2]] == ["s", "s"]
        else:
            assert "\"'=cmd" in answer.get_data(as_text=True)
            assert "\"'@SUM" in answer.get_data(as_text=True)

    def test_of_nothing_it_is_the_heading(self, api: ApiClient) -> None:
        assert api.post("/leads/export?columns=id").get_data(as_text=True) == '"id"\r\n'

    def test_every_plugin_has_it_by_one_line(self, api: ApiClient) -> None:
        ok(api.post("/contacts", {"name": "Ana", "emails": [{"address": "ana@example.com"}]}), 201)
        (row,) = table(api.post("/contacts/export?columns=email,name"))
        assert row == {"email": "ana@example.com", "name": "Ana"}


class TestQuestion:
    def test_it_is_that_of_the_list(self, api: ApiClient, make: Callable[..., dict[str, Any]]) -> None:
        first, second = make(source="web_form"), make(contact={"name": "Cleo"})
        for asked in ("source=web_form", "q=Ben", "source.in=web_form,fair", "sort=-created_at", "tag=honeymoon"):
            shown = [each["id"] for each in ok(api.get(f"/leads?{asked}"))["items"]]
            assert [row["id"] for row in table(api.post(f"/leads/export?{asked}&columns=id"))] == shown
            assert set(shown) <= {first["id"], second["id"]}
        assert table(api.post("/leads/export?q=...")) == []

    def test_what_is_wrong_is_told_at_once(self, api: ApiClient) -> None:
        answer = api.post("/leads/export?form=pdf&status=odd&nothing=1&limit=3&columns=id,foo")
        assert [(fault["pointer"], fault["code"]) for fault in (answer.json or {})["errors"]] == [
            ("?nothing", "unknown_parameter"), ("?limit", "unknown_parameter"), ("?status", "choice"),
            ("?form", "choice"), ("?columns", "choice"),
        ]  # fmt: skip
        assert faults(api.post("/leads/export?columns=id,nothing")) == {"?columns": "choice"}
        assert faults(api.post("/leads/export?columns=id,id")) == {"?columns": "duplicate"}
        assert logged(api) == []

    def test_it_goes_on_from_statement_to_statement(
        self, api: ApiClient, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking, "_AT_ONCE", 3)
        made = [make()["id"] for _ in range(8)]
        assert [row["id"] for row in table(api.post("/leads/export?sort=created_at&columns=id"))] == made

    def test_a_large_file_lies_on_disk_until_it_is_sent_or_nobody_wants_it(
        self, api: ApiClient, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking, "_IN_MEMORY", 100)
        monkeypatch.setattr(taking, "_PIECE", 64)
        made = [make()["id"] for _ in range(8)]
        assert [row["id"] for row in table(api.post("/leads/export?sort=created_at&columns=id"))] == made
        # filterwarnings=error tells of a file that stays open.
        api.post("/leads/export?columns=id", buffered=False).close()
        monkeypatch.setattr(taking, "MOST_IN_WORKBOOK", 7)
        assert problem(api.post("/leads/export?form=xlsx")) == (422, "export_too_large")

    def test_columns_are_told(self, api: ApiClient) -> None:
        told = {each["name"]: each["title"] for each in ok(api.get("/leads/export/columns"))}
        assert set(told) == {*LeadRow.__struct_fields__} - {"custom_fields"}
        assert told["contact_name"] == "Contact name"


class TestRights:
    def test_it_takes_a_permission_of_its_own(self, agency: AgencyUnderTest) -> None:
        assert problem(agency.member("agent").post("/leads/export")) == (403, "forbidden")
        assert agency.member("manager").post("/leads/export").status_code == 200

    def test_nobody_takes_more_than_they_see(
        self, api: ApiClient, agency: AgencyUnderTest, make: Callable[..., dict[str, Any]]
    ) -> None:
        """How far the right to export reaches counts only where that to read reaches as far; and the other way."""
        theirs = make()
        for number, (read, export) in enumerate([("own", "all"), ("all", "own")]):
            code = f"desk_{number}"
            grants = {"leads.read": read, "leads.export": export, "leads.write": "all", "contacts.read": "all"}
            ok(api.post("/roles", {"code": code, "name": "Desk", "permissions": grants}), 201)
            clerk = agency.newcomer(code)
            contact = ok(api.post("/contacts", {"name": "Ana"}), 201)["id"]
            mine = ok(clerk.post("/leads", {"contact_id": contact}), 201)
            found = [row["id"] for row in table(clerk.post("/leads/export?columns=id"))]
            assert found == [mine["id"]]
            assert theirs["id"] not in found

    def test_to_take_without_seeing_is_nothing(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(api.post("/roles", {"code": "blind", "name": "Blind", "permissions": {"leads.export": "all"}}), 201)
        assert problem(agency.newcomer("blind").post("/leads/export")) == (403, "forbidden")

    def test_another_agency_is_not_in_it(
        self, api: ApiClient, other_agency: AgencyUnderTest, make: Callable[..., dict[str, Any]]
    ) -> None:
        make(by=other_agency.member("owner"))
        assert table(api.post("/leads/export")) == []

    def test_it_costs_more_than_a_look(self, app: Application) -> None:
        rule = rule_of(app.view_functions["leads.export"])
        assert rule is not None
        assert (rule.cost, rule.agency_limit) == (taking.COST, taking.LIMIT)


class TestLog:
    def test_it_says_what_left_before_it_does(self, api: ApiClient, make: Callable[..., dict[str, Any]]) -> None:
        make()
        answer = api.post("/leads/export?form=xlsx&columns=id,status&q=Ben&status.in=new,won", buffered=False)
        # Not a byte is read yet: whoever hangs up now has taken them all the same.
        (payload,) = logged(api)
        answer.close()
        assert {name: payload[name] for name in ("entity", "form", "columns", "narrowed_by", "rows")} == {
            "entity": "leads.lead",
            "form": "xlsx",
            "columns": ["id", "status"],
            "narrowed_by": ["status.in", "q"],
            "rows": 1,
        }
        assert "Ben" not in str(payload)

    def test_what_is_refused_has_not_left(
        self, api: ApiClient, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking, "MOST", 1)
        make()
        make(source="fair")
        assert problem(api.post("/leads/export")) == (422, "export_too_large")
        assert logged(api) == []
        assert len(table(api.post("/leads/export?source=fair"))) == 1
        used = {each["name"]: each["used"] for each in ok(api.get("/quotas"))}
        assert used["exports.files"] == 1

    def test_nothing_is_read_once_the_quota_is_used_up(
        self,
        app: Application,
        api: ApiClient,
        agency: AgencyUnderTest,
        make: Callable[..., dict[str, Any]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        make()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            quotas.allow("exports.files", 1)
        assert len(table(api.post("/leads/export"))) == 1
        read: list[Any] = []
        monkeypatch.setattr(taking, "_page", lambda *asked: read.append(asked))
        assert problem(api.post("/leads/export")) == (429, "quota_exceeded")
        assert read == []
        assert [each["used"] for each in ok(api.get("/quotas")) if each["name"] == "exports.files"] == [1]
