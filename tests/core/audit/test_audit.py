"""The event log over HTTP."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from core import ids
from core.actor import Actor, system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.log import publish
from core.exports import taking
from core.http.application import Application
from core.http.contract import rule_of
from core.roles.events import RoleDeleted
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.databases import Server
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


class TestWhence:
    def test_it_tells_from_where_and_with_what(self, api: ApiClient) -> None:
        lead = ok(
            api.post("/leads", {"contact": {"name": "Ana"}}, headers={"User-Agent": "Tripfile for pockets/2"}), 201
        )
        (event,) = events(api, f"subject_id={lead['id']}")
        assert (event["ip"], event["user_agent"]) == ("127.0.0.1", "Tripfile for pockets/2")
        assert (event["impersonator_id"], event["key_id"], event["reason"]) == (None, None, None)

    def test_the_address_is_not_what_anybody_says_it_is(self, api: ApiClient) -> None:
        forged = {"X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}}, headers=forged), 201)
        (event,) = events(api, f"subject_id={lead['id']}")
        assert event["ip"] == "127.0.0.1"

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("a" * 5_000, "a" * 400),
            ("quiet\x1b[31mred\x85\x9b", "quiet[31mred"),
            ("", None),
            ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ],
    )
    def test_the_browser_is_short_and_of_one_line(self, api: ApiClient, sent: str, kept: str | None) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}}, headers={"User-Agent": sent}), 201)
        (event,) = events(api, f"subject_id={lead['id']}")
        assert event["user_agent"] == kept

    def test_what_nobody_asked_for_over_http_has_no_address(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            publish(RoleDeleted(role_id=agency.id, code="nobody"), reason="Nobody held it")
        (event,) = events(api, "name=roles.role_deleted")
        assert (event["actor_kind"], event["ip"], event["user_agent"]) == ("system", None, None)
        assert event["reason"] == "Nobody held it"

    def test_who_really_acted_is_told(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        helper_id, key_id = ids.new(), ids.new()
        actors = (
            Actor(kind="user", agency_id=agency.id, user_id=api.user_id, impersonator_id=helper_id),
            Actor(kind="key", agency_id=agency.id, user_id=api.user_id, key_id=key_id),
        )
        for actor in actors:
            with app.app_context(), unit_of_work(), acting_as(actor):
                publish(RoleDeleted(role_id=agency.id, code="nobody"))
        (helped,) = events(api, "impersonator_id.null=false")
        assert (helped["actor_id"], helped["impersonator_id"]) == (str(api.user_id), str(helper_id))
        assert events(api, f"impersonator_id={helper_id}") == [helped]
        (by_key, _) = events(api, "name=roles.role_deleted")
        assert (by_key["actor_kind"], by_key["key_id"]) == ("key", str(key_id))

    def test_it_is_found_by_address_and_kind_of_thing(self, api: ApiClient) -> None:
        ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)
        everything = events(api, "limit=200")
        assert events(api, "ip=127.0.0.1&limit=200") == [each for each in everything if each["ip"] == "127.0.0.1"]
        assert events(api, "ip=192.0.2.1") == []
        assert {each["name"] for each in events(api, "subject=leads.lead")} == {"leads.lead_created"}


class TestExport:
    def test_it_is_one_event_per_line_the_oldest_first(self, api: ApiClient) -> None:
        made = [ok(api.post("/contacts", {"name": f"Person {number}"}), 201)["id"] for number in range(5)]
        answer = api.post("/audit/export?name=contacts.contact_created")
        assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson")
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Cache-Control"] == "no-store"
        lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
        assert [line["subject_id"] for line in lines] == made
        assert lines == sorted(events(api, "name=contacts.contact_created"), key=lambda event: event["seq"])

    def test_it_goes_on_from_statement_to_statement(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.audit.repository._AT_ONCE", 3)
        for number in range(7):
            ok(api.post("/contacts", {"name": f"Person {number}"}), 201)
        lines = api.post("/audit/export").get_data(as_text=True).splitlines()
        seqs = [json.loads(line)["seq"] for line in lines]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) > 7

    def test_whoever_reads_slowly_keeps_no_transaction_open(
        self, api: ApiClient, settings: Settings, database_server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The log only grows, so each statement of an export is one of its own."""
        monkeypatch.setattr("core.audit.repository._AT_ONCE", 3)
        for number in range(7):
            ok(api.post("/contacts", {"name": f"Person {number}"}), 201)
        assert settings.database_url is not None
        name = make_url(settings.database_url.get_secret_value()).database
        address = make_url(database_server.superuser_url).set(database=name)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'"
        answer = api.post("/audit/export", buffered=False)
        body = answer.iter_encoded()
        lines = [next(body)]
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
            assert connection.execute(waiting, [name]).fetchone() == (0,)
        lines += body
        answer.close()
        assert len(lines) > 7

    def test_it_is_what_was_asked_for(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        ok(api.post("/contacts", {"name": "Ana"}), 201)
        theirs = ok(agent.post("/contacts", {"name": "Bea"}), 201)
        (event,) = events(api, f"subject_id={theirs['id']}")

        def exported(**asked: Any) -> list[str]:
            text = api.post("/audit/export", query_string=asked).get_data(as_text=True)
            return [json.loads(line)["id"] for line in text.splitlines()]

        assert exported(subject_id=theirs["id"]) == [event["id"]]
        assert exported(actor_id=str(agent.user_id)) == [event["id"]]
        assert event["id"] in exported(since=event["occurred_at"])
        assert event["id"] not in exported(until=event["occurred_at"])
        assert exported(name=["contacts.contact_created", "leads.lead_created"], ip="192.0.2.1") == []

    def test_spreadsheets_get_no_formula(self, api: ApiClient) -> None:
        for form in ("csv", "excel"):
            evil = {"User-Agent": "=HYPERLINK(1)"}
            lead = ok(api.post("/leads", {"contact": {"name": "Ana"}}, headers=evil), 201)
            answer = api.post(f"/audit/export?form={form}&subject_id={lead['id']}")
            assert answer.content_type.startswith("text/csv")
            text = answer.get_data(as_text=True).removeprefix("\ufeff")
            header, row = csv.reader(StringIO(text))
            found = dict(zip(header, row, strict=True))
            assert (found["name"], found["user_agent"]) == ("leads.lead_created", "'=HYPERLINK(1)")
            assert json.loads(found["payload"])["reference"] == lead["reference"]

    def test_that_it_left_the_agency_is_in_the_log_before_it_did(self, api: ApiClient) -> None:
        api.post("/audit/export?form=csv&ip=192.0.2.1&name=leads.lead_won").get_data()
        (event,) = events(api, "name=audit.audit_exported")
        assert (event["actor_id"], event["payload"]["form"]) == (str(api.user_id), "csv")
        assert event["payload"]["narrowed_by"] == ["ip", "name"]
        assert "192.0.2.1" not in json.dumps(event["payload"])

    def test_it_takes_a_permission_of_its_own(self, agency: AgencyUnderTest) -> None:
        assert problem(agency.member("manager").post("/audit/export")) == (403, "forbidden")

    def test_it_costs_more_than_a_look(self, app: Application) -> None:
        rule = rule_of(app.view_functions["audit.export"])
        assert rule is not None
        assert rule.cost == taking.COST

    def test_another_agencys_log_is_not_in_it(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        theirs = ok(other_agency.member("owner").post("/contacts", {"name": "Ana"}), 201)
        assert theirs["id"] not in api.post("/audit/export").get_data(as_text=True)


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
