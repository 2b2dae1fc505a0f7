"""Whether somebody may be contacted, and what neighbours record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.actor import Actor, Scope, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import Forbidden, Invalid
from core.http.application import Application
from core.privacy import erasures
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.contacts import api as contacts
from plugins.contacts.schemas.consents import ConsentDraft
from tests.plugins.contacts.test_consents import NEWS, ago, history, say, states
from tests.plugins.contacts.test_duplicates import add
from tests.plugins.contacts.test_merging import merge, shown


def allowed(app: Application, api: ApiClient, contact: dict[str, Any], channel: str, purpose: str) -> tuple[bool, str]:
    with app.app_context(), acting_as(system(api.agency_id)):
        answer = contacts.may_contact(UUID(contact["id"]), channel, purpose)
    return answer.allowed, answer.reason


class TestMayContact:
    def test_nobody_is_advertised_to_who_did_not_agree(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        assert allowed(app, api, ana, "email", "marketing") == (False, "nothing_said")
        marketing = {"purpose": "marketing", "channel": "email"}
        ok(say(api, ana, {**marketing, "state": "pending"}))
        assert allowed(app, api, ana, "email", "marketing") == (False, "pending")
        ok(say(api, ana, {**marketing, "state": "given"}))
        assert allowed(app, api, ana, "email", "marketing") == (True, "given")
        assert allowed(app, api, ana, "sms", "marketing") == (False, "nothing_said")
        ok(say(api, ana, {**marketing, "state": "withdrawn"}))
        assert allowed(app, api, ana, "email", "marketing") == (False, "withdrawn")

    def test_a_trip_takes_no_consent_but_they_may_object(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        assert allowed(app, api, ana, "phone", "trip") == (True, "contract")
        ok(say(api, ana, {"purpose": "trip", "channel": "phone", "state": "withdrawn"}))
        assert allowed(app, api, ana, "phone", "trip") == (False, "withdrawn")
        assert allowed(app, api, ana, "email", "trip") == (True, "contract")

    def test_what_is_asked_in_their_name_takes_no_trip_away_and_brings_none_back(
        self, app: Application, api: ApiClient
    ) -> None:
        ana, trip = add(api, "Ana"), {"purpose": "trip", "channel": "phone"}
        ok(say(api, ana, {**trip, "state": "pending"}))
        assert allowed(app, api, ana, "phone", "trip") == (True, "contract")
        ok(say(api, ana, {**trip, "state": "withdrawn"}))
        ok(say(api, ana, {**trip, "state": "pending"}))
        assert allowed(app, api, ana, "phone", "trip") == (False, "withdrawn")

    def test_what_has_expired_holds_no_more(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        now = ok(say(api, ana, {**NEWS, "state": "given", "said_at": ago(days=2), "expires_at": ago(days=1)}))
        assert states(now) == {"newsletter:email": "expired"}
        assert allowed(app, api, ana, "email", "newsletter") == (False, "expired")

    def test_of_who_was_put_away_or_is_nobody_there_is_nothing_to_ask(
        self, app: Application, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        ana, foreign = add(api, "Ana"), add(other_agency.member(), "Ana")
        ok(api.delete(f"/contacts/{ana['id']}", version="*"), 204)
        assert allowed(app, api, ana, "email", "trip") == (False, "no_contact")
        assert allowed(app, api, foreign, "email", "trip") == (False, "no_contact")

    def test_who_went_into_another_is_asked_for_by_any_id(self, app: Application, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        ok(say(api, other, {**NEWS, "state": "given"}))
        ok(merge(api, into, shown(api, other)))
        assert allowed(app, api, other, "email", "newsletter") == (True, "given")
        assert allowed(app, api, into, "email", "newsletter") == (True, "given")

    def test_who_was_erased_is_nobody(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(ana["id"]), request_id=None)
        assert allowed(app, api, ana, "email", "trip") == (False, "no_contact")


class TestNeighbours:
    def test_record_what_a_form_said(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            said = [ConsentDraft(state="pending", purpose="newsletter", channel="email", source="form")]
            assert contacts.record_consents(UUID(ana["id"]), said).consents[0].state == "pending"
        [kept] = history(api, ana)
        assert (kept["recorded_by"], kept["source"]) == (None, "form")

    def test_do_not_record_what_the_caller_may_not(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana")
        reader = Actor(kind="user", user_id=api.user_id, agency_id=api.agency_id, grants={"contacts.read": Scope.ALL})
        said = [ConsentDraft(state="withdrawn")]
        with app.app_context(), unit_of_work(), acting_as(reader), pytest.raises(Forbidden):
            contacts.record_consents(UUID(ana["id"]), said)
        wrong = [ConsentDraft(state="given", purpose="spam", channel="email")]
        with app.app_context(), pytest.raises(Invalid), unit_of_work(), acting_as(system(api.agency_id)):
            contacts.record_consents(UUID(ana["id"]), wrong)
