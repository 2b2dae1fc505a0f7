"""Clients whom views look for, or are named after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.privacy import collecting
from core.privacy.subjects import CONTACT
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.views import personal


def keep(by: ApiClient, name: str, audience: str = "agency", **question: str) -> str:
    """A view of leads; its id."""
    made: dict[str, Any] = ok(
        by.post("/views", {"entity": "leads.lead", "name": name, "filter": question, "audience": audience}), 201
    )
    return str(made["id"])


@pytest.fixture
def ana(api: ApiClient) -> str:
    """A client with a name, an address and a number; their id."""
    said = {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}], "phones": [{"number": "+351912345678"}]}
    made: dict[str, Any] = ok(api.post("/contacts", said), 201)
    return str(made["id"])


class TestAnErasure:
    def test_takes_a_client_out_of_what_views_ask_and_are_called(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, ana: str
    ) -> None:
        """Shared ones, which are nobody's, and those that a colleague keeps."""
        colleague = agency.member("agent")
        by_name = keep(api, "Hers", q="duarte, Ana", status="new")
        by_address = keep(api, "Ana Duarte (Kenya)", q="ANA@example.com")
        by_number = keep(colleague, "Caller", audience="private", q="912 345 678")
        others = keep(api, "The Duarte family, Ana", q="Ana", status="won")
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            subject, holdings = collecting.collect(CONTACT, UUID(ana))
            told = {str(each.row_id): each.values for each in holdings if each.table == "core_view"}
            assert told == {
                by_name: {"filter": {"q": "duarte, Ana"}},
                by_address: {"filter": {"q": "ANA@example.com"}, "name": "Ana Duarte (Kenya)"},
                by_number: {"filter": {"q": "912 345 678"}},
                others: {"filter": {}, "name": "The Duarte family, Ana"},
            }
            assert [(each.table, each.rows) for each in personal.erased(subject)] == [("core_view", 4)]
            assert personal.held(subject) == []
        found = {view["id"]: (view["name"], view["filter"]) for view in ok(api.get("/views"))["items"]}
        assert found == {
            by_name: ("Hers", {"status": "new"}),
            by_address: ("[erased]", {}),
            others: ("[erased]", {"q": "Ana", "status": "won"}),
        }
        mine = ok(colleague.get(f"/views/{by_number}"))
        assert (mine["name"], mine["filter"]) == ("Caller", {})

    def test_leaves_views_alone_that_name_nobody(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, ana: str
    ) -> None:
        view = keep(api, "Ana", q="Duarte", status="new", **{"created_at.gte": "2027-01-01T00:00:00Z"})
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            subject, _ = collecting.collect(CONTACT, UUID(ana))
            assert personal.erased(subject) == []
        shown = ok(api.get(f"/views/{view}"))
        assert (shown["name"], shown["filter"]["q"], shown["version"]) == ("Ana", "Duarte", 1)
