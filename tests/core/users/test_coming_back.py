"""Who has left: nothing of theirs comes alive again, and what they have once they are back is theirs."""

from __future__ import annotations

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import service
from core.users.errors import StillLeaving
from core.users.schemas import MemberView
from tests.core.users.test_leaving import enquire, held, leave
from tests.worker import Worker


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


def come_back(app: Application, agency: AgencyUnderTest, member: ApiClient) -> MemberView:
    assert member.user_id is not None
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        return service.join(member.user_id, ["agent"], [], giver=system(agency.id))


class TestWhoHasLeft:
    def test_is_changed_no_more_and_leaves_once(self, api: ApiClient, agency: AgencyUnderTest, worker: Worker) -> None:
        eva = agency.newcomer("agent")
        ok(leave(api, eva))
        worker.work()
        assert problem(leave(api, eva)) == (409, "has_left")
        answer = api.patch(f"/users/{eva.user_id}", {"state": "active"}, version="*")
        assert problem(answer) == (409, "has_left")
        lead = enquire(api)
        assert faults(api.post(f"/leads/{lead}/assignment", {"owner_id": str(eva.user_id)}, version="*"))

    def test_comes_back_as_new(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("manager", team="North")
        ok(leave(api, eva))
        back = come_back(app, agency, eva)
        assert (back.state, back.roles, back.teams) == ("active", ["agent"], [])
        # The sessions of then stay ended.
        assert problem(eva.get("/auth/me")) == (401, "invalid_token")
        assert [row["id"] for row in ok(api.get("/users?state=left"))["items"]] == []

    def test_comes_back_once_nothing_is_theirs_any_more(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        enquire(eva)
        ok(leave(api, eva, rui))
        with pytest.raises(StillLeaving):
            come_back(app, agency, eva)
        worker.work()
        assert come_back(app, agency, eva).state == "active"

    def test_keeps_what_is_new_once_they_are_back(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        ok(leave(api, eva, rui))
        worker.work()
        come_back(app, agency, eva)
        lead = enquire(api)
        ok(api.post(f"/leads/{lead}/assignment", {"owner_id": str(eva.user_id)}, version="*"))
        worker.hurry()
        assert ok(api.get(f"/leads/{lead}"))["owner_id"] == str(eva.user_id)

    def test_is_not_erased_by_a_request_from_before(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva = agency.newcomer("agent")
        ok(leave(api, eva))
        subject = {"kind": "users.user", "id": str(eva.user_id)}
        asked = ok(api.post("/privacy/erasures", {"subject": subject, "reason": "asked_for"}), 202)
        name = come_back(app, agency, eva).name
        worker.work()
        found = ok(api.get(f"/privacy/requests/{asked['id']}"))
        assert (found["state"], found["manifest"]) == ("refused", {"refused": "still_member"})
        assert ok(api.get(f"/users/{eva.user_id}"))["name"] == name

    def test_is_followed_by_those_named_last(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, rui, ana = (agency.newcomer("agent") for _ in range(3))
        enquire(eva)
        ok(leave(api, eva, rui))
        ok(leave(api, eva, ana))
        worker.work()
        assert (held(api, rui), held(api, ana)) == ({}, {"contacts.contact": 1, "leads.lead": 1})

    def test_has_whatever_is_theirs_still_handed_over_on_demand(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, gone, rui = (agency.newcomer("agent") for _ in range(3))
        enquire(eva)
        ok(leave(api, eva, gone))
        ok(leave(api, gone))
        worker.work()
        # Whoever was to take over has left meanwhile.
        assert held(api, eva) == {"contacts.contact": 1, "leads.lead": 1}
        ok(leave(api, eva, rui))
        worker.work()
        assert held(api, eva) == {}
        assert held(api, rui) == {"contacts.contact": 1, "leads.lead": 1}
