"""Handing contacts over, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


def add(by: ApiClient, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(by.post("/contacts", {"name": "Ana", **more}), 201)
    return made


def assign(by: ApiClient, contact: dict[str, Any], **body: Any) -> Any:
    return by.post(f"/contacts/{contact['id']}/assignment", body, version=contact["version"])


@pytest.fixture
def clerk(api: ApiClient, agency: AgencyUnderTest) -> ApiClient:
    """Somebody who may write contacts, and hand none of them over."""
    permissions = {"contacts.read": "all", "contacts.write": "all", "leads.read": "all", "leads.write": "all"}
    ok(api.post("/roles", {"code": "clerk", "name": "Clerk", "permissions": permissions}), 201)
    return agency.newcomer("clerk", team="North")


class TestAssign:
    def test_a_contact_goes_to_another_owner_and_team(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        colleague, contact = agency.newcomer("agent", team="Asia"), add(api)
        (team_id,) = [each["id"] for each in ok(api.get("/users/teams?name=Asia"))["items"]]
        handed = ok(assign(api, contact, owner_id=str(colleague.user_id), team_id=team_id))
        assert (handed["owner_id"], handed["team_id"], handed["version"]) == (str(colleague.user_id), team_id, 2)
        (event,) = ok(api.get(f"/audit?subject_id={contact['id']}&name=contacts.contact_assigned"))["items"]
        assert event["payload"] == {
            "contact_id": contact["id"],
            "from_owner_id": str(api.user_id),
            "owner_id": str(colleague.user_id),
            "team_id": team_id,
            "owner_left": False,
        }
        assert event["before"] == {"owner_id": str(api.user_id), "team_id": None}

    def test_to_whom_it_is_already_given_is_no_news(self, api: ApiClient) -> None:
        contact = add(api)
        assert ok(assign(api, contact, owner_id=contact["owner_id"])) == contact
        assert problem(assign(api, contact | {"version": 7}, owner_id=None)) == (412, "precondition_failed")
        assert ok(api.get(f"/audit?subject_id={contact['id']}&name=contacts.contact_assigned"))["items"] == []

    def test_somebody_of_another_agency_is_unknown(self, other_agency: AgencyUnderTest, api: ApiClient) -> None:
        stranger = str(other_agency.newcomer("agent").user_id)
        assert faults(assign(api, add(api), owner_id=stranger, team_id=stranger)) == {
            "/owner_id": "unknown",
            "/team_id": "unknown",
        }

    def test_takes_the_permission_to_hand_over(self, api: ApiClient, clerk: ApiClient) -> None:
        contact = add(clerk)
        assert problem(assign(clerk, contact, owner_id=str(api.user_id))) == (403, "forbidden")
        assert ok(api.get(f"/contacts/{contact['id']}"))["owner_id"] == str(clerk.user_id)

    def test_an_agent_hands_over_their_own_and_nobody_elses(self, agency: AgencyUnderTest) -> None:
        agent, mate = agency.newcomer("agent", team="Africa"), agency.newcomer("agent", team="Africa")
        contact = add(agent)
        assert problem(assign(mate, contact, owner_id=str(mate.user_id))) == (404, "not_found")
        assert ok(assign(agent, contact, owner_id=str(mate.user_id)))["owner_id"] == str(mate.user_id)


class TestMaking:
    @pytest.mark.parametrize("whose", ["owner_id", "team_id"])
    def test_one_for_somebody_else_takes_the_permission_to_hand_over(
        self, agency: AgencyUnderTest, api: ApiClient, clerk: ApiClient, whose: str
    ) -> None:
        agency.newcomer("agent", team="South")
        (team,) = [each["id"] for each in ok(api.get("/users/teams?name=South"))["items"]]
        other = {"owner_id": str(api.user_id), "team_id": team}[whose]
        assert problem(clerk.post("/contacts", {"name": "Ana", whose: other})) == (403, "forbidden")
        assert problem(clerk.post("/leads", {"contact": {"name": "Ana", whose: other}})) == (403, "forbidden")
        assert ok(api.get("/contacts"))["items"] == []

    def test_ones_own_for_ones_team_does_not(self, api: ApiClient, clerk: ApiClient) -> None:
        (team,) = [each["id"] for each in ok(api.get("/users/teams?name=North"))["items"]]
        made = add(clerk, owner_id=str(clerk.user_id), team_id=team)
        assert (made["owner_id"], made["team_id"]) == (str(clerk.user_id), team)
