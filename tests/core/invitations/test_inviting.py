"""Inviting: whom, as what, and what a link is good for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import text

from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox, mailbox
from tests.worker import Worker

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


@pytest.fixture
def post(app: Application) -> Iterator[Mailbox]:
    with mailbox(app) as box:
        yield box


def address() -> str:
    return f"invited-{next(_numbers)}@example.com"


def invite(api: ApiClient, **changes: Any) -> dict[str, Any]:
    body = {"email": address(), "roles": ["agent"]} | changes
    made: dict[str, Any] = ok(api.post("/invitations", body), 201)
    return made


def look(app: Application, token: str) -> tuple[int, str]:
    answer = ApiClient(app).post("/invitations/look", {"token": token})
    return (200, "") if answer.status_code == 200 else problem(answer)


class TestInviting:
    def test_mails_a_link_that_tells_what_it_offers(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, worker: Worker, post: Mailbox
    ) -> None:
        made = invite(api, email=f"Eva-{next(_numbers)}@Example.com", language="pt")
        assert (made["email"], made["language"], made["state"]) == (made["email"].lower(), "pt", "pending")
        assert made["invited_by"] == str(api.user_id)
        worker.work()
        offer = ok(ApiClient(app).post("/invitations/look", {"token": post.token(made["email"])}))
        assert (offer["agency"], offer["email"], offer["account"]) == ("Sunrise Travel", made["email"], "new")
        assert "Sunrise Travel" in str(post.of(made["email"])[0]["Subject"])
        name = ok(api.get("/users/me"))["name"]
        assert (offer["invited_by"], offer["roles"]) == (name, ["Agent"])
        assert f"{name} of Sunrise Travel invites you" in post.text(made["email"])
        assert "as Agent." in post.text(made["email"])

    def test_keeps_the_secret_out_of_jobs_events_and_tables(
        self, app: Application, api: ApiClient, worker: Worker, post: Mailbox
    ) -> None:
        made = invite(api)
        worker.work()
        token = post.token(made["email"])
        with app.app_context(), apart() as session:
            everything = [
                str(session.execute(text(f"SELECT coalesce(jsonb_agg(t), '[]')::text FROM {table} t")).scalar())
                for table in ("core_job", "core_one_time_token")
            ]
        events = ok(api.get("/audit?limit=200"))
        assert token not in "".join(everything) + str(events)
        assert made["email"] not in everything[0] + str(events)

    def test_tells_nobody_who_has_an_account(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        known = ok(other_agency.newcomer("agent").get("/auth/me"))["user"]["email"]
        answers = [api.post("/invitations", {"email": each, "roles": ["agent"]}) for each in (known, address())]
        shapes = [(answer.status_code, sorted(answer.json)) for answer in answers]  # type: ignore[arg-type]
        assert shapes[0] == shapes[1]
        assert [answer.json["user_id"] for answer in answers] == [None, None]  # type: ignore[index]

    def test_gives_no_more_than_one_has(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        granted = {"users.read": "all", "users.manage": "all", "leads.read": "own"}
        ok(api.post("/roles", {"code": "deputy", "name": "Deputy", "permissions": granted}), 201)
        deputy, admin = agency.newcomer("deputy"), agency.newcomer("admin")
        for inviter, role in ((deputy, "agent"), (deputy, "admin"), (admin, "owner")):
            answer = inviter.post("/invitations", {"email": address(), "roles": [role]})
            assert problem(answer) == (403, "forbidden"), role
        assert invite(admin, roles=["admin"])["roles"] == ["admin"]

    def test_names_what_is_wrong(self, api: ApiClient) -> None:
        for wrong, fault in (
            ({"roles": ["agent", "king"]}, {"/roles/1": "unknown_role"}),
            (
                {"roles": ["king"], "teams": [str(uuid4())], "language": "xx-nothing"},
                {"/roles/0": "unknown_role", "/teams/0": "unknown_team", "/language": "language"},
            ),
            ({"teams": [str(uuid4())]}, {"/teams/0": "unknown_team"}),
            ({"language": "xx"}, {"/language": "language"}),
            ({"password": "a long and quiet passphrase"}, {"/password": "unknown_field"}),
        ):
            assert faults(api.post("/invitations", {"email": address(), "roles": [], **wrong})) == fault

    def test_a_colleague_or_twice_is_refused(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        colleague = ok(agency.newcomer("agent").get("/auth/me"))["user"]["email"]
        answer = api.post("/invitations", {"email": colleague.upper(), "roles": []})
        assert problem(answer) == (409, "already_member")
        made = invite(api)
        answer = api.post("/invitations", {"email": made["email"], "roles": []})
        assert problem(answer) == (409, "already_invited")

    def test_in_bulk_is_limited(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        from core.actor import system
        from core.db.session import unit_of_work
        from core.db.tenancy import acting_as
        from core.quotas import service as quotas

        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            quotas.allow("invitations.sent", 1)
        made = invite(api)
        answer = api.post("/invitations", {"email": address(), "roles": []})
        assert (answer.status_code, answer.json["violated-policies"]) == (429, ["invitations.sent"])  # type: ignore[index]
        assert api.post(f"/invitations/{made['id']}/send").status_code == 429
        assert len(ok(api.get("/invitations"))["items"]) == 1


class TestALink:
    def test_ends_with_the_next_mail(self, app: Application, api: ApiClient, worker: Worker, post: Mailbox) -> None:
        made = invite(api)
        worker.work()
        first = post.token(made["email"])
        ok(api.post(f"/invitations/{made['id']}/send"))
        assert look(app, first) == (404, "no_invitation")
        worker.work()
        assert look(app, post.token(made["email"])) == (200, "")

    def test_ends_when_it_is_withdrawn(self, app: Application, api: ApiClient, worker: Worker, post: Mailbox) -> None:
        made = invite(api)
        worker.work()
        ok(api.delete(f"/invitations/{made['id']}", version=made["version"]), 204)
        assert look(app, post.token(made["email"])) == (404, "no_invitation")
        assert problem(api.post(f"/invitations/{made['id']}/send")) == (409, "not_pending")
        assert invite(api, email=made["email"])["state"] == "pending"

    def test_that_is_withdrawn_before_it_is_mailed_is_never_mailed(
        self, api: ApiClient, worker: Worker, post: Mailbox
    ) -> None:
        made = invite(api)
        ok(api.delete(f"/invitations/{made['id']}", version="*"), 204)
        worker.work()
        assert post.of(made["email"]) == []

    def test_ends_after_a_week(self, app: Application, agency: AgencyUnderTest, worker: Worker, post: Mailbox) -> None:
        made = invite(agency.newcomer("owner"))
        worker.work()
        token = post.token(made["email"])
        with time_machine.travel(made["expires_at"], tick=False):
            assert look(app, token) == (404, "no_invitation")

    def test_of_a_stranger_is_none(self, app: Application) -> None:
        for token in ("x", "A" * 43, "\u00e9"):
            assert look(app, token) == (404, "no_invitation")


class TestTheList:
    def test_tells_what_became_of_them(self, api: ApiClient, worker: Worker, post: Mailbox) -> None:
        kept, gone = invite(api), invite(api)
        ok(api.delete(f"/invitations/{gone['id']}", version="*"), 204)
        found = {row["id"]: row["state"] for row in ok(api.get("/invitations"))["items"]}
        assert found == {kept["id"]: "pending", gone["id"]: "withdrawn"}
        assert [row["id"] for row in ok(api.get("/invitations?state=pending"))["items"]] == [kept["id"]]

    def test_tells_of_those_whose_week_is_over(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        from sqlalchemy import func, update

        from core.actor import system
        from core.db.session import unit_of_work
        from core.db.tenancy import acting_as
        from core.extensions import db
        from core.invitations.jobs import expire
        from core.invitations.models import Invitation

        made = invite(api)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(update(Invitation).values(expires_at=func.now()))
        # Shown at once, found by the filter when the job has been.
        assert ok(api.get(f"/invitations/{made['id']}"))["state"] == "expired"
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            expire()
        assert [row["id"] for row in ok(api.get("/invitations?state=expired"))["items"]] == [made["id"]]
        assert ok(api.post(f"/invitations/{made['id']}/send"))["state"] == "pending"
