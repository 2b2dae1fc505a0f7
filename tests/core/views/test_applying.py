"""Lists, files and bulk actions that a saved view narrows down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

LEAD: dict[str, Any] = {"contact": {"name": "Ben Okri"}}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Any:
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen


@pytest.fixture
def make(api: ApiClient) -> Callable[..., dict[str, Any]]:
    def take_in(**changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(api.post("/leads", LEAD | changes), 201)
        return made

    return take_in


@pytest.fixture
def keep(api: ApiClient) -> Callable[..., str]:
    def save(columns: list[str] | None = None, entity: str = "leads.lead", **question: str) -> str:
        draft = {"entity": entity, "name": "A view", "filter": question, "columns": columns or []}
        made: str = ok(api.post("/views", draft), 201)["id"]
        return made

    return save


def sources(answer: Any) -> list[str]:
    return [each["source"] for each in ok(answer)["items"]]


class TestLists:
    def test_a_view_stands_under_the_question(
        self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str]
    ) -> None:
        for source in ("fair", "web_form", "phone"):
            make(source=source)
        view = keep(**{"source.in": "fair,web_form", "sort": "created_at"})
        assert sources(api.get(f"/leads?view={view}")) == ["fair", "web_form"]
        # What is asked itself counts: it takes the place of all the view says about the same thing.
        assert sources(api.get(f"/leads?view={view}&sort=-created_at")) == ["web_form", "fair"]
        assert sources(api.get(f"/leads?view={view}&source=phone")) == ["phone"]
        assert sources(api.get(f"/leads?view={view}&status=won")) == []

    def test_pages_go_on_under_it(self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str]) -> None:
        made = [make()["id"] for _ in range(5)]
        view, found, cursor = keep(status="new", sort="created_at"), [], ""
        while True:
            page = ok(api.get(f"/leads?view={view}&limit=2{cursor}"))
            found += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == made
        ok(api.patch(f"/views/{view}", {"filter": {"status": "won"}}, version="*"))
        first = ok(api.get("/leads?status=new&limit=2"))["next"]
        assert faults(api.get(f"/leads?view={view}&cursor={first}")) == {"?cursor": "cursor"}

    def test_it_costs_one_statement_more_however_many_rows_there_are(
        self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str], statements: Statements
    ) -> None:
        view, costs = keep(status="new", columns=["reference"]), []
        for _ in range(2):
            for _ in range(4):
                make()
            ok(api.get(f"/leads?view={view}"))
            statements.clear()
            ok(api.get(f"/leads?view={view}"))
            costs.append(statements.of_the_application)
        # The list, the view, and which fields the agency has added: the view names columns.
        assert costs == [3, 3]

    def test_it_is_of_this_list(self, api: ApiClient, keep: Callable[..., str]) -> None:
        view = keep(entity="contacts.contact", kind="person")
        assert faults(api.get(f"/leads?view={view}")) == {"?view": "unknown"}
        assert list(faults(api.get("/leads?view=mine"))) == ["?view"]
        assert faults(api.get(f"/leads/{view}/notes?view={view}")) == {"?view": "unknown_parameter"}

    def test_nobody_sees_more_by_it(self, api: ApiClient, agency: AgencyUnderTest, make: Callable[..., Any]) -> None:
        make()
        shared = {"entity": "leads.lead", "name": "All", "filter": {"status": "new"}, "audience": "agency"}
        view = ok(api.post("/views", shared), 201)["id"]
        assert sources(agency.member("agent").get(f"/leads?view={view}")) == []


class TestElsewhere:
    def test_a_file_has_its_columns(self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str]) -> None:
        make(source="fair")
        make(source="phone")
        view = keep(columns=["source", "status"], source="fair")
        assert api.post(f"/leads/export?view={view}").get_data(as_text=True) == '"source","status"\r\n"fair","new"\r\n'
        named = api.post(f"/leads/export?view={view}&columns=status").get_data(as_text=True)
        assert named == '"status"\r\n"new"\r\n'

    def test_a_bulk_action_takes_its_rows(
        self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str]
    ) -> None:
        fair, _ = make(source="fair"), make(source="phone")
        body = {"action": {"type": "delete"}, "filter": {"view": keep(source="fair")}}
        answer = ok(api.post("/leads/bulk", body, headers={"Idempotency-Key": "one"}))
        assert [row["id"] for row in answer["rows"]] == [fair["id"]]


class TestBroken:
    def test_one_that_asks_for_a_field_that_is_gone_says_so(
        self, api: ApiClient, make: Callable[..., Any], keep: Callable[..., str]
    ) -> None:
        make()
        tier = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text"}
        field = ok(api.post("/custom-fields", tier), 201)["id"]
        view = keep(columns=["reference", "custom.tier"], **{"custom.tier": "gold"})
        assert ok(api.get(f"/views/{view}"))["broken"] == []
        assert sources(api.get(f"/leads?view={view}")) == []
        ok(api.post(f"/custom-fields/{field}/archive", version="*"))
        found = ok(api.get(f"/views/{view}"))["broken"]
        assert {each["pointer"]: each["code"] for each in found} == {
            "/filter/custom.tier": "unknown_parameter",
            "/columns": "choice",
        }
        answer = api.get(f"/leads?view={view}")
        assert problem(answer) == (409, "view_broken")
        assert answer.json is not None
        assert [each["pointer"] for each in answer.json["errors"]] == ["/filter/custom.tier", "/columns"]
        # It can be given another name, and repaired.
        ok(api.patch(f"/views/{view}", {"name": "Old"}, version="*"))
        ok(api.patch(f"/views/{view}", {"filter": {}, "columns": []}, version="*"))
        assert len(ok(api.get(f"/leads?view={view}"))["items"]) == 1

    def test_it_is_judged_by_what_each_may_see(
        self, api: ApiClient, agency: AgencyUnderTest, make: Callable[..., Any]
    ) -> None:
        grants = {"views.read": "own", "contacts.read": "all"}
        ok(api.post("/roles", {"code": "door", "name": "Door", "permissions": grants}), 201)
        shared = {"entity": "leads.lead", "name": "All", "audience": "agency"}
        view = ok(api.post("/views", shared), 201)["id"]
        found = ok(agency.newcomer("door").get(f"/views/{view}"))
        assert [each["pointer"] for each in found["broken"]] == ["/entity"]
