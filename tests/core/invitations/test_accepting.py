"""Accepting an invitation: with a new account, with the one there is, and when it is too late."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from core import clock
from core.actor import system
from core.auth.accounts import identities
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.factors.models import Passkey
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import mailbox
from core.users import service
from core.users.models import User
from tests.worker import Worker

PASSWORD = "seven herons over still water"
_numbers = itertools.count(1)
Invite = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


@pytest.fixture
def invite(app: Application, worker: Worker) -> Iterator[Invite]:
    """Invites somebody; the address and what its link ends with."""
    with mailbox(app) as post:

        def send(api: ApiClient, **changes: Any) -> tuple[str, str]:
            body = {"email": f"joining-{next(_numbers)}@example.com", "roles": ["agent"]} | changes
            email = ok(api.post("/invitations", body), 201)["email"]
            worker.work()
            return email, post.token(email)

        yield send


def accept(app: Application, token: str, **changes: Any) -> Any:
    body = {"token": token, "name": "Eva Lopes", "password": PASSWORD} | changes
    return ApiClient(app).post("/invitations/accept", {name: value for name, value in body.items() if value})


def log_in(app: Application, email: str, password: str, agency: AgencyUnderTest) -> int:
    return ApiClient(app).post("/auth/login", {"email": email, "password": password, "agency": agency.slug}).status_code


def known(app: Application) -> str:
    """Somebody with an account and a password, whose address is known to be theirs."""
    email = unproven(app)
    with app.app_context(), apart() as session:
        session.execute(update(User).where(User.email == email).values(email_verified_at=clock.now()))
    return email


def unproven(app: Application) -> str:
    """An account that anybody may have made."""
    email = f"known-{next(_numbers)}@example.com"
    with app.app_context(), unit_of_work():
        identities.create(email=email, name="Rui", password=PASSWORD, language="en", zone="UTC")
    return email


class TestSomebodyNew:
    def test_joins_with_the_roles_and_teams_they_were_offered(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        team = ok(api.post("/users/teams", {"name": "Safari"}), 201)["id"]
        email, token = invite(api, roles=["agent", "accountant"], teams=[team], language="pt")
        assert ok(accept(app, token)) == {"agency": agency.slug, "email": email}
        assert log_in(app, email, PASSWORD, agency) == 200
        (row,) = ok(api.get("/users?q=lopes"))["items"]
        member = ok(api.get(f"/users/{row['id']}"))
        assert (member["roles"], member["teams"]) == (["accountant", "agent"], [team])
        assert (member["email"], member["language"], member["name"]) == (email, "pt", "Eva Lopes")
        (done,) = ok(api.get("/invitations?state=accepted"))["items"]
        assert done["user_id"] == member["id"]

    def test_joins_once(self, app: Application, api: ApiClient, invite: Invite) -> None:
        _, token = invite(api)
        ok(accept(app, token))
        assert problem(accept(app, token)) == (404, "no_invitation")

    def test_joins_once_however_many_try(self, app: Application, api: ApiClient, invite: Invite) -> None:
        email, token = invite(api)
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: accept(app, token).status_code, range(3)))
        assert sorted(answers) == [200, 404, 404]
        assert len(ok(api.get("/users", query_string={"q": email}))["items"]) == 1

    @pytest.mark.parametrize("wrong", [{"name": None}, {"password": "short"}, {"zone": "Mars/Base"}])
    def test_leaves_nothing_behind_with_wrong_details(
        self, app: Application, api: ApiClient, invite: Invite, wrong: dict[str, Any]
    ) -> None:
        email, token = invite(api)
        (place,) = wrong
        assert list(faults(accept(app, token, **wrong))) == [f"/{place}"]
        with app.app_context():
            assert identities.find(email) is None
        ok(accept(app, token))


class TestSomebodyWithAnAccount:
    def test_joins_with_its_password_and_keeps_it(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        email, token = invite(api, email=known(app))
        assert ok(ApiClient(app).post("/invitations/look", {"token": token}))["account"] == "existing"
        wrong = accept(app, token, password="another quiet passphrase here")
        assert problem(wrong) == (401, "wrong_credentials")
        assert log_in(app, email, PASSWORD, agency) != 200
        ok(accept(app, token, name="Another name"))
        assert log_in(app, email, PASSWORD, agency) == 200
        (row,) = ok(api.get("/users", query_string={"q": email}))["items"]
        assert row["name"] == "Rui"

    def test_joins_as_who_they_are_signed_in_as(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest, invite: Invite
    ) -> None:
        person, stranger = other_agency.newcomer("agent"), other_agency.newcomer("agent")
        email, token = invite(api, email=ok(person.get("/auth/me"))["user"]["email"])
        assert problem(stranger.post("/invitations/join", {"token": token})) == (403, "for_somebody_else")
        assert ok(person.post("/invitations/join", {"token": token})) == {"agency": agency.slug, "email": email}
        assert ok(person.post("/auth/switch", {"agency": agency.slug}))["agency"]["slug"] == agency.slug

    def test_joins_again_after_they_left(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        email, token = invite(api, email=known(app))
        ok(accept(app, token))
        (row,) = ok(api.get("/users", query_string={"q": email}))["items"]
        ok(api.post(f"/users/{row['id']}/leave", {}, version="*"))
        assert log_in(app, email, PASSWORD, agency) == 403
        ok(accept(app, invite(api, email=email, roles=["accountant"])[1]))
        member = ok(api.get(f"/users/{row['id']}"))
        assert (member["state"], member["roles"]) == ("active", ["accountant"])


class TestAnAccountNobodyProved:
    def test_gets_the_password_of_whoever_reads_its_letters(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        """Somebody may have made an account with another's address, and wait for the invitation to come."""
        email, token = invite(api, email=unproven(app))
        assert ok(ApiClient(app).post("/invitations/look", {"token": token}))["account"] == "new"
        ok(accept(app, token, password="a password of the real person"))
        assert log_in(app, email, PASSWORD, agency) == 401
        assert log_in(app, email, "a password of the real person", agency) == 200


