"""Values of an agency's own fields: written, shown and changed with the thing they are of."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.actor import system
from core.custom_fields import definitions
from core.custom_fields.kinds import Definition
from core.custom_fields.models import CustomValue
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.models import Lead
from tests.contract.statements import Statements
from tests.core.custom_fields.made import EVERY, TIERS, field, lead


def own(told: dict[str, Any]) -> dict[str, Any]:
    """What an event tells of the agency's own fields, by key."""
    mine = ((name.partition("."), value) for name, value in told.items())
    return {key: value for (start, _, key), value in mine if start == "custom_fields"}


class TestValues:
    def test_come_back_as_they_were_sent_in_answers_and_lists(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        assert made["custom_fields"] == EVERY
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"] == EVERY
        assert [row["custom_fields"] for row in ok(six.get("/leads"))["items"]] == [EVERY]

    def test_change_one_by_one_and_go_with_null(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        sent: dict[str, Any] = {"custom_fields": {"tier": "silver", "likes": [], "card": None}}
        changed = ok(six.patch(f"/leads/{made['id']}", sent, version=made["version"]))
        rest = {key: value for key, value in EVERY.items() if key not in {"likes", "card"}}
        assert changed["custom_fields"] == {**rest, "tier": "silver"}
        assert changed["version"] == made["version"] + 1
        assert ok(six.get(f"/leads/{made['id']}"))["version"] == changed["version"]

    def test_every_fault_is_named_at_once_beside_those_of_the_lead(self, six: ApiClient) -> None:
        wrong = {
            "card": "x" * 21,
            "fee": "1.234",
            "renewal": "2027-02-30",
            "insured": "yes",
            "tier": "lead",
            "likes": ["gold", "gold"],
            "shoe": "42",
        }
        body = {"contact": {"name": "Ana"}, "zone": "Mars/Base", "custom_fields": wrong}
        assert faults(six.post("/leads", body)) == {
            "/zone": "zone",
            "/custom_fields/card": "length",
            "/custom_fields/fee": "decimals",
            "/custom_fields/renewal": "format",
            "/custom_fields/insured": "type",
            "/custom_fields/tier": "choice",
            "/custom_fields/likes": "duplicate",
            "/custom_fields/shoe": "unknown_field",
        }
        assert ok(six.get("/leads"))["items"] == []
        assert ok(six.get("/contacts"))["items"] == []

    def test_that_are_numbers_are_told_to_be_text(self, six: ApiClient) -> None:
        answer = six.post("/leads", {"contact": {"name": "Ana"}, "custom_fields": {"fee": 12.5}})
        assert faults(answer) == {"/custom_fields/fee": "type"}
        assert "send a number as text" in answer.get_data(as_text=True)

    def test_a_change_that_is_refused_changes_nothing(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        sent = {"tags": ["vip"], "end_date": "2020-01-01", "start_date": "2021-01-01", "custom_fields": {"fee": "1"}}
        assert faults(six.patch(f"/leads/{made['id']}", sent, version=made["version"])) == {"/end_date": "order"}
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"] == EVERY

    def test_whoever_was_too_late_is_told_and_writes_nothing(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        ok(six.patch(f"/leads/{made['id']}", {"custom_fields": {"card": "B"}}, version=made["version"]))
        late = six.patch(f"/leads/{made['id']}", {"custom_fields": {"card": "C"}}, version=made["version"])
        assert late.status_code == 412
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"]["card"] == "B"

    def test_contacts_have_theirs_also_where_a_lead_brings_them(self, api: ApiClient) -> None:
        field(api, "passport_on_file", "boolean", "contacts.contact", required=True)
        refused = api.post("/leads", {"contact": {"name": "Ana"}})
        assert faults(refused) == {"/contact/custom_fields/passport_on_file": "required"}
        body = {"contact": {"name": "Ana", "custom_fields": {"passport_on_file": True}}}
        made = ok(api.post("/leads", body), 201)
        contact = ok(api.get(f"/contacts/{made['contact_id']}"))
        assert contact["custom_fields"] == {"passport_on_file": True}
        assert made["custom_fields"] == {}
        sent = {"custom_fields": {"passport_on_file": False}}
        changed = ok(api.patch(f"/contacts/{contact['id']}", sent, version=contact["version"]))
        assert changed["custom_fields"] == {"passport_on_file": False}
        assert changed["name"] == "Ana"

    def test_of_another_agency_are_not_there(self, six: ApiClient, make_agency: Callable[..., AgencyUnderTest]) -> None:
        lead(six, EVERY)
        other = make_agency().member("owner")
        assert ok(other.get("/custom-fields"))["items"] == []
        assert faults(other.post("/leads", {"contact": {"name": "Ana"}, "custom_fields": {"tier": "gold"}})) == {
            "/custom_fields/tier": "unknown_field"
        }
        assert faults(other.get("/leads?custom.tier=gold")) == {"?custom.tier": "unknown_parameter"}

    def test_lists_take_one_statement_whatever_there_is(self, six: ApiClient, statements: Statements) -> None:
        counts = set()
        for number in range(4):
            statements.clear()
            ok(six.get("/leads"))
            counts.add((len(statements.reads), len(statements.others)))
            lead(six, EVERY | {"card": f"A-{number}"})
        assert counts == {(1, 0)}


class TestRequiredFields:
    def test_are_asked_for_in_new_leads_and_where_they_are_touched(self, api: ApiClient) -> None:
        older = lead(api)
        field(api, "market", "text", required=True)
        assert faults(api.post("/leads", {"contact": {"name": "Ana"}})) == {"/custom_fields/market": "required"}
        assert faults(api.post("/leads", {"contact": {"name": "Ana"}, "custom_fields": {"market": None}})) == {
            "/custom_fields/market": "required"
        }
        ok(api.patch(f"/leads/{older['id']}", {"tags": ["vip"]}, version=older["version"]))
        touched = api.patch(f"/leads/{older['id']}", {"custom_fields": {"market": None}}, version="*")
        assert faults(touched) == {"/custom_fields/market": "required"}

    def test_with_a_default_get_it(self, api: ApiClient) -> None:
        field(api, "market", "text", required=True, default="Nordics")
        field(api, "vat", "number", decimals=1, default="19")
        assert lead(api)["custom_fields"] == {"market": "Nordics", "vat": "19.0"}
        assert lead(api, {"market": "Baltics", "vat": None})["custom_fields"] == {"market": "Baltics"}


class TestTheLog:
    def test_tells_what_changed_and_never_a_value(self, api: ApiClient) -> None:
        market = field(api, "market", "text", personal=False)
        field(api, "margin", "number", personal=False, seen_by="restricted")
        field(api, "diet", "text")
        made = lead(api, {"market": "Nordics", "margin": "7741", "diet": "vegan"})
        sent = {"custom_fields": {"market": "Baltics", "margin": None, "diet": "none"}}
        ok(api.patch(f"/leads/{made['id']}", sent, version=made["version"]))
        ok(api.patch(f"/custom-fields/{market['id']}", {"personal": True}, version="*"))
        events = ok(api.get(f"/audit?subject_id={made['id']}"))["items"]
        changed = next(each for each in events if each["name"] == "leads.lead_changed")
        created = next(each for each in events if each["name"] == "leads.lead_created")
        assert (
            own(changed["before"]) == own(created["after"]) == dict.fromkeys(("market", "margin", "diet"), "[personal]")
        )
        assert own(changed["after"]) == {"market": "[personal]", "margin": None, "diet": "[personal]"}
        assert changed["payload"]["fields"] == ["custom_fields"]
        assert not [value for value in ("Nordics", "Baltics", "7741", "vegan") if value in str(events)]


class TestRestrictedFields:
    def test_are_not_there_for_who_may_not_see_them(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        hidden = field(api, "margin", "number", seen_by="restricted", required=True, default="5")
        field(api, "market", "text")
        made = lead(api, {"margin": "7", "market": "Nordics"}, team_id=None)
        agent = agency.newcomer("read_only")
        assert ok(agent.get(f"/leads/{made['id']}"))["custom_fields"] == {"market": "Nordics"}
        assert [row["custom_fields"] for row in ok(agent.get("/leads"))["items"]] == [{"market": "Nordics"}]
        assert faults(agent.get("/leads?custom.margin.gte=1")) == {"?custom.margin.gte": "unknown_parameter"}
        assert [each["key"] for each in ok(agent.get("/custom-fields"))["items"]] == ["market"]
        assert agent.get(f"/custom-fields/{hidden['id']}").status_code == 404
        assert [*ok(agent.get("/custom-fields/schema?entity=leads.lead"))["properties"]] == ["market"]

    def test_are_filled_with_their_default_by_who_may_not_see_them(
        self, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        field(api, "margin", "number", seen_by="restricted", required=True, default="5")
        field(api, "cost_centre", "text", seen_by="restricted", required=True)
        agent = agency.member("agent", team="Asia")
        made = lead(agent)
        assert made["custom_fields"] == {}
        assert ok(api.get(f"/leads/{made['id']}"))["custom_fields"] == {"margin": "5"}
        sent = {"contact": {"name": "Ana"}, "custom_fields": {"margin": "9"}}
        assert faults(agent.post("/leads", sent)) == {"/custom_fields/margin": "unknown_field"}


class TestWriting:
    def test_leaves_what_the_connection_has_planned(self, six: ApiClient, statements: Statements) -> None:
        ok(six.patch(f"/leads/{lead(six, EVERY)['id']}", {"custom_fields": {"fee": "3"}}, version="*"))
        assert [each for each in statements.others if "core_custom_value" in each]
        assert not [each for each in statements.others if "DISCARD" in each]


class TestThingsThatAreGone:
    def test_a_lead_that_was_put_away_comes_back_with_its_values(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        assert six.delete(f"/leads/{made['id']}", version=made["version"]).status_code == 204
        assert ok(six.post(f"/leads/{made['id']}/restore"))["custom_fields"] == EVERY

    def test_values_do_not_outlive_a_row_that_is_really_removed(self, six: ApiClient, agency: AgencyUnderTest) -> None:
        lead(six, EVERY)
        with six.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.delete(db.session.scalars(select(Lead)).one())
            db.session.flush()
            assert db.session.scalars(select(CustomValue)).all() == []


class TestTwoAtOnce:
    def test_of_two_changes_of_one_version_one_wins_as_a_whole(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        others: list[dict[str, Any]] = [{"tier": "silver", "likes": ["gold"]}, {"tier": None, "likes": ["silver"]}]

        def send(values: dict[str, Any]) -> int:
            body = {"custom_fields": values}
            return six.patch(f"/leads/{made['id']}", body, version=made["version"]).status_code

        with ThreadPoolExecutor(2) as pool:
            answers = [*pool.map(send, others)]
        assert sorted(answers) == [200, 412]
        won = others[answers.index(200)]
        shown = ok(six.get(f"/leads/{made['id']}"))["custom_fields"]
        assert shown == {key: value for key, value in {**EVERY, **won}.items() if value is not None}

    def test_a_value_of_a_type_that_the_field_no_longer_has_is_never_stored(
        self, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = field(api, "fee", "text")
        read = definitions.now

        def overtaken(entity: str) -> tuple[Definition, ...]:
            """Between the question and the write somebody changes the type."""
            found = read(entity)
            ok(api.patch(f"/custom-fields/{made['id']}", {"kind": "number"}, version="*"))
            monkeypatch.setattr(definitions, "now", read)
            return found

        monkeypatch.setattr(definitions, "now", overtaken)
        late = api.post("/leads", {"contact": {"name": "Ana"}, "custom_fields": {"fee": "much"}})
        assert problem(late) == (409, "reference_broken")
        assert ok(api.get("/leads"))["items"] == []

    def test_a_choice_that_is_taken_away_meanwhile_is_not_chosen(
        self, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = field(api, "tier", "choice", choices=TIERS)
        read = definitions.now

        def overtaken(entity: str) -> tuple[Definition, ...]:
            found = read(entity)
            ok(api.patch(f"/custom-fields/{made['id']}", {"choices": TIERS[1:]}, version="*"))
            monkeypatch.setattr(definitions, "now", read)
            return found

        monkeypatch.setattr(definitions, "now", overtaken)
        late = api.post("/leads", {"contact": {"name": "Ana"}, "custom_fields": {"tier": "gold"}})
        assert faults(late) == {"/custom_fields/tier": "choice"}
        assert ok(api.get("/leads"))["items"] == []

    def test_a_choice_is_not_taken_away_while_somebody_chooses_it(
        self, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = field(api, "tier", "choice", choices=TIERS)
        read, waiting = definitions.held, []

        def overtaken(field_ids: Collection[UUID]) -> dict[UUID, Definition]:
            found = read(field_ids)
            change = {"choices": TIERS[1:]}
            waiting.append(pool.submit(lambda: api.patch(f"/custom-fields/{made['id']}", change, version="*")))
            assert not wait(waiting, timeout=0.3).done
            return found

        monkeypatch.setattr(definitions, "held", overtaken)
        with ThreadPoolExecutor(1) as pool:
            assert lead(api, {"tier": "gold"})["custom_fields"] == {"tier": "gold"}
        assert [faults(each.result()) for each in waiting] == [{"/choices": "in_use"}]

    def test_what_is_new_gets_the_default_that_counts_now(
        self, agency: AgencyUnderTest, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = field(api, "tier", "choice", choices=TIERS, default="gold")
        with api.app.app_context(), acting_as(system(agency.id)):
            known = definitions.of("leads.lead")
        ok(api.patch(f"/custom-fields/{made['id']}", {"choices": TIERS, "default": "silver"}, version="*"))
        # As another process remembers them for a second.
        monkeypatch.setattr(definitions, "of", lambda _: known)
        assert lead(api)["custom_fields"] == {"tier": "silver"}
