"""The event log over HTTP."""

from __future__ import annotations

import json
from typing import Any

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


def events(api: ApiClient, question: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get(f"/audit?{question}"))["items"]
    return found


class TestLog:
    def test_it_tells_who_did_what_when_and_by_which_request(self, api: ApiClient) -> None:
        answer = api.post("/leads", {"contact": {"name": "Ana"}}, headers={"X-Request-ID": "the-request-1"})
        lead = ok(answer, 201)
        (event,) = events(api, f"subject_id={lead['id']}")
        assert event["name"] == "leads.lead_created"
        assert event["subject"] == "leads.lead"
        assert (event["actor_kind"], event["actor_id"]) == ("user", str(api.user_id))
        assert event["request_id"] == "the-request-1"
        assert event["payload"]["reference"] == lead["reference"]
        assert event["before"] is None
        assert event["after"]["status"] == "new"

    def test_it_keeps_what_was_before_and_what_came_after(self, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "adults": 2}), 201)
        ok(api.patch(f"/leads/{lead['id']}", {"adults": 3, "nights": 7}, version=1))
        (event,) = events(api, f"subject_id={lead['id']}&name=leads.lead_changed")
        assert event["payload"]["fields"] == ["adults", "nights"]
        assert (event["before"], event["after"]) == ({"adults": 2, "nights": None}, {"adults": 3, "nights": 7})

    def test_personal_data_stays_out_of_it(self, api: ApiClient) -> None:
        person = {
            "given_name": "Anastasia",
            "family_name": "Duartesdottir",
            "note": "Allergic to nuts",
            "emails": [{"address": "secret@example.com"}],
            "phones": [{"number": "+351912345678"}],
        }
        made = ok(api.post("/contacts", person), 201)
        ok(api.patch(f"/contacts/{made['id']}", {"family_name": "Silvasdottir", "note": None}, version=1))
        lead = ok(api.post("/leads", {"contact_id": made["id"], "restrictions": "Insulin", "note": "Call mum"}), 201)
        ok(api.patch(f"/leads/{lead['id']}", {"restrictions": "No insulin"}, version=1))
        ok(api.post("/invitations", {"email": "hidden@example.com", "roles": []}), 201)
        text = json.dumps(events(api, "limit=200"))
        for secret in (
            "Anastasia", "Duartes", "Silvas", "nuts", "secret@", "+351912345678", "nsulin", "mum", "hidden@",
        ):  # fmt: skip
            assert secret not in text, secret
        (event,) = events(api, f"subject_id={made['id']}&name=contacts.contact_changed")
        assert event["before"]["family_name"] == event["after"]["family_name"] == "[personal]"
        assert event["after"]["note"] is None

    def test_what_was_refused_is_not_in_it(self, api: ApiClient) -> None:
        before = len(events(api, "limit=200"))
        assert api.post("/leads", {"contact": {"name": "Ana"}, "zone": "Mars/Base"}).status_code == 422
        assert api.post("/users/teams", {}).status_code == 422
        assert len(events(api, "limit=200")) == before


class TestQuestions:
    def test_it_is_filtered_by_name_subject_actor_and_time(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        mine = ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        theirs = ok(agent.post("/leads", {"contact": {"name": "Bea"}}), 201)
        created = events(api, "name=leads.lead_created")
        assert [event["subject_id"] for event in created] == [theirs["id"], mine["id"]]
        assert [event["subject_id"] for event in events(api, f"name=leads.lead_created&actor_id={agent.user_id}")] == [
            theirs["id"]
        ]
        moment = created[0]["occurred_at"].replace("+", "%2B")
        newest = events(api, f"name=leads.lead_created&occurred_at.gte={moment}")
        assert [event["subject_id"] for event in newest] == [theirs["id"]]
        older = events(api, f"name=leads.lead_created&occurred_at.lt={moment}&sort=occurred_at")
        assert [event["subject_id"] for event in older] == [mine["id"]]

    def test_it_is_read_page_by_page(self, api: ApiClient) -> None:
        made = [ok(api.post("/contacts", {"name": f"Person {number}"}), 201)["id"] for number in range(5)]
        question, seen = "name=contacts.contact_created&sort=occurred_at&limit=2", []
        page = ok(api.get(f"/audit?{question}"))
        while True:
            seen += [event["subject_id"] for event in page["items"]]
            if page["next"] is None:
                break
            page = ok(api.get(f"/audit?{question}&cursor={page['next']}"))
        assert seen == made

    def test_a_moment_needs_its_offset(self, api: ApiClient) -> None:
        assert faults(api.get("/audit?occurred_at.gte=2027-05-14T09:30:00")).keys() == {"?occurred_at.gte"}

    def test_only_those_who_may_read_it_do(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        ok(agency.member("manager").get("/audit"))
        for role in ("agent", "accountant", "operations", "read_only"):
            assert problem(agency.member(role).get("/audit")) == (403, "forbidden")
        theirs = ok(other_agency.member("owner").post("/contacts", {"name": "Ana"}), 201)
        assert events(agency.member("owner"), f"subject_id={theirs['id']}") == []
