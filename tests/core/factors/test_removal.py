"""Removing factors: by their owner where nothing asks for one, by whoever helps somebody who lost them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from core.actor import system
from core.agencies import suspension
from core.auth.models import Credential
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.factors.conftest import MakePerson, Person
from tests.core.factors.test_requirements import ask_for_factor

Facts = Callable[[str], list[dict[str, Any]]]


class TestTheLastFactor:
    def test_goes_where_nothing_asks_for_one(self, person: Person, facts: Facts) -> None:
        person.set_up_totp()
        ok(person.api.delete("/factors/totp"), 204)
        assert person.log_in().status_code == 200
        assert {"user_id": str(person.user_id), "kind": "totp"} in facts("factors.factor_removed")

    def test_stays_while_a_role_asks_for_one(self, person: Person, make_person: MakePerson) -> None:
        person.set_up_totp()
        ok(ask_for_factor(make_person("owner").api, "agent"))
        assert problem(person.api.delete("/factors/totp")) == (409, "second_factor_required")
        assert ok(person.api.get("/factors"))["totp"] is not None
        person.set_up_passkey()
        ok(person.api.delete("/factors/totp"), 204)
        key = ok(person.api.get("/factors"))["passkeys"][0]["id"]
        assert problem(person.api.delete(f"/factors/passkeys/{key}")) == (409, "second_factor_required")

    def test_stays_while_an_agency_elsewhere_asks_for_one(
        self, person: Person, make_agency: Callable[..., AgencyUnderTest]
    ) -> None:
        elsewhere = make_agency()
        person.join(elsewhere)
        person.set_up_totp()
        ok(ask_for_factor(elsewhere.member("owner"), "agent"))
        assert problem(person.api.delete("/factors/totp")) == (409, "second_factor_required")

    def test_stays_while_that_agency_is_suspended(
        self, app: Application, person: Person, make_agency: Callable[..., AgencyUnderTest]
    ) -> None:
        elsewhere = make_agency()
        person.join(elsewhere)
        person.set_up_totp()
        ok(ask_for_factor(elsewhere.member("owner"), "agent"))
        with app.app_context(), unit_of_work(), acting_as(system(elsewhere.id)):
            suspension.suspend()
        assert ok(person.api.get("/factors"))["required"] is True
        assert problem(person.api.delete("/factors/totp")) == (409, "second_factor_required")

    def test_stays_while_the_password_is_short(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        with app.app_context(), apart() as session:
            short = update(Credential).where(Credential.user_id == person.user_id).values(password_is_long=False)
            session.execute(short)
        assert problem(person.api.delete("/factors/totp")) == (409, "password_too_short_alone")

    def test_that_is_not_there_is_not_found(self, person: Person) -> None:
        assert problem(person.api.delete("/factors/totp")) == (404, "not_found")


class TestAnAdministrator:
    def test_helps_a_member_who_lost_theirs(self, person: Person, api: ApiClient, facts: Facts) -> None:
        person.set_up_totp()
        tokens = ok(person.second_step(totp=person.code()))
        ok(api.delete(f"/factors/members/{person.user_id}"), 204)
        assert person.log_in().status_code == 200
        assert problem(ApiClient(person.app, tokens["access_token"]).get("/factors")) == (401, "invalid_token")
        assert facts("factors.factors_reset") == [{"user_id": str(person.user_id)}]

    def test_does_not_where_they_work_elsewhere_too(
        self, person: Person, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        person.set_up_totp()
        assert problem(api.delete(f"/factors/members/{person.user_id}")) == (409, "works_elsewhere")
        assert person.log_in().status_code == 202

    def test_does_not_reach_people_of_other_agencies(self, person: Person, other_agency: AgencyUnderTest) -> None:
        person.set_up_totp()
        stranger = other_agency.member("owner")
        assert problem(stranger.delete(f"/factors/members/{person.user_id}")) == (404, "not_found")
        assert person.log_in().status_code == 202

    def test_removes_their_own_one_by_one(self, make_person: MakePerson) -> None:
        owner = make_person("owner")
        owner.set_up_totp()
        assert problem(owner.api.delete(f"/factors/members/{owner.user_id}")) == (403, "forbidden")

    def test_does_not_help_somebody_who_may_do_more(
        self, make_person: MakePerson, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        owner = make_person("owner")
        owner.set_up_totp()
        role = {"code": "people_desk", "name": "People desk", "permissions": {"users.manage": "all"}}
        ok(api.post("/roles", role), 201)
        helper = agency.newcomer("people_desk")
        assert problem(helper.delete(f"/factors/members/{owner.user_id}")) == (403, "forbidden")
        assert owner.log_in().status_code == 202

    def test_needs_a_recent_proof(self, person: Person, make_person: MakePerson) -> None:
        owner = make_person("owner")
        owner.grow_stale()
        assert problem(owner.api.delete(f"/factors/members/{person.user_id}")) == (401, "step_up_required")
