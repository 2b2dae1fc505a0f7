"""What one client said never stays in the lead of another: only leads of one contact are merged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.privacy import erasures
from core.testing.clients import ApiClient, ok, problem
from tests.plugins.leads.test_duplicates import asked_again, take_in
from tests.plugins.leads.test_merging import merge, shown, undo, without_version

BEA: dict[str, Any] = {"name": "Bea Duarte", "emails": [{"address": "bea@example.com"}]}


def erase(api: ApiClient, contact_id: str) -> None:
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        erasures.erase("contacts.contact", UUID(contact_id), request_id=None)


def merge_clients(api: ApiClient, into: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    gone = ok(api.get(f"/contacts/{other['contact_id']}"))
    body = {"other_id": gone["id"], "other_version": gone["version"]}
    made: dict[str, Any] = ok(api.post(f"/contacts/{into['contact_id']}/merge", body, version="*"))
    return made


@pytest.fixture
def anas(api: ApiClient) -> dict[str, Any]:
    return take_in(api)


@pytest.fixture
def beas(api: ApiClient) -> dict[str, Any]:
    return take_in(api, contact=BEA, restrictions="Epilepsy", occasion="Bea turns 50", tags=["bea"], note="Ring Bea.")


class TestTwoClients:
    def test_their_leads_are_not_merged(self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]) -> None:
        assert problem(merge(api, anas, beas)) == (409, "clients_differ")
        assert without_version(shown(api, anas)) == without_version(anas)
        assert shown(api, beas)["restrictions"] == "Epilepsy"

    def test_their_leads_are_merged_once_the_contacts_are(
        self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]
    ) -> None:
        merge_clients(api, anas, beas)
        ok(merge(api, shown(api, anas), shown(api, beas)))
        assert shown(api, anas)["restrictions"] == "Epilepsy"
        erase(api, beas["contact_id"])
        now = shown(api, anas)
        assert (now["restrictions"], now["occasion"], now["tags"]) == (None, None, [])
        assert [each["text"] for each in ok(api.get(f"/leads/{anas['id']}/notes"))["items"]] == ["[erased]"]

    def test_contacts_do_not_come_apart_before_their_leads(
        self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]
    ) -> None:
        clients = merge_clients(api, anas, beas)
        leads = ok(merge(api, shown(api, anas), shown(api, beas)))
        assert problem(api.post(f"/contacts/merges/{clients['id']}/undo")) == (409, "merge_not_undoable")
        assert shown(api, anas)["contact_id"] == anas["contact_id"]
        ok(undo(api, leads))
        ok(api.post(f"/contacts/merges/{clients['id']}/undo"))
        assert without_version(shown(api, beas)) == without_version(beas)
        assert without_version(shown(api, anas)) == without_version(anas)

    def test_contacts_come_apart_with_leads_that_were_merged_before(
        self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]
    ) -> None:
        again = asked_again(api, beas)
        leads = ok(merge(api, beas, again))
        clients = merge_clients(api, anas, beas)
        ok(api.post(f"/contacts/merges/{clients['id']}/undo"))
        ok(undo(api, leads))
        assert shown(api, again)["contact_id"] == beas["contact_id"]


class TestCorrectedClient:
    def test_what_went_into_a_lead_is_whose_enquiry_the_lead_is(
        self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]
    ) -> None:
        again = asked_again(api, anas, restrictions="No nuts.", note="Ring her.")
        made = ok(merge(api, anas, again))
        ok(api.patch(f"/leads/{anas['id']}", {"contact_id": beas["contact_id"]}, version="*"))
        erase(api, beas["contact_id"])
        assert problem(undo(api, made)) == (404, "not_found")
        assert shown(api, anas)["restrictions"] is None
        assert [each["text"] for each in ok(api.get(f"/leads/{anas['id']}/notes"))["items"]] == ["[erased]"]

    def test_it_still_comes_apart(self, api: ApiClient, anas: dict[str, Any], beas: dict[str, Any]) -> None:
        again = asked_again(api, anas, restrictions="No nuts.")
        made = ok(merge(api, anas, again))
        ok(api.patch(f"/leads/{anas['id']}", {"contact_id": beas["contact_id"]}, version="*"))
        ok(undo(api, made))
        assert (shown(api, anas)["restrictions"], shown(api, again)["restrictions"]) == (None, "No nuts.")
        assert shown(api, again)["contact_id"] == beas["contact_id"]
