"""Members who leave: their place ends at once, and nothing of theirs is left behind."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from core.actor import system
from core.auth.models import AuthSession
from core.db.repository import with_owners
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.events.event import owner_of_module
from core.extensions import db
from core.http.application import Application
from core.imports.models import Import
from core.imports.schemas import ImportOptions
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import holdings
from core.views.models import SavedView, ViewPin
from plugins.notifications.models import Mute, Notification, Preference, PushAddress
from tests.worker import Worker

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


def leave(api: ApiClient, member: ApiClient, *successors: ApiClient, version: Any = "*") -> Any:
    body = {"successors": [str(each.user_id) for each in successors]}
    return api.post(f"/users/{member.user_id}/leave", body, version=version)


def enquire(by: ApiClient, name: str = "Eva") -> str:
    lead_id: str = ok(by.post("/leads", {"contact": {"name": name}}), 201)["id"]
    return lead_id


def held(api: ApiClient, member: ApiClient) -> dict[str, int]:
    return {each["kind"]: each["count"] for each in ok(api.get(f"/users/{member.user_id}/holdings"))["items"]}


def own_something_of_everything(app: Application, agency: AgencyUnderTest, user_id: UUID) -> None:
    """A row in each table whose rows are somebody's alone."""
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        view = SavedView(entity="leads.lead", name="Mine", owner_id=user_id, filter={}, columns=[])
        db.session.add(view)
        db.session.flush()
        counts = dict.fromkeys(("line", "good", "duplicates", "faulty", "created", "reverted", "kept"), 0)
        db.session.add_all(
            [
                Import(
                    entity="leads.lead",
                    state="new",
                    owner_id=user_id,
                    form="csv",
                    name="leads.csv",
                    headings=[],
                    fingerprint="x",
                    mapping=[],
                    options=ImportOptions(),
                    **counts,
                ),
                ViewPin(user_id=user_id, entity="leads.lead", view_id=view.id),
                Mute(user_id=user_id, subject="leads.lead", subject_id=uuid4()),
                Preference(user_id=user_id, kind="leads.assigned", channel="in_app", choice="off"),
                PushAddress(user_id=user_id, url="https://push.example.com", secret="sealed"),
                Notification(user_id=user_id, kind="x.y", title="x", words={}, daily=[], seq=1),
            ]
        )


def staff(api: ApiClient, agency: AgencyUnderTest, **permissions: str) -> ApiClient:
    """Somebody who may manage people, and little else."""
    granted = {"users.read": "all", "users.manage": "all", **permissions}
    code = f"staff_{next(_numbers)}"
    ok(api.post("/roles", {"code": code, "name": code, "permissions": granted}), 201)
    return agency.newcomer(code)


def left_behind(app: Application, agency: AgencyUnderTest, user_id: UUID) -> dict[str, int]:
    """How many rows of every loaded module and plugin are somebody's, by table."""
    found = {}
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        loaded = app.extensions["tripfile.plugins"].plugins
        for each in with_owners():
            if each.ownership is not None and owner_of_module(each.__module__) in loaded:
                rows = select(func.count()).select_from(each.model).where(each.ownership.owner == user_id)
                options = {"include_deleted": True}
                found[each.model.__tablename__] = db.session.scalar(rows, execution_options=options) or 0
    return found


