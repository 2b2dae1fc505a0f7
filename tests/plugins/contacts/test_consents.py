"""What contacts may be contacted for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.privacy import erasures
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.contacts.repository import consents
from tests.plugins.contacts.test_duplicates import add
from tests.plugins.contacts.test_merging import merge, shown, undo, without_version

NEWS = {"purpose": "newsletter", "channel": "email"}


def ago(**time: float) -> str:
    return (clock.now() - timedelta(**time)).isoformat()


def say(by: ApiClient, contact: dict[str, Any], *said: dict[str, Any]) -> Any:
    return by.post(f"/contacts/{contact['id']}/consents", {"consents": list(said)})


def states(contact: dict[str, Any]) -> dict[str, str]:
    return {f"{each['purpose']}:{each['channel']}": each["state"] for each in contact["consents"]}


def history(by: ApiClient, contact: dict[str, Any], **question: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in question.items())
    found: list[dict[str, Any]] = ok(by.get(f"/contacts/{contact['id']}/consents?{asked}"))["items"]
    return found


def events(by: ApiClient, contact: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = ok(by.get(f"/audit?subject_id={contact['id']}&name=contacts.{name}"))["items"]
    return [each["payload"] for each in found]


class TestRecord:
    def test_what_was_said_stands_in_the_contact(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        assert ana["consents"] == []
        given = {**NEWS, "state": "given", "source": "form", "wording": "newsletter-2026-05", "said_at": ago(days=1)}
        now = ok(say(api, ana, given, {"purpose": "trip", "channel": "sms", "state": "withdrawn"}))
        assert states(now) == {"newsletter:email": "given", "trip:sms": "withdrawn"}
        first = now["consents"][0]
        assert (first["basis"], first["source"], first["wording"], first["expires_at"]) == (
            "consent",
            "form",
            "newsletter-2026-05",
            None,
        )
        assert datetime.fromisoformat(first["said_at"]) == datetime.fromisoformat(given["said_at"])
        assert now["version"] == ana["version"] + 1
        assert shown(api, ana) == now

    def test_a_later_statement_takes_the_place_of_an_earlier_one_and_both_are_kept(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "given"}))
        ok(say(api, ana, {**NEWS, "state": "withdrawn", "source": "phone"}))
        assert states(shown(api, ana)) == {"newsletter:email": "withdrawn"}
        kept = history(api, ana)
        assert [(each["state"], each["source"]) for each in kept] == [("withdrawn", "phone"), ("given", "manual")]
        assert {each["recorded_by"] for each in kept} == {str(api.user_id)}
        assert [each["state"] for each in history(api, ana, state="given")] == ["given"]

    def test_what_was_said_earlier_and_heard_of_later_does_not_stand(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "withdrawn"}))
        now = ok(say(api, ana, {**NEWS, "state": "given", "said_at": ago(days=9)}))
        assert states(now) == {"newsletter:email": "withdrawn"}
        [given] = events(api, ana, "consent_given")
        assert given["stands"] is False

    def test_everything_is_withdrawn_in_one_go_but_what_the_trip_takes(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "given"}, {"purpose": "trip", "channel": "email", "state": "given"}))
        now = states(ok(say(api, ana, {"state": "withdrawn", "source": "portal"})))
        assert now.pop("trip:email") == "given"
        assert set(now.values()) == {"withdrawn"}
        assert len(now) == 3 * 5
        assert len(events(api, ana, "consent_withdrawn")) == 15
        # That they had said so before says nothing new.
        before = shown(api, ana)["version"]
        assert ok(say(api, ana, {"state": "withdrawn", "said_at": ago(days=1)}))["version"] == before
        assert len(history(api, ana, state="withdrawn")) == 15

    def test_who_withdraws_everything_once_more_takes_back_what_was_given_before_and_is_entered_later(
        self, api: ApiClient
    ) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "withdrawn", "said_at": ago(days=90)}))
        ok(say(api, ana, {"state": "withdrawn"}))
        now = ok(say(api, ana, {**NEWS, "state": "given", "said_at": ago(days=30)}))
        assert states(now)["newsletter:email"] == "withdrawn"

    def test_one_channel_is_withdrawn_for_every_purpose(self, api: ApiClient) -> None:
        now = ok(say(api, add(api, "Ana"), {"channel": "phone", "state": "withdrawn"}))
        assert set(states(now)) == {"marketing:phone", "newsletter:phone", "profiling:phone"}

    def test_what_is_to_be_confirmed_is_no_yes_and_takes_none_away(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        assert states(ok(say(api, ana, {**NEWS, "state": "pending"}))) == {"newsletter:email": "pending"}
        assert states(ok(say(api, ana, {**NEWS, "state": "given"}))) == {"newsletter:email": "given"}
        now = ok(say(api, ana, {**NEWS, "state": "pending"}))
        assert (states(now), now["consents"][0]["asked_at"]) == ({"newsletter:email": "given"}, None)

    def test_what_is_to_be_confirmed_stands_beside_what_was_withdrawn(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "withdrawn", "said_at": ago(days=2)}))
        now = ok(say(api, ana, {**NEWS, "state": "pending", "said_at": (asked := ago(days=1))}))
        assert states(now) == {"newsletter:email": "withdrawn"}
        assert datetime.fromisoformat(now["consents"][0]["asked_at"]) == datetime.fromisoformat(asked)
        assert events(api, ana, "consent_asked")[0]["stands"] is True
        now = ok(say(api, ana, {**NEWS, "state": "withdrawn"}))
        assert now["consents"][0]["asked_at"] is None

    def test_every_fault_is_told_and_nothing_is_written(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        answer = say(
            api,
            ana,
            {**NEWS, "state": "given"},
            {"state": "given", "channel": "email"},
            {"purpose": "spam", "channel": "pigeon", "state": "given"},
            {**NEWS, "state": "given", "said_at": (clock.now() + timedelta(days=1)).isoformat()},
            {**NEWS, "state": "given", "expires_at": ago(days=1)},
        )
        assert faults(answer) == {
            "/consents/1/purpose": "required",
            "/consents/2/purpose": "choice",
            "/consents/2/channel": "choice",
            "/consents/3/said_at": "future",
            "/consents/4/expires_at": "range",
        }
        assert shown(api, ana) == ana
        assert history(api, ana) == []

    def test_the_log_tells_it(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        ok(say(api, ana, {**NEWS, "state": "given", "wording": "v2"}))
        ok(say(api, ana, {**NEWS, "state": "withdrawn"}))
        [given], [withdrawn] = events(api, ana, "consent_given"), events(api, ana, "consent_withdrawn")
        assert (given["purpose"], given["channel"], given["wording"], given["stands"]) == (*NEWS.values(), "v2", True)
        assert (withdrawn["purpose"], withdrawn["channel"], withdrawn["stands"]) == (*NEWS.values(), True)

    def test_many_at_once_are_all_kept_and_the_latest_stands(self, api: ApiClient) -> None:
        ana = add(api, "Ana")
        said = [{**NEWS, "state": ("given", "withdrawn")[n % 2], "said_at": ago(hours=9 - n)} for n in range(8)]
        with ThreadPoolExecutor(4) as pool:
            assert {answer.status_code for answer in pool.map(lambda each: say(api, ana, each), said)} == {200}
        assert states(shown(api, ana)) == {"newsletter:email": "withdrawn"}
        assert len(history(api, ana)) == 8

    def test_takes_that_one_may_change_the_contact(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        ana = add(api, "Ana")
        assert problem(say(agency.member("accountant"), ana, {**NEWS, "state": "given"})) == (403, "forbidden")
        assert problem(say(agency.newcomer("agent", team="Asia"), ana, {**NEWS, "state": "given"})) == (
            404,
            "not_found",
        )
        assert history(agency.member("accountant"), ana) == []

    def test_of_another_agency_nothing_is_known(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ana = add(api, "Ana")
        foreign = other_agency.member()
        assert problem(say(foreign, ana, {**NEWS, "state": "given"})) == (404, "not_found")
        assert problem(foreign.get(f"/contacts/{ana['id']}/consents")) == (404, "not_found")

    def test_not_even_the_application_changes_what_was_said(self, app: Application, api: ApiClient) -> None:
        ok(say(api, add(api, "Ana"), {**NEWS, "state": "given"}))
        changed = text("UPDATE contacts_consent_statement SET state = 'withdrawn'")
        with (
            app.app_context(),
            pytest.raises(ProgrammingError) as refused,
            unit_of_work(),
            acting_as(system(api.agency_id)),
        ):
            db.session.connection().execute(changed)
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


class TestList:
    def test_is_narrowed_to_who_gave_it(self, api: ApiClient) -> None:
        ana, bea, cas, dan = (add(api, name) for name in ("Ana", "Bea", "Cas", "Dan"))
        ok(say(api, ana, {**NEWS, "state": "given"}, {"purpose": "marketing", "channel": "sms", "state": "given"}))
        ok(say(api, bea, {**NEWS, "state": "given"}))
        ok(say(api, bea, {**NEWS, "state": "withdrawn"}))
        ok(say(api, cas, {**NEWS, "state": "pending"}))
        ok(say(api, dan, {**NEWS, "state": "given", "said_at": ago(days=2), "expires_at": ago(days=1)}))
        found = ok(api.get("/contacts?consent=newsletter:email"))["items"]
        assert [(each["name"], each["consents"]) for each in found] == [("Ana", ["marketing:sms", "newsletter:email"])]
        others = ok(api.get("/contacts?consent.ne=newsletter:email&sort=name"))["items"]
        assert [each["name"] for each in others] == ["Bea", "Cas", "Dan"]

    def test_exports_have_a_column_of_it(self, api: ApiClient) -> None:
        ok(say(api, add(api, "Ana"), {**NEWS, "state": "given"}))
        answer = api.post("/contacts/export?columns=name,consents&form=csv")
        assert answer.get_data(as_text=True).splitlines()[-1] == '"Ana","newsletter:email"'


class TestMerge:
    def test_the_latest_word_of_both_counts(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        post = {"purpose": "marketing", "channel": "post"}
        ok(say(api, into, {**NEWS, "state": "given", "said_at": ago(days=3)}, {**post, "state": "given"}))
        ok(say(api, other, {**NEWS, "state": "withdrawn", "said_at": ago(days=2)}))
        ok(say(api, other, {**post, "state": "withdrawn", "said_at": ago(days=9)}))
        into, other = shown(api, into), shown(api, other)
        made = ok(merge(api, into, other))
        assert "consents" in made["fields"]
        assert states(shown(api, into)) == {"newsletter:email": "withdrawn", "marketing:post": "given"}
        assert len(history(api, into)) == 4
        ok(undo(api, made))
        for each in (into, other):
            assert without_version(shown(api, each)) == without_version(each)

    def test_what_was_withdrawn_while_they_were_one_is_withdrawn_for_both(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Bea")
        ok(say(api, other, {**NEWS, "state": "given"}))
        made = ok(merge(api, into, shown(api, other)))
        ok(say(api, into, {**NEWS, "state": "withdrawn"}))
        ok(undo(api, made))
        assert states(shown(api, into)) == states(shown(api, other)) == {"newsletter:email": "withdrawn"}

    def test_what_was_given_while_they_were_one_stays_with_the_one_that_stayed(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Bea")
        made = ok(merge(api, into, other))
        ok(say(api, into, {**NEWS, "state": "given"}))
        ok(undo(api, made))
        assert states(shown(api, into)) == {"newsletter:email": "given"}
        assert states(shown(api, other)) == {}


class TestPrivacy:
    def test_people_are_told_and_nothing_is_left_of_them(self, app: Application, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        ok(say(api, into, {**NEWS, "state": "given"}))
        ok(say(api, other, {**NEWS, "state": "withdrawn"}))
        ok(merge(api, shown(api, into), shown(api, other)))
        ids = [UUID(each["id"]) for each in (into, other)]
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            assert len(consents.of_people(ids)) == 2 + 2
            erasures.erase("contacts.contact", ids[0], request_id=None)
            assert consents.of_people(ids) == []
        assert shown(api, into)["consents"] == []
        assert problem(say(api, into, {**NEWS, "state": "given"})) == (409, "subject_erased")