class TestAnAccountWithASecondFactor:
    @pytest.mark.parametrize("make", [known, unproven])
    def test_joins_signed_in_alone(
        self, app: Application, api: ApiClient, invite: Invite, make: Callable[[Application], str]
    ) -> None:
        """Whoever set it up comes in by it alone: neither the letter nor the password may bring that along."""
        email = make(app)
        with app.app_context(), apart() as session:
            (user_id,) = session.scalars(select(User.id).where(User.email == email))
            made = Passkey(user_id=user_id, name="Phone", credential_id=email.encode(), public_key=b"-")
            made.sign_count, made.transports, made.backed_up = 0, [], False
            session.add(made)
        _, token = invite(api, email=email)
        for password in (PASSWORD, "a password of the real person"):
            assert problem(accept(app, token, password=password)) == (403, "sign_in_to_join")
        assert ok(api.get("/users", query_string={"q": email}))["items"] == []


class TestTooLate:
    def test_for_whoever_invited_may_no_longer(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        changes: list[dict[str, Any]] = [{"roles": ["agent"]}, {"state": "suspended"}]
        for change in changes:
            admin = agency.newcomer("admin")
            email, token = invite(admin, roles=["admin"])
            ok(api.patch(f"/users/{admin.user_id}", change, version="*"))
            assert problem(accept(app, token)) == (409, "invitation_void"), change
            with app.app_context():
                assert identities.find(email) is None

    def test_where_whoever_invited_may_do_less_now(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        grants = {"users.manage": "all", "leads.read": "all"}
        role = ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": grants}), 201)
        ok(api.post("/roles", {"code": "far", "name": "Far", "permissions": {"leads.read": "all"}}), 201)
        email, token = invite(agency.newcomer("desk"), roles=["far"])
        narrower = {"permissions": {**grants, "leads.read": "own"}}
        ok(api.patch(f"/roles/{role['id']}", narrower, version="*"))
        assert problem(accept(app, token)) == (409, "invitation_void")
        with app.app_context():
            assert identities.find(email) is None

    def test_for_a_role_or_team_that_is_gone(self, app: Application, api: ApiClient, invite: Invite) -> None:
        role = ok(api.post("/roles", {"code": "short_lived", "name": "Gone", "permissions": {}}), 201)
        team = ok(api.post("/users/teams", {"name": "Gone"}), 201)
        first, second = invite(api, roles=["short_lived"])[1], invite(api, teams=[team["id"]])[1]
        ok(api.delete(f"/roles/{role['id']}", version="*"), 204)
        ok(api.delete(f"/users/teams/{team['id']}", version="*"), 204)
        assert problem(accept(app, first)) == problem(accept(app, second)) == (409, "invitation_void")

    def test_for_who_is_a_member_meanwhile(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        email, token = invite(api, email=known(app))
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            service.attach(email, ["agent"])
        assert problem(accept(app, token)) == (409, "already_member")

    def test_for_who_is_a_member_meanwhile_and_keeps_their_password(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, invite: Invite
    ) -> None:
        email, token = invite(api, email=unproven(app))
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            service.attach(email, ["agent"])
        assert problem(accept(app, token, password="a password of the real person")) == (409, "already_member")
        assert log_in(app, email, PASSWORD, agency) == 200