class TestLeaving:
    def test_leaves_nothing_behind_in_any_plugin(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        # Imports are nothing that an agent could take over.
        eva, rui = agency.newcomer("agent"), agency.newcomer("manager")
        assert eva.user_id is not None
        enquire(eva)
        put_away = enquire(eva)
        ok(api.delete(f"/leads/{put_away}", version="*"), 204)
        own_something_of_everything(app, agency, eva.user_id)
        ok(eva.post("/tasks", {"title": "Call"}), 201)
        away = {"starts_at": "2027-08-01T00:00:00Z", "ends_at": "2027-08-16T00:00:00Z"}
        ok(eva.post("/calendars/absences", away), 201)
        made = ok(eva.post("/api-keys", {"name": "Mine", "scopes": {"leads.read": "own"}}), 201)
        key = ApiClient(app, made["key"], agency_id=agency.id)
        ok(key.get("/leads"))
        before = left_behind(app, agency, eva.user_id)
        assert all(before.values()), f"the test owns nothing in {[name for name, count in before.items() if not count]}"
        ok(leave(api, eva, rui))
        assert key.get("/leads").status_code == 401
        worker.work()
        assert set(left_behind(app, agency, eva.user_id).values()) == {0}
        assert held(api, eva) == {}

    def test_is_written_into_the_history_of_each_lead_and_contact(
        self, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        lead = ok(eva.post("/leads", {"contact": {"name": "Ben"}}), 201)
        ok(leave(api, eva, rui))
        worker.work()
        now = ok(api.get(f"/leads/{lead['id']}"))
        assert (now["owner_id"], now["version"]) == (str(rui.user_id), lead["version"] + 1)
        (event,) = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_assigned"))["items"]
        assert event["payload"] == {
            "lead_id": lead["id"],
            "from_owner_id": str(eva.user_id),
            "owner_id": str(rui.user_id),
            "team_id": lead["team_id"],
            "owner_left": True,
        }
        (event,) = ok(api.get(f"/audit?subject_id={lead['contact_id']}&name=contacts.contact_assigned"))["items"]
        assert (event["payload"]["owner_id"], event["payload"]["owner_left"]) == (str(rui.user_id), True)
        assert (event["before"], event["after"]) == ({"owner_id": str(eva.user_id)}, {"owner_id": str(rui.user_id)})

    def test_shares_evenly_and_in_batches(
        self, api: ApiClient, agency: AgencyUnderTest, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(holdings, "BATCH", 2)
        eva, rui, ana = (agency.newcomer("agent") for _ in range(3))
        for number in range(6):
            enquire(eva, f"Client {number}")
        counts = held(api, eva)
        assert counts == {"contacts.contact": 6, "leads.lead": 6}
        answer = ok(leave(api, eva, rui, ana))
        assert {each["kind"]: each["count"] for each in answer["holdings"]} == counts
        worker.work()
        assert held(api, rui)["leads.lead"] == held(api, ana)["leads.lead"] == 3
        job = ok(api.get(f"/jobs/mine/{answer['job_id']}"))
        assert (job["state"], job["progress"]["done"], job["progress"]["total"]) == ("done", 12, 12)

    def test_goes_on_where_an_attempt_ended(
        self, api: ApiClient, agency: AgencyUnderTest, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(holdings, "BATCH", 1)
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        for number in range(3):
            enquire(eva, f"Client {number}")
        passed_on, calls = holdings.pass_on, iter(range(100))

        def interrupted(*args: Any) -> int:
            if next(calls) == 2:
                raise RuntimeError("The process was killed")
            return passed_on(*args)

        monkeypatch.setattr(holdings, "pass_on", interrupted)
        ok(leave(api, eva, rui))
        worker.work()
        assert sum(held(api, eva).values()) == 4
        worker.hurry()
        assert held(api, eva) == {}

    def test_finds_what_became_somebodys_meanwhile(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        lead = enquire(api)
        ok(leave(api, eva, rui))
        worker.work()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            from plugins.leads.models import Lead

            found = db.session.scalars(select(Lead).where(Lead.id == UUID(lead))).one()
            found.owner_id = eva.user_id
        worker.hurry()
        assert ok(api.get(f"/leads/{lead}"))["owner_id"] == str(rui.user_id)

    def test_of_somebody_who_owns_something_takes_a_successor(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        enquire(eva)
        answer = leave(api, eva)
        assert problem(answer) == (409, "still_holds")
        assert {(each["pointer"], each["code"]) for each in answer.json["errors"]} == {
            ("/successors", "contacts.contact"),
            ("/successors", "leads.lead"),
        }
        assert ok(api.get(f"/users/{eva.user_id}"))["state"] == "active"
        ok(eva.get("/auth/me"))

    def test_hands_over_to_active_colleagues_alone(
        self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        eva, away = agency.newcomer("agent"), agency.newcomer("agent")
        ok(api.patch(f"/users/{away.user_id}", {"state": "suspended"}, version="*"))
        answer = leave(api, eva, eva, away, other_agency.member("owner"), api)
        assert faults(answer) == {f"/successors/{number}": "unknown" for number in range(3)}

    def test_ends_every_right_at_once(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent", team="North")
        left = ok(leave(api, eva))["member"]
        assert (left["state"], left["roles"], left["teams"], left["reports_to"]) == ("left", [], [], None)
        assert problem(eva.get("/auth/me")) == (401, "invalid_token")
        with app.app_context(), apart() as session:
            (row,) = session.scalars(select(AuthSession).where(AuthSession.user_id == eva.user_id))
            assert row.revoked_because == "left"

    def test_lets_subordinates_report_to_the_superior(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        boss, eva, rui = (agency.newcomer("agent") for _ in range(3))
        for member, superior in ((eva, boss), (rui, eva)):
            ok(api.patch(f"/users/{member.user_id}", {"reports_to": str(superior.user_id)}, version="*"))
        ok(leave(api, eva))
        assert ok(api.get(f"/users/{rui.user_id}"))["reports_to"] == str(boss.user_id)

    def test_is_not_for_the_last_owner(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        agency.newcomer("admin")
        assert problem(leave(api, api)) == (409, "last_owner")
        assert ok(api.get("/auth/me"))["permissions"]

    def test_is_ordered_by_nobody_who_may_do_less(self, agency: AgencyUnderTest) -> None:
        assert problem(leave(agency.newcomer("admin"), agency.newcomer("owner"))) == (403, "forbidden")

    def test_takes_the_permission_to_give_all_of_it_away(
        self, api: ApiClient, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        eva, second, rui = agency.newcomer("agent"), agency.newcomer("owner"), agency.newcomer("agent")
        leads = [enquire(eva), enquire(second)]
        reads = {"leads.read": "own", "contacts.read": "own"}
        deputy = staff(api, agency, **reads, **{"leads.assign": "own", "contacts.assign": "all"})
        assert problem(leave(deputy, eva, deputy)) == (403, "forbidden")
        # Nor of who has left, and holds no role any more by which they could be judged.
        ok(leave(api, second, rui))
        assert problem(leave(deputy, second, deputy)) == (403, "forbidden")
        worker.work()
        assert [ok(api.get(f"/leads/{lead}"))["owner_id"] for lead in leads] == [str(eva.user_id), str(rui.user_id)]
        for lead in leads:
            assert problem(deputy.get(f"/leads/{lead}")) == (404, "not_found")

    def test_hands_over_to_those_who_may_see_it(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva, rui, blind = agency.newcomer("agent"), agency.newcomer("agent"), staff(api, agency)
        enquire(eva)
        assert faults(leave(api, eva, rui, blind)) == {"/successors/1": "may_not_see"}

    def test_tells_how_much_only_those_who_may_see_all_of_it(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva, clerk = agency.newcomer("agent"), staff(api, agency, **{"leads.read": "all", "contacts.read": "own"})
        enquire(eva)
        shown = ok(clerk.get(f"/users/{eva.user_id}/holdings"))["items"]
        assert {each["kind"]: each.get("count") for each in shown} == {"contacts.contact": None, "leads.lead": 1}
        assert "count" not in shown[0]

    def test_wants_the_version_that_was_read(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        assert problem(leave(api, eva, version=7)) == (412, "precondition_failed")
