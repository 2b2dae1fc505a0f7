"""Calls with clients, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]
OUTBOUND = {"direction": "outbound", "outcome": "answered", "duration_seconds": 240}


class TestLogging:
    def test_a_call_is_kept_with_whoever_made_it(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        began = (clock.now() - timedelta(minutes=10)).isoformat()
        made = ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND | {"at": began, "note": "They love it."}), 201)
        assert made["author_id"] == str(api.user_id)
        assert (made["duration_seconds"], made["note"]) == (240, "They love it.")
        ok(api.post(f"/leads/{lead['id']}/calls", {"direction": "inbound", "outcome": "voicemail"}), 201)
        listed = ok(api.get(f"/leads/{lead['id']}/calls"))["items"]
        assert [each["direction"] for each in listed] == ["inbound", "outbound"]
        outbound = ok(api.get(f"/leads/{lead['id']}/calls?direction=outbound&outcome=answered"))["items"]
        assert outbound == [ok(api.get(f"/leads/{lead['id']}/calls/{made['id']}"))]

    def test_it_is_an_event_that_says_nothing_personal(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        made = ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND | {"note": "She is ill."}), 201)
        [event] = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.call_logged"))["items"]
        assert event["payload"] == {
            "lead_id": lead["id"],
            "call_id": made["id"],
            "direction": "outbound",
            "outcome": "answered",
            "duration_seconds": 240,
        }

    def test_it_names_what_comes_next(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        following = {"at": "2027-03-02T10:00:00Z", "text": "Send two lodges"}
        made = ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND | {"next_action": following}), 201)
        shown = ok(api.get(f"/leads/{lead['id']}"))
        for place in (made, shown):
            assert (place["next_action_at"], place["next_action"]) == ("2027-03-02T10:00:00Z", "Send two lodges")
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["next_action"] == "Send two lodges"

    def test_what_is_wrong_is_named_and_nothing_is_logged(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        path = f"/leads/{lead['id']}/calls"
        tomorrow = (clock.now() + timedelta(days=1)).isoformat()
        assert faults(api.post(path, OUTBOUND | {"at": tomorrow})) == {"/at": "future"}
        slipped = {"at": "0001-01-01T00:00:00Z", "next_action": {"at": "9999-01-01T00:00:00Z"}}
        assert faults(api.post(path, OUTBOUND | slipped)) == {"/at": "value", "/next_action/at": "value"}
        assert set(
            faults(api.post(path, {"direction": "sideways", "outcome": "shouting", "duration_seconds": -1}))
        ) == {
            "/direction",
            "/outcome",
            "/duration_seconds",
        }
        assert ok(api.get(path))["items"] == []
        assert ok(api.get(f"/leads/{lead['id']}"))["status"] == "new"

    def test_only_whoever_sees_the_lead_and_may_write(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        path = f"/leads/{enquire()['id']}/calls"
        made = ok(api.post(path, OUTBOUND), 201)
        other = enquire()
        assert problem(api.get(f"/leads/{other['id']}/calls/{made['id']}")) == (404, "not_found")
        for stranger in (agency.member("agent", team="Asia"), other_agency.member()):
            assert problem(stranger.post(path, OUTBOUND)) == (404, "not_found")
            assert problem(stranger.get(path)) == (404, "not_found")
        assert problem(agency.member("read_only").post(path, OUTBOUND)) == (403, "forbidden")


class TestMerged:
    def test_calls_are_on_the_timeline_of_the_lead_that_stays(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        other = enquire(contact_id=lead["contact_id"])
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        made = ok(api.post(f"/leads/{other['id']}/calls", OUTBOUND), 201)
        ok(
            api.post(
                f"/leads/{lead['id']}/merge",
                {"other_id": other["id"], "other_version": ok(api.get(f"/leads/{other['id']}"))["version"]},
                version="*",
            )
        )
        assert len(ok(api.get(f"/leads/{lead['id']}/calls"))["items"]) == 2
        assert ok(api.get(f"/leads/{lead['id']}/calls/{made['id']}"))["lead_id"] == other["id"]


class TestFirstContact:
    @pytest.mark.parametrize(
        ("direction", "outcome", "status"),
        [
            ("outbound", "answered", "contacted"),
            ("outbound", "voicemail", "contacted"),
            ("inbound", "answered", "contacted"),
            ("inbound", "voicemail", "new"),
            ("inbound", "no_answer", "new"),
        ],
    )
    def test_reaching_out_or_taking_a_call_is_contact(
        self, api: ApiClient, enquire: Enquire, direction: str, outcome: str, status: str
    ) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/calls", {"direction": direction, "outcome": outcome}), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["status"] == status
        taken = ok(api.get(f"/leads/{lead['id']}/status"))["items"]
        assert [(step["to_status"], step["manual"]) for step in taken] == [("new", False), ("contacted", False)][
            : 1 + (status == "contacted")
        ]

    def test_a_lead_that_is_further_stays_where_it_is(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "qualified"}, version="*"))
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["status"] == "qualified"

    def test_calls_that_are_logged_at_once_are_all_kept_and_contact_is_made_once(
        self, api: ApiClient, enquire: Enquire
    ) -> None:
        path = f"/leads/{enquire()['id']}"
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: api.post(f"{path}/calls", OUTBOUND).status_code, range(4)))
        assert answers == [201] * 4
        assert len(ok(api.get(f"{path}/calls"))["items"]) == 4
        assert [step["to_status"] for step in ok(api.get(f"{path}/status"))["items"]] == ["new", "contacted"]
