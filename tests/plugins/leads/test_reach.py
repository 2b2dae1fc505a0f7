"""Who may delete what others put to a lead: whoever may delete that lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]
CALL = {"direction": "outbound", "outcome": "answered", "note": "Mine."}


@pytest.fixture
def desk(agency: AgencyUnderTest, api: ApiClient) -> ApiClient:
    """Sees and changes every lead, and deletes those of their own."""
    may = {"leads.read": "all", "leads.write": "all", "leads.assign": "all", "leads.delete": "own"}
    ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": may | {"contacts.read": "all"}}), 201)
    return agency.newcomer("desk")


@pytest.fixture
def put(api: ApiClient) -> Callable[[dict[str, Any]], list[str]]:
    """Puts a call, a note and a file to a lead; where they are."""

    def everything(lead: dict[str, Any]) -> list[str]:
        path = f"/leads/{lead['id']}"
        kind = {"Content-Type": "text/csv"}
        file = api.call("POST", f"{path}/attachments", data=b"a,b\n1,2\n", query_string={"name": "a.csv"}, headers=kind)
        made = {
            "calls": ok(api.post(f"{path}/calls", CALL), 201),
            "notes": ok(api.post(f"{path}/notes", {"text": "Mine."}), 201),
            "attachments": ok(file, 201),
        }
        return [f"{path}/{kind}/{each['id']}" for kind, each in made.items()]

    return everything


class TestReach:
    def test_what_is_put_to_leads_of_others_stays(
        self, desk: ApiClient, enquire: Enquire, put: Callable[[dict[str, Any]], list[str]]
    ) -> None:
        for path in (made := put(enquire())):
            assert desk.delete(path, version="*").status_code == 403
        assert desk.patch(made[0], {"note": "Theirs."}, version="*").status_code == 403

    def test_what_is_put_to_ones_own_leads_goes(
        self, desk: ApiClient, enquire: Enquire, put: Callable[[dict[str, Any]], list[str]]
    ) -> None:
        for path in (made := put(enquire(owner_id=str(desk.user_id)))):
            if path == made[0]:
                ok(desk.patch(path, {"note": "Corrected."}, version="*"))
            ok(desk.delete(path, version="*"), 204)
