"""Acting as somebody else: who may, what for, how far, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core import clock
from core.actor import Scope, system
from core.auth.sessions.principals import principals
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.following import follow_once
from core.http import gates
from core.http.application import Application
from core.http.contract import rule_of
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import accounts
from plugins.notifications import followers
from tests.contract.calls import Calls
from tests.worker import Worker

WHY = "Ticket 4711: she cannot find her lead"


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


def email_of(person: ApiClient) -> str:
    email: str = ok(person.get("/auth/me"))["user"]["email"]
    return email


def client(app: Application, answer: Any, agency: AgencyUnderTest) -> ApiClient:
    return ApiClient(app, ok(answer)["access_token"], agency_id=agency.id)


def act_as(api: ApiClient, member: ApiClient, agency: AgencyUnderTest) -> ApiClient:
    answer = api.post("/impersonation", {"user_id": str(member.user_id), "reason": WHY})
    return client(api.app, answer, agency)  # type: ignore[arg-type]


def happened(api: ApiClient, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get(f"/audit?name={name}"))["items"]
    return found


class TestAnAdministrator:
    def test_acts_as_a_member_and_everybody_can_tell(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        eva = agency.newcomer("agent")
        answer = ok(api.post("/impersonation", {"user_id": str(eva.user_id), "reason": WHY}))
        assert 1790 <= answer["expires_in"] <= 1800
        assert "refresh_token" not in answer
        me = ok(ApiClient(app, answer["access_token"]).get("/auth/me"))
        banner = me["impersonation"]
        assert me["user"]["id"] == str(eva.user_id)
        assert banner == answer["impersonation"]
        assert (banner["impersonator_id"], banner["reason"]) == (str(api.user_id), WHY)
        assert "impersonation" not in ok(eva.get("/auth/me"))

    def test_is_on_the_record_with_whatever_they_do(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        acting = act_as(api, eva, agency)
        lead = ok(acting.post("/leads", {"contact": {"name": "Ben"}}), 201)
        assert lead["owner_id"] == str(eva.user_id)
        ok(acting.delete("/impersonation"), 204)
        (begun,) = happened(api, "impersonation.impersonation_began")
        (made,) = happened(api, "leads.lead_created")
        (ended,) = happened(api, "impersonation.impersonation_ended")
        assert (begun["actor_id"], begun["reason"]) == (str(api.user_id), WHY)
        assert (made["actor_id"], made["impersonator_id"]) == (str(eva.user_id), str(api.user_id))
        assert (ended["payload"]["how"], ended["impersonator_id"]) == ("ended", str(api.user_id))

    def test_is_told_about_to_whom_they_act_as(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva = agency.newcomer("agent")
        act_as(api, eva, agency)
        follow_once(app, names=[followers.GATHER.name], agencies=[agency.id])
        worker.work()
        (told,) = ok(eva.get("/notifications"))["items"]
        assert told["kind"] == "impersonation.began"

    @pytest.mark.parametrize("reason", ["", "short", " " * 30])
    def test_says_why(self, api: ApiClient, agency: AgencyUnderTest, reason: str) -> None:
        body = {"user_id": str(agency.newcomer("agent").user_id), "reason": reason}
        assert "/reason" in faults(api.post("/impersonation", body))

    def test_never_gets_further_than_themselves(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        granted = {"users.read": "all", "users.impersonate": "all", "leads.read": "team", "events.read": "all"}
        ok(api.post("/roles", {"code": "helpdesk", "name": "Help", "permissions": granted}), 201)
        helper, admin = agency.newcomer("helpdesk"), agency.newcomer("admin")
        for who, target in ((helper, agency.newcomer("agent")), (admin, api), (helper, admin)):
            answer = who.post("/impersonation", {"user_id": str(target.user_id), "reason": WHY})
            assert problem(answer) == (403, "forbidden")

    def test_gets_no_further_when_the_member_does(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        granted = {"users.impersonate": "all", "leads.read": "all", "contacts.read": "team"}
        ok(api.post("/roles", {"code": "helpdesk", "name": "Help", "permissions": granted}), 201)
        ok(api.post("/roles", {"code": "near", "name": "Near", "permissions": {"leads.read": "own"}}), 201)
        eva = agency.newcomer("near")
        acting = act_as(agency.newcomer("helpdesk"), eva, agency)
        ok(api.patch(f"/users/{eva.user_id}", {"roles": ["manager"]}, version="*"))
        with app.app_context():
            assert principals().actor_of(str(acting.token)).grants == {"leads.read": Scope.ALL}

    def test_is_somebody_and_acts_as_somebody_who_is_there(
        self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        away = agency.newcomer("agent")
        ok(api.patch(f"/users/{away.user_id}", {"state": "suspended"}, version="*"))
        for target, status in ((api, 422), (away, 404), (other_agency.member("owner"), 404)):
            answer = api.post("/impersonation", {"user_id": str(target.user_id), "reason": WHY})
            assert answer.status_code == status
        agent = agency.newcomer("agent")
        answer = agent.post("/impersonation", {"user_id": str(agency.newcomer("agent").user_id), "reason": WHY})
        assert problem(answer) == (403, "forbidden")


class TestActing:
    def test_ends_with_the_half_hour(self, api: ApiClient, agency: AgencyUnderTest, worker: Worker) -> None:
        acting = act_as(api, agency.newcomer("agent"), agency)
        with time_machine.travel(clock.now() + timedelta(minutes=30, seconds=40), tick=False):
            assert acting.get("/auth/me").status_code == 401
        worker.hurry()
        (ended,) = happened(api, "impersonation.impersonation_ended")
        assert ended["payload"]["how"] == "expired"

    def test_ends_when_it_is_ended(self, api: ApiClient, agency: AgencyUnderTest, worker: Worker) -> None:
        acting = act_as(api, agency.newcomer("agent"), agency)
        ok(acting.delete("/impersonation"), 204)
        assert problem(acting.get("/auth/me")) == (401, "invalid_token")
        assert problem(api.delete("/impersonation")) == (409, "not_impersonating")
        worker.hurry()
        assert len(happened(api, "impersonation.impersonation_ended")) == 1

    @pytest.mark.parametrize("change", [{"roles": ["agent"]}, {"state": "suspended"}])
    def test_ends_with_the_right_to(self, api: ApiClient, agency: AgencyUnderTest, change: dict[str, Any]) -> None:
        admin = agency.newcomer("admin")
        acting = act_as(admin, agency.newcomer("agent"), agency)
        ok(acting.get("/leads"))
        ok(api.patch(f"/users/{admin.user_id}", change, version="*"))
        assert problem(acting.get("/leads")) == (401, "invalid_token")

    def test_ends_with_the_impersonators_account(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        admin = agency.newcomer("admin")
        acting = act_as(admin, agency.newcomer("agent"), agency)
        with app.app_context():
            accounts.disable(email_of(admin))
        assert problem(acting.get("/leads")) == (401, "invalid_token")

    def test_neither_renews_itself_nor_goes_elsewhere_nor_acts_as_a_third(
        self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        acting = act_as(api, agency.newcomer("admin"), agency)
        third = {"user_id": str(agency.newcomer("agent").user_id), "reason": WHY}
        for path, body in (
            ("/auth/switch", {"agency": agency.slug}),
            ("/auth/switch", {"agency": other_agency.slug}),
            ("/impersonation", third),
            ("/impersonation/support", {"agency": agency.slug, "role": "read_only", "reason": WHY}),
        ):
            assert acting.post(path, body).status_code == 403, path

    def test_changes_nothing_about_accounts_and_rights(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        """By construction: every route of these modules that changes something, those to come included."""
        calls = Calls(app)
        acting = act_as(api, agency.newcomer("admin"), agency)
        tried = 0
        for call in calls.every:
            rule = rule_of(app.view_functions[call.operation])
            if rule is None or rule.public or call.operation == "impersonation.end":
                continue
            lasting = rule.signed_in or rule.credentials or rule.step_up or call.route.module in gates.THE_PERSONS_OWN
            if not (rule.everywhere or (call.method != "GET" and lasting)):
                continue
            answer = acting.call(call.method, call.rule.replace("<uuid:", "").replace(">", ""), version="*", json={})
            if "<" not in call.rule:
                tried += 1
                assert problem(answer)[0] == 403, str(call)
        assert tried > 20

    def test_leaves_nothing_behind_that_goes_on_without_them(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        """Notifications would go to whoever it was for as long as the person works here."""
        acting = act_as(api, agency.newcomer("admin"), agency)
        push = acting.call("PUT", "/notifications/push", json={"url": "https://93.184.216.34/x"})
        assert problem(push) == (403, "forbidden")
        assert problem(acting.patch("/agencies/current", {"name": "Mine"}, version="*")) == (403, "forbidden")

    def test_sees_nothing_of_the_person_elsewhere(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        acting = act_as(api, agency.newcomer("agent"), agency)
        for path in ("/factors", "/auth/sessions"):
            assert problem(acting.get(path)) == (403, "forbidden")
        ok(acting.get("/auth/me"))

    def test_reaches_only_modules_that_say_nothing_about_sign_in(self, app: Application) -> None:
        """A new module of the core must be decided about: may somebody change things in it for another."""
        free = {"audit", "events", "files", "impersonation", "imports", "jobs", "mail", "quotas", "uploads"}
        routes = app.extensions["tripfile.routes"].values()
        known = {route.module for route in routes if route.plugin == "core"}
        assert known <= free | gates.THE_PERSONS_OWN, known - free - gates.THE_PERSONS_OWN


class TestARecord:
    def test_is_needed_for_a_token_to_be_good(self, app: Application, agency: AgencyUnderTest) -> None:
        """A session with an impersonator that nobody wrote down is no way in."""
        from core.auth.sessions import opening

        eva, admin = agency.newcomer("agent"), agency.newcomer("admin")
        assert eva.user_id is not None
        with app.test_request_context(), unit_of_work(), acting_as(system(agency.id)):
            opened = opening.open_session(
                eva.user_id, agency=agency.slug, methods=("pwd",), impersonator_id=admin.user_id
            )
        assert problem(ApiClient(app, opened.access_token).get("/leads")) == (401, "invalid_token")
